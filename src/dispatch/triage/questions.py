"""Which unknown facts are worth asking: each is given each of its values, and what changes is said and ranked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category
from dispatch.domain.plan import Plan, PlanStep
from dispatch.triage.conditions import CATEGORY
from dispatch.triage.decision import Question, TriageDecision
from dispatch.triage.evaluate import Answer, answer_of, states_by_type
from dispatch.triage.facts import UNKNOWN, VOCABULARY
from dispatch.triage.policy import Policy
from dispatch.triage.programs import Moment, Taker, TakerKeys, judge_programs, moment_of, taker_keys
from dispatch.triage.reading import Reading, last_reading
from dispatch.triage.rows import live_rows, variations

MOST_QUESTIONS = 5

# How much a change weighs when questions are ranked: who comes counts most, then how fast, then under what name.
_WHO, _URGENCY, _CATEGORY, _PROGRAM, _HUMAN = 8, 4, 2, 2, 1


@dataclass(frozen=True, slots=True)
class _Other:
    """Another answer to the same call: how much it differs, and as a reader sees it."""

    weight: int
    shown: str


@dataclass(frozen=True, slots=True)
class _Change:
    fact: str
    value: str
    other: _Other


def with_questions(decision: TriageDecision, call: CallFacts, policy: Policy, at: datetime) -> TriageDecision:
    """The decision with at most five questions and what would change it. Never raises, as evaluate() never does."""
    try:
        reading = last_reading(call, policy)
        by_fact: dict[str, list[_Change]] = {}
        for change in _changes(decision, reading, call, policy, at):
            by_fact.setdefault(change.fact, []).append(change)
    except Exception as error:  # the answer stands; only its refinement is lost
        return replace(decision, warnings=(*decision.warnings, f"questions_failed:{type(error).__name__}"))
    ranked = sorted(by_fact.values(), key=lambda changes: -max(change.other.weight for change in changes))[
        :MOST_QUESTIONS
    ]
    questions = [Question(c[0].fact, VOCABULARY[c[0].fact].ask, "; ".join(_sentences(c))) for c in ranked]
    lines = [f"{changes[0].fact} {sentence}" for changes in ranked for sentence in _sentences(changes)]
    return replace(decision, questions=tuple(questions), would_change_if=tuple(lines))


def _changes(
    decision: TriageDecision, reading: Reading, call: CallFacts, policy: Policy, at: datetime
) -> Iterator[_Change]:
    """Every value of an unknown fact that changes the answer; most move no row and no program."""
    moment = moment_of(at, policy.zone)
    live = live_rows(policy, moment.day)
    bases = [(one, variations(policy, state, reading.topics, live)) for one, state in states_by_type(reading)]
    before = tuple([base.held for _, base in bases])
    going = _Going(policy, reading, call, moment)
    coming = _types(decision.plan.steps[0])
    asked_of = {key for asked in _asked_in_scope(decision, policy) for key in asked}
    others: dict[object, _Other] = {}
    for fact in policy.asked_facts:
        if reading.state.get(fact, UNKNOWN) != UNKNOWN:
            continue
        for value in VOCABULARY[fact].values:
            after = tuple([base.held_if(fact, value) for _, base in bases])
            if after == before and fact not in asked_of:
                continue
            answer = answer_of(policy, [(one, bits) for (one, _), bits in zip(bases, after, strict=True)])
            takers, keys = going.takers(answer, fact, value)
            key = (after, keys)
            other = others.get(key)
            if other is None:
                other = others[key] = _other(decision, coming, answer, answer.plan(takers, keys))
            if other.weight:
                yield _Change(fact, value, other)


class _Going:
    """Who may go for each variation; judged anew only where a program looks at what varies."""

    __slots__ = ("_call", "_known", "_moment", "_policy", "_reading")

    def __init__(self, policy: Policy, reading: Reading, call: CallFacts, moment: Moment) -> None:
        self._policy, self._reading, self._call, self._moment = policy, reading, call, moment
        self._known: dict[tuple[Category, str | None, str], tuple[Sequence[Taker], TakerKeys]] = {}

    def takers(self, answer: Answer, fact: str, value: str) -> tuple[Sequence[Taker], TakerKeys]:
        """Who may be sent, and the same as keys. Nobody when the answer's plan asks for no program."""
        if not answer.asks_programs:
            return (), ()
        category = answer.category
        key = (category, fact, value) if fact in self._policy.program_asks else (category, None, "")
        known = self._known.get(key)
        if known is None:
            state = {**self._reading.state, CATEGORY: category.value}
            if key[1] is not None:
                state[key[1]] = value
            _, found = judge_programs(self._policy, state, self._reading.topics, self._call.position, self._moment)
            known = self._known[key] = found, taker_keys(found)
        return known


def _asked_in_scope(decision: TriageDecision, policy: Policy) -> Iterator[tuple[str, ...]]:
    asks = {program.id: program.asks for program in policy.programs}
    for verdict in decision.programs:
        if verdict.reasons != ("not_in_scope",):
            yield asks[verdict.program]


def _other(before: TriageDecision, coming: frozenset[str], answer: Answer, plan: Plan) -> _Other:
    first, needs_human = plan.steps[0], answer.is_for_a_human(plan)
    weight = _URGENCY * abs(before.priority - answer.priority)
    weight += _WHO * (coming != _types(first))
    weight += _CATEGORY * (before.category != answer.category)
    weight += _PROGRAM * (before.plan.steps[0] != first)
    weight += _HUMAN * (before.needs_human != needs_human)
    who = " + ".join([slot.program or slot.responder_type for slot in first.slots])
    shown = f"{answer.category.value}, priority {answer.priority}, {who} first"
    return _Other(weight, shown)


def _types(step: PlanStep) -> frozenset[str]:
    return frozenset([slot.responder_type for slot in step.slots])


def _sentences(changes: list[_Change]) -> list[str]:
    """One sentence per outcome, values with the same outcome together."""
    by_outcome: dict[str, list[str]] = {}
    for change in changes:
        by_outcome.setdefault(change.other.shown, []).append(change.value)
    return [f"{' or '.join(values)}: {outcome}" for outcome, values in by_outcome.items()]
