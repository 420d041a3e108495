"""The published and closed-form cases of dispatch, coverage and travel; skipped where the data folder is absent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.routing.a_roster import NOW, a_context, a_plan, a_slot, a_unit

from dispatch.domain.geo import LatLon
from dispatch.routing.coverage import (
    Coverage,
    CoverageRule,
    Measure,
    Zone,
    expected_cover,
    preparedness,
    preparedness_left,
)
from dispatch.routing.distances import Metric, mean_in_square, mean_to_nearest, mean_to_next_square
from dispatch.routing.hypercube import CallGroup, Hypercube, hypercube
from dispatch.routing.recommend import recommend
from dispatch.routing.siting import fill_order, most_covering
from dispatch.routing.travel import kolesar_min, table_km
from dispatch.routing.waiting import least_cost

TABLES = Path(__file__).parents[4] / "shared" / "data" / "truth_tables.json"
pytestmark = pytest.mark.skipif(not TABLES.is_file(), reason="shared/data/truth_tables.json is absent")

# Cases of queueing belong to the planner. Those of the hypercube are here as well: its solver is the router's.
TOPICS = {"dispatch", "coverage", "travel"}
EXERCISED: set[str] = set()

Test = Callable[..., None]


def exercises(*names: str) -> Callable[[Test], Test]:
    """The test that follows holds these cases, whole."""
    EXERCISED.update(names)
    return lambda test: test


def cases() -> list[dict[str, Any]]:
    """All of them, as the file has them."""
    found: list[dict[str, Any]] = json.loads(TABLES.read_text())["cases"]
    return found


def case(name: str) -> tuple[Any, Any]:
    """Inputs and expected values of one case."""
    assert name in EXERCISED
    found = next(one for one in cases() if one["id"] == name)
    return found["inputs"], found["expected"]


def test_every_case_of_dispatch_coverage_and_travel_is_held_by_a_test() -> None:
    of_ours = {one["id"] for one in cases() if one["topic"] in TOPICS}

    assert of_ours - EXERCISED == set()
    assert {one["id"] for one in cases()} >= EXERCISED


@exercises("mexclp-marginal")
def test_marginal_cover() -> None:
    given, expected = case("mexclp-marginal")
    q = given["busy_fraction"]

    assert [expected_cover(k, q) for k in given["k"]] == pytest.approx(expected["cover"], abs=1e-9)
    gained = [expected_cover(k, q) - expected_cover(k - 1, q) for k in given["k"]]
    assert gained == pytest.approx(expected["marginal_cover"], abs=1e-9)


@exercises("preparedness")
def test_preparedness() -> None:
    given, expected = case("preparedness")
    times = np.array(given["unit_times_min"]).T
    demand = np.array(given["zone_demand"], dtype=float)

    assert preparedness(times, demand, given["gamma"]).tolist() == pytest.approx(expected["p"], abs=1e-6)
    assert preparedness(times, demand, (1, 1)).tolist() == pytest.approx(expected["p_gamma_all_1"], abs=1e-6)
    assert preparedness_left(times, demand, (1.0,)).tolist() == pytest.approx(
        [expected["min_if_unit1_leaves_gamma1"], expected["min_if_unit2_leaves_gamma1"]], abs=1e-6
    )


@exercises("batch-vs-greedy")
def test_batch_against_greedy() -> None:
    given, expected = case("batch-vs-greedy")
    cost = np.array(given["cost_min"], dtype=float)

    pairs = least_cost(cost, [1e6] * len(cost))

    assert [list(pair) for pair in pairs] == expected["optimal"]
    assert sum(cost[pair] for pair in pairs) == expected["optimal_total"]
    first = int(cost[0].argmin())
    assert cost[0, first] + cost[1, 1 - first] == expected["greedy_total"]


class Table:
    """Travel times as the case gives them: units and zones stand at whole degrees of longitude."""

    provider = "table"
    notes: tuple[str, ...] = ()

    def __init__(self, minutes: list[list[float]]) -> None:
        self.minutes = minutes

    def travel_s(self, origins: Any, scene: LatLon, kind: str, at: Any, urgent: bool) -> list[float | None]:
        return [self.minutes[int(one.lon)][int(scene.lon)] * 60.0 for one in origins]

    def table_s(self, origins: Any, scenes: Any, kind: str, at: Any, urgent: bool) -> Any:
        return np.array([[self.minutes[int(a.lon)][int(b.lon)] * 60.0 for b in scenes] for a in origins])


class Even(Table):
    """Every unit is five minutes away."""

    def __init__(self) -> None:
        super().__init__([])

    def travel_s(self, origins: Any, scene: LatLon, kind: str, at: Any, urgent: bool) -> list[float | None]:
        return [300.0 for _ in origins]


@exercises("preparedness")
def test_the_unit_whose_leaving_costs_least_goes_to_what_can_wait_and_the_nearest_to_a_life_threat() -> None:
    given, expected = case("preparedness")
    travel = Table(given["unit_times_min"])
    units = [a_unit(f"P{n}", position=LatLon(0, n), position_at=NOW) for n in range(2)]
    zones = [Zone(f"Z{n}", LatLon(0, n), demand) for n, demand in enumerate(given["zone_demand"])]
    coverage = Coverage(zones, units, travel, NOW, CoverageRule(measure=Measure.PREPAREDNESS))
    # To a scene where both are as near, the loss decides; the first of the roster would be unit 1.
    scene = a_context(position=LatLon(0, 9), travel=Even(), coverage_loss=coverage)

    assert expected["low_priority_choice"].startswith("unit 2")
    assert recommend(a_plan(a_slot()), units, scene).picks[0].unit.call_sign == "P1"
    blind = a_context(position=LatLon(0, 9), travel=Even())
    assert recommend(a_plan(a_slot()), units, blind).picks[0].unit.call_sign == "P0"


@exercises("closest-idle-not-optimal")
def test_a_coverage_aware_router_sends_the_unit_that_is_on_time_and_less_missed() -> None:
    given, _ = case("closest-idle-not-optimal")
    travel = Table(given["travel_min"])
    units = [a_unit(f"P{n}", position=LatLon(0, n), position_at=NOW) for n in range(2)]
    zones = [
        Zone(name, LatLon(0, n), rate)
        for n, (name, rate) in enumerate(zip(given["zones"], given["rates"], strict=True))
    ]
    late_s = given["late_over_min"] * 60 + 20  # the case knows no turnout; police take 20 s
    coverage = Coverage(zones, units, travel, NOW, CoverageRule(within_s=late_s))
    middle = a_context(position=LatLon(0, 1), travel=travel, coverage_loss=coverage)

    assert recommend(a_plan(a_slot()), units, middle).picks[0].unit.call_sign == "P1"
    nearest = a_context(position=LatLon(0, 1), travel=travel, coverage_loss=coverage, priority=1)
    assert recommend(a_plan(a_slot()), units, nearest).picks[0].unit.call_sign == "P0"


@exercises("kolesar-travel")
def test_kolesar_travel() -> None:
    given, expected = case("kolesar-travel")
    a, v = given["a_mi_per_min2"], given["v_mi_per_min"]

    assert [kolesar_min(d, a, v) for d in given["d_miles"]] == pytest.approx(expected["t_min"], abs=1e-6)
    assert v**2 / a == pytest.approx(expected["joint_miles"])


@exercises("distance-geometry")
def test_mean_distances() -> None:
    given, expected = case("distance-geometry")
    density = given["poisson_density"]
    nearest = [mean_to_nearest(density, nth=nth) for nth in (1, 2, 3, 4)]

    assert mean_in_square(Metric.EUCLID) == pytest.approx(expected["unit_square_euclid"], abs=1e-6)
    assert mean_in_square(Metric.MANHATTAN) == pytest.approx(expected["unit_square_manhattan"], abs=1e-6)
    assert mean_to_next_square() == pytest.approx(expected["adjacent_manhattan"], abs=1e-6)
    assert nearest == pytest.approx(expected["kth_nearest_euclid"], abs=1e-6)
    assert nearest[0] == pytest.approx(expected["nearest_euclid"], abs=1e-6)
    assert mean_to_nearest(density, Metric.MANHATTAN) == pytest.approx(expected["nearest_manhattan"], abs=1e-6)
    # Distances scale with the root of the area that holds one unit.
    assert mean_to_nearest(4 * density) == pytest.approx(expected["nearest_euclid"] / 2)


@exercises("distance-geometry")
def test_the_distances_that_travel_is_counted_from_follow_the_law() -> None:
    _, expected = case("distance-geometry")
    # A square of about 11 km at the equator, where a degree is as long either way; a grid of midpoints for the mean.
    steps = (np.arange(30) + 0.5) / 30 * 0.1
    places = [LatLon(float(lat), float(lon)) for lat in steps for lon in steps]
    side_km = float(table_km([LatLon(0, 0)], [LatLon(0, 0.1)])[0, 0])

    mean = float(table_km(places, places).mean()) / side_km

    assert mean == pytest.approx(expected["unit_square_euclid"], abs=1e-3)


@exercises("mclp-small")
def test_the_places_that_cover_most() -> None:
    given, expected = case("mclp-small")
    demand, covers = given["point_demand"], given["cover_station_by_point"]

    found = [most_covering(demand, covers, units) for units in given["n"]]

    assert [[int(place in one.places) for place in range(3)] for one in found] == expected["stations"]
    assert [one.covered for one in found] == expected["objective"]


@exercises("nested-compliance")
def test_the_order_to_fill_places_in() -> None:
    given, expected = case("nested-compliance")
    demand, covers = given["point_demand"], given["cover_station_by_point"]

    orders = [fill_order(demand, covers, weights) for weights in given["weights"]]

    assert [[place + 1 for place in order] for order in orders] == expected["order"]


def late_shares(found: Hypercube, minutes: Any, rates: Any, limit_min: float) -> tuple[float, float, float]:
    """Share of calls that are late or lost, share that is late of those served, mean minutes of those served."""
    late = np.array(minutes) > limit_min
    served = float(found.sent.sum())
    late_served = float(found.sent[late].sum())
    return late_served + found.delayed, late_served / served, float((found.sent * minutes).sum()) / served


@exercises("closest-idle-not-optimal")
def test_what_the_nearest_unit_costs_and_the_other_saves() -> None:
    given, expected = case("closest-idle-not-optimal")
    rates, minutes = given["rates"], given["travel_min"]
    preferences = {"closest": [(0, 1), (0, 1), (1, 0)], "reserve": [(0, 1), (1, 0), (1, 0)]}
    shares = {}
    for policy, orders in preferences.items():
        groups = [CallGroup(rate, order) for rate, order in zip(rates, orders, strict=True)]
        found = hypercube(given["units"], groups, given["mu"], queue=False)
        late, late_served, mean = late_shares(found, minutes, rates, given["late_over_min"])
        assert late == pytest.approx(expected[policy]["late"], abs=1e-5)
        assert late_served == pytest.approx(expected[policy]["late_among_served"], abs=1e-5)
        assert mean == pytest.approx(expected[policy]["mean_response_min"], abs=1e-5)
        shares[policy] = late
    saved_pct = 100 * (1 - shares["reserve"] / shares["closest"])
    assert saved_pct == pytest.approx(expected["late_reduction_pct"], abs=0.005)


@exercises("hypercube-3-exact", "hypercube-3-states")
def test_three_units_with_a_queue() -> None:
    given, expected = case("hypercube-3-exact")
    groups = [CallGroup(rate, tuple(unit - 1 for unit in order)) for rate, order in given["groups_rate_and_preference"]]

    found = hypercube(given["units"], groups, given["service_rate"], queue=True)

    assert found.workload.tolist() == pytest.approx(expected["workload"], abs=6e-5)
    _, states = case("hypercube-3-states")
    names = ("p_all_idle", "p_busy_1only", "p_busy_2only", "p_busy_12", "p_busy_3only", "p_busy_13", "p_busy_23")
    named = [states[name] for name in (*names, "p_three_busy_no_queue")]
    assert found.states.tolist() == pytest.approx(named, abs=1e-5)
    assert found.waiting == pytest.approx(states["p_any_queue"], abs=1e-5)
    rates = found.sent * given["total_rate"]
    assert rates.tolist() == [pytest.approx(row, abs=1e-5) for row in states["immediate_dispatch_rate_unit_by_group"]]


@exercises("hypercube-2-loss")
def test_two_units_whose_calls_are_lost_when_both_are_busy() -> None:
    given, expected = case("hypercube-2-loss")
    half = given["arrival_rate_per_h"] / 2

    found = hypercube(2, [CallGroup(half, (0, 1)), CallGroup(half, (1, 0))], 1 / given["mean_service_h"], queue=False)

    assert found.states[0] == pytest.approx(expected["P0"])
    assert found.states[1] + found.states[2] == pytest.approx(expected["P1"])
    assert found.delayed == pytest.approx(expected["P2"])
    assert found.workload.tolist() == pytest.approx(expected["workload"])
    served = found.sent / found.sent.sum()
    assert (served[0, 0], served[0, 1]) == pytest.approx((expected["f11"], expected["f12"]))
    own, other = mean_in_square(Metric.MANHATTAN), mean_to_next_square()
    assert (own, other) == pytest.approx(
        (expected["mean_distance_own_sector_mile"], expected["mean_distance_other_sector_mile"])
    )
    mean = (served[0, 0] + served[1, 1]) * own + (served[0, 1] + served[1, 0]) * other
    assert mean == pytest.approx(expected["mean_distance_mile"])
