"""What must hold for every text: a decision, the same each time, and danger never makes it milder."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.triage.small_policy import SMALL, WEDNESDAY_NOON, decided

from dispatch.domain.call import CallFacts, Channel
from dispatch.domain.classification import SlotRole
from dispatch.triage.conditions import AllOf, AnyOf, Atom, Condition, Not, compile_condition
from dispatch.triage.decision import TriageDecision, as_data
from dispatch.triage.evaluate import evaluate, rests_on
from dispatch.triage.facts import UNKNOWN, VOCABULARY
from dispatch.triage.questions import with_questions
from dispatch.triage.row_index import build_index, numbers_of

DANGERS = ("shots fired", "he has a gun", "not breathing", "a fight", "flames", "holding a knife", "stabbing")
PIECES = st.sampled_from(
    (
        *DANGERS,
        "loud music",
        "party",
        "no weapons",
        "possibly",
        "last year",
        "at home",
        "suicidal",
        "bleeding",
        ",",
        "or",
    )
)
TEXT = st.lists(PIECES | st.text(max_size=8), max_size=10).map(" ".join)
ANSWERS = st.dictionaries(st.sampled_from(sorted(VOCABULARY)), st.sampled_from(["none", "yes", "no", "used", "bad"]))
CALLS = st.builds(
    CallFacts,
    source=st.text(max_size=5),
    type_code=st.none() | st.sampled_from(["WELCHK", "415", "THEFT"]) | st.text(max_size=6),
    type_text=st.none() | TEXT,
    narrative=st.none() | TEXT,
    channel=st.none() | st.sampled_from(list(Channel)),
    answers=ANSWERS,
    sender_priority=st.none() | st.text(max_size=3),
)


def sworn(decision: TriageDecision) -> set[str]:
    return {s.responder_type for s in decision.plan.steps[0].slots} & {"police", "ems"}


@given(CALLS)
def test_every_call_gets_somebody(call: CallFacts) -> None:
    decision = evaluate(call, SMALL, WEDNESDAY_NOON)

    last = decision.plan.steps[-1].slots
    assert any(s.responder_type in ("police", "fire", "ems") and s.role is not SlotRole.SUPPORT for s in last)
    assert all(any(s.responder_type != "cvi" for s in step.slots) for step in decision.plan.steps)
    assert not any(warning.startswith("engine_error") for warning in decision.warnings)
    assert 0 <= decision.priority <= 4
    assert decision.reasons


@given(CALLS)
def test_the_same_call_gets_the_same_decision(call: CallFacts) -> None:
    first, second = (evaluate(call, SMALL, WEDNESDAY_NOON) for _ in range(2))

    assert first == second
    assert as_data(first) == as_data(second)


@given(st.lists(CALLS, max_size=6))
def test_what_was_decided_before_changes_no_answer_and_no_question(calls: list[CallFacts]) -> None:
    def asked(call: CallFacts) -> object:
        return as_data(with_questions(evaluate(call, SMALL, WEDNESDAY_NOON), call, SMALL, WEDNESDAY_NOON))

    remembered = [asked(call) for call in calls]
    anew = []
    for call in calls:
        SMALL.memos.forget()
        anew.append(asked(call))

    assert remembered == anew


@given(CALLS, st.sampled_from(["narrative", "type_text", "type_code", "sender_priority", "place", "wants", "source"]))
def test_calls_that_say_something_else_do_not_rest_on_the_same(call: CallFacts, part: str) -> None:
    other = replace(call, **{part: f"{getattr(call, part)} and more"})

    assert rests_on(other, SMALL, WEDNESDAY_NOON) != rests_on(call, SMALL, WEDNESDAY_NOON)
    assert rests_on(replace(call, language="es"), SMALL, WEDNESDAY_NOON) == rests_on(call, SMALL, WEDNESDAY_NOON)


def test_a_decision_of_the_night_does_not_rest_on_what_one_of_the_day_does() -> None:
    call = CallFacts("test", narrative="suicidal")
    days = [WEDNESDAY_NOON + timedelta(hours=hour) for hour in range(24)]

    decided_by = {rests_on(call, SMALL, at): as_data(evaluate(call, SMALL, at)) for at in days}

    assert len(decided_by) > 1
    assert all(as_data(evaluate(call, SMALL, at)) == decided_by[rests_on(call, SMALL, at)] for at in days)


@settings(max_examples=300)
@given(TEXT, st.sampled_from(DANGERS))
def test_more_danger_never_makes_the_answer_milder(text: str, danger: str) -> None:
    before = decided(text)
    after = decided(f"{text} . {danger}")

    # Police that came only because nobody knew what it was may give way to fire or EMS once it is known.
    if before.reasons[0].rule != "RE-99":
        assert sworn(before) <= sworn(after)
    assert after.priority <= before.priority


@given(TEXT, st.sampled_from(("weapon", "violence", "medical", "fire_or_smoke")))
def test_an_answer_of_none_never_lowers_what_the_text_says(text: str, fact: str) -> None:
    silent, told = decided(text), decided(text, answers={fact: VOCABULARY[fact].safe_value})

    if silent.facts[fact].value != UNKNOWN:
        assert told.facts[fact].value == silent.facts[fact].value


KEYS = {"weapon": ["none", "mentioned", "used"], "place": ["vehicle", "transit"], "crime": ["none", "past"]}


def atoms() -> st.SearchStrategy[Condition]:
    def atom(key: str) -> st.SearchStrategy[Condition]:
        values = st.frozensets(st.sampled_from([*KEYS[key], UNKNOWN]), min_size=1)
        return values.map(lambda chosen: Atom(key, chosen, ""))

    topics = st.frozensets(st.sampled_from("abc"), min_size=1).map(lambda chosen: Atom("topic", chosen, ""))
    return topics | st.sampled_from(sorted(KEYS)).flatmap(atom)


CONDITIONS = st.recursive(
    atoms(),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda p: AllOf(tuple(p)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda p: AnyOf(tuple(p)))
        | inner.map(Not)
    ),
    max_leaves=6,
)
STATES = st.fixed_dictionaries({}, optional={key: st.sampled_from([*v, UNKNOWN]) for key, v in KEYS.items()})


@settings(max_examples=300)
@given(st.lists(CONDITIONS, max_size=8), STATES, st.frozensets(st.sampled_from("abcd")))
def test_the_index_finds_the_rows_that_a_plain_walk_finds(
    conditions: list[Condition], state: dict[str, str], topics: frozenset[str]
) -> None:
    index = build_index(conditions)

    tests = [compile_condition(condition) for condition in conditions]
    candidates = set(numbers_of(index.candidates(state, topics)))
    exact = set(numbers_of(index.exact))
    found = {n for n in candidates if n in exact or tests[n](state, topics) is True}
    assert found == {n for n, test in enumerate(tests) if test(state, topics) is True}


@given(st.lists(CONDITIONS, max_size=6), STATES, st.frozensets(st.sampled_from("abcd")))
def test_what_cannot_be_told_stays_a_candidate_where_asked(
    conditions: list[Condition], state: dict[str, str], topics: frozenset[str]
) -> None:
    index = build_index(conditions, keep_untold=True)

    possible = {n for n, c in enumerate(conditions) if compile_condition(c)(state, topics) is not False}
    assert possible <= set(numbers_of(index.candidates(state, topics)))
