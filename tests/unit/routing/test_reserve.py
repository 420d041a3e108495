"""A routine call may wait while idle units are kept for life threats, and is told so."""

from datetime import timedelta

import pytest
from tests.unit.routing.a_roster import NOW, a_context, a_plan, a_slot, a_unit

from dispatch.domain.unit import UnitStatus
from dispatch.routing.answer import Recommendation
from dispatch.routing.candidates import Candidate
from dispatch.routing.reasons import sentence
from dispatch.routing.recommend import recommend

MEDICS = [a_unit(f"M{n}", "ems", km=n) for n in (1, 2, 3)]
PLAN = a_plan(a_slot("ems"))


def picked(answer: Recommendation) -> list[str]:
    return [pick.unit.call_sign for pick in answer.picks]


def test_a_routine_call_takes_only_what_the_reserve_leaves() -> None:
    answer = recommend(PLAN, MEDICS, a_context(priority=3, reserve={"ems": 2}))

    assert picked(answer) == ["M1"]
    assert {unit.call_sign: reasons for unit, reasons in answer.not_offered} == {
        "M2": ("kept_for_life_threats:2",),
        "M3": ("kept_for_life_threats:2",),
    }


def test_a_routine_call_waits_with_the_reason_when_all_that_are_idle_are_kept() -> None:
    plan = a_plan(a_slot("ems"), a_slot("fire"))

    answer = recommend(plan, MEDICS, a_context(priority=4, reserve={"ems": 3}))

    assert picked(answer) == []
    assert answer.shortfalls[0].reasons == ("all_kept:3",)
    assert answer.shortfalls[0].wait_until == NOW + timedelta(seconds=900)


@pytest.mark.parametrize("priority", [0, 1, 2])
def test_the_reserve_is_there_for_whoever_cannot_wait(priority: int) -> None:
    assert picked(recommend(PLAN, MEDICS, a_context(priority=priority, reserve={"ems": 3}))) == ["M1"]


def test_a_unit_that_could_not_go_to_a_life_threat_is_no_reserve() -> None:
    units = [*MEDICS[:2], a_unit("M9", "ems", status=UnitStatus.OUT_OF_SERVICE), a_unit("M8", "ems", crew=0)]

    assert picked(recommend(PLAN, units, a_context(priority=3, reserve={"ems": 2}))) == []


def test_a_desk_is_never_kept_back() -> None:
    desk = a_unit("T1", "report_desk", mobile=False)

    assert picked(recommend(a_plan(a_slot("report_desk")), [desk], a_context(priority=4, reserve={"report_desk": 1})))


def test_the_reserve_is_per_responder_type() -> None:
    assert picked(recommend(PLAN, MEDICS, a_context(priority=3, reserve={"police": 9}))) == ["M1"]


def test_a_crew_of_two_vehicles_is_kept_once_and_one_that_is_out_or_rests_is_no_reserve() -> None:
    truck = a_unit("T1", "ems", km=4, shares_crew=frozenset({"unt_M1"}))
    engine = a_unit("M1", "ems", km=1, shares_crew=frozenset({"unt_T1"}))
    out = a_unit("M7", "ems", crew_with="M6", shares_crew=frozenset({"unt_M6"}))
    resting = a_unit("M9", "ems", resting_until=NOW + timedelta(hours=1))

    def picks(*units: Candidate) -> list[str]:
        return picked(recommend(PLAN, units, a_context(priority=3, reserve={"ems": 1})))

    assert picks(truck, engine) == []
    assert picks(MEDICS[1], out, resting) == []
    assert picks(truck, engine, MEDICS[2]) == ["M1"]


def test_the_crew_of_the_last_engine_is_not_taken_by_a_routine_call_for_its_ambulance() -> None:
    ambulance = a_unit("M1", "ems", km=1, shares_crew=frozenset({"unt_E1"}))
    engine = a_unit("E1", "fire", km=1, shares_crew=frozenset({"unt_M1"}))
    units = [ambulance, engine, MEDICS[2]]

    answer = recommend(PLAN, units, a_context(priority=3, reserve={"fire": 1}))
    enough = recommend(PLAN, [*units, a_unit("E2", "fire", km=9)], a_context(priority=3, reserve={"fire": 1}))
    threat = recommend(PLAN, units, a_context(priority=0, reserve={"fire": 1}))

    assert picked(answer) == ["M3"]
    why = {unit.call_sign: reasons for unit, reasons in answer.not_offered}["M1"]
    assert why == ("crew_kept_for_life_threats:1_fire",)
    assert sentence(why[0]) == "Held: with another vehicle its crew counts among 1 fire that are kept for life threats."
    assert picked(enough) == picked(threat) == ["M1"]
