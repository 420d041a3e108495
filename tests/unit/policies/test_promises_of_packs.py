"""What every policy that ships promises, whatever a city changed: danger is never made milder, nobody is left alone."""

import random
import re
from collections.abc import Mapping
from functools import cache

import pytest
from tests.unit.policies.danger_pairs import NOON, comes, decide, milder, pairs
from tests.unit.policies.shipped import pack

from dispatch.domain.call import CallFacts
from dispatch.policies import read_parents, read_shipped, shipped_ids
from dispatch.triage.evaluate import evaluate
from dispatch.triage.facts import DANGERS, UNKNOWN, VOCABULARY
from dispatch.triage.model import COMES_TO_EVERY_CALL
from dispatch.triage.policy import Policy, load_policy

EACH = pytest.mark.parametrize("policy_id", shipped_ids())
TEXTS = ("", "\x00\ufeff", "zzz qqq", "no", "." * 300, "ñ" * 50, "he he he " * 100, "911", "👍", "a" * 5000)
GIBBERISH = ". qorv blenthic mustraphe yondel krib waxil"


@cache
def said() -> tuple[tuple[str, str], ...]:
    """Words and a danger said after them, from the phrases that all packs inherit."""
    return tuple(pairs(pack("us-default"), 2000, 7))


def some(policy_id: str, wanted: int) -> list[tuple[str, str]]:
    return random.Random(policy_id).sample(said(), wanted)


@EACH
def test_a_danger_said_as_well_never_lowers_urgency_or_who_comes(policy_id: str) -> None:
    found = [milder(pack(policy_id), text, danger) for text, danger in some(policy_id, 60)]

    assert [sentence for sentence in found if sentence] == []


@EACH
def test_every_text_is_decided_and_the_last_step_is_somebody_who_comes(policy_id: str) -> None:
    policy = pack(policy_id)
    types = random.Random(policy_id).sample(sorted(policy.incident_types), 20)
    calls = [CallFacts("promises", code or None, None, text or "?") for text in TEXTS for code in (None, *types[:3])]
    calls += [CallFacts("promises", code, None, text) for code in types for text, _ in some(policy_id, 2)]

    for call in calls:
        decision = evaluate(call, policy, NOON)
        steps = decision.plan.steps
        assert all(step.slots for step in steps), call
        comes_at_last = {slot.responder_type for slot in steps[-1].slots} & COMES_TO_EVERY_CALL
        assert comes_at_last or decision.needs_human, call  # a desk's plan may end otherwise, and says so


@EACH
def test_a_danger_that_nobody_spoke_of_is_never_safer_than_one_denied(policy_id: str) -> None:
    """Unknown brings at least the urgency, and whoever must come, that an answer of "none" would bring."""
    policy = pack(policy_id)
    for text, _ in some(policy_id, 12):
        silent = decide(policy, text)
        for fact in DANGERS:
            if fact in silent.facts and silent.facts[fact].value != UNKNOWN:
                continue
            answers = {fact: VOCABULARY[fact].safe_value}
            denied = evaluate(CallFacts(source="pairs", narrative=text, answers=answers), policy, NOON)
            assert silent.priority <= denied.priority, (text, fact)
            assert comes(denied) <= comes(silent), (text, fact)


@EACH
def test_words_that_nobody_understood_never_make_an_answer_milder(policy_id: str) -> None:
    policy = pack(policy_id)
    for text, danger in some(policy_id, 12):
        plain, more = decide(policy, danger), decide(policy, f"{danger}{GIBBERISH}")
        assert more.priority <= plain.priority, (text, danger)
        assert comes(plain) <= comes(more), (text, danger)


def shuffled(policy_id: str, *, rows_too: bool) -> Policy:
    """The policy from its files in another order; rows_too: with the rows of its floor tables in another one too."""
    draw = random.Random(f"order of {policy_id}")
    own = read_shipped(policy_id)

    def mixed(texts: Mapping[str, str]) -> dict[str, str]:
        files = draw.sample(list(texts.items()), len(texts))
        return {name: _mixed_rows(text, draw) if rows_too else text for name, text in files}

    return load_policy(mixed(own), parents={name: mixed(texts) for name, texts in read_parents(own).items()})


def _mixed_rows(text: str, draw: random.Random) -> str:
    head, *rows = re.split(r"^(?=  - id: )", text, flags=re.MULTILINE)
    if not re.search(r"^floor: true$", head, flags=re.MULTILINE):
        return text
    whole = [row if row.endswith("\n") else f"{row}\n" for row in rows]
    return head + "".join(draw.sample(whole, len(whole)))


@pytest.mark.parametrize("policy_id", shipped_ids()[::6])  # reading takes the time, so not all of them
def test_the_order_in_which_its_files_are_read_changes_no_decision(policy_id: str) -> None:
    policy, other = pack(policy_id), shuffled(policy_id, rows_too=False)

    assert policy.sha256 == other.sha256
    assert [decide(policy, text) for text, _ in some(policy_id, 12)] == [
        decide(other, text) for text, _ in some(policy_id, 12)
    ]


@pytest.mark.parametrize("policy_id", ["us-default", "denver-star", "la-county-matrix", "virginia-marcus-alert"])
def test_the_order_of_rows_on_the_floor_changes_neither_urgency_nor_who_must_come(policy_id: str) -> None:
    policy, other = pack(policy_id), shuffled(policy_id, rows_too=True)
    assert [row.id for row in policy.rows] != [row.id for row in other.rows]

    for text, danger in some(policy_id, 150):
        ours, theirs = decide(policy, f"{text}. {danger}"), decide(other, f"{text}. {danger}")
        assert (ours.priority, comes(ours), ours.needs_human) == (theirs.priority, comes(theirs), theirs.needs_human), (
            text,
            danger,
        )
