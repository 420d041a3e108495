"""The real files, when they are there: every row is accounted for, and each trap is met as its README says."""

from collections.abc import Callable

import pytest

from dispatch.ingest.history import HistoryCall, Reject, Tally, load_mapping, read_calls, units_in
from dispatch.ingest.mapping import parse_mapping
from dispatch.ingest.records import Record, split_header, split_records
from dispatch.ingest.sources import CallFile

Find = Callable[[str], str]

FILES = [
    ("sf-police", "sf_police_cad_2025-09.csv.gz", 3_326, 3_326),
    ("sf-fire", "sf_fire_cad_2018-01-13_18.csv.gz", 4_953, 2_403),
    ("san-diego", "san_diego_police_2023-01.csv.gz", 26_595, 26_595),
    ("seattle-fire", "seattle_fire_incidents_2017-06.csv.gz", 12_222, 10_106),
    ("burlington", "burlington_vt_police_2022h1.csv.gz", 10_830, 10_830),
    ("houston", "houston_active_incidents_2024-10.csv.gz", 49_768, 49_768),
    ("montgomery-pa", "montgomery_pa_911_2015-12.csv.gz", 9_226, 9_226),
]


def read(path: str, name: str) -> tuple[list[HistoryCall], Tally]:
    tally = Tally()
    calls = [item for item in read_calls(path, load_mapping(name), tally=tally) if isinstance(item, HistoryCall)]
    return calls, tally


@pytest.mark.parametrize(("name", "file", "rows", "calls"), FILES)
def test_every_row_of_the_file_is_accounted_for(real_file: Find, name: str, file: str, rows: int, calls: int) -> None:
    found, tally = read(real_file(file), name)

    assert (tally.rows_read, tally.calls, tally.rejected.total()) == (rows, calls, 0)
    assert tally.accounted()
    assert len({call.body["source_ref"] for call in found}) == calls


def test_san_francisco_passing_calls_are_flagged_and_sensitive_places_withheld(real_file: Find) -> None:
    calls, tally = read(real_file("sf_police_cad_2025-09.csv.gz"), "sf-police")

    assert tally.flagged == {"passing-call": 587}
    assert tally.warnings["location_withheld"] == 925
    assert sum(call.body["channel"] == "officer" for call in calls) == 1_036


def test_san_francisco_fire_is_read_on_the_wall_clock_with_each_units_times(real_file: Find) -> None:
    calls, tally = read(real_file("sf_fire_cad_2018-01-13_18.csv.gz"), "sf-fire")

    assert all(call.body["received_at"].endswith("-08:00") for call in calls)
    assert sum(len(call.unit_times) for call in calls) == 4_953
    assert tally.warnings["out_of_order"] > 0
    assert tally.warnings["unit_overlap"] > 0


def test_san_francisco_fire_names_164_units_and_says_what_they_are(real_file: Find) -> None:
    units = units_in(real_file("sf_fire_cad_2018-01-13_18.csv.gz"), load_mapping("sf-fire"))

    assert len(units) == 164
    assert {unit.responder_type for unit in units} == {"fire", "ems"}


def test_the_shifted_clock_of_burlington_agrees_with_the_hour_that_the_file_gives(real_file: Find) -> None:
    text = load_mapping("burlington").model_dump(exclude_unset=True)
    mapping = type(load_mapping("burlington")).model_validate({**text, "recorded": {"hour": ("Hour",)}})

    agree = 0
    calls = list(read_calls(real_file("burlington_vt_police_2022h1.csv.gz"), mapping))
    for call in calls:
        assert isinstance(call, HistoryCall)
        hour = call.occurred["received_at"].strftime("%I %p").lstrip("0").lower()
        agree += hour == call.recorded["hour"]

    assert agree == len(calls)


def test_a_feed_whose_uid_is_no_key_is_told_apart_by_agency_time_and_place(real_file: Find) -> None:
    calls, tally = read(real_file("houston_feed_snapshots_2024-10-11.jsonl.gz"), "houston")

    assert tally.rows_read > 3 * len(calls)
    assert tally.accounted()
    assert all(call.occurred["received_at"].year == 2024 for call in calls)


def test_a_mapping_of_ones_own_reads_minutes_only_and_drops_zero_positions(real_file: Find) -> None:
    mapping = parse_mapping(
        """
        mapping: beach-ems
        title: Calls to the minute, all at 0,0
        zone: America/New_York
        time_formats: ["%m/%d/%y %H:%M"]
        empty: ["NA"]
        key: {columns: [EMSCallNumber]}
        type: {missing_text: MEDICAL, text: Status}
        received_at: CallDateandTime
        location: {lat: Y, lon: X, address: {parts: [[BlockAddress]]}}
        """,
        "own",
    )
    tally = Tally()

    calls = list(read_calls(real_file("virginia_beach_ems_2017_2018_ungeocoded.csv"), mapping, tally=tally))

    assert len(calls) == 965
    assert tally.warnings["position_zero"] == 965


def table(path: str) -> tuple[list[str], list[Record | Reject]]:
    with CallFile(path) as file:
        lines = file.lines()
        header = split_header(next(lines).text, ",")
        return header, list(split_records(lines, width=len(header), delimiter=","))


def test_the_line_of_the_apco_list_that_swallowed_the_next_is_rejected_alone(real_file: Find) -> None:
    _, rows = table(real_file("../crosswalks/xwalk_apco_common_incident_types_2.103.2-2019.csv"))

    rejected = [row for row in rows if isinstance(row, Reject)]
    assert [row.reason for row in rejected] == ["ragged_line"]
    assert rejected[0].raw.startswith("FOTHER")
    assert len(rows) > 200


def test_a_byte_order_mark_and_three_empty_columns_do_not_hide_the_code_column(real_file: Find) -> None:
    header, rows = table(real_file("../crosswalks/san_diego_call_types.csv"))

    assert header == ["call_type", "description", "column_3", "column_4", "column_5"]
    assert all(isinstance(row, Record) for row in rows)
