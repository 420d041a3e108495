"""Program verdicts with stable reasons, and plans that never end in nobody."""

from datetime import UTC, datetime

import pytest
from tests.unit.triage import small_policy as small
from tests.unit.triage.small_policy import a_policy, decided, first_step, verdict

from dispatch.domain.call import Channel
from dispatch.domain.geo import LatLon


def test_a_program_in_scope_is_eligible_and_says_what_was_not_asked() -> None:
    found = verdict(decided(type_code="WELCHK"), "crisis-team")

    assert found == ("eligible", ("in_scope", "unasked:weapon", "unasked:intoxication", "unasked:violence"))


def test_a_disqualifier_excludes() -> None:
    decision = decided("gun", type_code="WELCHK")

    assert verdict(decision, "crisis-team")[0] == "ineligible"


def test_an_unasked_disqualifier_may_leave_the_verdict_open() -> None:
    decision = decided("loud music", answers={"in_traffic": "unknown"})

    assert verdict(decision, "crisis-team") == ("cannot_tell", ("cannot_tell:in_traffic",))
    assert first_step(decision) == ["police"]


def test_out_of_scope_is_one_reason_alone() -> None:
    assert verdict(decided("loud music"), "desk") == ("ineligible", ("not_in_scope",))


@pytest.mark.parametrize(
    ("place", "position", "expected"),
    [
        (None, None, ("cannot_tell", ("cannot_tell:place", "cannot_tell:position"))),
        ("public_outdoor", LatLon(44.95, -93.25), ("eligible", ("in_scope",))),
        ("public_outdoor", LatLon(45.95, -93.25), ("ineligible", ("outside_area",))),
        ("commercial", LatLon(44.95, -93.25), ("ineligible", ("place:commercial",))),
        ("commercial", None, ("ineligible", ("place:commercial", "cannot_tell:position"))),
    ],
)
def test_place_and_area_are_judged(place: str | None, position: LatLon | None, expected: object) -> None:
    assert verdict(decided("loud music", place=place, position=position), "outreach") == expected


def test_a_callers_wish_for_police_is_heard() -> None:
    assert verdict(decided("loud music", wants="police"), "crisis-team") == ("ineligible", ("caller_wants_police",))


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        (Channel.NINE_ONE_ONE, ("eligible", ("in_scope",))),
        (Channel.ALARM, ("ineligible", ("channel:alarm",))),
        (None, ("cannot_tell", ("cannot_tell:channel",))),
    ],
)
def test_a_desk_may_be_reached_through_some_channels_only(channel: Channel | None, expected: object) -> None:
    decision = decided(type_code="THEFT", answers={"suspect_present": "no"}, channel=channel)

    assert verdict(decision, "desk") == expected


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("2026-01-07T05:59", False),
        ("2026-01-07T06:00", True),
        ("2026-01-07T21:59", True),
        ("2026-01-07T22:00", False),
        ("2026-01-11T01:30", True),  # Sunday, in Saturday's hours
        ("2026-01-11T02:00", False),
        ("2026-01-06T12:00", False),  # closed on this Tuesday
        ("2026-03-09T06:00", True),  # the Monday after clocks went forward
        ("2026-11-02T06:00", True),  # the Monday after clocks went back
    ],
)
def test_hours_are_those_of_the_wall_clock(local: str, is_open: bool) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=small.SMALL.zone).astimezone(UTC)

    found = verdict(decided("loud music", at=at), "crisis-team")

    assert (found[0] == "eligible") is is_open
    assert is_open or found[1] == ("outside_hours",)


def test_co_response_brings_police_into_the_same_step() -> None:
    step = decided("loud music", answers={"intoxication": "severe"}).plan.steps[0]

    assert [(s.program or s.responder_type, s.role.value) for s in step.slots] == [
        ("crisis-team", "primary"),
        ("police", "primary"),
    ]


def test_staging_puts_the_program_behind_police() -> None:
    step = decided("loud music", answers={"violence": "verbal_threat"}).plan.steps[0]

    assert [(s.program or s.responder_type, s.role.value) for s in step.slots] == [
        ("crisis-team", "staged"),
        ("police", "primary"),
    ]


def test_each_eligible_program_is_a_step_of_its_own_and_they_share_the_wait() -> None:
    plan = decided("loud music", place="public_outdoor", position=LatLon(44.95, -93.25)).plan

    shown = [([s.program or s.responder_type for s in step.slots], step.wait_limit_s) for step in plan.steps]
    assert shown == [(["crisis-team"], 450), (["outreach"], 450), (["police"], None)]
    assert [step.step for step in plan.steps] == [1, 2, 3]


def test_interrupters_are_told_beside_police_and_ems() -> None:
    slots = decided("stabbing").plan.steps[0].slots

    assert [(s.responder_type, s.role.value) for s in slots] == [
        ("police", "primary"),
        ("ems", "staged"),
        ("cvi", "support"),
    ]


def test_a_program_of_which_nothing_is_known_to_hold_is_out_of_scope() -> None:
    assert verdict(decided("loud music"), "peace") == ("ineligible", ("not_in_scope",))


def test_a_program_of_which_a_part_holds_cannot_be_told() -> None:
    program = small.PEACE.replace("takes: [{weapon: used}]", "takes: [{topic: noise, weapon: used}]")
    policy = a_policy(**{"programs/peace.yaml": program})

    assert verdict(decided("loud music", policy=policy), "peace") == ("cannot_tell", ("cannot_tell:weapon",))


def test_a_shadow_program_is_judged_and_never_sent() -> None:
    policy = a_policy(**{"programs/crisis.yaml": small.CRISIS + "status: shadow\n"})

    decision = decided("loud music", policy=policy)

    assert verdict(decision, "crisis-team")[0] == "eligible"
    assert verdict(decision, "crisis-team")[1][-1] == "shadow"
    assert first_step(decision) == ["police"]
