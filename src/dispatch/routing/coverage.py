"""What the rest of the city loses when a unit leaves: expected coverage (MEXCLP) and preparedness, per zone.

Formulas: Daskin 1983, Jagtenberg et al. 2015 (expected coverage); Andersson and Varbrand 2007 (preparedness). Both
answer for calls that are no life threat only, and only among units that are about as near as the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.geo import LatLon
from dispatch.routing.candidates import Candidate, crew_of
from dispatch.routing.travel import Travel, turnout_s

Grid = NDArray[np.float64]

# Weight of the nearest, second nearest, ... unit in a zone's preparedness.
GAMMAS = (1.0, 0.5, 0.25)


class Measure(StrEnum):
    """Which loss breaks the tie."""

    EXPECTED = "expected"
    PREPAREDNESS = "preparedness"


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the city with the share of its calls. demand: calls per hour, or any weight that is one for all."""

    name: str
    center: LatLon
    demand: float


@dataclass(frozen=True, slots=True)
class CoverageRule:
    """How coverage is counted. within_s: a zone is covered by a unit that reaches it in this time, turnout included.

    busy_fraction: how likely a unit is busy when it is wanted. Both are a city's own figures; these are assumed.
    """

    measure: Measure = Measure.EXPECTED
    within_s: float = 480.0
    busy_fraction: float = 0.4


def expected_cover(units: int, busy_fraction: float) -> float:
    """The chance that one of so many units is free."""
    return 1.0 - float(busy_fraction**units)


def cover_losses(times_s: Grid, demand: Grid, rule: CoverageRule) -> Grid:
    """Per unit, the covered demand that leaves with it. times_s: unit by zone, infinite where there is no way."""
    covers = times_s <= rule.within_s
    count = covers.sum(axis=0)
    worth = demand * (1.0 - rule.busy_fraction) * rule.busy_fraction ** np.maximum(count - 1, 0)
    return np.asarray(covers @ worth, dtype=np.float64)


def preparedness(times_min: Grid, demand: Grid, gammas: Sequence[float] = GAMMAS) -> Grid:
    """Per zone, (1/demand) * sum of gamma_l / t_l over the nearest units. A zone without demand is infinitely ready."""
    weights = np.asarray(gammas)[: times_min.shape[0]]
    nearest = np.sort(times_min, axis=0)[: len(weights)]
    return _index(weights, nearest, demand)


def preparedness_left(times_min: Grid, demand: Grid, gammas: Sequence[float] = GAMMAS) -> Grid:
    """Per unit, the least preparedness of any zone when it has left."""
    units = times_min.shape[0]
    depth = min(len(gammas) + 1, units)
    order = np.argsort(times_min, axis=0, kind="stable")[:depth]
    nearest = np.take_along_axis(times_min, order, axis=0)
    weights = np.asarray(gammas)[: depth - 1]
    whole = _index(weights, nearest[:-1], demand)
    left = np.full(units, whole.min() if len(whole) else 0.0)
    for unit in np.unique(order):  # only the nearest of some zone change anything
        stays = order != unit
        # The unit's row drops out of each zone's list; a zone that had not listed it loses its spare last row instead.
        stays[-1] &= ~stays.all(axis=0)
        without = nearest.T[stays.T].reshape(nearest.shape[1], depth - 1).T
        left[unit] = _index(weights, without, demand).min()
    return left


def _index(weights: Grid, nearest: Grid, demand: Grid) -> Grid:
    with np.errstate(divide="ignore"):
        return np.asarray((weights[:, None] / np.maximum(nearest, 1 / 60)).sum(axis=0) / demand, dtype=np.float64)


class Coverage:
    """The loss of each free unit, worked out for all units of a responder type when the first of them is asked.

    units: all that could go somewhere now; a unit's loss is told among those of its own responder type, and of the
    types of the other vehicles that its crew staffs. A crew covers once, from the nearest of its vehicles of a type,
    and all of them are lost with it.
    """

    def __init__(
        self, zones: Sequence[Zone], units: Sequence[Candidate], travel: Travel, at: datetime, rule: CoverageRule
    ) -> None:
        self.zones = [zone for zone in zones if zone.demand > 0]
        self.units, self.travel, self.at, self.rule = units, travel, at, rule
        self._by_id = {unit.unit_id: unit for unit in units}
        self._losses: dict[str, Mapping[str, float]] = {}

    def __call__(self, unit: Candidate) -> float:
        """What is lost when this unit leaves; more is worse. 0 for a desk, which covers no ground.

        A crew that staffs vehicles of other types is lost to their ground too. Expected cover adds up over types;
        preparedness does not, and is told of the unit's own type alone.
        """
        lost = self._loss(unit)
        if unit.shares_crew and self.rule.measure is Measure.EXPECTED:
            mates = (self._by_id[one] for one in sorted(unit.shares_crew) if one in self._by_id)
            # Several vehicles of one type are one loss already.
            others = {mate.responder_type: mate for mate in mates if mate.responder_type != unit.responder_type}
            lost += sum(self._loss(others[kind]) for kind in sorted(others))
        return lost

    def _loss(self, unit: Candidate) -> float:
        kind = unit.responder_type
        if kind not in self._losses:
            self._losses[kind] = self._of_type(kind)
        return self._losses[kind].get(unit.unit_id, 0.0)

    def _of_type(self, kind: str) -> Mapping[str, float]:
        origins: list[LatLon] = []
        ids: list[str] = []
        crews: dict[str, list[int]] = {}
        # In id order: a sum of floats must not depend on the order of the roster.
        for unit in sorted(self.units, key=lambda one: one.unit_id):
            place = unit.position or unit.home
            if unit.responder_type == kind and unit.mobile and place is not None:
                crews.setdefault(crew_of(unit), []).append(len(ids))
                origins.append(place)
                ids.append(unit.unit_id)
        if not origins or not self.zones:
            return {}
        # Coverage is readiness for the next life threat, so the times are those of an urgent run.
        centers = [zone.center for zone in self.zones]
        times = self.travel.table_s(origins, centers, kind, self.at, True) + turnout_s(kind)
        if len(crews) < len(ids):
            times = np.array([times[vehicles].min(axis=0) for vehicles in crews.values()])
        demand = np.array([zone.demand for zone in self.zones])
        if self.rule.measure is Measure.EXPECTED:
            losses = cover_losses(times, demand, self.rule)
        else:
            losses = -preparedness_left(times / 60.0, demand)
        # Rounded, so that equal losses are equal and the next tie-breaker is asked.
        return {
            ids[vehicle]: round(float(loss), 9)
            for vehicles, loss in zip(crews.values(), losses, strict=True)
            for vehicle in vehicles
        }
