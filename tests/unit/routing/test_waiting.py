"""Several calls wait: which one a freed unit takes, and who goes where in one go."""

import random
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tests.unit.routing.a_roster import NOW, SUPPORT, a_context, a_plan, a_slot, a_unit, km_north

from dispatch.domain.plan import Plan
from dispatch.domain.unit import UnitStatus
from dispatch.routing.waiting import Waiting, freed_unit_takes, least_cost, match


def a_waiting(
    number: str, priority: int = 2, *, km: float = 1.0, minutes: float = 1, plan: Plan | None = None
) -> Waiting:
    context = a_context(position=km_north(km), priority=priority, incident=number)
    return Waiting(f"inc_{number}", number, plan or a_plan(a_slot()), minutes * 60, context)


def order(unit: Any, *waiting: Waiting) -> list[str]:
    return [fit.waiting.number for fit in freed_unit_takes(unit, waiting)]


FREED = a_unit("P1", km=0.0)


def test_a_freed_unit_takes_the_most_urgent_call_however_far_and_young_it_is() -> None:
    assert order(FREED, a_waiting("1", 3, km=0.1, minutes=90), a_waiting("2", 1, km=9, minutes=0)) == ["2", "1"]


def test_among_equals_one_that_waited_too_long_comes_before_a_nearer_one() -> None:
    assert order(FREED, a_waiting("1", 2, km=0.1, minutes=14), a_waiting("2", 2, km=9, minutes=16)) == ["2", "1"]


def test_among_equals_the_nearest_comes_first_and_not_the_oldest() -> None:
    assert order(FREED, a_waiting("1", 2, km=5, minutes=10), a_waiting("2", 2, km=1, minutes=1)) == ["2", "1"]


def test_a_freed_unit_is_not_offered_what_it_cannot_do() -> None:
    medical = a_waiting("1", plan=a_plan(a_slot("ems")))
    helping = a_waiting("2", plan=a_plan((a_slot("ems"), a_slot("police", role=SUPPORT))))

    assert order(FREED, medical, helping) == []
    assert order(a_unit("P1", status=UnitStatus.OUT_OF_SERVICE), a_waiting("3")) == []


def test_distance_does_not_pick_the_responder_type() -> None:
    plan = a_plan(a_slot("community_responder"), a_slot("police"), wait_limit_s=900)

    assert order(FREED, a_waiting("1", plan=plan, minutes=14)) == []
    assert order(FREED, a_waiting("1", plan=plan, minutes=15)) == ["1"]


def test_a_unit_that_declined_is_not_asked_again() -> None:
    one = a_waiting("1")
    declined = Waiting(one.incident_id, "1", one.plan, 60, a_context(incident="1", declined=frozenset({FREED.unit_id})))

    assert order(FREED, declined) == []


def test_the_least_total_cost_beats_the_first_that_looks_cheapest() -> None:
    assert least_cost(np.array([[1.0, 2.0], [2.0, 100.0]]), [1000, 1000]) == [(0, 1), (1, 0)]


def test_a_row_that_nobody_can_serve_stays_alone() -> None:
    assert least_cost(np.array([[np.inf], [3.0]]), [9, 9]) == [(1, 0)]


def test_two_calls_and_two_units_are_matched_together() -> None:
    # The nearer call of both units is the first; only together it shows that P2 must not take it.
    calls = [a_waiting("1", km=0.0), a_waiting("2", km=2.0)]
    units = [a_unit("P1", km=0.5), a_unit("P2", km=-1.0)]

    found = {fit.waiting.number: fit.unit.call_sign for fit in match(calls, units)}

    assert found == {"1": "P2", "2": "P1"}


def test_no_saving_makes_a_life_threat_wait_longer() -> None:
    threat = a_waiting("9", 0, km=1.0)
    others = [a_waiting(str(n), 4, km=1.0 + n / 100) for n in range(5)]
    units = [a_unit("P1", km=1.0), a_unit("P2", km=1.2), a_unit("P3", km=30.0)]

    found = {fit.waiting.number: fit.unit.call_sign for fit in match([*others, threat], units)}

    assert found["9"] == "P1"
    assert len(found) == 3


def test_a_more_urgent_call_is_never_left_for_nearer_ones() -> None:
    far = a_waiting("1", 2, km=25)
    near = [a_waiting(str(n), 3, km=0.1) for n in (2, 3)]

    assert [fit.waiting.number for fit in match([*near, far], [a_unit("P1", km=0.0)])] == ["1"]


def test_among_equals_one_over_its_age_is_not_left_for_a_nearer_one() -> None:
    assert [
        fit.waiting.number
        for fit in match([a_waiting("1", 3, km=9, minutes=60), a_waiting("2", 3, km=0.1)], [a_unit("P1", km=0.0)])
    ] == ["1"]


def test_a_unit_with_a_stale_position_goes_last() -> None:
    stale = a_unit("P1", km=0.1, position_at=NOW - timedelta(hours=2))

    assert [fit.unit.call_sign for fit in match([a_waiting("1", 1, km=0.0)], [stale, a_unit("P2", km=5.0)])] == ["P2"]


def test_no_unit_and_no_call_is_matched_twice_and_the_order_given_changes_nothing() -> None:
    draw = random.Random(11)
    calls = [
        a_waiting(str(n), draw.randint(0, 4), km=draw.uniform(-9, 9), minutes=draw.randint(0, 200)) for n in range(12)
    ]
    units = [a_unit(f"P{n}", km=draw.uniform(-9, 9)) for n in range(8)]
    found = [(fit.waiting.number, fit.unit.call_sign) for fit in match(calls, units)]

    draw.shuffle(calls)
    draw.shuffle(units)

    assert [(fit.waiting.number, fit.unit.call_sign) for fit in match(calls, units)] == found
    assert len({number for number, _ in found}) == len({unit for _, unit in found}) == 8


@pytest.mark.parametrize(("calls", "units"), [(0, 3), (3, 0), (0, 0)])
def test_nothing_to_match_is_an_empty_answer(calls: int, units: int) -> None:
    assert match([a_waiting(str(n)) for n in range(calls)], [a_unit(f"P{n}") for n in range(units)]) == ()


def test_a_crew_of_two_vehicles_goes_to_the_more_urgent_call_and_the_other_gets_somebody_else() -> None:
    medic = a_unit("M1", "ems", km=0.0, shares_crew=frozenset({"unt_E1"}))
    engine = a_unit("E1", "fire", km=0.0, shares_crew=frozenset({"unt_M1"}))
    smoke, fall = a_waiting("1", 2, plan=a_plan(a_slot("fire"))), a_waiting("2", 3, plan=a_plan(a_slot("ems")))

    alone = match([smoke, fall], [medic, engine])
    helped = match([smoke, fall], [medic, engine, a_unit("M2", "ems", km=9)])

    assert [(fit.waiting.number, fit.unit.call_sign) for fit in alone] == [("1", "E1")]
    assert [(fit.waiting.number, fit.unit.call_sign) for fit in helped] == [("1", "E1"), ("2", "M2")]
