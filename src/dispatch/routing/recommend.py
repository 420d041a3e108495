"""Which units could go, in what order, and why not the others. Pure: the same world gives the same answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dispatch.domain.geo import LatLon
from dispatch.domain.plan import Plan, PlanStep, Slot
from dispatch.domain.time import iso
from dispatch.routing.candidates import Candidate
from dispatch.routing.eligibility import Obstacle, mismatches, obstacles
from dispatch.routing.travel import Travel

URGENT = 1  # priority 0 and 1: under lights, nearest first, nothing else counts
STALE_AFTER = timedelta(minutes=30)
ALTERNATES = 5


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """What is true of the job. position None: it is not known where, so nobody can be said to be near."""

    position: LatLon | None
    priority: int
    language: str | None
    at: datetime
    travel: Travel
    expected_job: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Pick:
    """A unit that could fill a slot. rank 1 up to the slot's count are the picks, higher ranks the next best."""

    unit: Candidate
    step: int
    slot: Slot
    rank: int
    eta_s: int | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A slot that cannot be filled now, and why."""

    step: int
    slot: Slot
    missing: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotOffered:
    """A unit that is not offered, and why."""

    unit: Candidate
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Advice. step: the plan step that the picks fill; None when no step can be filled at all."""

    step: int | None
    units: tuple[Pick, ...]
    shortfalls: tuple[Shortfall, ...]
    not_offered: tuple[NotOffered, ...]
    as_of: datetime


@dataclass(slots=True)
class _Standing:
    """A unit measured against a slot."""

    unit: Candidate
    eta_s: float | None
    stale: bool
    speaks: bool
    soft: list[Obstacle] = field(default_factory=list)


def recommend(plan: Plan, candidates: Sequence[Candidate], context: RoutingContext) -> Recommendation:
    """Units for the first step of the plan that can be filled whole, else for the one that can be filled best.

    Every unit of the roster is in `units` or in `not_offered`. The order of the roster never changes the answer.
    """
    roster = sorted(candidates, key=lambda unit: (unit.call_sign, unit.unit_id))
    shortfalls: list[Shortfall] = []
    chosen: tuple[PlanStep | None, list[Pick]] = (None, [])
    for step in plan.steps:
        picks, missing = _fill(step, roster, context)
        shortfalls.extend(missing)
        if not missing:
            chosen = (step, picks)
            break
        if len(_leaders(picks)) > len(_leaders(chosen[1])):
            chosen = (step, picks)
    filled, picks = chosen
    offered = {pick.unit.unit_id for pick in picks}
    left = [unit for unit in roster if unit.unit_id not in offered]
    return Recommendation(
        step=filled.step if filled else None,
        units=tuple(picks),
        shortfalls=tuple(shortfalls),
        not_offered=tuple(NotOffered(unit, _why_not(unit, plan, context)) for unit in left),
        as_of=context.at,
    )


def _leaders(picks: Sequence[Pick]) -> list[Pick]:
    return [pick for pick in picks if pick.rank <= pick.slot.count]


def _fill(step: PlanStep, roster: Sequence[Candidate], context: RoutingContext) -> tuple[list[Pick], list[Shortfall]]:
    picks: list[Pick] = []
    shortfalls: list[Shortfall] = []
    taken: set[str] = set()
    for slot in step.slots:
        ranked = [standing for standing in _ranked(slot, roster, context) if standing.unit.unit_id not in taken]
        leading = ranked[: slot.count]
        taken.update(standing.unit.unit_id for standing in leading)
        if len(leading) < slot.count:
            reasons = _why_short(slot, roster, context)
            shortfalls.append(Shortfall(step.step, slot, slot.count - len(leading), reasons))
        picks.extend(
            Pick(
                standing.unit,
                step.step,
                slot,
                rank,
                None if standing.eta_s is None else round(standing.eta_s),
                _why(standing, slot, context),
            )
            for rank, standing in enumerate(ranked[: slot.count + ALTERNATES], start=1)
        )
    leaders = {pick.unit.unit_id for pick in _leaders(picks)}
    # A unit that leads one slot is not also the next best of another.
    return [p for p in picks if p.rank <= p.slot.count or p.unit.unit_id not in leaders], shortfalls


def _ranked(slot: Slot, roster: Sequence[Candidate], context: RoutingContext) -> list[_Standing]:
    fit = [
        unit
        for unit in roster
        if not mismatches(unit, slot)
        and not [o for o in obstacles(unit, context.at, context.expected_job) if not _soft(o)]
    ]
    times = _etas(slot, fit, context)
    standings = [
        _Standing(
            unit,
            eta_s,
            _is_stale(unit, context.at),
            context.language is not None and _speaks(unit, context.language),
            [o for o in obstacles(unit, context.at, context.expected_job) if _soft(o)],
        )
        for unit, eta_s in zip(fit, times, strict=True)
    ]
    return sorted(standings, key=lambda standing: _order(standing, context))


def _order(standing: _Standing, context: RoutingContext) -> tuple[Any, ...]:
    eta = standing.eta_s if standing.eta_s is not None else float("inf")
    name = (standing.unit.call_sign, standing.unit.unit_id)
    if context.priority <= URGENT:
        return (standing.stale, eta, *name)
    # Inside the same two minutes the caller's language and a lighter load weigh more than seconds.
    coarse = eta // 120 if eta != float("inf") else eta
    load = standing.unit.active_assignments / standing.unit.capacity
    return (standing.stale, bool(standing.soft), coarse, not standing.speaks, load, eta, *name)


def _etas(slot: Slot, fit: Sequence[Candidate], context: RoutingContext) -> list[float | None]:
    """Seconds for each unit: 0 for a desk, None where the unit or the place is not known."""
    if context.position is None:
        return [None if unit.mobile else 0.0 for unit in fit]
    placed = [(index, unit.place) for index, unit in enumerate(fit) if unit.mobile]
    known = [(index, place) for index, place in placed if place is not None]
    times: list[float | None] = [None if unit.mobile else 0.0 for unit in fit]
    found = context.travel.travel_s(
        [place for _, place in known],
        context.position,
        responder_type=slot.responder_type,
        at=context.at,
        urgent=context.priority <= URGENT,
    )
    for (index, _), seconds in zip(known, found, strict=True):
        times[index] = seconds
    return times


def _soft(obstacle: Obstacle) -> bool:
    """An end of shift makes a unit a worse choice, not an impossible one: leaving nobody would be worse."""
    return obstacle.code == "shift_ends_soon"


def _is_stale(unit: Candidate, at: datetime) -> bool:
    return unit.mobile and unit.position_at is not None and at - unit.position_at > STALE_AFTER


def _speaks(unit: Candidate, language: str) -> bool:
    wanted = language.split("-")[0].lower()
    return any(spoken.split("-")[0].lower() == wanted for spoken in unit.languages)


def _why(standing: _Standing, slot: Slot, context: RoutingContext) -> tuple[str, ...]:
    unit = standing.unit
    reasons = [f"serves {slot.program}" if slot.program else f"is {slot.responder_type.replace('_', ' ')}"]
    if slot.capabilities:
        reasons.append(f"has {', '.join(sorted(slot.capabilities))}")
    if not unit.mobile:
        reasons.append(f"answers from its desk; {unit.active_assignments} of {unit.capacity} in hand")
    elif standing.eta_s is None:
        reasons.append(
            "no ETA: " + ("the place is not known" if context.position is None else "its position is not known")
        )
    elif unit.position is None:
        reasons.append("ETA from its base: it has not reported a position")
    if standing.stale and unit.position_at is not None:
        minutes = round((context.at - unit.position_at).total_seconds() / 60)
        reasons.append(f"location stale: last seen {minutes} min ago")
    if standing.speaks:
        reasons.append(f"speaks {context.language}")
    reasons.extend(obstacle.sentence for obstacle in standing.soft)
    return tuple(reasons)


def _why_short(slot: Slot, roster: Sequence[Candidate], context: RoutingContext) -> tuple[str, ...]:
    """What became of the units that are of the right kind."""
    kind = [unit for unit in roster if not mismatches(unit, slot)]
    if not kind:
        return ("none_on_roster",)
    counts: dict[str, int] = {}
    for unit in kind:
        for obstacle in obstacles(unit, context.at, context.expected_job):
            if not _soft(obstacle):
                code = obstacle.code.partition(":")[0]
                counts[code] = counts.get(code, 0) + 1
    if counts.get("off_duty", 0) == len(kind):
        return ("none_on_duty",)
    return ("none_free", *(f"{code}:{count}" for code, count in sorted(counts.items())))


def _why_not(unit: Candidate, plan: Plan, context: RoutingContext) -> tuple[str, ...]:
    slots = [slot for step in plan.steps for slot in step.slots]
    if all(slot.responder_type != unit.responder_type for slot in slots):
        return ("not_needed",)
    reasons = [obstacle.code for obstacle in obstacles(unit, context.at, context.expected_job) if not _soft(obstacle)]
    of_type = [slot for slot in slots if slot.responder_type == unit.responder_type]
    if all(mismatches(unit, slot) for slot in of_type):
        reasons.extend(obstacle.code for obstacle in mismatches(unit, of_type[0]))
    return tuple(reasons) or ("others_are_better",)


def as_data(recommendation: Recommendation) -> dict[str, Any]:
    """The `recommendation` object of the HTTP contract."""
    return {
        "step": recommendation.step,
        "units": [
            {
                "unit": pick.unit.call_sign,
                "unit_id": pick.unit.unit_id,
                "step": pick.step,
                "rank": pick.rank,
                "picked": pick.rank <= pick.slot.count,
                "role": pick.slot.role.value,
                "responder_type": pick.unit.responder_type,
                "program": pick.unit.program,
                "eta_s": pick.eta_s,
                "reasons": list(pick.reasons),
            }
            for pick in recommendation.units
        ],
        "shortfalls": [
            {
                "step": short.step,
                "responder_type": short.slot.responder_type,
                "program": short.slot.program,
                "missing": short.missing,
                "reasons": list(short.reasons),
            }
            for short in recommendation.shortfalls
        ],
        "not_offered": [
            {"unit": left.unit.call_sign, "unit_id": left.unit.unit_id, "reasons": list(left.reasons)}
            for left in recommendation.not_offered
        ],
        "as_of": iso(recommendation.as_of),
    }
