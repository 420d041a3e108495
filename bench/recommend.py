"""The router over a large roster: 1,565 units (New York's fire and EMS fleet), a scene in each of 500 zones."""

import random
import time
from datetime import UTC, datetime, timedelta

import numpy as np

from dispatch.domain.classification import SlotRole
from dispatch.domain.geo import LatLon
from dispatch.domain.plan import Plan, PlanStep, Slot
from dispatch.domain.unit import UnitStatus
from dispatch.routing.candidates import Candidate
from dispatch.routing.coverage import Coverage, CoverageRule, Zone
from dispatch.routing.recommend import RoutingContext, as_data
from dispatch.routing.recommend import recommend as router
from dispatch.routing.roads import OverRoads, RoadGraph, RoadNetwork
from dispatch.routing.travel import StraightLine, Travel

UNITS, ZONES = 1565, 500
TYPES = ("police", "fire", "ems", "community_responder")
AT = datetime(2026, 11, 23, 14, tzinfo=UTC)


def _percentile_ms(ranked: list[float], share: float) -> float:
    """The time in ms that this share of the answers did not exceed."""
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000


def _units(draw: random.Random) -> list[Candidate]:
    return [
        Candidate(
            unit_id=f"unt_{n:05}",
            call_sign=f"U{n}",
            responder_type=TYPES[n % len(TYPES)],
            agency="bench",
            status=UnitStatus.AVAILABLE if draw.random() < 0.6 else UnitStatus.ON_SCENE,
            position=_place(draw),
            position_at=AT - timedelta(seconds=draw.randint(1, 600)),
            on_shift_until=AT + timedelta(hours=draw.randint(1, 10)),
            active_assignments=0,
        )
        for n in range(UNITS)
    ]


def _place(draw: random.Random) -> LatLon:
    return LatLon(40.5 + draw.random() * 0.4, -74.2 + draw.random() * 0.5)


PLAN = Plan(
    (
        PlanStep(1, (Slot("community_responder"), Slot("police", role=SlotRole.STAGED)), 900),
        PlanStep(2, (Slot("police"), Slot("ems", role=SlotRole.SUPPORT))),
    )
)


def recommend() -> dict[str, float]:
    """Percentiles of the whole answer as data, for a plan of two steps: straight line, with coverage, and over roads.

    With coverage every call that can wait has its loss counted over 500 zones, by the straight line as in the service.
    Over roads each scene is a new one, so that its search is in the figure, and coverage is counted as well.
    """
    draw = random.Random(1565)
    units = _units(draw)
    scenes = [_place(draw) for _ in range(ZONES)]
    zones = [Zone(f"z{n}", _place(draw), draw.random()) for n in range(ZONES)]
    roads = OverRoads(RoadNetwork(_grid()))
    plain = _timed(units, scenes, StraightLine(), None)
    covered = _timed(units, scenes, StraightLine(), zones)
    driven = _timed(units, scenes, roads, zones)
    return {
        "recommend_p50_ms": _percentile_ms(plain, 0.5),
        "recommend_p95_ms": _percentile_ms(plain, 0.95),
        "recommend_coverage_p95_ms": _percentile_ms(covered, 0.95),
        "recommend_roads_p95_ms": _percentile_ms(driven, 0.95),
    }


def _timed(units: list[Candidate], scenes: list[LatLon], travel: Travel, zones: list[Zone] | None) -> list[float]:
    """Seconds of each answer, shortest first; priorities 0 to 4 in turn."""
    idle = [unit for unit in units if unit.status is UnitStatus.AVAILABLE]
    taken = []
    for number, scene in enumerate(scenes):
        started = time.perf_counter()
        loss = None if zones is None or number % 5 < 2 else Coverage(zones, idle, StraightLine(), AT, CoverageRule())
        as_data(router(PLAN, units, RoutingContext(scene, number % 5, None, AT, travel, coverage_loss=loss)))
        taken.append(time.perf_counter() - started)
    return sorted(taken)


def _grid(side: int = 120) -> RoadGraph:
    """A street grid over the city of the units: 14,400 crossings, two ways each, 20 to 60 s from one to the next."""
    draw = random.Random(120)
    lat, lon = np.meshgrid(np.linspace(40.5, 40.9, side), np.linspace(-74.2, -73.7, side), indexing="ij")
    arcs = []
    for row in range(side):
        for column in range(side):
            here = row * side + column
            for there in ([here + 1] if column + 1 < side else []) + ([here + side] if row + 1 < side else []):
                seconds = draw.uniform(20, 60)
                arcs += [(here, there, seconds), (there, here, seconds)]
    tail, head, seconds_of = np.array(arcs).T
    return RoadGraph(
        lat.ravel(), lon.ravel(), tail.astype(np.int32), head.astype(np.int32), seconds_of.astype(np.float32)
    )
