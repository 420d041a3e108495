"""evaluate(): who should go to this call, and why. Never raises, never answers with nobody."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category
from dispatch.domain.geo import LatLon
from dispatch.domain.plan import Plan
from dispatch.triage.answers import FAIL_SAFE_REASON, answer_to
from dispatch.triage.conditions import CATEGORY
from dispatch.triage.decision import ProgramVerdict, Reason, TriageDecision
from dispatch.triage.facts import UNKNOWN
from dispatch.triage.panel import judge_programs, standing
from dispatch.triage.planning import POLICE_PLAN
from dispatch.triage.policy import Policy
from dispatch.triage.programs import moment_of
from dispatch.triage.reading import Reading, read_call
from dispatch.triage.rows import live_rows


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


def rests_on(call: CallFacts, policy: Policy, at: datetime) -> Hashable:
    """All that a decision depends on: calls for which this is equal get equal decisions, so one of them is enough."""
    moment = moment_of(at, policy.zone)
    who = standing(policy, call.position, moment)
    said = (call.source, call.type_code, call.type_text, call.narrative, call.sender_priority, call.channel)
    told = (tuple(call.answers.items()), call.place, call.relation, call.wants)
    return said, told, live_rows(policy, moment.day), who.key


def decide(policy: Policy, reading: Reading, position: LatLon | None, at: datetime) -> Outcome:
    """Stages 3 to 5: tables, programs, plan."""
    moment = moment_of(at, policy.zone)
    answer = answer_to(policy, reading, live_rows(policy, moment.day))
    state = {**reading.state, CATEGORY: answer.category.value}
    judged = judge_programs(policy, state, reading.topics, standing(policy, position, moment))
    sent = answer.sent(judged.takers, judged.keys)
    return Outcome(
        category=answer.category,
        incident_type=answer.incident_type,
        priority=answer.priority,
        needs_human=sent.needs_human,
        reasons=answer.reasons,
        programs=judged.verdicts,
        plan=sent.plan,
        warnings=answer.warnings,
    )


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
        reasons=(FAIL_SAFE_REASON,),
        programs=(),
        plan=POLICE_PLAN,
        policy=policy.ref,
        warnings=(warning,),
    )
