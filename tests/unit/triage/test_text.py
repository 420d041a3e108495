"""Words, offsets, inflections and the lexicon's choice among overlapping phrases."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.triage.small_policy import SMALL, decided

from dispatch.triage.inflections import inflections
from dispatch.triage.tokens import HARD, SOFT, tokenise, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't", ("dont",)),
        ("W/KNIFE", ("w", "knife")),
        ("ESTÁ HERIDO", ("esta", "herido")),
        ("ﬁre Ｆｉｒｅ", ("fire", "fire")),
        ("sho\u200bts  fired", ("shots", "fired")),
        ("nin\u0303o", ("nino",)),
        ("10-33", ("10", "33")),
        ("  \x00 ,, ", ()),
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


@pytest.mark.parametrize("unit", ["gun ", "no ", "no gun, or ", "a", "holding a ", "é\u200b ", "'", "- ", "\n"])
def test_reading_hostile_text_takes_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        started = time.perf_counter()
        _, mentions = SMALL.lexicon.read(text)
        for _ in mentions:
            pass
        return time.perf_counter() - started

    small, large = seconds(40_000), seconds(320_000)

    assert large < 24 * small + 0.5  # eight times the text; three times that for a busy machine
