"""Patterns over word classes: what they find, what sets them aside, and what they cost."""

import sys
from types import FrameType
from typing import Any

import pytest
from tests.unit.triage.small_policy import TEXTS, a_policy, decided

from dispatch.domain.errors import PolicyInvalid
from dispatch.triage.policy import Policy, load_policy

CITY = "policy: city\nversion: 1\nextends: small\n"
CLASSES = """\
lexicon: grammar
language: en
classes:
  person: [man, woman, him, her, people, <relative>]
  relative: [brother~, mother~]
  owner: [her, brothers]
  thing: [car~, door~, ball~]
  hurt: [clobber~, throttle~, jump~]
  small: [a, the, my, an, old]
  may_hurt: [prod~]
"""
ENTRIES = """\
entries:
  - facts: {violence: physical}
    patterns: ["<hurt> ..2 <person>", "<person> ..1 was ..1 <hurt>"]
  - fact: weapon
    value: in_hand
    patterns: ["wav~ ..2^thing <person> around", "shout~ ..2=small <person>"]
  - fact: medical
    value: life_threat
    negatable: false
    patterns: ["blue ..3, <relative>"]
  - nothing: look-alike
    patterns: ["<hurt> <owner> <thing>", "<hurt> ..1 start"]
  - nothing: homonym
    phrases: [throttle body]
  - doubt: nobody can tell
    patterns: ["<may_hurt> ..3 <person>"]
"""


def a_grammar(entries: str = ENTRIES, classes: str = CLASSES) -> Policy:
    return a_policy(**{"lexicon/grammar.yaml": classes + entries})


POLICY = a_grammar()


def violence(text: str, policy: Policy = POLICY) -> str:
    return decided(text, policy=policy).facts["violence"].value


@pytest.mark.parametrize(
    "said",
    [
        "clobbered a man",
        "clobbers my old brother",
        "he is clobberin him",
        "CLOBBERING HER",
        "clobering the woman",
        "clobbred people",
        "man was badly clobbered",
        "the brothers clobbered, clobbered him",
    ],
)
def test_a_verb_and_its_person_are_found_in_every_form(said: str) -> None:
    assert violence(said) == "physical"


@pytest.mark.parametrize(
    "said",
    ["clobbered", "a man", "clobbered one two three him", "clobbered. him", "clobbered, him", "clobber\nhim"],
)
def test_a_gap_ends_with_its_words_its_clause_and_its_line(said: str) -> None:
    assert violence(said) == "unknown"


def test_a_gap_may_cross_a_comma_only_where_the_pattern_says_so() -> None:
    assert decided("blue lips, my brother", policy=POLICY).facts["medical"].value == "life_threat"
    assert decided("blue lips. my brother", policy=POLICY).facts["medical"].value == "unknown"


def test_words_that_may_not_or_alone_may_stand_between_are_kept_to() -> None:
    def weapon(text: str) -> str:
        return decided(text, policy=POLICY).facts["weapon"].value

    assert [weapon(t) for t in ("waving a man around", "waving car man around")] == ["in_hand", "unknown"]
    assert [weapon(t) for t in ("shouting the man", "shouting loud man")] == ["in_hand", "unknown"]


def test_a_pattern_stands_in_its_context_like_a_phrase() -> None:
    assert violence("no, he denies clobbering a man") == "unknown"
    assert decided("denies clobbering a man", policy=POLICY).facts["violence"].note == "denied:physical"
    assert decided("clobbered a man last year", policy=POLICY).facts["violence"].note == "past:physical"
    assert decided("possibly clobbered a man", policy=POLICY).facts["violence"].note == "uncertain"


def test_a_harmless_pattern_sets_aside_what_is_not_longer_than_itself() -> None:
    assert violence("clobbered her car") == "unknown"
    assert violence("clobbered her") == "physical"
    assert violence("clobbered her car and clobbered her") == "physical"
    assert violence("jump the start, man") == "unknown"


def test_a_homonym_takes_the_verb_away() -> None:
    assert violence("throttle body him") == "unknown"
    assert violence("throttle him") == "physical"


def test_words_that_only_look_like_a_denial_hide_no_pattern() -> None:
    """ "Wont let" denies nothing that follows, and is itself part of "wont let her out"."""
    policy = a_policy(
        **{
            "lexicon/grammar.yaml": CLASSES.replace("  may_hurt:", "  cant: [wont, cannot]\n  may_hurt:")
            + "entries:\n  - facts: {violence: physical}\n    patterns: ['!<cant> let ..1 <person> ..1 out']\n",
            "context/en.yaml": "context: en\nlanguage: en\nmarkers: []\npseudo: [wont let]\n",
        }
    )

    assert violence("he wont let him out", policy) == "physical"
    assert violence("he cannot let him out", policy) == "physical"


def test_the_evidence_of_a_pattern_is_the_whole_span_and_names_the_pattern() -> None:
    (evidence,) = decided("RP: clobbered  my OLD brother!", policy=POLICY).facts["violence"].evidence

    assert (evidence.quote, evidence.phrase) == ("clobbered  my OLD brother", "<hurt> ..2 <person>")


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ('entries: [{fact: injury, value: "yes", patterns: ["<nobody> him"]}]', "unknown_word_class"),
        ('entries: [{fact: injury, value: "yes", patterns: ["..2 him"]}]', "pattern"),
        ('entries: [{fact: injury, value: "yes", patterns: ["him ..2"]}]', "pattern"),
        ('entries: [{fact: injury, value: "yes", patterns: ["a ..9 b ..9 c"]}]', "pattern"),
        ('entries: [{fact: injury, value: "yes", patterns: ["<hurt him"]}]', "pattern"),
        ('entries: [{fact: injury, value: "yes", patterns: ["a ..10 b"]}]', "pattern"),
        ('entries: [{nothing: x, of: vilence, patterns: ["a b"]}]', "unknown_fact"),
        ("entries: [{doubt: x, phrases: [a b]}]", "doubt"),
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused_where_it_stands(entries: str, code: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        a_grammar(entries)

    (problem,) = refused.value.errors
    assert problem.code == code
    assert problem.pointer.startswith("lexicon/grammar.yaml:")


def test_a_class_holds_single_words_and_classes_that_exist() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        a_grammar("entries: []", CLASSES + "  bad: [two words, <nobody>, <bad>]\n")

    assert [problem.code for problem in refused.value.errors] == [
        "class_word",
        "unknown_word_class",
        "unknown_word_class",
    ]


def a_pack(text: str) -> Policy:
    texts = {"policy.yaml": CITY, "lexicon/own.yaml": text}
    return load_policy(texts, parents={"small": {**TEXTS, "lexicon/grammar.yaml": CLASSES + ENTRIES}})


def test_a_pack_may_add_people_and_verbs() -> None:
    mine = a_pack("lexicon: own\nclasses: {hurt: [wallop~], person: [cobber]}\nentries: []\n")

    assert violence("walloped a cobber", mine) == "physical"


def test_a_pack_cannot_make_an_inherited_danger_harmless() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        a_pack("lexicon: own\nclasses: {thing: [brother]}\nentries: []\n")
    assert [problem.code for problem in refused.value.errors] == ["weakens_floor"]

    mine = a_pack('lexicon: own\nentries: [{nothing: mine, patterns: ["clobber~ him"]}]\n')
    assert violence("clobbered him", mine) == "physical"


def test_doubt_counts_only_where_nothing_has_read_the_word() -> None:
    assert "understood" in decided("prodding a man", policy=POLICY).facts
    assert "understood" not in decided("prodding a hedge", policy=POLICY).facts
    assert "understood" not in decided("no prodding a man", policy=POLICY).facts


def _work(text: str) -> int:
    """Calls of Python functions while the text is read, which no machine makes slower."""
    calls = 0

    def count(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        for _ in POLICY.lexicon.read(text)[1]:
            pass
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "unit",
    [
        "clobber ",
        "clobber man ",
        "her car jump ",
        "man was clobber a ",
        "jump start ",
        "blue , ",
        "prod prod him. ",
        "a ",
    ],
)
def test_work_grows_with_the_text_and_not_faster(unit: str) -> None:
    _work(unit * 10)
    once, twice = _work(unit * 2_000), _work(unit * 4_000)

    assert twice <= 2.1 * once
    assert once <= 300 * len((unit * 2_000).split()) + 1_000
