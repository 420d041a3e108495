"""Stage 3, what the tables say to a reading, remembered: calls repeat, and their counterfactuals repeat even more."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dispatch.domain.classification import Category
from dispatch.domain.plan import Plan
from dispatch.triage.conditions import CATEGORY, INCIDENT_TYPE, State
from dispatch.triage.counting import Held, counted
from dispatch.triage.decision import Reason
from dispatch.triage.facts import UNKNOWN
from dispatch.triage.model import COMES_TO_EVERY_CALL, IncidentType, PlanTemplate, SlotTemplate
from dispatch.triage.panel import Taker, TakerKeys
from dispatch.triage.planning import POLICE_PLAN, build_plan
from dispatch.triage.policy import Policy
from dispatch.triage.reading import Reading
from dispatch.triage.rows import held_rows, shadow_hits

FAIL_SAFE_REASON = Reason("fail-safe", "Nothing in the policy decided, so the traditional responder goes.")


@dataclass(frozen=True, slots=True)
class Planned:
    """An answer with those who are found to go. coming: responder types of the first step. shown: for a reader."""

    plan: Plan
    needs_human: bool
    coming: frozenset[str]
    shown: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Stage 3: what the tables say, before anybody is found to go. added: slots that join every step.

    asks_programs: True when it matters which programs are eligible. planned: memo.
    """

    category: Category
    incident_type: str
    priority: int
    needs_human: bool
    reasons: tuple[Reason, ...]
    template: PlanTemplate | None
    added: tuple[SlotTemplate, ...]
    warnings: tuple[str, ...]
    asks_programs: bool
    planned: dict[TakerKeys, Planned] = field(default_factory=dict, compare=False, repr=False)

    def sent(self, takers: Sequence[Taker], keys: TakerKeys) -> Planned:
        """keys: of the takers; the same keys always give the same plan, which is built once."""
        known = self.planned.get(keys)
        if known is None:
            known = self.planned[keys] = self._sent(takers)
        return known

    def _sent(self, takers: Sequence[Taker]) -> Planned:
        plan = POLICE_PLAN if self.template is None else build_plan(self.template, takers, self.added)
        first = plan.steps[0].slots
        who = " + ".join(dict.fromkeys([slot.program or slot.responder_type for slot in first]))
        return Planned(
            plan,
            self.needs_human or self.category is Category.UNKNOWN or _ends_at_desk(self.template, plan),
            frozenset([slot.responder_type for slot in first]),
            f"{self.category.value}, priority {self.priority}, {who} first",
        )


def states_by_type(reading: Reading) -> Sequence[tuple[IncidentType | None, State]]:
    """The state as each incident type that the call names would have it; the call's own type first, none last.

    Words that name no type must not lose what they ask for because other words name one.
    """
    if not reading.other_types:
        return [(reading.incident_type, reading.state)]
    return [(reading.incident_type, reading.state)] + [
        (one, {**reading.state, INCIDENT_TYPE: one.code, CATEGORY: one.category.value})
        if one
        else (None, {**reading.state, INCIDENT_TYPE: UNKNOWN, CATEGORY: Category.UNKNOWN.value})
        for one in reading.other_types
    ]


def answer_to(policy: Policy, reading: Reading, live: int) -> Answer:
    """What the tables say to a reading; worked out once for all that any row looks at."""
    types = (reading.incident_type, *reading.other_types)
    seen = tuple(map(reading.state.get, policy.row_keys))
    key = (tuple([one.code if one else None for one in types]), seen, reading.topics, live)
    known = policy.memos.held.get(key)
    if known is None:
        held = [(one, held_rows(policy, state, reading.topics, live)) for one, state in states_by_type(reading)]
        known = policy.memos.held.keep(key, answer_of(policy, held))
    assert isinstance(known, Answer)  # noqa: S101
    return known


def answer_of(policy: Policy, held: Sequence[Held]) -> Answer:
    """What the rows that hold say; worked out once for each set of them, because calls repeat."""
    key = tuple([(one.code if one else None, bits) for one, bits in held])
    known = policy.memos.answers.get(key)
    if known is None:
        known = policy.memos.answers.keep(key, _answer(policy, held))
    assert isinstance(known, Answer)  # noqa: S101
    return known


def _answer(policy: Policy, held: Sequence[Held]) -> Answer:
    """The fallback when none decides."""
    tally = counted(policy, held)
    incident_type = held[0][0]
    then = tally.decided.then if tally.decided is not None else None
    warnings = shadow_hits(policy, held[0][1])
    category, template = Category.UNKNOWN, policy.fallback
    code = incident_type.code if incident_type else UNKNOWN
    if then is None:
        tally.priority = min(tally.priority, policy.fallback_priority)
        tally.reasons.append(FAIL_SAFE_REASON)
        warnings.append("no_row_decided")
    else:
        category = then.category or (incident_type.category if incident_type else Category.UNKNOWN)
        template = policy.plans[then.plan]
        code = then.incident_type or (code if incident_type else then.type_if_unknown or UNKNOWN)
    return Answer(
        category,
        code,
        tally.priority,
        tally.needs_human,
        tuple(tally.reasons),
        template,
        tally.added,
        tuple(warnings),
        (template is not None and template.asks_programs) or any(slot.responder_type is None for slot in tally.joining),
    )


def _ends_at_desk(template: PlanTemplate | None, plan: Plan) -> bool:
    """A desk plan whose last step sends nobody out needs a person to close the loop."""
    if template is None or not template.is_desk:
        return False
    return not any(slot.responder_type in COMES_TO_EVERY_CALL for slot in plan.steps[-1].slots)
