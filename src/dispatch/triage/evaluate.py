"""evaluate(): who should go to this call, and why. Never raises, never answers with nobody."""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category
from dispatch.domain.geo import LatLon
from dispatch.domain.plan import Plan
from dispatch.triage.conditions import CATEGORY, State
from dispatch.triage.decision import ProgramVerdict, Reason, TriageDecision
from dispatch.triage.facts import UNKNOWN
from dispatch.triage.model import COMES_TO_EVERY_CALL, RETIRED, SHADOW, IncidentType, PlanTemplate, Row, SlotTemplate
from dispatch.triage.planning import POLICE_PLAN, always_coming, build_plan
from dispatch.triage.policy import Policy
from dispatch.triage.programs import Moment, judge_programs, moment_of
from dispatch.triage.reading import Reading, read_call

FAIL_SAFE = "fail-safe"
_FAIL_SAFE_REASON = Reason(FAIL_SAFE, "Nothing in the policy decided, so the traditional responder goes.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer without the reading it rests on; counterfactuals compare outcomes."""

    category: Category
    incident_type: str
    priority: int
    needs_human: bool
    reasons: tuple[Reason, ...]
    programs: tuple[ProgramVerdict, ...]
    plan: Plan
    warnings: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    """What the winning rows say together."""

    decided: Row | None = None
    priority: int = 9
    needs_human: bool = False
    added: list[SlotTemplate] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def evaluate(call: CallFacts, policy: Policy, at: datetime) -> TriageDecision:
    """The decision for this call under this policy at this moment; the same three always give the same.

    A naive `at` is taken as UTC. Whatever goes wrong becomes a decision for a human with police on the way.
    """
    try:
        reading = read_call(call, policy)
        outcome = decide(policy, reading.state, reading.topics, reading.incident_type, call.position, at)
        return _decision(policy, reading, outcome)
    except Exception as error:  # a dispatcher must get an answer even from a broken rule
        return _fail_safe(policy, f"engine_error:{type(error).__name__}")


def decide(
    policy: Policy,
    state: State,
    topics: Set[str],
    incident_type: IncidentType | None,
    position: LatLon | None,
    at: datetime,
) -> Outcome:
    """Stages 3 to 5: tables, programs, plan."""
    moment = moment_of(at, policy.zone)
    tally = _Tally()
    for row in winning_rows(policy, state, topics, moment, tally.warnings):
        _count(policy, row, tally, incident_type, is_floor=policy.tables[policy.row_tables[row[0]]].is_floor)
    return _outcome(policy, tally, state, topics, incident_type, position, moment)


def winning_rows(
    policy: Policy, state: State, topics: Set[str], moment: Moment, warnings: list[str]
) -> Iterator[tuple[int, Row]]:
    """The first active row that matches in each table, in order; shadow rows only leave a warning."""
    bits = policy.index.candidates(state, topics)
    exact = policy.index.exact
    while bits:
        lowest = bits & -bits
        bits ^= lowest
        number = lowest.bit_length() - 1
        row = policy.rows[number]
        life = row.life
        if life.status == RETIRED or (life.is_dated and not life.covers(moment.day)):
            continue
        if not exact & lowest and row.test(state, topics) is not True:
            continue
        if life.status == SHADOW:
            warnings.append(f"shadow_row:{row.id}")
            continue
        bits &= ~policy.table_bits[policy.row_tables[number]]
        yield number, row


def _count(
    policy: Policy, numbered: tuple[int, Row], tally: _Tally, incident_type: IncidentType | None, *, is_floor: bool
) -> None:
    _, row = numbered
    has_said = False
    if row.then is not None and tally.decided is None:
        tally.decided = row
        tally.priority = min(tally.priority, _priority(policy, row, incident_type))
        tally.needs_human |= row.then.needs_human
        has_said = True
    elif row.then is not None and is_floor:
        # Danger adds up: a later floor table raises what an earlier one decided.
        tally.priority = min(tally.priority, _priority(policy, row, incident_type))
        tally.added += always_coming(policy.plans[row.then.plan])
        tally.needs_human |= row.then.needs_human
        has_said = True
    if row.also is not None:
        tally.added += row.also.slots
        tally.needs_human |= row.also.needs_human
        if row.also.priority_at_least is not None:
            tally.priority = min(tally.priority, row.also.priority_at_least)
        has_said = True
    if has_said:
        tally.reasons.append(Reason(row.id, row.because))


def _priority(policy: Policy, row: Row, incident_type: IncidentType | None) -> int:
    if row.then is not None and row.then.priority is not None:
        return row.then.priority
    return incident_type.priority if incident_type is not None else policy.fallback_priority


def _outcome(
    policy: Policy,
    tally: _Tally,
    state: State,
    topics: Set[str],
    incident_type: IncidentType | None,
    position: LatLon | None,
    moment: Moment,
) -> Outcome:
    then = tally.decided.then if tally.decided is not None else None
    type_code = incident_type.code if incident_type else UNKNOWN
    if then is None:
        category, template = Category.UNKNOWN, policy.fallback
        tally.priority = min(tally.priority, policy.fallback_priority)
        tally.reasons.append(_FAIL_SAFE_REASON)
        tally.warnings.append("no_row_decided")
    else:
        of_type = incident_type.category if incident_type else Category.UNKNOWN
        category, template = then.category or of_type, policy.plans[then.plan]
        type_code = then.incident_type or type_code
    verdicts, takers = judge_programs(policy, {**state, CATEGORY: category.value}, topics, position, moment)
    plan = POLICE_PLAN if template is None else build_plan(template, takers, tally.added)
    return Outcome(
        category=category,
        incident_type=type_code,
        priority=tally.priority,
        needs_human=tally.needs_human or category is Category.UNKNOWN or _ends_at_desk(template, plan),
        reasons=tuple(tally.reasons),
        programs=verdicts,
        plan=plan,
        warnings=tuple(tally.warnings),
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
