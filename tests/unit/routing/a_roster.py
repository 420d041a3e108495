"""Builders with safe defaults: a unit that could go, a plan that wants it, and a context in which it is wanted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatch.domain.classification import SlotRole
from dispatch.domain.geo import LatLon
from dispatch.domain.plan import Plan, PlanStep, Slot
from dispatch.domain.unit import UnitStatus
from dispatch.routing.candidates import Candidate
from dispatch.routing.cost import RoutingContext
from dispatch.routing.travel import StraightLine

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SCENE = LatLon(44.05, -124.90)


def km_north(km: float) -> LatLon:
    """A place this far north of the scene."""
    return LatLon(SCENE.lat + km / 111.195, SCENE.lon)


def a_unit(call_sign: str = "P1", kind: str = "police", *, km: float | None = 1.0, **changes: Any) -> Candidate:
    """A unit on duty and free, seen a minute ago `km` north of the scene."""
    unit = Candidate(
        unit_id=f"unt_{call_sign}",
        call_sign=call_sign,
        responder_type=kind,
        agency=f"{kind}-agency",
        status=UnitStatus.AVAILABLE,
        position=None if km is None else km_north(km),
        position_at=None if km is None else NOW - timedelta(minutes=1),
        on_shift_from=NOW - timedelta(hours=4),
        on_shift_until=NOW + timedelta(hours=4),
    )
    return replace(unit, **changes)


def a_slot(kind: str = "police", **changes: Any) -> Slot:
    return replace(Slot(kind), **changes)


def a_plan(*steps: tuple[Slot, ...] | Slot, wait_limit_s: int | None = 900) -> Plan:
    """Each argument is a step; the last has no wait limit."""
    made = []
    for number, slots in enumerate(steps, start=1):
        limit = wait_limit_s if number < len(steps) else None
        made.append(PlanStep(number, slots if isinstance(slots, tuple) else (slots,), limit))
    return Plan(tuple(made))


def a_context(**changes: Any) -> RoutingContext:
    """A call that can wait a little, at a known place."""
    return replace(RoutingContext(position=SCENE, priority=2, language=None, at=NOW, travel=StraightLine()), **changes)


SUPPORT = SlotRole.SUPPORT
STAGED = SlotRole.STAGED
