"""Feeds that list all active calls again and again: every row is in one count, and what is gone is told and no more."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest

from dispatch.domain.errors import Invalid
from dispatch.ingest.history import Reject, load_mapping, read_calls
from dispatch.ingest.mapping import Mapping, parse_mapping
from dispatch.ingest.replay import Replay, Step
from dispatch.ingest.snapshots import Snapshot, read_snapshots
from dispatch.ingest.tally import Tally

Written = Callable[..., str]

MAPPING = """\
mapping: polled
title: A county's active calls, polled
zone: America/Chicago
time_formats: [iso]
snapshots: {at: at}
records_at: rows
key: {columns: [id]}
type: {text: type}
received_at: when
units: {column: units, separator: ",", types_by_prefix: {V: MEDIATOR}, responder_types: {MEDIATOR: cvi},
        default_responder_type: fire}
"""


def row(ref: str, kind: str = "FIRE", units: str = "E1", **more: Any) -> dict[str, Any]:
    return {"id": ref, "type": kind, "when": "2026-11-23T07:55:00Z", "units": units, **more}


def polled(minute: int, *rows: dict[str, Any]) -> str:
    return json.dumps({"at": f"2026-11-23T08:{minute:02}:00Z", "rows": rows})


def replayed(path: str, mapping: Mapping) -> tuple[Replay, list[Step], list[Reject], Tally]:
    tally, replay = Tally(), Replay()
    items = list(read_snapshots(path, mapping, tally=tally))
    steps = [replay.take(item) for item in items if isinstance(item, Snapshot)]
    return replay, steps, [item for item in items if isinstance(item, Reject)], tally


def sent(steps: Sequence[Step]) -> list[list[tuple[str, str, datetime]]]:
    """What each list makes to be sent: reference, type, since when it says so."""
    return [
        [
            (call.body["source_ref"], call.body["call_type"]["text"], datetime.fromisoformat(call.body["updated_at"]))
            for call in step.send
        ]
        for step in steps
    ]


def at(minute: int) -> datetime:
    return datetime.fromisoformat(f"2026-11-23T08:{minute:02}:00+00:00")


def test_a_call_is_sent_when_it_is_new_or_says_something_else_and_every_row_is_counted(written: Written) -> None:
    lists = [
        polled(0, row("a"), row("b")),
        polled(15, row("a"), row("b", "BUILDING FIRE"), row("c")),
        polled(30, row("a", units="E1,M2"), row("c")),
        polled(45, row("a", units="E1,M2"), row("b", "BUILDING FIRE")),
    ]

    replay, steps, _, tally = replayed(written("feed.jsonl", "\n".join(lists)), parse_mapping(MAPPING, "own"))

    assert sent(steps) == [
        [("a", "FIRE", at(0)), ("b", "FIRE", at(0))],
        [("b", "BUILDING FIRE", at(15)), ("c", "FIRE", at(15))],
        [],
        [],
    ]
    assert dict(replay.rows) == {
        **{"new": 3, "repeated": 3, "changed": 2, "reappeared": 1},
        **{"doubled": 0, "skipped": 0, "refused": 0},
    }
    assert replay.changes == {"call_type": 1, "units": 1}
    assert (replay.vanished, replay.lists, replay.calls) == (2, 4, 3)
    assert replay.accounted(tally.rows_read)
    assert replay.as_data()["listed_at_end"] == 2


def test_a_call_that_comes_back_as_something_else_is_sent_again(written: Written) -> None:
    lists = [polled(0, row("a"), row("b")), polled(15, row("b")), polled(30, row("a", "EXPLOSION"), row("b"))]

    replay, steps, _, _ = replayed(written("feed.jsonl", "\n".join(lists)), parse_mapping(MAPPING, "own"))

    assert sent(steps)[2] == [("a", "EXPLOSION", at(30))]
    assert (replay.rows["reappeared"], replay.rows["changed"]) == (1, 0)


def test_a_row_that_cannot_be_read_is_refused_and_nothing_vanishes_from_its_list(written: Written) -> None:
    bad = row("b") | {"when": "yesterday"}
    lists = [polled(0, row("a"), row("b"), row("c")), polled(15, row("a"), bad)]

    replay, steps, _, tally = replayed(written("feed.jsonl", "\n".join(lists)), parse_mapping(MAPPING, "own"))

    assert (replay.rows["refused"], replay.vanished, replay.not_whole) == (1, 0, 1)
    assert (steps[1].is_whole, tally.rejected) == (False, {"time_unreadable": 1})
    assert replay.accounted(tally.rows_read)


def test_a_line_that_is_no_list_says_nothing_of_any_call(written: Written) -> None:
    """The page of a proxy, a cut line, an answer without rows, rows that are words, a list without its hour."""
    noise = ["<html>busy</html>", '{"at": "2026-11-23T08:05', '{"at": "2026-11-23T08:06:00Z", "error": "busy"}']
    noise += ['{"at": "2026-11-23T08:07:00Z", "rows": ["a"]}', '{"rows": []}']
    lists = [polled(0, row("a")), *noise, polled(15, row("a"))]

    replay, _, rejects, _ = replayed(written("feed.jsonl", "\n".join(lists)), parse_mapping(MAPPING, "own"))

    assert [one.reason for one in rejects] == [
        *("not_json", "not_json", "list_missing", "list_unreadable", "time_unreadable")
    ]
    assert (replay.vanished, replay.doubted, replay.rows["repeated"]) == (0, 0, 1)


def test_an_empty_list_is_a_list_that_is_believed_the_second_time(written: Written) -> None:
    lists = [polled(0, row("a"), row("b")), polled(15), polled(30)]

    replay, _, rejects, _ = replayed(written("feed.jsonl", "\n".join(lists)), parse_mapping(MAPPING, "own"))

    assert (rejects, replay.doubted, replay.vanished) == ([], 1, 2)


def test_two_rows_of_one_call_on_one_list_are_one_call_with_the_units_of_both(written: Written) -> None:
    path = written("feed.jsonl", polled(0, row("a", units="E1"), row("a", units="M2")))

    replay, [step], _, tally = replayed(path, parse_mapping(MAPPING, "own"))

    assert [one.units for one in step.listed] == [("E1", "M2")]
    assert (len(step.send), replay.rows["doubled"], replay.accounted(tally.rows_read)) == (1, 1, True)


def test_a_late_list_sends_only_what_nobody_has_and_takes_nothing_back(written: Written) -> None:
    lists = [polled(0, row("a")), polled(30, row("b")), polled(15, row("a", "OLD NEWS"), row("c"))]

    replay, steps, _, tally = replayed(written("feed.jsonl", "\n".join(lists)), parse_mapping(MAPPING, "own"))

    assert sent(steps)[2] == [("c", "FIRE", at(15))]
    assert (replay.late, replay.vanished, replay.as_data()["listed_at_end"]) == (1, 2, 1)
    assert replay.accounted(tally.rows_read)


def test_a_call_under_another_key_is_another_call_that_is_counted_as_looking_like_it(written: Written) -> None:
    """The same crew at the same door may be a second emergency: nothing is joined here, the linker proposes it."""
    here, there = {"lat": "44.05", "lon": "-124.9"}, {"lat": "44.06", "lon": "-124.9"}
    mapping = MAPPING + "location: {lat: lat, lon: lon}\n"
    lists = [
        polled(0, row("a", **here), row("b", **there), row("z", units="E7")),
        polled(15, row("a2", units="E1,M2", **here), row("b2", units="M9", **there), row("z", units="E7")),
    ]

    replay, steps, _, _ = replayed(written("feed.jsonl", "\n".join(lists)), parse_mapping(mapping, "own"))

    assert (replay.restamped, replay.rows["new"], replay.vanished) == (1, 5, 2)
    assert [call.body["source_ref"] for call in steps[1].send] == ["a2", "b2"]


def test_a_feed_that_is_followed_for_weeks_remembers_no_more_than_a_week(written: Written) -> None:
    def on(day: int, *rows: dict[str, Any]) -> str:
        return json.dumps({"at": f"2026-11-{day:02}T08:00:00Z", "rows": rows})

    lists = [on(1, row("a"), row("b")), on(2, row("b")), on(9, row("b")), on(10, row("b")), on(11, row("a"), row("b"))]

    replay, steps, _, tally = replayed(written("feed.jsonl", "\n".join(lists)), parse_mapping(MAPPING, "own"))

    assert [[ref for ref, *_ in one] for one in sent(steps)] == [["a", "b"], [], [], [], ["a"]]
    assert (replay.rows["new"], replay.rows["reappeared"], replay.accounted(tally.rows_read)) == (3, 0, True)


def test_a_unit_that_is_told_one_way_is_on_no_list(written: Written) -> None:
    path = written("feed.jsonl", polled(0, row("a", units="E1,V7")))

    _, [step], _, _ = replayed(path, parse_mapping(MAPPING, "own"))

    assert [one.units for one in step.listed] == [("E1",)]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (MAPPING.replace("records_at: rows\n", ""), "records_at"),
        (MAPPING.replace("{columns: [id]}", "{columns: [id], repeated: number}"), "key.repeated"),
        (MAPPING.replace("{at: at}", "{at: at, close_after_lists: 1}"), "greater than or equal to 2"),
        (MAPPING.replace("{at: at}", "{at: at, close: true}"), "close"),
    ],
)
def test_a_mapping_that_cannot_follow_lists_is_refused_with_the_reason(bad: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_mapping(bad, "own")

    assert says in " ".join(f"{one.pointer} {one.detail}" for one in refused.value.errors)


def test_a_mapping_of_calls_does_not_read_lists(written: Written) -> None:
    with pytest.raises(Invalid, match="does not read lists"):
        list(read_snapshots(written("feed.jsonl", polled(0)), load_mapping("houston")))


def test_a_day_of_the_real_feed_is_accounted_for_row_by_row(real_file: Callable[[str], str]) -> None:
    path = real_file("houston_feed_snapshots_2024-10-11.jsonl.gz")

    replay, steps, rejects, tally = replayed(path, load_mapping("houston-feed"))

    assert replay.as_data() == {
        "lists": 90,
        "late": 0,
        "doubted": 0,
        "not_whole": 0,
        "calls": 1841,
        "rows": {
            **{"new": 1841, "repeated": 3982, "changed": 587, "reappeared": 5},
            **{"doubled": 0, "skipped": 0, "refused": 0},
        },
        "changes": {"units": 579, "call_type": 16},
        "vanished": 1785,
        "restamped": 410,
        "listed_at_end": 61,
    }
    assert (tally.rows_read, replay.accounted(6415), rejects) == (6415, True, [])
    assert sum(len(step.send) for step in steps) == 1841 + 16
    flat = read_calls(path, load_mapping("houston-feed"))
    assert len({call.body["source_ref"] for call in flat if not isinstance(call, Reject)}) == 1841
