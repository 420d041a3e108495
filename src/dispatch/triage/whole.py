"""One decision for several calls about the same thing: never less than any of them alone would get."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dispatch.domain.call import CallFacts
from dispatch.domain.plan import Plan, Slot
from dispatch.domain.risk import risen
from dispatch.triage.decision import Reason, TriageDecision
from dispatch.triage.evaluate import evaluate
from dispatch.triage.facts import DANGERS, UNKNOWN, VOCABULARY
from dispatch.triage.model import COMES_TO_EVERY_CALL
from dispatch.triage.policy import Policy
from dispatch.triage.posts import slots_together
from dispatch.triage.questions import with_questions

RULE = "linked"


@dataclass(slots=True)
class Told:
    """What is known and who is sent so far, as calls about one thing are read one after the other."""

    priority: int
    needs_human: bool
    facts: dict[str, str]
    responder_types: set[str]

    @classmethod
    def of(cls, decision: Mapping[str, Any]) -> "Told":
        """What one decision (a `triage` object) says."""
        facts = {name: fact["value"] for name, fact in decision["facts"].items() if fact["value"] != UNKNOWN}
        return cls(decision["priority"], decision["needs_human"], facts, _first(decision))

    def add(self, other: "Told") -> bool:
        """All of it is told. True when any of it was new: a fact, a graver danger, more urgency, another responder.

        A call that tells nothing new need not be decided over: a fire that three hundred people report is decided as
        often as somebody tells more, not three hundred times over a text that grows.
        """
        facts = {
            name: value
            for name, value in other.facts.items()
            if name not in self.facts or _is_graver(name, value, self.facts[name])
        }
        is_new = (
            bool(facts)
            or other.priority < self.priority
            or other.needs_human > self.needs_human
            or bool(other.responder_types - self.responder_types)
        )
        self.priority = min(self.priority, other.priority)
        self.needs_human |= other.needs_human
        self.facts |= facts
        self.responder_types |= other.responder_types
        return is_new


@dataclass(frozen=True, slots=True)
class LinkedFacts:
    """What another call about the same thing says. priority: of its own incident, as it stands."""

    incident: str
    priority: int
    facts: CallFacts


def evaluate_whole(
    own: CallFacts, linked: Sequence[LinkedFacts], policy: Policy, at: datetime, *, ask: bool = True
) -> TriageDecision:
    """The decision for the call together with those linked to it.

    The words of all are read as one call; then each alone: the most urgent priority counts, and whoever one of them
    alone would send comes too.
    """
    call = joined(own, linked)
    decision = evaluate(call, policy, at)
    if ask:
        decision = with_questions(decision, call, policy, at)
    if not linked:
        return decision
    alone = [evaluate(facts, policy, at) for facts in _different([own, *(one.facts for one in linked)])]
    return _at_least(decision, alone, linked)


def joined(own: CallFacts, linked: Sequence[LinkedFacts]) -> CallFacts:
    """All calls as one: every narrative once, and of each answer that is a danger the gravest."""
    if not linked:
        return own
    texts = list(dict.fromkeys(t.strip() for t in (own.narrative, *(one.facts.narrative for one in linked)) if t))
    answers = dict(own.answers)
    for one in linked:
        for fact, value in one.facts.answers.items():
            if answers.get(fact, UNKNOWN) == UNKNOWN or _is_graver(fact, value, answers[fact]):
                answers[fact] = value
    position = own.position or next((one.facts.position for one in linked if one.facts.position), None)
    return replace(own, narrative="\n".join(texts) or None, answers=answers, position=position)


def raised(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What is graver in the second decision (both as the `triage` object): sentences; empty when nothing is."""
    found = list(risen(before, after))
    for fact in sorted(DANGERS):
        old, new = (data["facts"].get(fact, {}).get("value", UNKNOWN) for data in (before, after))
        if VOCABULARY[fact].rank(new) > max(0, VOCABULARY[fact].rank(old)):
            found.append(f"{fact}: {old} became {new}")
    return found


def _first(decision: Mapping[str, Any]) -> set[str]:
    plan = decision["plan"]
    return {slot["responder_type"] for slot in plan if slot["step"] == plan[0]["step"]}


def _is_graver(fact: str, value: str, than: str) -> bool:
    return fact in DANGERS and VOCABULARY[fact].rank(value) > VOCABULARY[fact].rank(than)


def _different(calls: Sequence[CallFacts]) -> list[CallFacts]:
    return list({repr(call): call for call in calls}.values())


def _at_least(
    decision: TriageDecision, alone: Sequence[TriageDecision], linked: Sequence[LinkedFacts]
) -> TriageDecision:
    reasons = list(decision.reasons)
    priority = min(decision.priority, *(one.priority for one in alone), *(one.priority for one in linked))
    if priority < decision.priority:
        reasons.append(Reason(RULE, f"One of the linked calls alone is of priority {priority}."))
    others = [one.plan.steps[0].slots for one in alone]
    plan = Plan(tuple(replace(step, slots=_with_slots(step.slots, others)) for step in decision.plan.steps))
    if _called(plan) != _called(decision.plan):
        reasons.append(Reason(RULE, "One of the linked calls alone asks for more responders."))
    return replace(
        decision,
        priority=priority,
        needs_human=decision.needs_human or any(one.needs_human for one in alone),
        reasons=tuple(reasons),
        plan=plan,
    )


def _called(plan: Plan) -> dict[str, int]:
    found: Counter[str] = Counter()
    for slot in plan.steps[0].slots:
        if slot.responder_type in COMES_TO_EVERY_CALL:
            found[slot.responder_type] += slot.count
    return found


def _with_slots(slots: Sequence[Slot], others: Iterable[Sequence[Slot]]) -> tuple[Slot, ...]:
    """Police, fire and EMS in the larger number; of other responders one kind each, as the plan has it."""
    found = tuple(slots)
    for wanted in others:
        known = {slot.responder_type for slot in found}
        joining = (slot.responder_type in COMES_TO_EVERY_CALL or slot.responder_type not in known for slot in wanted)
        found = slots_together(found, [slot for slot, joins in zip(wanted, joining, strict=True) if joins])
    return found
