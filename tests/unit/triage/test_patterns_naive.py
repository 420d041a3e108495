"""What the compiled lexicon finds is what a plain reading of its phrases and patterns finds, on any text."""

from dataclasses import dataclass
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.triage.context import ContextRules
from dispatch.triage.grammar import Grammar
from dispatch.triage.lexicon import Meaning, build_lexicon
from dispatch.triage.loading.grammar_text import GrammarDraft, WrittenPattern, _Member, build_grammar
from dispatch.triage.loading.problems import Problems
from dispatch.triage.model import Place
from dispatch.triage.tokens import HARD, Tokens, tokenise

HERE = Place("here", 1)
CLASSES = {"early": ("alpha", "beta"), "late": ("beta", "gamma"), "one": ("delta",)}
WORDS = ("alpha", "beta", "gamma", "delta", "other", "17", "911")
TEXTS = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([" ", " ", " ", ", ", ". "])), max_size=24).map(
    lambda parts: "".join(word + mark for word, mark in parts)
)


@dataclass(frozen=True)
class Part:
    """One part of a pattern: what it may be, and the gap before it."""

    choices: tuple[str, ...]
    gap: int
    bar: str
    only: str
    crosses: bool

    @property
    def written(self) -> str:
        return "|".join(self.choices)

    @property
    def written_gap(self) -> str:
        kept = f"^{self.bar}" if self.bar else f"={self.only}" if self.only else ""
        return f"..{self.gap}{kept}{',' if self.crosses else ''}"

    def takes(self, word: str) -> bool:
        return any(word in members(choice) for choice in self.choices)


def members(choice: str) -> tuple[str, ...]:
    if choice == "<number>":
        return ("17", "911")
    return CLASSES[choice.strip("<>")] if choice.startswith("<") else (choice,)


@st.composite
def parts(draw: st.DrawFn) -> list[Part]:
    choice = st.sampled_from(["<early>", "<late>", "<one>", "<number>", "alpha", "delta", "other", "17"])
    kept = draw(st.lists(st.sampled_from(["", "", "bar", "only"]), min_size=3, max_size=3))
    return [
        Part(
            tuple(draw(st.lists(choice, min_size=1, max_size=2, unique=True))),
            draw(st.integers(0, 3)),
            draw(st.sampled_from(sorted(CLASSES))) if kind == "bar" else "",
            draw(st.sampled_from(sorted(CLASSES))) if kind == "only" else "",
            draw(st.booleans()),
        )
        for kind in kept[: draw(st.integers(1, 3))]
    ]


def compiled(pattern: list[Part], anchor: int) -> Grammar:
    shown = ["!" * (number == anchor) + part.written for number, part in enumerate(pattern)]
    text = shown[0] + "".join(f" {p.written_gap} {s}" for p, s in zip(pattern[1:], shown[1:], strict=True))
    classes = {name: [_Member(word, HERE, 0) for word in words] for name, words in CLASSES.items()}
    problems = Problems()
    meaning = Meaning((("violence", "physical"),))
    grammar = build_grammar(GrammarDraft(classes, [WrittenPattern(text, meaning, HERE, 0)]), (), problems)
    assert problems.found == []
    return grammar


def plainly(pattern: list[Part], anchor: int, tokens: Tokens) -> set[tuple[int, int, int]]:
    """(anchor, nearest start, nearest end) of every way to lay the parts over the words, tried one by one."""
    ways: dict[int, list[tuple[int, int]]] = {}
    for places in combinations(range(len(tokens.words)), len(pattern)):
        fits = all(part.takes(tokens.words[place]) for part, place in zip(pattern, places, strict=True))
        if fits and all(
            is_bridged(part, tokens, *ends) for part, ends in zip(pattern[1:], pairwise(places), strict=True)
        ):
            ways.setdefault(places[anchor], []).append((places[0], places[-1] + 1))
    return {(at, max(low for low, _ in found), min(high for _, high in found)) for at, found in ways.items()}


def is_bridged(part: Part, tokens: Tokens, left: int, right: int) -> bool:
    between = tokens.words[left + 1 : right]
    breaks = [tokens.breaks[word] for word in range(left + 1, right + 1) if word in tokens.breaks]
    return (
        len(between) <= part.gap
        and HARD not in breaks
        and (part.crosses or not breaks)
        and not (part.bar and set(between) & set(CLASSES[part.bar]))
        and not (part.only and set(between) - set(CLASSES[part.only]))
    )


@settings(max_examples=300)
@given(parts(), st.data(), TEXTS)
def test_a_compiled_pattern_finds_what_a_plain_walk_finds(pattern: list[Part], data: st.DataObject, text: str) -> None:
    anchor = data.draw(st.integers(0, len(pattern) - 1))
    tokens = tokenise(text)

    found = compiled(pattern, anchor).find(tokens.words, tokens.breaks, 0)

    assert {(one.anchor, one.start, one.end) for one in found} == plainly(pattern, anchor, tokens)


PHRASES = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(tuple), min_size=1, max_size=8, unique=True
)


@settings(max_examples=300)
@given(PHRASES, TEXTS)
def test_the_phrases_found_are_the_longest_that_stand_there(phrases: list[tuple[str, ...]], text: str) -> None:
    lexicon = build_lexicon([(words, " ".join(words), Meaning(topics=("x",))) for words in phrases], ContextRules())
    tokens, mentions = lexicon.read(text)

    assert [(one.start, one.end) for one in mentions] == longest(phrases, tokens.words)


def longest(phrases: list[tuple[str, ...]], words: list[str]) -> list[tuple[int, int]]:
    """Every place where a phrase stands word for word; longer ones take their words first, then those further left."""
    spans = {
        (at, at + len(one)) for one in phrases for at in range(len(words)) if tuple(words[at : at + len(one)]) == one
    }
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if all(end <= low or start >= high for low, high in kept):
            kept.append((start, end))
    return sorted(kept)
