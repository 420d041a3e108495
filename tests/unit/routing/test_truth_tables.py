"""The published and closed-form cases of dispatch, coverage and travel; skipped where the data folder is absent."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.routing.a_roster import NOW, a_context, a_plan, a_slot, a_unit

from dispatch.domain.geo import LatLon
from dispatch.routing.coverage import Coverage, CoverageRule, Zone, expected_cover, preparedness, preparedness_left
from dispatch.routing.recommend import recommend
from dispatch.routing.travel import kolesar_min, table_km
from dispatch.routing.waiting import least_cost

TABLES = Path(__file__).parents[4] / "shared" / "data" / "truth_tables.json"
pytestmark = pytest.mark.skipif(not TABLES.is_file(), reason="shared/data/truth_tables.json is absent")


def case(name: str) -> tuple[Any, Any]:
    """Inputs and expected values of one case."""
    found = next(one for one in json.loads(TABLES.read_text())["cases"] if one["id"] == name)
    return found["inputs"], found["expected"]


def test_marginal_cover() -> None:
    given, expected = case("mexclp-marginal")
    q = given["busy_fraction"]

    assert [expected_cover(k, q) for k in given["k"]] == pytest.approx(expected["cover"], abs=1e-9)
    gained = [expected_cover(k, q) - expected_cover(k - 1, q) for k in given["k"]]
    assert gained == pytest.approx(expected["marginal_cover"], abs=1e-9)


def test_preparedness() -> None:
    given, expected = case("preparedness")
    times = np.array(given["unit_times_min"]).T
    demand = np.array(given["zone_demand"], dtype=float)

    assert preparedness(times, demand, given["gamma"]).tolist() == pytest.approx(expected["p"], abs=1e-6)
    assert preparedness(times, demand, (1, 1)).tolist() == pytest.approx(expected["p_gamma_all_1"], abs=1e-6)
    assert preparedness_left(times, demand, (1.0,)).tolist() == pytest.approx(
        [expected["min_if_unit1_leaves_gamma1"], expected["min_if_unit2_leaves_gamma1"]], abs=1e-6
    )


def test_batch_against_greedy() -> None:
    given, expected = case("batch-vs-greedy")
    cost = np.array(given["cost_min"], dtype=float)

    pairs = least_cost(cost, [1e6] * len(cost))

    assert [list(pair) for pair in pairs] == expected["optimal"]
    assert sum(cost[pair] for pair in pairs) == expected["optimal_total"]


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


def test_kolesar_travel() -> None:
    given, expected = case("kolesar-travel")
    a, v = given["a_mi_per_min2"], given["v_mi_per_min"]

    assert [kolesar_min(d, a, v) for d in given["d_miles"]] == pytest.approx(expected["t_min"], abs=1e-6)
    assert v**2 / a == pytest.approx(expected["joint_miles"])


def test_mean_distance_of_two_places_in_a_square() -> None:
    _, expected = case("distance-geometry")
    # A square of about 11 km at the equator, where a degree is as long either way; a grid of midpoints for the mean.
    steps = (np.arange(30) + 0.5) / 30 * 0.1
    places = [LatLon(float(lat), float(lon)) for lat in steps for lon in steps]
    side_km = float(table_km([LatLon(0, 0)], [LatLon(0, 0.1)])[0, 0])

    mean = float(table_km(places, places).mean()) / side_km

    assert mean == pytest.approx(expected["unit_square_euclid"], abs=1e-3)
