"""Questions are worked out from what changes alone, and say what a whole new evaluation would say."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.triage.small_policy import SMALL, WEDNESDAY_NOON
from tests.unit.triage.test_promises import CALLS

from dispatch.domain.call import CallFacts
from dispatch.policies import load_shipped
from dispatch.triage.decision import TriageDecision
from dispatch.triage.evaluate import evaluate
from dispatch.triage.facts import UNKNOWN, VOCABULARY
from dispatch.triage.policy import Policy
from dispatch.triage.questions import with_questions

US_DEFAULT = load_shipped("us-default")
WORDS = st.lists(
    st.sampled_from(
        (
            *("loud music", "welfare check", "theft", "man down", "chest pain", "he has a gun", "no weapons", "crash"),
            *("suicidal", "his girlfriend", "yelling", "burglary", "fire alarm", "drunk", "two days ago", "on the bus"),
        )
    ),
    min_size=1,
    max_size=4,
).map(", ".join)


def shown(decision: TriageDecision) -> str:
    first = [slot.program or slot.responder_type for slot in decision.plan.steps[0].slots]
    return f"{decision.category.value}, priority {decision.priority}, {' + '.join(dict.fromkeys(first))} first"


def answered(call: CallFacts, policy: Policy, fact: str, value: str) -> TriageDecision:
    return evaluate(replace(call, answers={**call.answers, fact: value}), policy, WEDNESDAY_NOON)


def check(call: CallFacts, policy: Policy) -> None:
    decision = evaluate(call, policy, WEDNESDAY_NOON)
    asked = with_questions(decision, call, policy, WEDNESDAY_NOON)
    told = {}
    for question in asked.questions:
        for part in question.changes.split("; "):
            values, _, outcome = part.partition(": ")
            told.update({(question.fact, value): outcome for value in values.split(" or ")})

    assert {pair: shown(answered(call, policy, *pair)) for pair in told} == told
    silent = {question.fact for question in asked.questions} if len(asked.questions) < 5 else set(policy.asked_facts)
    for fact in set(policy.asked_facts) - silent:
        if fact not in decision.facts or decision.facts[fact].value == UNKNOWN:
            for value in VOCABULARY[fact].values:
                assert shown(answered(call, policy, fact, value)) == shown(decision)


@settings(max_examples=60)
@given(CALLS)
def test_a_question_of_the_small_policy_says_what_a_new_evaluation_says(call: CallFacts) -> None:
    check(call, SMALL)


@settings(max_examples=60)
@given(WORDS, WORDS)
def test_a_question_of_the_national_default_says_what_a_new_evaluation_says(type_text: str, narrative: str) -> None:
    check(CallFacts(source="s", type_text=type_text, narrative=narrative), US_DEFAULT)


def test_a_remembered_answer_is_the_answer() -> None:
    call = CallFacts(source="s", narrative="he has a gun")
    fresh = load_shipped("us-default")

    assert with_questions(evaluate(call, fresh, WEDNESDAY_NOON), call, fresh, WEDNESDAY_NOON) == with_questions(
        evaluate(call, US_DEFAULT, WEDNESDAY_NOON), call, US_DEFAULT, WEDNESDAY_NOON
    )
