"""Clocks that other people set."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.ingest.times import (
    AMBIGUOUS,
    NONEXISTENT,
    ZONE_ASSUMED,
    ClockReading,
    TimeReading,
    out_of_order,
    read_moment,
)

PACIFIC = ZoneInfo("America/Los_Angeles")
EASTERN = ZoneInfo("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_clock_labelled_utc_that_is_local_is_read_as_local() -> None:
    how = TimeReading(("iso",), PACIFIC, ClockReading.LOCAL_DESPITE_LABEL)

    moment, flag = read_moment("2018-03-05 08:00:00.000000 UTC", how)

    assert (moment.astimezone(UTC), flag) == (utc("2018-03-05T16:00"), None)


def test_a_clock_shifted_by_its_own_offset_is_shifted_back() -> None:
    how = TimeReading(("iso",), EASTERN, ClockReading.UTC_IS_LOCAL)

    moment, _ = read_moment("2021-12-31T20:08:00-05:00", how)

    assert moment.isoformat() == "2022-01-01T01:08:00-05:00"


def test_an_offset_that_can_be_believed_is_believed() -> None:
    moment, flag = read_moment("2026-05-01T10:00:00+02:00", TimeReading(("iso",), EASTERN))

    assert (moment.astimezone(UTC), flag) == (utc("2026-05-01T08:00"), None)


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("1728622860000", "epoch_ms", "2024-10-11T05:01:00"),
        ("1728622860", "epoch_s", "2024-10-11T05:01:00"),
        ("10/11/2024 01:01:00 AM", "%m/%d/%Y %I:%M:%S %p", "2024-10-11T05:01:00"),
        ("2024/10/11 01:01:00 AM", "%Y/%m/%d %I:%M:%S %p", "2024-10-11T05:01:00"),
        ("10/11/24 1:01", "%m/%d/%y %H:%M", "2024-10-11T05:01:00"),
        ("2024-10-11 01:01:00", "iso", "2024-10-11T05:01:00"),
        ("2024-10-11T05:01:00Z", "iso", "2024-10-11T05:01:00"),
        ("2024-10-11 05:01:00 UTC", "iso", "2024-10-11T05:01:00"),
    ],
)
def test_each_way_to_write_a_time_gives_the_same_moment(text: str, form: str, expected: str) -> None:
    moment, _ = read_moment(text, TimeReading((form,), EASTERN))

    assert moment.astimezone(UTC) == utc(expected)


def test_an_hour_that_happened_twice_is_read_as_the_first_and_flagged() -> None:
    moment, flag = read_moment("2026-11-01 01:30:00", TimeReading(("iso",), EASTERN))

    assert (moment.astimezone(UTC), flag) == (utc("2026-11-01T05:30"), AMBIGUOUS)


def test_an_hour_that_never_happened_is_moved_on_and_flagged() -> None:
    moment, flag = read_moment("2026-03-08 02:30:00", TimeReading(("iso",), EASTERN))

    assert (moment.isoformat(), flag) == ("2026-03-08T03:30:00-04:00", NONEXISTENT)


def test_a_time_without_any_zone_is_read_as_utc_and_flagged() -> None:
    moment, flag = read_moment("2026-03-08 02:30:00", TimeReading(("iso",), None))

    assert (moment, flag) == (utc("2026-03-08T02:30"), ZONE_ASSUMED)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01 00:00:00", "99999999999999999999"])
def test_a_time_that_fits_no_format_is_refused_with_the_formats(text: str) -> None:
    with pytest.raises(ValueError, match="iso, epoch_ms"):
        read_moment(text, TimeReading(("iso", "epoch_ms"), EASTERN))


def test_steps_before_an_earlier_step_are_named() -> None:
    steps = [("dispatched_at", utc("2026-01-01T10:00")), ("en_route_at", utc("2026-01-01T09:58"))]
    steps += [("on_scene_at", None), ("cleared_at", utc("2026-01-01T10:30"))]  # type: ignore[list-item]

    assert out_of_order(steps) == ["en_route_at"]


FORMS = ("%Y/%m/%d %I:%M:%S %p", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%m/%d/%y %H:%M")
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 -- wall clocks


@given(MOMENTS, st.sampled_from(FORMS), st.sampled_from(["", " ", "0", "x"]))
def test_a_time_is_read_as_the_standard_library_reads_it_or_refused_alike(at: datetime, form: str, odd: str) -> None:
    text = at.strftime(form) + odd

    try:
        expected = datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        with pytest.raises(ValueError, match="fits none"):
            read_moment(text, TimeReading((form,), ZoneInfo("UTC")))
    else:
        assert read_moment(text, TimeReading((form,), ZoneInfo("UTC"))) == (expected, None)


@pytest.mark.parametrize("text", ["2023/02/30 01:00:00 AM", "2023/01/03 13:00:00 AM", "2023/01/03 00:00:00 PM"])
def test_a_day_or_hour_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="fits none"):
        read_moment(text, TimeReading((FORMS[0],), PACIFIC))
