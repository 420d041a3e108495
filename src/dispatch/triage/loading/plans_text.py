"""plans.yaml becomes plan templates; a plan that could leave a call with nobody is refused."""

from dispatch.domain.assignment import OfferRule
from dispatch.domain.classification import SlotRole
from dispatch.triage.loading.fields import Fields
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Node
from dispatch.triage.loading.words import Words
from dispatch.triage.model import COMES_TO_EVERY_CALL, CVI, Place, PlanTemplate, SlotTemplate, StepTemplate

_SLOT_KEYS = ("responder_type", "program", "eligible", "role", "count", "capabilities", "each")
_ROLES = tuple(role.value for role in SlotRole)
_LONGEST_WAIT_S = 7 * 24 * 3600
_MOST_UNITS = 50


def parse_plan(plan_id: str, node: Node, words: Words, problems: Problems) -> PlanTemplate | None:
    fields = Fields.of(node, problems, what="plan", keys=("id", "title", "desk", "steps", "source", "note"))
    if fields is None:
        return None
    steps = []
    for part in fields.parts("steps"):
        step = Fields.of(part, problems, what="step", keys=("slots", "wait_limit_s", "offer"))
        if step is not None:
            slots = parse_slots(step, words, problems)
            offer = step.choice("offer", [rule.value for rule in OfferRule])
            wait_limit_s = step.whole("wait_limit_s", low=0, high=_LONGEST_WAIT_S)
            steps.append(StepTemplate(slots, wait_limit_s, OfferRule(offer) if offer else None))
            _check_cvi(slots, step.place, problems)
    first = steps[0].slots if steps else ()
    plan = PlanTemplate(
        plan_id,
        fields.text("title"),
        fields.flag("desk") is True,
        tuple(steps),
        fields.place,
        asks_programs=any(slot.responder_type is None for step in steps for slot in step.slots),
        always_coming=tuple(s for s in first if s.responder_type in COMES_TO_EVERY_CALL),
        beside=tuple(s for s in first if s.responder_type is None and s.role is SlotRole.SUPPORT),
    )
    _check_last_step(plan, problems)
    return plan


def parse_slots(step: Fields, words: Words, problems: Problems) -> tuple[SlotTemplate, ...]:
    slots = []
    for part in step.parts("slots"):
        fields = Fields.of(part, problems, what="slot", keys=_SLOT_KEYS)
        if fields is not None:
            slots.append(_parse_slot(fields, words, problems))
    if not slots:
        problems.add(step.place, "missing", "A step needs at least one slot.")
    return tuple(slots)


def _parse_slot(fields: Fields, words: Words, problems: Problems) -> SlotTemplate:
    given = [key for key in ("responder_type", "program", "eligible") if fields.has(key)]
    if len(given) != 1:
        problems.add(fields.place, "shape", "A slot has exactly one of responder_type, program, eligible.")
    eligible = []
    for word, place in fields.words("eligible"):
        if word in words.responder_types:
            eligible.append(word)
        else:
            problems.unknown_word(place, "responder type", word, words.responder_types)
    slot = SlotTemplate(
        responder_type=fields.choice("responder_type", words.responder_types) or None,
        program=fields.choice("program", words.programs) or None,
        eligible=tuple(eligible),
        role=SlotRole(fields.choice("role", _ROLES, default="primary")),
        count=fields.whole("count", low=1, high=_MOST_UNITS, default=1) or 1,
        capabilities=frozenset(word for word, _ in fields.words("capabilities")),
        takes_each=fields.flag("each") is True,
    )
    if (slot.responder_type == CVI or CVI in slot.eligible) and slot.role is not SlotRole.SUPPORT:
        problems.add(fields.place, "cvi_first", "CVI is never a first responder. Give the slot `role: support`.")
    return slot


def _check_cvi(slots: tuple[SlotTemplate, ...], place: Place, problems: Problems) -> None:
    if slots and all(slot.responder_type == CVI or slot.eligible == (CVI,) for slot in slots):
        problems.add(place, "cvi_first", "CVI only stands beside somebody who comes. Add police or ems to the step.")


def _check_last_step(plan: PlanTemplate, problems: Problems) -> None:
    if not plan.steps:
        problems.add(plan.place, "plan_ends_in_nobody", f"Plan {plan.id!r} has no step. Add one that always comes.")
        return
    # Support comes beside somebody; alone it is nobody, and so is a program that may not be eligible.
    always = {slot.responder_type for slot in plan.steps[-1].slots if slot.role is not SlotRole.SUPPORT} - {None, CVI}
    if any(slot.role is not SlotRole.SUPPORT and slot.responder_type is None for slot in plan.steps[-1].slots):
        always = set()
    if not (always & COMES_TO_EVERY_CALL or (plan.is_desk and always)):
        detail = f"The last step of {plan.id!r} may be nobody. End it in {{responder_type: police}}, fire or ems alone."
        problems.add(plan.place, "plan_ends_in_nobody", detail)
