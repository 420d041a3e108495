from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.routing.a_roster import NOW, STAGED, SUPPORT, a_context, a_plan, a_slot, a_unit

from dispatch.domain.plan import Plan, PlanStep
from dispatch.domain.unit import UnitStatus
from dispatch.routing.answer import Recommendation
from dispatch.routing.candidates import Candidate
from dispatch.routing.recommend import as_data, recommend


def picked(answer: Recommendation) -> list[str]:
    return [pick.unit.call_sign for pick in answer.picks]


def why_not(answer: Recommendation, call_sign: str) -> tuple[str, ...]:
    return next(reasons for unit, reasons in answer.not_offered if unit.call_sign == call_sign)


def test_the_nearest_free_unit_is_picked_for_a_life_threat() -> None:
    units = [a_unit("P1", km=4), a_unit("P2", km=1), a_unit("P3", km=2)]

    answer = recommend(a_plan(a_slot()), units, a_context(priority=0))

    assert [(one.unit.call_sign, one.rank, one.is_pick) for one in answer.units] == [
        ("P2", 1, True),
        ("P3", 2, False),
        ("P1", 3, False),
    ]
    assert answer.units[0].reasons == ("first_to_arrive",)
    assert answer.shortfalls == ()
    assert answer.active_step == 1


def test_the_time_of_arrival_is_turnout_and_travel() -> None:
    answer = recommend(a_plan(a_slot("fire")), [a_unit("E1", "fire", km=2)], a_context(priority=1))

    assert answer.units[0].eta_s == pytest.approx(80 + 60 * (2.28 + 1.04 * 2), abs=1)


def test_distance_never_picks_the_responder_type() -> None:
    units = [a_unit("P1", "police", km=0.1), a_unit("CR1", "community_responder", km=9)]

    answer = recommend(a_plan(a_slot("community_responder"), a_slot("police")), units, a_context())

    assert picked(answer) == ["CR1"]
    assert why_not(answer, "P1") == ("other_step:2",)


def test_a_unit_in_maintenance_is_never_recommended() -> None:
    answer = recommend(a_plan(a_slot()), [a_unit("P1", status=UnitStatus.OUT_OF_SERVICE), a_unit("P2")], a_context())

    assert [one.unit.call_sign for one in answer.units] == ["P2"]
    assert why_not(answer, "P1") == ("out_of_service",)


def test_units_of_types_that_the_plan_does_not_name_are_not_needed() -> None:
    answer = recommend(a_plan(a_slot()), [a_unit(), a_unit("E1", "fire")], a_context())

    assert why_not(answer, "E1") == ("not_needed",)


def test_a_unit_of_another_program_says_so() -> None:
    plan = a_plan(a_slot("community_responder", program="crisis"), a_slot())
    units = [a_unit("CR1", "community_responder", program="crisis"), a_unit("CR2", "community_responder", program="x")]

    answer = recommend(plan, units, a_context())

    assert picked(answer) == ["CR1"]
    assert why_not(answer, "CR2") == ("wrong_program",)


def test_when_nobody_of_the_first_step_is_free_the_next_step_is_active_and_the_gap_is_told() -> None:
    units = [
        a_unit("CR1", "community_responder", status=UnitStatus.ON_SCENE, active_assignments=1, incident="1042"),
        a_unit("P1"),
    ]

    answer = recommend(a_plan(a_slot("community_responder"), a_slot()), units, a_context())

    assert answer.active_step == 2
    assert picked(answer) == ["P1"]
    (gap,) = answer.shortfalls
    assert (gap.step, gap.responder_type, gap.missing, gap.reasons) == (1, "community_responder", 1, ("none_free",))
    assert gap.wait_until == NOW + timedelta(seconds=900)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"on_shift_until": None}, "none_on_duty"),
        ({"status": UnitStatus.OFF_DUTY}, "none_on_duty"),
        ({"status": UnitStatus.EN_ROUTE, "active_assignments": 1}, "none_free"),
        ({"status": UnitStatus.OUT_OF_SERVICE}, "none_in_service"),
        ({"status": UnitStatus.EMERGENCY}, "none_in_service"),
        ({"crew": 0}, "none_staffed"),
        ({"resting_until": NOW + timedelta(hours=1)}, "none_rested"),
        ({"area": (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),)}, "none_in_area"),
        ({"capacity": 3, "active_assignments": 3}, "none_free"),
    ],
)
def test_a_shortfall_says_what_keeps_the_units(changes: dict[str, object], reason: str) -> None:
    answer = recommend(a_plan(a_slot()), [a_unit(**changes)], a_context())

    assert [gap.reasons for gap in answer.shortfalls] == [(reason,)]


def test_a_shortfall_without_any_such_unit_says_so_and_nobody_waits_for_it() -> None:
    answer = recommend(a_plan(a_slot("community_responder"), a_slot()), [a_unit()], a_context())

    assert answer.shortfalls[0].reasons == ("none_on_roster",)
    assert answer.shortfalls[0].wait_until is None


def test_too_few_units_are_picked_all_and_the_rest_is_missing() -> None:
    answer = recommend(a_plan(a_slot(count=3)), [a_unit("P1"), a_unit("P2")], a_context(priority=0))

    assert picked(answer) == ["P1", "P2"]
    assert [(gap.missing, gap.reasons) for gap in answer.shortfalls] == [(1, ("too_few",))]


def test_when_no_step_can_be_filled_the_first_with_somebody_to_lead_is_used() -> None:
    plan = a_plan((a_slot(count=2), a_slot("ems", role=STAGED)), a_slot("fire"))

    answer = recommend(plan, [a_unit("P1")], a_context(priority=0))

    assert answer.active_step == 1
    assert picked(answer) == ["P1"]
    assert {(gap.step, gap.responder_type) for gap in answer.shortfalls} == {(1, "police"), (1, "ems"), (2, "fire")}


def test_support_is_welcome_but_never_waited_for() -> None:
    plan = a_plan((a_slot(), a_slot("cvi", role=SUPPORT)), a_slot("fire"))

    answer = recommend(plan, [a_unit()], a_context())

    assert answer.active_step == 1
    assert [(gap.responder_type, gap.role.value) for gap in answer.shortfalls] == [("cvi", "support")]


def test_co_response_picks_one_unit_for_each_slot() -> None:
    plan = a_plan((a_slot("community_responder"), a_slot("police", role=STAGED)))
    units = [a_unit("CR1", "community_responder"), a_unit("P1"), a_unit("P2", km=3)]

    answer = recommend(plan, units, a_context())

    assert [(one.unit.call_sign, one.role.value, one.slot) for one in answer.picks] == [
        ("CR1", "primary", 0),
        ("P1", "staged", 1),
    ]


def test_the_only_unit_with_a_capability_is_kept_for_the_slot_that_asks_for_it() -> None:
    plan = a_plan((a_slot("ems"), a_slot("ems", capabilities=frozenset({"als"}))))
    units = [a_unit("M1", "ems", km=0.1, capabilities=frozenset({"als"})), a_unit("M2", "ems", km=5)]

    answer = recommend(plan, units, a_context(priority=0))

    assert [(one.unit.call_sign, one.slot) for one in answer.picks] == [("M2", 0), ("M1", 1)]
    assert answer.shortfalls == ()


def test_a_unit_without_the_capability_or_with_an_expired_certificate_says_which() -> None:
    plan = a_plan(a_slot("ems", capabilities=frozenset({"als", "transport"})))
    units = [a_unit("M1", "ems", lapsed=frozenset({"als"}))]

    answer = recommend(plan, units, a_context())

    assert why_not(answer, "M1") == ("certification_expired:als", "lacks_capability:transport")
    assert answer.shortfalls[0].reasons == ("none_in_date:als",)


def test_a_stale_unit_is_offered_last_and_says_so() -> None:
    old = NOW - timedelta(minutes=45)
    units = [a_unit("P1", km=0.1, position_at=old), a_unit("P2", km=8)]

    answer = recommend(a_plan(a_slot()), units, a_context(priority=0))

    assert [one.unit.call_sign for one in answer.units] == ["P2", "P1"]
    assert "location_stale:45" in answer.units[1].reasons


def test_a_unit_that_nobody_can_place_comes_after_all_others_without_a_time() -> None:
    units = [a_unit("P1", km=None), a_unit("P2", km=8), a_unit("P3", km=1, position_at=NOW - timedelta(hours=2))]

    answer = recommend(a_plan(a_slot()), units, a_context(priority=0))

    assert [(one.unit.call_sign, one.eta_s is None) for one in answer.units] == [
        ("P2", False),
        ("P3", False),
        ("P1", True),
    ]
    assert "location_unknown" in answer.units[2].reasons


def test_a_unit_without_a_position_is_timed_from_its_home() -> None:
    units = [a_unit("P1", km=None, home=a_unit(km=2).position)]

    answer = recommend(a_plan(a_slot()), units, a_context())

    assert answer.units[0].eta_s == recommend(a_plan(a_slot()), [a_unit("P1", km=2)], a_context()).units[0].eta_s
    assert "from_home" in answer.units[0].reasons


def test_without_a_place_units_are_offered_by_call_sign_without_a_time() -> None:
    answer = recommend(a_plan(a_slot()), [a_unit("P2", km=1), a_unit("P1", km=9)], a_context(position=None))

    assert [(one.unit.call_sign, one.eta_s) for one in answer.units] == [("P1", None), ("P2", None)]
    assert all("scene_unknown" in one.reasons for one in answer.units)


def test_inside_the_slack_the_callers_language_decides() -> None:
    units = [a_unit("P1", km=1.0), a_unit("P2", km=1.4, languages=frozenset({"es"}))]

    answer = recommend(a_plan(a_slot()), units, a_context(language="es-MX"))

    assert picked(answer) == ["P2"]
    assert answer.units[0].reasons == ("inside_slack:60", "speaks:es-MX")


def test_beyond_the_slack_the_nearer_unit_goes_whatever_it_speaks() -> None:
    units = [a_unit("P1", km=1.0), a_unit("P2", km=6.0, languages=frozenset({"es"}))]

    assert picked(recommend(a_plan(a_slot()), units, a_context(language="es"))) == ["P1"]


def test_a_life_threat_asks_for_time_alone() -> None:
    units = [a_unit("P1", km=1.0, workload=9), a_unit("P2", km=1.1, languages=frozenset({"es"}))]

    context = a_context(priority=1, language="es", coverage_loss=lambda unit: 9.0 if unit.call_sign == "P1" else 0.0)

    assert picked(recommend(a_plan(a_slot()), units, context)) == ["P1"]


def test_inside_the_slack_the_unit_whose_leaving_costs_least_coverage_goes() -> None:
    units = [a_unit("P1", km=1.0), a_unit("P2", km=1.2)]

    context = a_context(coverage_loss=lambda unit: 0.9 if unit.call_sign == "P1" else 0.1)

    assert picked(recommend(a_plan(a_slot()), units, context)) == ["P2"]


def test_equals_share_the_work() -> None:
    units = [a_unit("P1", workload=3), a_unit("P2", workload=1)]

    assert picked(recommend(a_plan(a_slot()), units, a_context())) == ["P2"]


def test_a_desk_does_not_travel_and_stacks_until_it_is_full() -> None:
    desk = {"km": None, "mobile": False, "capacity": 4}
    units = [
        a_unit("TR1", "report_taker", active_assignments=3, **desk),
        a_unit("TR2", "report_taker", active_assignments=1, **desk),
        a_unit("TR3", "report_taker", active_assignments=4, **desk),
    ]

    answer = recommend(a_plan(a_slot("report_taker")), units, a_context(position=None, priority=4))

    assert [(one.unit.call_sign, one.eta_s) for one in answer.units] == [("TR2", 0), ("TR1", 0)]
    assert why_not(answer, "TR3") == ("at_capacity:4",)


def test_a_unit_that_declined_is_not_asked_again() -> None:
    answer = recommend(a_plan(a_slot()), [a_unit("P1"), a_unit("P2")], a_context(declined=frozenset({"unt_P1"})))

    assert picked(answer) == ["P2"]
    assert why_not(answer, "P1") == ("declined_before",)


def test_a_unit_already_on_the_incident_fills_its_slot() -> None:
    on_it = a_unit("P1", status=UnitStatus.EN_ROUTE, active_assignments=1, incident="1042")
    units = [on_it, a_unit("P2"), a_unit("P3")]

    two = recommend(a_plan(a_slot(count=2)), units, a_context(incident="1042"))
    one = recommend(a_plan(a_slot()), units, a_context(incident="1042"))

    assert [(pick.unit.call_sign, pick.rank) for pick in two.picks] == [("P2", 2)]
    assert one.picks == ()
    assert one.shortfalls == ()
    assert why_not(one, "P1") == ("on_this_incident",)


def test_a_shift_that_ends_before_the_job_keeps_a_unit_from_routine_work_only() -> None:
    units = [a_unit("P1", on_shift_until=NOW + timedelta(minutes=10))]

    routine = recommend(a_plan(a_slot()), units, a_context(expected_duration_s=1800))
    threat = recommend(a_plan(a_slot()), units, a_context(expected_duration_s=1800, priority=0))

    assert routine.picks == ()
    assert why_not(routine, "P1") == ("shift_ends_soon:2026-11-23T14:10:00.000Z",)
    assert picked(threat) == ["P1"]
    assert "shift_ends_soon:2026-11-23T14:10:00.000Z" in threat.units[0].reasons


def test_an_appointment_before_the_job_is_over_keeps_a_unit_from_routine_work_only() -> None:
    units = [a_unit("P1", appointment_at=NOW + timedelta(minutes=10)), a_unit("P2", km=9.0)]

    routine = recommend(a_plan(a_slot()), units, a_context(expected_duration_s=1800))
    threat = recommend(a_plan(a_slot()), units, a_context(expected_duration_s=1800, priority=0))
    desk = recommend(a_plan(a_slot()), [replace(units[0], capacity=3)], a_context(expected_duration_s=1800))

    assert picked(routine) == ["P2"]
    assert why_not(routine, "P1") == ("appointment_soon:2026-11-23T14:10:00.000Z",)
    assert picked(threat) == ["P1"]
    assert "appointment_soon:2026-11-23T14:10:00.000Z" in threat.units[0].reasons
    assert picked(desk) == ["P1"]


def test_at_most_five_next_best_are_listed_and_the_others_rank_lower() -> None:
    units = [a_unit(f"P{number}", km=number) for number in range(1, 10)]

    answer = recommend(a_plan(a_slot()), units, a_context())

    assert [one.unit.call_sign for one in answer.units] == ["P1", "P2", "P3", "P4", "P5", "P6"]
    assert [(unit.call_sign, reasons) for unit, reasons in answer.not_offered] == [
        (sign, ("ranked_lower",)) for sign in ("P7", "P8", "P9")
    ]


def test_the_next_step_is_due_when_the_wait_limit_of_the_active_one_passes() -> None:
    plan = a_plan(a_slot("community_responder"), a_slot(), wait_limit_s=600)
    units = [a_unit("CR1", "community_responder"), a_unit("P1")]

    now = recommend(plan, units, a_context())
    later = recommend(plan, units, a_context(waiting_since=NOW - timedelta(minutes=9)))
    last = recommend(plan, units[1:], a_context())

    assert now.fallback_at == NOW + timedelta(minutes=10)
    assert later.fallback_at == NOW + timedelta(minutes=1)
    assert last.fallback_at is None


def test_an_empty_plan_or_roster_is_an_answer_and_not_an_error() -> None:
    nobody = recommend(a_plan(a_slot()), [], a_context())
    nothing = recommend(Plan(()), [a_unit()], a_context())

    assert (nobody.units, nobody.shortfalls[0].reasons) == ((), ("none_on_roster",))
    assert (nothing.active_step, why_not(nothing, "P1")) == (None, ("not_needed",))


def test_the_wire_shape_is_the_contracts() -> None:
    units = [a_unit("CR1", "community_responder", program="crisis"), a_unit("P1", status=UnitStatus.OUT_OF_SERVICE)]
    plan = a_plan((a_slot("community_responder", program="crisis"), a_slot(role=SUPPORT)))

    data = as_data(recommend(plan, units, a_context()))

    assert data["units"] == [
        {
            "unit": "CR1",
            "unit_id": "unt_CR1",
            "step": 1,
            "slot": 0,
            "rank": 1,
            "pick": True,
            "role": "primary",
            "mode": "offered",
            "responder_type": "community_responder",
            "program": "crisis",
            "eta_s": 340,
            "reasons": ["first_to_arrive"],
            "why": "Can be there first.",
        }
    ]
    assert data["shortfalls"][0]["reasons"] == ["none_in_service"]
    assert data["not_offered"] == [
        {
            "unit": "P1",
            "unit_id": "unt_P1",
            "agency": "police-agency",
            "reasons": ["out_of_service"],
            "why": "Out of service.",
        }
    ]
    assert data["as_of"] == "2026-11-23T14:00:00.000Z"


def cross_staffed(*names: tuple[str, str]) -> list[Candidate]:
    """Vehicles (call sign, kind) of one crew, the first the nearest."""
    ids = frozenset(f"unt_{name}" for name, _ in names)
    return [
        a_unit(name, kind, km=1.0 + place, shares_crew=ids - {f"unt_{name}"})
        for place, (name, kind) in enumerate(names)
    ]


def test_a_crew_goes_with_one_of_its_vehicles_and_never_with_two() -> None:
    units = [*cross_staffed(("E1", "fire"), ("E2", "fire")), a_unit("E3", "fire", km=9)]

    answer = recommend(a_plan(a_slot("fire", count=2)), units, a_context(priority=0))

    assert picked(answer) == ["E1", "E3"]
    assert why_not(answer, "E2") == ("crew_with:E1",)


def test_the_vehicle_of_a_crew_that_fills_another_slot_of_the_step_is_missing_there() -> None:
    plan = Plan((PlanStep(1, (a_slot("ems"), a_slot("fire"))),))

    answer = recommend(plan, cross_staffed(("M1", "ems"), ("E1", "fire")), a_context(priority=0))

    assert picked(answer) == ["M1"]
    assert why_not(answer, "E1") == ("crew_with:M1",)
    assert [(one.responder_type, one.missing, one.reasons) for one in answer.shortfalls] == [
        ("fire", 1, ("none_free",))
    ]


def test_a_unit_that_did_its_part_is_not_sent_again_while_others_are_still_needed() -> None:
    units = [a_unit("E1", "fire"), a_unit("M1", "ems"), a_unit("M2", "ems", km=3)]
    plan = a_plan((a_slot("fire", count=3), a_slot("ems")))

    answer = recommend(plan, units, a_context(priority=0, served=frozenset({"unt_M1"})))

    assert picked(answer) == ["E1"]
    assert why_not(answer, "M1") == ("has_been_here",)
    assert [(one.responder_type, one.missing) for one in answer.shortfalls] == [("fire", 2)]


def test_of_two_that_are_needed_one_that_did_its_part_leaves_one_to_send() -> None:
    units = [a_unit("P1"), a_unit("P2", km=2), a_unit("P3", km=3)]

    answer = recommend(a_plan(a_slot(count=2)), units, a_context(served=frozenset({"unt_P1"})))

    assert picked(answer) == ["P2"]
    assert why_not(answer, "P1") == ("has_been_here",)


def test_a_command_car_that_left_has_not_done_the_part_of_a_crew() -> None:
    chief = a_unit("BC1", "fire", capabilities=frozenset({"command"}), commands=True)

    answer = recommend(a_plan(a_slot("fire")), [chief, a_unit("E1", "fire")], a_context(served=frozenset({"unt_BC1"})))

    assert picked(answer) == ["E1"]
