"""Which unknown facts are worth asking: each is given each of its values, and what changes is said and ranked."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from dispatch.domain.call import CallFacts
from dispatch.triage.conditions import CATEGORY
from dispatch.triage.decision import Question, TriageDecision
from dispatch.triage.evaluate import Outcome, decide, winning_rows
from dispatch.triage.facts import UNKNOWN, VOCABULARY
from dispatch.triage.policy import Policy
from dispatch.triage.programs import Moment, Taker, judge_programs, moment_of
from dispatch.triage.reading import Reading, read_call

MOST_QUESTIONS = 5

# How much a change weighs when questions are ranked: who comes counts most, then how fast, then under what name.
_WHO, _URGENCY, _CATEGORY, _PROGRAM, _HUMAN = 8, 4, 2, 2, 1


@dataclass(frozen=True, slots=True)
class _Change:
    fact: str
    value: str
    outcome: Outcome
    weight: int


def with_questions(decision: TriageDecision, call: CallFacts, policy: Policy, at: datetime) -> TriageDecision:
    """The decision with at most five questions and what would change it. Never raises, as evaluate() never does."""
    try:
        reading = read_call(call, policy)
        by_fact: dict[str, list[_Change]] = {}
        for change in _changes(decision, reading, call, policy, at):
            by_fact.setdefault(change.fact, []).append(change)
    except Exception as error:  # the answer stands; only its refinement is lost
        return replace(decision, warnings=(*decision.warnings, f"questions_failed:{type(error).__name__}"))
    ranked = sorted(by_fact.values(), key=lambda changes: -max(change.weight for change in changes))[:MOST_QUESTIONS]
    questions = [Question(c[0].fact, VOCABULARY[c[0].fact].ask, "; ".join(_sentences(c))) for c in ranked]
    lines = [f"{changes[0].fact} {sentence}" for changes in ranked for sentence in _sentences(changes)]
    return replace(decision, questions=tuple(questions), would_change_if=tuple(lines))


def _changes(
    decision: TriageDecision, reading: Reading, call: CallFacts, policy: Policy, at: datetime
) -> Iterator[_Change]:
    moment = moment_of(at, policy.zone)
    before = _winners(policy, reading.state, reading, moment)
    asked_of = {key for asked in _asked_in_scope(decision, policy) for key in asked}
    takers = _takers(policy, reading.state, decision, reading, call, moment)
    for fact in policy.asked_facts:
        if reading.state.get(fact, UNKNOWN) != UNKNOWN:
            continue
        for value in VOCABULARY[fact].values:
            state = {**reading.state, fact: value}
            # Most values move no row and no program; only the others are worth a full evaluation.
            if _winners(policy, state, reading, moment) == before and (
                fact not in asked_of or _takers(policy, state, decision, reading, call, moment) == takers
            ):
                continue
            outcome = decide(policy, state, reading.topics, reading.incident_type, call.position, at)
            weight = _weight(decision, outcome)
            if weight:
                yield _Change(fact, value, outcome, weight)


def _winners(policy: Policy, state: dict[str, str], reading: Reading, moment: Moment) -> list[int]:
    return [number for number, _ in winning_rows(policy, state, reading.topics, moment, [])]


def _takers(
    policy: Policy, state: dict[str, str], decision: TriageDecision, reading: Reading, call: CallFacts, moment: Moment
) -> list[Taker]:
    """Who may be sent while the tables answer as they did."""
    judged = {**state, CATEGORY: decision.category.value}
    return judge_programs(policy, judged, reading.topics, call.position, moment)[1]


def _asked_in_scope(decision: TriageDecision, policy: Policy) -> Iterator[tuple[str, ...]]:
    asks = {program.id: program.asks for program in policy.programs}
    for verdict in decision.programs:
        if verdict.reasons != ("not_in_scope",):
            yield asks[verdict.program]


def _weight(before: TriageDecision, after: Outcome) -> int:
    weight = _URGENCY * abs(before.priority - after.priority)
    weight += _WHO * (_first_types(before) != _first_types(after))
    weight += _CATEGORY * (before.category != after.category)
    weight += _PROGRAM * (before.plan.steps[0] != after.plan.steps[0])
    return weight + _HUMAN * (before.needs_human != after.needs_human)


def _first_types(answer: TriageDecision | Outcome) -> frozenset[str]:
    return frozenset(slot.responder_type for slot in answer.plan.steps[0].slots)


def _sentences(changes: list[_Change]) -> list[str]:
    """One sentence per outcome, values with the same outcome together."""
    by_outcome: dict[str, list[str]] = {}
    for change in changes:
        by_outcome.setdefault(_shown(change.outcome), []).append(change.value)
    return [f"{' or '.join(values)}: {outcome}" for outcome, values in by_outcome.items()]


def _shown(outcome: Outcome) -> str:
    first = [slot.program or slot.responder_type for slot in outcome.plan.steps[0].slots]
    return f"{outcome.category.value}, priority {outcome.priority}, {' + '.join(first)} first"
