"""Hours of programs are those of the wall clock, in the nights when it jumps too, and of the program's own zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.triage import small_policy as small
from tests.unit.triage.small_policy import TEXTS, a_call, a_policy, decided

from dispatch.policies import load_shipped
from dispatch.triage.explain import explain
from dispatch.triage.explain_text import whole_text
from dispatch.triage.lint import check_policy
from dispatch.triage.policy import Policy, load_policy
from dispatch.triage.zone_check import check_zone

# In Chicago the clock goes from 01:59 to 03:00 at 08:00 UTC that day, and from 01:59 back to 01:00 at 07:00 UTC.
FORWARD, BACK = datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


def open_with(hours: str, *, more: str = "") -> Policy:
    crisis = small.CRISIS.partition("hours:")[0] + f"hours: {hours}\n{more}"
    return a_policy(**{"programs/crisis.yaml": crisis})


def is_open(policy: Policy, at: datetime) -> bool:
    found = next(one for one in decided("loud music", at=at, policy=policy).programs if one.program == "crisis-team")
    return "outside_hours" not in found.reasons


def open_minutes(policy: Policy, first: datetime, hours: int) -> int:
    return sum(is_open(policy, first + timedelta(minutes=minute)) for minute in range(0, hours * 60, 10)) * 10


def test_hours_that_the_clock_leaves_out_do_not_come_that_night() -> None:
    policy = open_with('{sun: ["02:00-03:00"]}')

    assert open_minutes(policy, FORWARD, 24) == 0
    assert open_minutes(policy, FORWARD + timedelta(days=7), 24) == 60


def test_hours_around_the_missing_one_are_an_hour_shorter() -> None:
    policy = open_with('{sun: ["01:00-04:00"]}')

    assert open_minutes(policy, FORWARD, 24) == 120
    assert is_open(policy, FORWARD + timedelta(hours=7, minutes=59))
    assert is_open(policy, FORWARD + timedelta(hours=8))
    assert not is_open(policy, FORWARD + timedelta(hours=9))


def test_the_doubled_hour_counts_both_times() -> None:
    policy = open_with('{sun: ["01:00-02:00"]}')

    assert is_open(policy, BACK + timedelta(hours=6, minutes=30))
    assert is_open(policy, BACK + timedelta(hours=7, minutes=30))
    assert open_minutes(policy, BACK, 24) == 120


@pytest.mark.parametrize(
    ("night", "minutes"), [(FORWARD, 7 * 60), (BACK, 9 * 60), (FORWARD + timedelta(days=7), 8 * 60)]
)
def test_a_shift_over_midnight_lasts_as_long_as_the_night_does(night: datetime, minutes: int) -> None:
    policy = open_with('{sat: ["22:00-06:00"]}')

    assert open_minutes(policy, night - timedelta(hours=6), 36) == minutes


def test_a_range_over_the_end_of_the_week_is_open_on_monday_morning() -> None:
    policy = open_with('{sun: ["22:00-02:00"]}')

    assert is_open(policy, datetime(2026, 1, 12, 7, 59, tzinfo=UTC))
    assert not is_open(policy, datetime(2026, 1, 12, 8, 0, tzinfo=UTC))


def test_a_holiday_closes_the_shift_that_begins_on_it_and_not_the_one_from_the_day_before() -> None:
    policy = open_with('{daily: ["22:00-02:00"]}', more="closed_on: [2026-12-25]\n")
    christmas = datetime(2026, 12, 25, tzinfo=ZoneInfo("America/Chicago"))

    assert is_open(policy, christmas + timedelta(hours=1))  # the shift of the 24th
    assert not is_open(policy, christmas + timedelta(hours=23))
    assert not is_open(policy, christmas + timedelta(hours=25))  # the 26th, in the shift of the 25th
    assert is_open(policy, christmas + timedelta(hours=47))


def test_a_holiday_is_a_day_of_the_programs_zone_and_not_of_greenwich() -> None:
    policy = open_with("always", more="closed_on: [2026-12-25]\n")

    assert is_open(policy, datetime(2026, 12, 25, 5, 59, tzinfo=UTC))
    assert not is_open(policy, datetime(2026, 12, 26, 5, 59, tzinfo=UTC))


def test_a_program_may_keep_the_clock_of_another_zone() -> None:
    phoenix = open_with('{daily: ["08:00-10:00"]}', more="time_zone: America/Phoenix\n")  # no summer time there

    for day in (datetime(2026, 1, 7, tzinfo=UTC), datetime(2026, 7, 8, tzinfo=UTC)):
        assert not is_open(phoenix, day + timedelta(hours=14, minutes=59))
        assert is_open(phoenix, day + timedelta(hours=15))
        assert not is_open(phoenix, day + timedelta(hours=17))


def test_two_moments_with_the_same_wall_clock_here_may_differ_there() -> None:
    policy = open_with('{sun: ["00:00-00:30"]}', more="time_zone: America/Phoenix\n")
    first, second = BACK + timedelta(hours=6, minutes=15), BACK + timedelta(hours=7, minutes=15)  # 01:15 twice here

    assert (is_open(policy, first), is_open(policy, second)) == (False, True)
    assert (is_open(policy, first), is_open(policy, second)) == (False, True)


def test_the_trace_names_the_clock_that_it_looked_at() -> None:
    policy = open_with('{daily: ["08:00-10:00"]}', more="time_zone: America/Phoenix\n")

    assert "open at Wednesday 08:30 MST" in whole_text(
        explain(a_call("loud music"), policy, datetime(2026, 7, 8, 15, 30, tzinfo=UTC))
    )


@given(
    st.integers(0, 2 * 366 * 24 * 12), st.sampled_from(["America/Chicago", "America/Phoenix", "Australia/Lord_Howe"])
)
def test_open_is_what_the_wall_clock_says_at_every_moment(five_minutes: int, zone: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=5 * five_minutes)
    local = at.astimezone(ZoneInfo(zone))
    policy = NIGHTS[zone]

    is_night = (local.hour, local.minute) >= (21, 30) or (local.hour, local.minute) < (4, 15)
    assert is_open(policy, at) == is_night


NIGHTS = {
    zone: open_with('{daily: ["21:30-04:15"]}', more=f"time_zone: {zone}\n")
    for zone in ("America/Chicago", "America/Phoenix", "Australia/Lord_Howe")
}


def test_hours_that_borrow_the_zone_of_the_parent_are_a_doubt() -> None:
    city = "policy: city\nversion: 1\nextends: small\n"
    program = (
        "program: late\nresponder_type: community_responder\ntakes: [{topic: noise}]\nhours: {daily: ['18:00-23:00']}\n"
    )

    def doubts(policy: str, text: str) -> list[str]:
        loaded = load_policy({"policy.yaml": policy, "programs/late.yaml": text}, parents={"small": TEXTS})
        return [one.about for one in check_policy(loaded) if one.code == "borrowed_zone"]

    assert doubts(city, program) == ["late"]
    assert doubts(city + "time_zone: America/Denver\n", program) == []
    assert doubts(city, program + "time_zone: America/Denver\n") == []


@pytest.mark.parametrize(
    ("place", "codes"),
    [
        ("America/Chicago", []),
        ("US/Central", []),  # another name of the same clock
        ("America/Denver", ["other_zone"]),
        ("America/Regina", ["other_zone"]),  # the same clock in winter alone
    ],
)
def test_hours_that_would_be_read_on_another_clock_than_the_places_are_an_error(place: str, codes: list[str]) -> None:
    policy = open_with('{daily: ["08:00-10:00"]}')

    found = check_zone(policy, ZoneInfo(place), datetime(2026, 1, 10, tzinfo=UTC))

    assert [one.code for one in found] == codes
    assert all("crisis-team" in one.detail and f"time_zone: {place}" in one.detail for one in found)


def test_a_policy_that_asks_no_clock_may_decide_anywhere() -> None:
    now, denver = datetime(2026, 1, 10, tzinfo=UTC), ZoneInfo("America/Denver")
    own = open_with('{daily: ["08:00-10:00"]}', more="time_zone: America/Chicago\n")

    assert check_zone(load_shipped("us-default"), denver, now) == []
    assert check_zone(own, denver, now) == []  # its one program with hours says which clock it keeps


def test_a_row_with_a_date_rests_on_the_policys_clock() -> None:
    care = small.CARE.replace("id: CA-01,", "id: CA-01, from: 2026-06-01,", 1)
    policy = a_policy(**{"tables/50-care.yaml": care})

    found = check_zone(policy, ZoneInfo("America/Denver"), datetime(2026, 1, 10, tzinfo=UTC))

    assert "CA-01" in found[0].detail
