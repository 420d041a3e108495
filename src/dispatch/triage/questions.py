"""Which unknown facts are worth asking: each is given each of its values, and what changes is said and ranked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category
from dispatch.domain.geo import LatLon
from dispatch.triage.answers import Answer, Planned, answer_of, states_by_type
from dispatch.triage.conditions import CATEGORY
from dispatch.triage.decision import Question, TriageDecision
from dispatch.triage.facts import UNKNOWN, VOCABULARY
from dispatch.triage.panel import Judged, Standing, Taker, TakerKeys, judge_programs, standing, takers_if
from dispatch.triage.policy import Policy
from dispatch.triage.programs import OUT_OF_SCOPE, Moment, moment_of
from dispatch.triage.reading import Reading, last_reading
from dispatch.triage.rows import live_rows, variations

MOST_QUESTIONS = 5

# How much a change weighs when questions are ranked: who comes counts most, then how fast, then under what name.
_WHO, _URGENCY, _CATEGORY, _PROGRAM, _HUMAN = 8, 4, 2, 2, 1


@dataclass(frozen=True, slots=True)
class _Change:
    """weight: how much the answer differs when the fact has this value. shown: that answer as a reader sees it."""

    fact: str
    value: str
    weight: int
    shown: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came of asking about a decision that says this."""

    said: tuple[object, ...]
    questions: tuple[Question, ...]
    lines: tuple[str, ...]


def with_questions(decision: TriageDecision, call: CallFacts, policy: Policy, at: datetime) -> TriageDecision:
    """The decision with at most five questions and what would change it. Never raises, as evaluate() never does."""
    try:
        asked = _asked(decision, last_reading(call, policy), call.position, policy, moment_of(at, policy.zone))
    except Exception as error:  # the answer stands; only its refinement is lost
        return replace(decision, warnings=(*decision.warnings, f"questions_failed:{type(error).__name__}"))
    return replace(decision, questions=asked.questions, would_change_if=asked.lines)


def _asked(
    decision: TriageDecision, reading: Reading, position: LatLon | None, policy: Policy, moment: Moment
) -> _Asked:
    """Worked out once for everything that it depends on."""
    live, who = live_rows(policy, moment.day), standing(policy, position, moment)
    seen = tuple(map(reading.state.get, policy.seen_keys))
    types = tuple([one.code if one else None for one in (reading.incident_type, *reading.other_types)])
    key = (types, seen, reading.topics, live, who.key)
    said = (decision.category, decision.priority, decision.needs_human, decision.plan, decision.programs)
    known = policy.memos.asked.get(key)
    if known is None or known.said != said:
        changes = _changes(decision, reading, policy, live, who)
        known = policy.memos.asked.keep(key, _Asked(said, *_ranked(changes)))
    assert isinstance(known, _Asked)  # noqa: S101
    return known


def _ranked(changes: Iterable[_Change]) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    by_fact: dict[str, list[_Change]] = {}
    for change in changes:
        by_fact.setdefault(change.fact, []).append(change)
    ranked = sorted(by_fact.values(), key=lambda found: -max([change.weight for change in found]))[:MOST_QUESTIONS]
    sentences = [(found[0].fact, _sentences(found)) for found in ranked]
    return (
        tuple(Question(fact, VOCABULARY[fact].ask, "; ".join(said)) for fact, said in sentences),
        tuple(f"{fact} {sentence}" for fact, said in sentences for sentence in said),
    )


def _changes(decision: TriageDecision, reading: Reading, policy: Policy, live: int, who: Standing) -> Iterator[_Change]:
    """Every value of an unknown fact that changes the answer; most move no row and no program."""
    bases = [(one, variations(policy, state, reading.topics, live)) for one, state in states_by_type(reading)]
    types = [one for one, _ in bases]
    before = tuple([base.held for _, base in bases])
    answers: dict[tuple[int, ...], Answer] = {}
    going = _Going(policy, reading, who)
    coming = frozenset([slot.responder_type for slot in decision.plan.steps[0].slots])
    asked_of = {key for asked in _asked_in_scope(decision, policy) for key in asked}
    for fact in policy.asked_facts:
        if reading.state.get(fact, UNKNOWN) != UNKNOWN:
            continue
        is_asked = fact in asked_of
        held = zip(*[base.held_if(fact) for _, base in bases], strict=True)
        for value, after in zip(VOCABULARY[fact].values, held, strict=True):
            if after == before and not is_asked:
                continue
            answer = answers.get(after)
            if answer is None:
                answer = answers[after] = answer_of(policy, list(zip(types, after, strict=True)))
            sent = answer.sent(*going.takers(answer, fact, value))
            if weight := _weight(decision, coming, answer, sent):
                yield _Change(fact, value, weight, sent.shown)


class _Going:
    """Who may go for each variation; judged anew only where a program looks at what varies."""

    __slots__ = ("_before", "_policy", "_reading", "_who")

    def __init__(self, policy: Policy, reading: Reading, who: Standing) -> None:
        self._policy, self._reading, self._who = policy, reading, who
        self._before: dict[Category, tuple[dict[str, str], Judged]] = {}

    def takers(self, answer: Answer, fact: str, value: str) -> tuple[Sequence[Taker], TakerKeys]:
        """Who may be sent, and the same as keys. Nobody when the answer's plan asks for no program."""
        if not answer.asks_programs:
            return (), ()
        topics = self._reading.topics
        known = self._before.get(answer.category)
        if known is None:
            state = {**self._reading.state, CATEGORY: answer.category.value}
            known = state, judge_programs(self._policy, state, topics, self._who)
            self._before[answer.category] = known
        state, judged = known
        if fact not in self._policy.program_asks:
            return judged.takers, judged.keys
        return takers_if(self._policy, judged, state, topics, self._who, fact, value)


def _asked_in_scope(decision: TriageDecision, policy: Policy) -> Iterator[tuple[str, ...]]:
    asks = {program.id: program.asks for program in policy.programs}
    for verdict in decision.programs:
        if verdict.reasons != OUT_OF_SCOPE:
            yield asks[verdict.program]


def _weight(before: TriageDecision, coming: frozenset[str], answer: Answer, sent: Planned) -> int:
    """How much another answer differs; 0 when nobody would feel it."""
    weight = _URGENCY * abs(before.priority - answer.priority)
    weight += _CATEGORY * (before.category is not answer.category)
    weight += _HUMAN * (before.needs_human != sent.needs_human)
    if sent.plan is not before.plan:
        weight += _WHO * (coming != sent.coming)
        weight += _PROGRAM * (before.plan.steps[0] != sent.plan.steps[0])
    return weight


def _sentences(changes: list[_Change]) -> list[str]:
    """One sentence per outcome, values with the same outcome together."""
    by_outcome: dict[str, list[str]] = {}
    for change in changes:
        by_outcome.setdefault(change.shown, []).append(change.value)
    return [f"{' or '.join(values)}: {outcome}" for outcome, values in by_outcome.items()]
