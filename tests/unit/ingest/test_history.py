"""Whole files written for these tests, one trap each."""

import json
from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dispatch.domain.errors import Invalid, NotFound
from dispatch.ingest.history import HistoryCall, Reject, Tally, load_mapping, read_calls, units_in
from dispatch.ingest.mapping import Mapping, parse_mapping

Write = Callable[..., str]

POLICE = "ref,at,closed,type,lat,lon,channel\n"
MINE = """
mapping: mine
title: A table of these tests
zone: America/Denver
time_formats: [iso]
key: {columns: [ref], repeated: REPEATED}
type: {text: type}
received_at: at
occurred: {closed_at: closed}
location: {lat: lat, lon: lon, bounds: {south: 39, west: -106, north: 41, east: -104}, withheld: {private: ["yes"]}}
channel: {column: channel, values: {Phone: non_emergency}, rules: [{when: {seen: ["Y"]}, channel: officer}]}
not_calls: [{id: patrol, when: {type: [PATROL]}, action: ACTION, because: Nobody asked.}]
"""


def mine(repeated: str = "pass", action: str = "keep") -> Mapping:
    return parse_mapping(MINE.replace("REPEATED", repeated).replace("ACTION", action), "mine")


def calls_in(path: str, mapping: Mapping) -> list[HistoryCall]:
    items = list(read_calls(path, mapping))
    assert not [item for item in items if isinstance(item, Reject)]
    return [item for item in items if isinstance(item, HistoryCall)]


def test_a_row_becomes_the_body_that_post_calls_wants(written: Write) -> None:
    path = written("a.csv", POLICE + "7,2026-05-01 10:00:00,2026-05-01 10:30:00,NOISE,39.7,-105.0,Phone\n")

    (call,) = calls_in(path, mine())

    assert call.body == {
        "source": "mine",
        "source_ref": "7",
        "received_at": "2026-05-01T10:00:00-06:00",
        "channel": "non_emergency",
        "call_type": {"text": "NOISE"},
        "location": {"lat": 39.7, "lon": -105.0},
    }
    assert call.occurred["closed_at"].isoformat() == "2026-05-01T10:30:00-06:00"


def test_a_position_of_zero_is_dropped_counted_and_the_call_is_kept(written: Write) -> None:
    path = written("a.csv", POLICE + "7,2026-05-01 10:00:00,,NOISE,0,0,\n8,2026-05-01 10:00:00,,NOISE,12.5,-105,\n")
    tally = Tally()

    calls = list(read_calls(path, mine(), tally=tally))

    assert ["location" in call.body for call in calls if isinstance(call, HistoryCall)] == [False, False]
    assert (tally.warnings["position_zero"], tally.warnings["position_off_map"]) == (1, 1)


def test_a_location_withheld_by_the_publisher_is_told_from_one_that_is_missing(written: Write) -> None:
    path = written("a.csv", "ref,at,type,lat,lon,private\n7,2026-05-01,X,,,yes\n8,2026-05-01,X,,,no\n")

    assert [call.warnings for call in calls_in(path, mine())] == [("location_withheld",), ("location_missing",)]


def test_a_call_that_closed_before_it_came_is_kept_and_flagged(written: Write) -> None:
    path = written("a.csv", POLICE + "7,2026-05-01 10:00:00,2026-05-01 09:00:00,NOISE,39.7,-105,\n")

    assert calls_in(path, mine())[0].warnings == ("out_of_order:closed_at",)


def test_a_later_time_that_cannot_be_read_costs_that_time_only(written: Write) -> None:
    path = written("a.csv", POLICE + "7,2026-05-01 10:00:00,soon,NOISE,39.7,-105,\n")

    assert calls_in(path, mine())[0].warnings == ("time_unreadable:closed_at",)


def test_a_row_whose_call_time_cannot_be_read_is_rejected_with_field_and_line(written: Write) -> None:
    path = written("a.csv", POLICE + "7,soon,,NOISE,39.7,-105,\n")

    (reject,) = list(read_calls(path, mine()))

    assert isinstance(reject, Reject)
    assert (reject.row, reject.line, reject.field, reject.reason) == (1, 2, "at", "time_unreadable")
    assert "soon" in reject.raw


def test_an_officers_own_report_comes_by_the_channel_officer(written: Write) -> None:
    path = written("a.csv", "ref,at,type,seen\n7,2026-05-01,STOP,Y\n")

    assert calls_in(path, mine())[0].body["channel"] == "officer"


def test_rows_that_are_no_calls_stay_with_their_rule_beside_them(written: Write) -> None:
    path = written("a.csv", "ref,at,type\n7,2026-05-01,PATROL\n8,2026-05-01,NOISE\n")
    tally = Tally()

    calls = [item for item in read_calls(path, mine(), tally=tally) if isinstance(item, HistoryCall)]

    assert [call.rule for call in calls] == ["patrol", None]
    assert tally.flagged == {"patrol": 1}


def test_rows_that_a_rule_skips_are_counted_by_rule(written: Write) -> None:
    path = written("a.csv", "ref,at,type\n7,2026-05-01,PATROL\n8,2026-05-01,NOISE\n")
    tally = Tally()

    calls = list(read_calls(path, mine(action="skip"), tally=tally))

    assert (len(calls), tally.skipped, tally.accounted()) == (1, {"patrol": 1}, True)


@pytest.mark.parametrize(
    ("repeated", "refs"),
    [
        ("pass", ["7", "7", "8"]),
        ("number", ["7", "7#2", "8"]),
        ("merge", ["7", "8"]),
        ("reject", ["7", "key_repeated", "8"]),
    ],
)
def test_a_key_that_is_not_unique_is_treated_as_the_mapping_says(
    written: Write, repeated: str, refs: list[str]
) -> None:
    path = written("a.csv", "ref,at,type\n7,2026-05-01,A\n7,2026-05-01,A\n8,2026-05-01,B\n")
    tally = Tally()

    items = list(read_calls(path, mine(repeated), tally=tally))

    assert [item.reason if isinstance(item, Reject) else item.body["source_ref"] for item in items] == refs
    assert tally.accounted()


def test_merged_rows_that_disagree_are_flagged(written: Write) -> None:
    path = written("a.csv", "ref,at,type\n7,2026-05-01,A\n7,2026-05-01,B\n")

    (call,) = calls_in(path, mine("merge"))

    assert call.rows == (1, 2)
    assert "rows_disagree:call_type" in call.warnings


def test_a_file_that_lacks_the_columns_of_the_mapping_is_refused_with_what_it_has(written: Write) -> None:
    path = written("a.csv", "reff,when,kind\n7,2026-05-01,A\n")

    with pytest.raises(Invalid, match="needs the column ref and type; the file has: reff, when, kind") as refused:
        list(read_calls(path, mine()))

    assert "'ref' may be 'reff'" in refused.value.fix


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file_is_refused(written: Write, content: str) -> None:
    with pytest.raises(Invalid, match="is empty"):
        list(read_calls(written("a.csv", content), mine()))


def test_a_file_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="there is no file"):
        list(read_calls("nowhere.csv", mine()))


def test_a_nul_character_rejects_its_row_only(written: Write) -> None:
    path = written("a.csv", "ref,at,type\n7,2026-05-01,A\x00B\n8,2026-05-01,B\n")

    items = list(read_calls(path, mine()))

    assert [getattr(item, "reason", "call") for item in items] == ["nul_character", "call"]


def test_a_damaged_archive_gives_its_rows_and_then_says_that_it_ends_early(written: Write, tmp_path: object) -> None:
    whole = written("a.csv.gz", "ref,at,type\n" + "".join(f"{n},2026-05-01,A{n * 7919}\n" for n in range(12_000)))
    with open(whole, "rb") as file:
        cut = file.read()[:-2000]
    with open(whole, "wb") as file:
        file.write(cut)

    items = list(read_calls(whole, mine()))

    assert isinstance(items[-1], Reject)
    assert items[-1].reason == "archive_damaged"
    assert len(items) > 1000


ROWS = [{"ref": "7", "at": "2026-05-01T10:00:00-06:00", "type": "NOISE"}]


def test_the_same_row_reads_the_same_from_every_kind_of_file(written: Write, tmp_path: object) -> None:
    csv = "ref,at,type\n7,2026-05-01T10:00:00-06:00,NOISE\n"
    table = written("a.parquet", b"")
    pq.write_table(pa.Table.from_pylist(ROWS), table)
    paths = [
        written("a.csv", csv),
        written("a.csv.gz", csv),
        written("a.tsv", csv.replace(",", "\t")),
        written("bom.csv", "\ufeff" + csv),
        written("crlf.csv", csv.replace("\n", "\r\n")),
        written("a.ndjson", json.dumps(ROWS[0]) + "\n"),
        written("a.jsonl.gz", json.dumps(ROWS[0]) + "\n"),
        written("no_suffix", csv),
        table,
    ]

    bodies = [calls_in(path, mine())[0].body for path in paths]

    assert all(body == bodies[0] for body in bodies)


def test_typed_parquet_cells_read_as_a_csv_would_hold_them(written: Write) -> None:
    path = written("a.parquet", b"")
    rows = {"ref": [415.0, None], "at": ["2026-05-01", "2026-05-01"], "type": ["A", "B"]}
    pq.write_table(pa.table(rows), path)

    first, second = read_calls(path, mine())

    assert isinstance(first, HistoryCall)
    assert first.body["source_ref"] == "415"
    assert isinstance(second, Reject)
    assert second.reason == "key_missing"


def test_a_line_of_json_that_is_broken_is_rejected_with_its_line(written: Write) -> None:
    path = written("a.ndjson", json.dumps(ROWS[0]) + "\n\n{broken\n[1]\n")

    items = list(read_calls(path, mine()))

    assert [(item.reason, item.line) for item in items if isinstance(item, Reject)] == [
        ("not_json", 3),
        ("not_json", 4),
    ]


UNITS = "call_number,unit_id,unit_type,call_type,received_timestamp,dispatch_timestamp,response_timestamp,"
UNITS += "available_timestamp\n"


def test_one_call_on_a_row_per_unit_becomes_one_call_with_its_units(written: Write) -> None:
    rows = "1,X1,ENGINE,Medical,2026-01-05 08:00:00 UTC,2026-01-05 08:01:00 UTC,,2026-01-05 08:20:00 UTC\n"
    rows += "2,X2,MEDIC,Alarm,2026-01-05 08:00:00 UTC,2026-01-05 08:01:00 UTC,,2026-01-05 08:20:00 UTC\n"
    rows += "1,X9,MEDIC,Medical,2026-01-05 08:00:00 UTC,2026-01-05 08:02:00 UTC,,2026-01-05 08:40:00 UTC\n"

    first, second = calls_in(written("a.csv", UNITS + rows), load_mapping("sf-fire"))

    assert (first.rows, second.rows) == ((1, 3), (2,))
    assert [(unit.unit, unit.unit_type, unit.responder_type) for unit in first.unit_times] == [
        ("X1", "ENGINE", "fire"),
        ("X9", "MEDIC", "ems"),
    ]
    dispatched = first.unit_times[0].dispatched_at
    assert dispatched is not None
    assert dispatched.isoformat() == "2026-01-05T08:01:00-08:00"


def test_a_unit_on_two_calls_at_once_is_flagged_on_both(written: Write) -> None:
    rows = "1,X1,ENGINE,Medical,2026-01-05 08:00:00,2026-01-05 08:01:00,,2026-01-05 08:20:00\n"
    rows += "2,X1,ENGINE,Alarm,2026-01-05 08:10:00,2026-01-05 08:11:00,,2026-01-05 08:30:00\n"
    rows += "3,X1,ENGINE,Alarm,2026-01-05 09:10:00,2026-01-05 09:11:00,,2026-01-05 09:30:00\n"

    calls = calls_in(written("a.csv", UNITS + rows), load_mapping("sf-fire"))

    assert ["unit_overlap:X1" in call.warnings for call in calls] == [True, True, False]


def test_status_times_out_of_order_are_kept_as_written_and_can_be_put_in_order(written: Write) -> None:
    row = "1,X1,ENGINE,Medical,2026-01-05 08:00:00,2026-01-05 08:05:00,2026-01-05 08:03:00,2026-01-05 08:20:00\n"

    (call,) = calls_in(written("a.csv", UNITS + row), load_mapping("sf-fire"))

    (unit,) = call.unit_times
    assert "out_of_order:en_route_at" in call.warnings
    assert unit.in_order() == replace(unit, en_route_at=unit.dispatched_at)


def test_several_units_in_one_cell_are_told_apart_and_typed_by_their_letters(written: Write) -> None:
    rows = "timestamp,incident_number,units,location,incident_type\n"
    rows += (
        '6/1/2027 11:43:36 PM,F1,"E7 AIR2 Q1",1 Main St,Car Fire\n6/1/2027 11:43:36 PM,F1,E7 M5,1 Main St,Car Fire\n'
    )

    units = units_in(written("a.csv", rows), load_mapping("seattle-fire"))

    assert [(unit.unit, unit.unit_type, unit.responder_type) for unit in units] == [
        ("AIR2", "AIR", "fire"),
        ("E7", "ENGINE", "fire"),
        ("M5", "MEDIC", "ems"),
        ("Q1", None, "fire"),
    ]


def test_a_generic_table_is_read_by_the_usual_names_of_its_columns(written: Write) -> None:
    head = "CAD_Number,Call_Time,Nature,Notes,Latitude,Longitude,weapon,injury\n"
    row = '26-1,11/23/2026 14:01,WELFARE CHECK,"not seen, lights on",44.06,-124.93,none,maybe\n'

    (call,) = calls_in(written("a.csv", head + row), load_mapping("generic"))

    assert call.body == {
        "source": "generic",
        "source_ref": "26-1",
        "received_at": "2026-11-23T14:01:00+00:00",
        "call_type": {"text": "WELFARE CHECK"},
        "narrative": "not seen, lights on",
        "answers": {"weapon": "none"},
        "location": {"lat": 44.06, "lon": -124.93},
    }
    assert set(call.warnings) == {"zone_assumed", "answer_not_understood:injury"}


def test_a_generic_table_without_a_key_is_named_by_its_rows(written: Write) -> None:
    calls = calls_in(written("a.csv", "type\nNOISE\nTHEFT\n"), load_mapping("generic"))

    assert [call.body["source_ref"] for call in calls] == ["row-1", "row-2"]


def test_a_very_long_note_is_read_and_its_neighbours_too(written: Write) -> None:
    words = "very " * 30_000
    rows = f'1,NOISE,"{words}"\n2,NOISE,short\n3,NOISE,"{words * 2}"\n'

    items = list(read_calls(written("a.csv", "source_ref,type,narrative\n" + rows), load_mapping("generic")))

    assert [getattr(item, "reason", "call") for item in items] == ["call", "call", "too_long"]


def test_a_byte_order_mark_before_json_is_no_part_of_it(written: Write) -> None:
    assert len(calls_in(written("a.ndjson", "\ufeff" + json.dumps(ROWS[0]) + "\n"), mine())) == 1


def test_a_file_in_utf_16_is_refused_with_what_to_do(written: Write) -> None:
    with pytest.raises(Invalid, match="UTF-16") as refused:
        list(read_calls(written("a.csv", "ref,type\n1,A\n".encode("utf-16")), mine()))

    assert refused.value.fix == "Save it as UTF-8 and try again."
