from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.assignment import AssignmentStatus, stamp_column
from dispatch.domain.intervals import INTERVALS, explain_warning, intervals, measure, time_order_warnings

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


ORDERLY = {
    "ringing_at": at(-12),
    "answered_at": at(0),
    "received_at": at(0),
    "queued_at": at(60),
    "created_at": at(75),
    "ordered_at": at(75),
    "accepted_at": at(90),
    "en_route_at": at(135),
    "on_scene_at": at(435),
    "transporting_at": at(1335),
    "at_destination_at": at(1935),
    "cleared_at": at(3135),
}
NAMES = sorted({*ORDERLY, *(stamp_column(status) for status in AssignmentStatus)})
stamps = st.dictionaries(st.sampled_from(NAMES), st.integers(-600, 7200).map(at))


def test_every_interval_of_an_orderly_response() -> None:
    assert intervals(ORDERLY) == {
        "answer": 12,
        "process": 60,
        "queue": 15,
        "turnout": 60,
        "travel": 300,
        "response": 435,
        "scene": 900,
        "total": 3135,
    }
    assert measure(ORDERLY).warnings == ()


def test_the_turnout_of_an_offered_unit_counts_from_its_yes() -> None:
    assert intervals({"offered_at": at(0), "accepted_at": at(90), "en_route_at": at(120)})["turnout"] == 30


def test_a_missing_stamp_gives_no_figure_rather_than_zero() -> None:
    found = intervals({"received_at": at(0), "on_scene_at": at(300)})

    assert (found["response"], found["travel"], found["turnout"], found["total"]) == (300, None, None, None)


def test_stamps_in_an_impossible_order_give_no_figure_and_a_warning() -> None:
    found = measure({"en_route_at": at(300), "on_scene_at": at(200)})

    assert found.seconds["travel"] is None
    assert found.warnings == ("out_of_order:on_scene_at<en_route_at", "negative_interval:travel")


def test_an_arrival_that_lies_before_its_order_makes_no_time_on_scene() -> None:
    hours = 3600
    found = measure({"ordered_at": at(11 * hours), "on_scene_at": at(0), "cleared_at": at(11 * hours + 1200)})

    assert found.seconds["scene"] is None
    assert "out_of_order:on_scene_at<ordered_at" in found.warnings


def test_the_three_times_of_a_call_must_follow_each_other() -> None:
    assert time_order_warnings({"ringing_at": at(5), "answered_at": at(0), "received_at": at(9)}) == [
        "out_of_order:answered_at<ringing_at"
    ]


def test_arriving_without_having_moved_is_said_and_not_refused() -> None:
    assert time_order_warnings({"on_scene_at": at(0)}) == ["missing:en_route_at"]


def test_cancelled_before_arrival_needs_no_further_stamps() -> None:
    assert time_order_warnings({"ordered_at": at(0), "cancelled_at": at(60)}) == []


def test_a_unit_that_stages_moves_and_stages_again_contradicts_nothing() -> None:
    stamps = {"ordered_at": at(0), "staged_at": at(300), "en_route_at": at(400), "on_scene_at": at(500)}

    assert time_order_warnings(stamps) == []


def test_a_time_in_the_future_is_told_when_the_present_is_known() -> None:
    assert time_order_warnings({"ordered_at": at(1)}, now=at(0)) == ["in_future:ordered_at"]
    assert time_order_warnings({"ordered_at": at(1)}) == []


@given(stamps)
def test_no_interval_is_ever_negative(given_stamps: dict[str, datetime]) -> None:
    found = measure(given_stamps)

    assert list(found.seconds) == list(INTERVALS)
    assert all(seconds is None or seconds >= 0 for seconds in found.seconds.values())
    assert dict(found.seconds) == intervals(given_stamps)


@given(stamps)
def test_every_warning_has_a_sentence(given_stamps: dict[str, datetime]) -> None:
    for code in measure(given_stamps, now=at(100)).warnings:
        assert explain_warning(code).endswith(".")
        assert "_" not in explain_warning(code)


@given(st.lists(st.integers(0, 1000), min_size=4, max_size=4))
def test_the_parts_of_a_response_add_up_to_it(parts: list[int]) -> None:
    names = ("queued_at", "ordered_at", "en_route_at", "on_scene_at")
    stamps = {"received_at": at(0)}
    stamps |= {name: at(sum(parts[: place + 1])) for place, name in enumerate(names)}

    found = intervals(stamps)

    assert sum(found[name] or 0 for name in ("process", "queue", "turnout", "travel")) == found["response"]
