"""A unit on its way to something less urgent could save a life sooner: proposed, never done without a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dispatch.domain.plan import PlanStep, Slot
from dispatch.domain.unit import UnitStatus
from dispatch.routing.answer import Recommendation
from dispatch.routing.candidates import Candidate
from dispatch.routing.cost import RoutingContext, approaches
from dispatch.routing.eligibility import LIFE_THREAT_PRIORITY, refusals
from dispatch.routing.travel import turnout_s

# A redirect leaves somebody else without the unit that was promised, so it must save at least this.
WORTHWHILE_S = 60.0


@dataclass(frozen=True, slots=True)
class Redirect:
    """A unit that a person may turn round. incident: where it is going now, which returns to the queue with its age.

    gain_s: sooner than the unit picked for the slot; None when nobody is free for it.
    """

    unit: Candidate
    incident: str
    priority: int
    step: int
    slot: int
    eta_s: int
    gain_s: int | None


def as_data(one: Redirect) -> dict[str, Any]:
    """One entry of `redirects` in the HTTP contract."""
    gain = "Nobody is free for it." if one.gain_s is None else f"There {one.gain_s} s sooner than the best free unit."
    return {
        "unit": one.unit.call_sign,
        "unit_id": one.unit.unit_id,
        "from_incident": one.incident,
        "from_priority": one.priority,
        "step": one.step,
        "slot": one.slot,
        "eta_s": one.eta_s,
        "gain_s": one.gain_s,
        "why": f"On its way to {one.incident} (priority {one.priority}), which would wait again. {gain}",
    }


def redirects(
    step: PlanStep,
    advice: Recommendation,
    units: Sequence[Candidate],
    priorities: Mapping[str, int],
    context: RoutingContext,
) -> tuple[Redirect, ...]:
    """For each slot of a life threat's active step the best unit that is en route to something less urgent.

    priorities: of the incidents that units are going to, by number; a unit whose incident is not listed stays on it.
    Nothing is proposed for other calls, nor a unit that has arrived, nor one on its way to another life threat.
    """
    if not context.is_life_threat or context.position is None:
        return ()
    turnable = sorted(
        (unit for unit in units if _is_turnable(unit, priorities, context)), key=lambda unit: unit.unit_id
    )
    found: list[Redirect] = []
    for index, slot in enumerate(step.slots):
        taken = {one.unit.unit_id for one in found}
        best = _best(slot, [unit for unit in turnable if unit.unit_id not in taken], context)
        if best is None:
            continue
        unit, eta_s = best
        gain_s = _gain_s(index, slot, advice, eta_s)
        if gain_s is not None and gain_s < WORTHWHILE_S:
            continue
        number = unit.incident or ""
        gain = None if gain_s is None else round(gain_s)
        found.append(Redirect(unit, number, priorities[number], step.step, index, round(eta_s), gain))
    return tuple(found)


def _is_turnable(unit: Candidate, priorities: Mapping[str, int], context: RoutingContext) -> bool:
    going_to = priorities.get(unit.incident or "")
    return (
        unit.status is UnitStatus.EN_ROUTE
        and unit.active_assignments == 1
        and unit.incident != context.incident
        and going_to is not None
        and going_to > LIFE_THREAT_PRIORITY
    )


def _best(slot: Slot, units: Sequence[Candidate], context: RoutingContext) -> tuple[Candidate, float] | None:
    """The unit that would be there first if it turned round now. Only a sure position counts."""
    question = context.question
    fit = [
        unit
        for unit in units
        if not refusals(replace(unit, status=UnitStatus.AVAILABLE, active_assignments=0), slot, question)
    ]
    # It is moving already: no turnout.
    come = [
        (one.eta_s - turnout_s(one.unit.responder_type), one.unit.unit_id, one.unit)
        for one in approaches(fit, context)
        if one.eta_s is not None and one.doubt == 0 and one.unit.mobile and one.unit.position is not None
    ]
    if not come:
        return None
    eta_s, _, unit = min(come, key=lambda one: one[:2])
    return unit, max(0.0, eta_s)


def _gain_s(index: int, slot: Slot, advice: Recommendation, eta_s: float) -> float | None:
    """How much sooner than the slowest unit picked for the slot; None when the slot is not full."""
    picked = [pick.eta_s for pick in advice.picks if pick.slot == index]
    if len(picked) < slot.count or any(one is None for one in picked):
        return None
    return max(one for one in picked if one is not None) - eta_s
