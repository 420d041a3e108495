"""The router over a large roster: 1,565 units (New York's fire and EMS fleet), a scene in each of 500 zones."""

import random
import time
from datetime import UTC, datetime, timedelta

from dispatch.domain.classification import SlotRole
from dispatch.domain.geo import LatLon
from dispatch.domain.plan import Plan, PlanStep, Slot
from dispatch.domain.unit import UnitStatus
from dispatch.routing.candidates import Candidate
from dispatch.routing.recommend import RoutingContext, as_data
from dispatch.routing.recommend import recommend as router
from dispatch.routing.travel import StraightLine

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


def recommend() -> dict[str, float]:
    """recommend_p50_ms and recommend_p95_ms: the whole answer as data, for a plan of two steps."""
    draw = random.Random(1565)
    units = _units(draw)
    plan = Plan(
        (
            PlanStep(1, (Slot("community_responder"), Slot("police", role=SlotRole.STAGED)), 900),
            PlanStep(2, (Slot("police"), Slot("ems", role=SlotRole.SUPPORT))),
        )
    )
    travel = StraightLine()
    taken = []
    for zone in range(ZONES):
        context = RoutingContext(_place(draw), zone % 5, None, AT, travel)
        started = time.perf_counter()
        as_data(router(plan, units, context))
        taken.append(time.perf_counter() - started)
    ranked = sorted(taken)
    return {"recommend_p50_ms": _percentile_ms(ranked, 0.5), "recommend_p95_ms": _percentile_ms(ranked, 0.95)}
