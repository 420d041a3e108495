"""A named plan becomes steps for one call: eligible programs filled in, what cannot be filled left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dispatch.domain.assignment import OfferRule
from dispatch.domain.classification import SlotRole
from dispatch.domain.plan import Plan, PlanStep, Slot
from dispatch.triage.model import (
    CO_RESPOND,
    STAGE,
    PlanTemplate,
    SlotTemplate,
    StepTemplate,
)
from dispatch.triage.panel import Taker
from dispatch.triage.posts import slots_together

POLICE = "police"
POLICE_PLAN = Plan((PlanStep(1, (Slot(POLICE),)),))  # what remains when a policy says nothing usable


@dataclass(frozen=True, slots=True)
class _Filled:
    slot: Slot
    level: str = ""


def build_plan(template: PlanTemplate, takers: Sequence[Taker], added: Sequence[SlotTemplate] = ()) -> Plan:
    """The plan for one call. added: slots that join every step, as far as somebody can fill them."""
    extra = [filled for slot in added for filled in _offers(slot, takers)[: None if slot.takes_each else 1]]
    steps: list[tuple[tuple[Slot, ...], int | None, OfferRule | None]] = []
    for step in template.steps:
        for slots, wait_limit_s in _expanded(step, takers):
            whole = (_joined(slots, extra), wait_limit_s, step.offer)
            if not steps or steps[-1] != whole:
                steps.append(whole)
    if not steps:
        return Plan((PlanStep(1, _joined([_Filled(Slot(POLICE))], extra)),))
    return Plan(tuple(PlanStep(number, slots, wait, offer) for number, (slots, wait, offer) in enumerate(steps, 1)))


def _expanded(step: StepTemplate, takers: Sequence[Taker]) -> Iterable[tuple[list[_Filled], int | None]]:
    """One step per program that could lead; none when a slot that must be filled finds nobody."""
    fixed: list[_Filled] = []
    alternatives: list[_Filled] = []
    for slot in step.slots:
        offers = _offers(slot, takers)
        if not offers:
            if slot.role is SlotRole.SUPPORT:
                continue
            return
        if slot.eligible and slot.role is SlotRole.PRIMARY and not alternatives and not slot.takes_each:
            alternatives = offers
        else:
            fixed += offers if slot.takes_each else offers[:1]
    if not alternatives:
        yield fixed, step.wait_limit_s
        return
    share = None if step.wait_limit_s is None else step.wait_limit_s // len(alternatives)
    for lead in alternatives:
        yield [lead, *fixed], share


def _offers(slot: SlotTemplate, takers: Sequence[Taker]) -> list[_Filled]:
    """Who could fill the slot, best first; a responder type that serves every call always can."""
    if slot.responder_type is not None:
        return [_Filled(Slot(slot.responder_type, None, slot.count, slot.role, slot.capabilities))]
    if slot.program is not None:
        chosen = [taker for taker in takers if taker.program.id == slot.program]
    else:
        chosen = [taker for kind in slot.eligible for taker in takers if taker.program.responder_type == kind]
    return [
        _Filled(
            Slot(taker.program.responder_type, taker.program.id, slot.count, _role(slot, taker), slot.capabilities),
            taker.level,
        )
        for taker in chosen
    ]


def _role(slot: SlotTemplate, taker: Taker) -> SlotRole:
    return SlotRole.STAGED if taker.level == STAGE and slot.role is SlotRole.PRIMARY else slot.role


def _joined(filled: Sequence[_Filled], extra: Sequence[_Filled] = ()) -> tuple[Slot, ...]:
    """Slots of one step and those that join it, without doubles; police come where a program may only go with them."""
    slots = slots_together([f.slot for f in filled], [f.slot for f in extra])
    if any(f.level in (CO_RESPOND, STAGE) and f.slot.role is not SlotRole.SUPPORT for f in (*filled, *extra)):
        return slots_together(slots, [Slot(POLICE)])
    return slots
