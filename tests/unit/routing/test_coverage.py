import random
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.routing.a_roster import NOW, a_context, a_plan, a_slot, a_unit, km_north

from dispatch.routing.coverage import (
    Coverage,
    CoverageRule,
    Measure,
    Zone,
    cover_losses,
    expected_cover,
    preparedness,
    preparedness_left,
)
from dispatch.routing.recommend import recommend
from dispatch.routing.travel import StraightLine

INFINITE = float("inf")
# Beside the scene only P1 covers the far town; P2 and P3 cover each other's ground.
TOWN = Zone("town", km_north(9), 5.0)
CENTRE = Zone("centre", km_north(0), 5.0)
UNITS = [a_unit("P1", km=1.5), a_unit("P2", km=1.6), a_unit("P3", km=0.2, crew=0)]


def a_coverage(units: list, zones: list[Zone], **rule: object) -> Coverage:  # type: ignore[type-arg]
    return Coverage(zones, units, StraightLine(), NOW, replace(CoverageRule(), **rule))  # type: ignore[arg-type]


def test_each_further_unit_adds_less_cover() -> None:
    assert [expected_cover(n, 0.5) for n in range(4)] == [0.0, 0.5, 0.75, 0.875]


def test_the_loss_is_the_demand_that_nobody_else_covers_so_well() -> None:
    times = np.array([[60.0, 900.0], [60.0, 60.0], [900.0, INFINITE]])

    losses = cover_losses(times, np.array([2.0, 1.0]), CoverageRule(within_s=480, busy_fraction=0.5))

    # Zone 1 has two units (second is worth 2 x 0.25), zone 2 has one (1 x 0.5); the third unit covers nothing.
    assert losses.tolist() == [0.5, 1.0, 0.0]


def test_what_is_left_is_the_same_as_counting_again_without_the_unit() -> None:
    draw = random.Random(4)
    for units in (1, 2, 3, 9):
        times = np.array([[draw.choice([2.0, 4.0, 5.5, INFINITE]) for _ in range(6)] for _ in range(units)])
        demand = np.array([draw.uniform(0.5, 3) for _ in range(6)])

        left = preparedness_left(times, demand)

        gammas = (1.0, 0.5, 0.25)[: max(0, units - 1)]
        again = [preparedness(np.delete(times, unit, axis=0), demand, gammas).min() for unit in range(units)]
        assert left.tolist() == pytest.approx(again)


def test_a_call_that_is_no_life_threat_leaves_the_only_unit_of_a_place_where_it_is() -> None:
    near, spare = a_unit("P1", km=1.0), a_unit("P2", km=-1.4)
    coverage = a_coverage([near, spare], [Zone("north", km_north(6.5), 1.0)])

    answer = recommend(a_plan(a_slot()), [near, spare], a_context(priority=2, coverage_loss=coverage))

    assert [pick.unit.call_sign for pick in answer.units] == ["P2", "P1"]
    assert "keeps_coverage" in answer.units[0].reasons


def test_coverage_never_decides_for_a_life_threat() -> None:
    near, spare = a_unit("P1", km=1.0), a_unit("P2", km=-1.4)
    coverage = a_coverage([near, spare], [Zone("north", km_north(6.5), 1.0)])

    answer = recommend(a_plan(a_slot()), [near, spare], a_context(priority=1, coverage_loss=coverage))

    assert answer.picks[0].unit.call_sign == "P1"


def test_coverage_does_not_send_a_unit_beyond_the_slack() -> None:
    near, far = a_unit("P1", km=1.0), a_unit("P2", km=-3.0)
    coverage = a_coverage([near, far], [Zone("north", km_north(6.5), 1.0)])

    answer = recommend(a_plan(a_slot()), [near, far], a_context(priority=4, coverage_loss=coverage))

    assert answer.picks[0].unit.call_sign == "P1"


def test_a_target_widens_the_choice_to_all_who_are_on_time() -> None:
    near, far = a_unit("P1", km=1.0), a_unit("P2", km=-3.0)
    coverage = a_coverage([near, far], [Zone("north", km_north(6.5), 1.0)])

    context = a_context(priority=4, coverage_loss=coverage, target_s=900.0)

    assert recommend(a_plan(a_slot()), [near, far], context).picks[0].unit.call_sign == "P2"


@pytest.mark.parametrize("measure", list(Measure))
def test_the_loss_does_not_depend_on_the_order_of_the_roster(measure: Measure) -> None:
    draw = random.Random(7)
    units = [a_unit(f"P{n}", km=draw.uniform(-5, 5)) for n in range(12)]
    zones = [Zone(f"z{n}", km_north(draw.uniform(-8, 8)), draw.random()) for n in range(9)]
    expected = [a_coverage(units, zones, measure=measure)(unit) for unit in units]

    shuffled = units[:]
    draw.shuffle(shuffled)

    again = a_coverage(shuffled, zones, measure=measure)
    assert [again(unit) for unit in units] == expected
    assert len(set(expected)) > 1


def test_zones_without_demand_and_desks_count_for_nothing() -> None:
    desk = a_unit("D1", mobile=False)

    assert a_coverage([desk], [CENTRE])(desk) == 0.0
    assert a_coverage([a_unit("P1")], [replace(TOWN, demand=0.0)])(a_unit("P1")) == 0.0


@pytest.mark.parametrize("measure", list(Measure))
def test_a_crew_that_staffs_two_vehicles_covers_as_one_and_leaves_with_both(measure: Measure) -> None:
    engine = a_unit("P1", km=1.0, shares_crew=frozenset({"unt_P2"}))
    truck = a_unit("P2", km=0.8, shares_crew=frozenset({"unt_P1"}))
    alone = a_unit("P3", km=1.0)
    zones = [Zone("north", km_north(2), 1.0)]

    together = a_coverage([engine, truck, alone], zones, measure=measure)
    single = a_coverage([engine, alone], zones, measure=measure)

    assert together(engine) == together(truck) == pytest.approx(single(engine))
    assert together(alone) == pytest.approx(single(alone))


def test_a_crew_that_staffs_an_engine_and_an_ambulance_is_lost_to_both() -> None:
    ambulance = a_unit("M1", "ems", km=1.0, shares_crew=frozenset({"unt_E1"}))
    engine = a_unit("E1", "fire", km=1.0, shares_crew=frozenset({"unt_M1"}))
    alone = a_unit("M2", "ems", km=1.0)
    coverage = a_coverage([ambulance, engine, alone], [CENTRE])
    without_engine = a_coverage([ambulance, alone], [CENTRE])

    assert without_engine(ambulance) == without_engine(alone) == coverage(alone)
    assert coverage(ambulance) == pytest.approx(coverage(alone) + a_coverage([engine], [CENTRE])(engine))
    assert coverage(engine) == pytest.approx(coverage(ambulance))
