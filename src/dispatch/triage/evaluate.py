"""evaluate(): who should go to this call, and why. Never raises, never answers with nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category
from dispatch.domain.geo import LatLon
from dispatch.domain.plan import Plan
from dispatch.triage.conditions import CATEGORY, INCIDENT_TYPE, State
from dispatch.triage.counting import Held, counted
from dispatch.triage.decision import ProgramVerdict, Reason, TriageDecision
from dispatch.triage.facts import UNKNOWN
from dispatch.triage.model import COMES_TO_EVERY_CALL, IncidentType, PlanTemplate, SlotTemplate
from dispatch.triage.planning import POLICE_PLAN, build_plan
from dispatch.triage.policy import Policy
from dispatch.triage.programs import Taker, TakerKeys, judge_programs, moment_of, taker_keys
from dispatch.triage.reading import Reading, read_call
from dispatch.triage.rows import held_rows, live_rows, shadow_hits

_CACHED_ANSWERS = 20_000
FAIL_SAFE = "fail-safe"
_FAIL_SAFE_REASON = Reason(FAIL_SAFE, "Nothing in the policy decided, so the traditional responder goes.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer without the reading it rests on."""

    category: Category
    incident_type: str
    priority: int
    needs_human: bool
    reasons: tuple[Reason, ...]
    programs: tuple[ProgramVerdict, ...]
    plan: Plan
    warnings: tuple[str, ...]


def evaluate(call: CallFacts, policy: Policy, at: datetime) -> TriageDecision:
    """The decision for this call under this policy at this moment; the same three always give the same.

    A naive `at` is taken as UTC. Whatever goes wrong becomes a decision for a human with police on the way.
    """
    try:
        reading = read_call(call, policy)
        outcome = decide(policy, reading, call.position, at)
        return _decision(policy, reading, outcome)
    except Exception as error:  # a dispatcher must get an answer even from a broken rule
        return _fail_safe(policy, f"engine_error:{type(error).__name__}")


def decide(policy: Policy, reading: Reading, position: LatLon | None, at: datetime) -> Outcome:
    """Stages 3 to 5: tables, programs, plan."""
    moment = moment_of(at, policy.zone)
    live = live_rows(policy, moment.day)
    held = [(one, held_rows(policy, state, reading.topics, live)) for one, state in states_by_type(reading)]
    answer = answer_of(policy, held)
    judged = {**reading.state, CATEGORY: answer.category.value}
    verdicts, takers = judge_programs(policy, judged, reading.topics, position, moment)
    plan = answer.plan(takers, taker_keys(takers))
    return Outcome(
        category=answer.category,
        incident_type=answer.incident_type,
        priority=answer.priority,
        needs_human=answer.is_for_a_human(plan),
        reasons=answer.reasons,
        programs=verdicts,
        plan=plan,
        warnings=answer.warnings,
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


@dataclass(frozen=True, slots=True)
class Answer:
    """Stage 3: what the tables say, before anybody is found to go. added: slots that join every step. plans: memo."""

    category: Category
    incident_type: str
    priority: int
    needs_human: bool
    reasons: tuple[Reason, ...]
    template: PlanTemplate | None
    added: tuple[SlotTemplate, ...]
    warnings: tuple[str, ...]
    plans: dict[TakerKeys, Plan] = field(default_factory=dict, compare=False, repr=False)

    @property
    def asks_programs(self) -> bool:
        """True when it matters which programs are eligible."""
        return (self.template is not None and self.template.asks_programs) or any(
            slot.responder_type is None for slot in self.added
        )

    def plan(self, takers: Sequence[Taker], keys: TakerKeys) -> Plan:
        """keys: of the takers; the same keys always give the same plan, which is built once."""
        if self.template is None:
            return POLICE_PLAN
        known = self.plans.get(keys)
        if known is None:
            known = self.plans[keys] = build_plan(self.template, takers, self.added)
        return known

    def is_for_a_human(self, plan: Plan) -> bool:
        return self.needs_human or self.category is Category.UNKNOWN or _ends_at_desk(self.template, plan)


def answer_of(policy: Policy, held: Sequence[Held]) -> Answer:
    """What the rows that hold say; worked out once for each set of them, because calls repeat."""
    key = tuple([(one.code if one else None, bits) for one, bits in held])
    known = policy.answers.get(key)
    if known is None:
        if len(policy.answers) >= _CACHED_ANSWERS:
            policy.answers.clear()
        known = policy.answers[key] = _answer(policy, held)
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
        tally.reasons.append(_FAIL_SAFE_REASON)
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
        tuple(tally.added),
        tuple(warnings),
    )


def _ends_at_desk(template: PlanTemplate | None, plan: Plan) -> bool:
    """A desk plan whose last step sends nobody out needs a person to close the loop."""
    if template is None or not template.is_desk:
        return False
    return not any(slot.responder_type in COMES_TO_EVERY_CALL for slot in plan.steps[-1].slots)


def _decision(policy: Policy, reading: Reading, outcome: Outcome) -> TriageDecision:
    return TriageDecision(
        category=outcome.category,
        incident_type=outcome.incident_type,
        priority=outcome.priority,
        needs_human=outcome.needs_human,
        facts=reading.facts,
        topics=reading.topic_list,
        reasons=outcome.reasons,
        programs=outcome.programs,
        plan=outcome.plan,
        policy=policy.ref,
        warnings=reading.warnings + outcome.warnings,
    )


def _fail_safe(policy: Policy, warning: str) -> TriageDecision:
    return TriageDecision(
        category=Category.UNKNOWN,
        incident_type=UNKNOWN,
        priority=policy.fallback_priority,
        needs_human=True,
        facts={},
        topics=(),
        reasons=(_FAIL_SAFE_REASON,),
        programs=(),
        plan=POLICE_PLAN,
        policy=policy.ref,
        warnings=(warning,),
    )
