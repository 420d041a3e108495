"""Which units should go, in which step of the plan, and why each other unit should not."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dispatch.domain.plan import Plan, PlanStep
from dispatch.routing.answer import Pick, Recommendation, Shortfall, as_data
from dispatch.routing.candidates import Candidate
from dispatch.routing.cost import Approach, RoutingContext, first_to_arrive, why
from dispatch.routing.eligibility import leaves_early
from dispatch.routing.reasons import Reason, reason
from dispatch.routing.slots import FilledSlot, FilledStep, fill, shortfall_reasons

# Beyond the picks, this many next best are listed for each slot; the rest are in not_offered as `ranked_lower`.
ALTERNATES = 5
_NOT_NEEDED = (Reason.NOT_NEEDED.value,)
_PASSING = frozenset({Reason.NONE_FREE.value, Reason.ALL_KEPT.value})
_RANKED_LOWER = (Reason.RANKED_LOWER.value,)

__all__ = ["ALTERNATES", "Pick", "Recommendation", "RoutingContext", "Shortfall", "as_data", "recommend"]


def recommend(plan: Plan, candidates: Sequence[Candidate], context: RoutingContext) -> Recommendation:
    """The first step of the plan that can be filled now, with the units that fill it.

    When no step can be filled, the first in which somebody could lead, with what it lacks: part of the answer is better
    than none. A wait limit is how long a step may wait for somebody to take it, not for them to arrive: `fallback_at`
    says when it passes. Units already on the incident (context.incident) count as filled slots, and so do
    those that did their part (context.served).
    The order of the candidates never changes the answer.
    """
    by_type: dict[str, list[Candidate]] = {}
    for unit in candidates:
        by_type.setdefault(unit.responder_type, []).append(unit)
    tried: list[FilledStep] = []
    known: dict[str, Approach] = {}
    for step in plan.steps:
        tried.append(fill(step, by_type, context, known))
        if tried[-1].is_filled:
            break
    active = _active(tried)
    units = _units(active, context) if active is not None else ()
    return Recommendation(
        units=units,
        shortfalls=tuple(one for step in tried for one in _shortfalls(step, context)),
        not_offered=_not_offered(candidates, units, active, plan),
        active_step=None if active is None else active.step.step,
        fallback_at=_fallback_at(plan, active, context),
        at=context.at,
        travel=context.travel.provider,
        travel_notes=context.travel.notes,
    )


def _active(tried: Sequence[FilledStep]) -> FilledStep | None:
    if tried and tried[-1].is_filled:
        return tried[-1]
    return next((step for step in tried if step.has_someone), tried[0] if tried else None)


def _units(active: FilledStep, context: RoutingContext) -> tuple[Pick, ...]:
    """The picks of every slot in the plan's order, then each unit that is next best somewhere, once."""
    picks: list[Pick] = []
    spare: list[Pick] = []
    listed = {option.unit.unit_id for slot in active.slots for option in slot.picks}
    for slot in active.slots:
        if not slot.picks and not slot.others:
            continue
        best = first_to_arrive((*slot.picks, *slot.others))
        others = [one for one in slot.others if one.unit.unit_id not in listed][:ALTERNATES]
        listed.update(one.unit.unit_id for one in others)
        for place, option in enumerate((*slot.picks, *others)):
            found = _pick(active, slot, option, place, best, context)
            (picks if found.is_pick else spare).append(found)
    return (*picks, *spare)


def _pick(
    active: FilledStep, slot: FilledSlot, option: Approach, place: int, best: Approach, context: RoutingContext
) -> Pick:
    reasons = why(option, place, best, context)
    if context.is_life_threat:
        reasons = (*reasons, *leaves_early(option.unit, context.question))
    return Pick(
        unit=option.unit,
        step=active.step.step,
        slot=slot.index,
        rank=len(slot.on_it) + len(slot.been) + place + 1,
        is_pick=place < len(slot.picks),
        role=slot.slot.role,
        eta_s=None if option.eta_s is None else round(option.eta_s),
        reasons=reasons,
    )


def _shortfalls(step: FilledStep, context: RoutingContext) -> list[Shortfall]:
    found = []
    for filled in step.slots:
        if filled.missing:
            reasons = shortfall_reasons(filled)
            # Waiting helps only when somebody on duty will be free again, or the reserve can be spared.
            may_wait = any(one.partition(":")[0] in _PASSING for one in reasons)
            until = _limit_passes_at(step.step, context) if may_wait else None
            slot = filled.slot
            found.append(
                Shortfall(
                    step.step.step,
                    filled.index,
                    slot.role,
                    slot.responder_type,
                    slot.program,
                    filled.missing,
                    reasons,
                    until if until is not None and until > context.at else None,
                )
            )
    return found


def _not_offered(
    candidates: Sequence[Candidate], units: Sequence[Pick], active: FilledStep | None, plan: Plan
) -> tuple[tuple[Candidate, tuple[str, ...]], ...]:
    offered = {pick.unit.unit_id for pick in units}
    verdicts = _verdicts(active)
    apart = _apart(active, plan)
    left = [unit for unit in candidates if unit.unit_id not in offered]
    left.sort(key=lambda unit: (unit.call_sign, unit.unit_id))
    return tuple((unit, verdicts.get(unit.unit_id) or apart.get(unit.responder_type, _NOT_NEEDED)) for unit in left)


def _verdicts(active: FilledStep | None) -> dict[str, tuple[str, ...]]:
    """Unit id -> why not, from the slot that it came nearest to filling."""
    found: dict[str, tuple[str, ...]] = {}
    slots = () if active is None else active.slots
    for filled in slots:
        for unit_id, reasons in filled.refused.items():
            if unit_id not in found or len(reasons) < len(found[unit_id]):
                found[unit_id] = reasons
    for filled in slots:
        found.update((option.unit.unit_id, _RANKED_LOWER) for option in filled.others)
    for filled in slots:
        found.update((unit.unit_id, (Reason.HAS_BEEN_HERE.value,)) for unit in filled.been)
        found.update((unit.unit_id, (Reason.ON_THIS_INCIDENT.value,)) for unit in filled.on_it)
    return found


def _apart(active: FilledStep | None, plan: Plan) -> dict[str, tuple[str, ...]]:
    """Responder type -> why a unit of it that no slot of the active step looked at is not offered."""
    found: dict[str, tuple[str, ...]] = {}
    for filled in () if active is None else active.slots:
        found[filled.slot.responder_type] = (Reason.WRONG_PROGRAM.value,)
    for step in plan.steps:
        for slot in step.slots:
            found.setdefault(slot.responder_type, (reason(Reason.OTHER_STEP, step.step),))
    return found


def _fallback_at(plan: Plan, active: FilledStep | None, context: RoutingContext) -> datetime | None:
    if active is None or active.step is plan.steps[-1]:
        return None
    return _limit_passes_at(active.step, context)


def _limit_passes_at(step: PlanStep, context: RoutingContext) -> datetime | None:
    if step.wait_limit_s is None:
        return None
    return (context.waiting_since or context.at) + timedelta(seconds=step.wait_limit_s)
