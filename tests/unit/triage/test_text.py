"""Words, offsets, inflections and the lexicon's choice among overlapping phrases."""

import sys
from itertools import pairwise
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.triage.small_policy import SMALL, WEDNESDAY_NOON, decided

from dispatch.domain.call import CallFacts
from dispatch.triage.evaluate import evaluate
from dispatch.triage.inflections import inflections
from dispatch.triage.tokens import HARD, SOFT, tokenise, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't", ("dont",)),
        ("don`t", ("dont",)),
        ("W/KNIFE", ("w", "knife")),
        ("ESTÁ HERIDO", ("esta", "herido")),
        ("ﬁre Ｆｉｒｅ", ("fire", "fire")),
        ("sho\u200bts  fired", ("shots", "fired")),
        ("nin\u0303o", ("nino",)),
        ("10-33", ("10", "33")),
        ("  \x00 ,, ", ()),
        ("knife🔪👩🏽\u200d🦰\ufe0f \ufffd", ("knife", "🔪", "👩", "🦰", "\ufffd")),
        ("他有刀，快来", ("他有刀", "快来")),
    ],
)
def test_words_are_folded_alike_in_policies_and_texts(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@given(st.text())
def test_each_word_lies_where_its_offsets_say(text: str) -> None:
    tokens = tokenise(text)

    spans = [tokens.span(i, i + 1) for i in range(len(tokens.words))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert all(words_of(text[start:end]) == (word,) for (start, end), word in zip(spans, tokens.words, strict=True))


def test_sentence_ends_are_hard_and_commas_soft() -> None:
    tokens = tokenise("a. b, c - d // e-f")

    assert tokens.breaks == {1: HARD, 2: SOFT, 3: SOFT, 4: HARD}


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("waving", {"wave", "waves", "waved", "waving"}),
        ("punch", {"punch", "punches", "punched", "punching"}),
        ("stab", {"stab", "stabs", "stabbed", "stabbing"}),
        ("stabbing", {"stab", "stabs", "stabbed", "stabbing"}),
        ("knife", {"knife", "knives"}),
        ("party", {"party", "parties"}),
        ("threatening", {"threaten", "threatens", "threatened"}),
        ("yelling", {"yell", "yells", "yelled"}),
    ],
)
def test_a_marked_word_also_stands_for_its_inflections(word: str, forms: set[str]) -> None:
    assert forms <= set(inflections(word))


def test_evidence_points_at_the_text_as_it_was_received() -> None:
    text = "RP ADV — Señor is  HOLDING   A\nKNIFE ﬁrmly"
    text = text.replace("A\nKNIFE", "A KNIFE")

    (evidence,) = decided(text).facts["weapon"].evidence

    assert text[evidence.start : evidence.end] == evidence.quote == "HOLDING   A KNIFE"
    assert (evidence.text_of, evidence.phrase) == ("narrative", "holding a knife")


@given(st.text(max_size=40), st.text(max_size=40))
def test_evidence_quotes_the_original_whatever_surrounds_it(before: str, after: str) -> None:
    text = f"{before} Stabbing {after}"

    evidence = decided(text).facts["weapon"].evidence

    assert evidence
    assert all(text[e.start : e.end] == e.quote for e in evidence)


def test_the_longest_phrase_takes_its_words() -> None:
    decision = decided("he is holding a knife")

    assert decision.facts["weapon"].value == "in_hand"
    assert [e.quote for e in decision.facts["weapon"].evidence] == ["holding a knife"]


@pytest.mark.parametrize("text", ["using a nail gun", "bought a knife sharpener", "the fire department left"])
def test_a_homonym_is_no_danger(text: str) -> None:
    facts = decided(text).facts

    assert (facts["weapon"].value, facts["fire_or_smoke"].value) == ("unknown", "unknown")


def test_a_phrase_is_whole_words_only() -> None:
    assert decided("begun firewood").facts["weapon"].value == "unknown"


def lines_run(text: str) -> int:
    """How many lines of Python deciding about the text takes: work that no busy machine changes."""
    lines = 0

    def count(_frame: FrameType, _event: str, _arg: Any) -> Any:
        nonlocal lines
        lines += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        evaluate(CallFacts("test", narrative=text), SMALL, WEDNESDAY_NOON)
    finally:
        sys.settrace(before)
    return lines


HOSTILE = ("gun ", "no ", "no gun, or ", "holding a ", "a", "é\u200b ", "'", "- ", "\n", "no, ", "\u0301", "ﬃ ")


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_takes_work_in_proportion_to_its_length(unit: str) -> None:
    small, large = (lines_run(unit * (words * 4 // len(unit))) for words in (2_500, 25_000))

    assert large < 12 * small + 2_000  # ten times the text, over the seam of two chunks
