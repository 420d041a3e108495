"""The compiled lexicon: every phrase and context marker of a policy found in one linear pass over the text."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ahocorasick_rs import AhoCorasick, MatchKind

from dispatch.triage.context import ContextRules, Mark, context_of
from dispatch.triage.tokens import Tokens, tokenise

_CHUNK_WORDS = 20_000  # bounds memory on hostile text; a mention at a seam is read from the chunk it starts in
_SEAM_WORDS = 40  # more than the longest reach plus the longest phrase


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an entry of the lexicon says. denial: "none", "unknown" or "" for the default of each fact."""

    facts: tuple[tuple[str, str], ...] = ()
    topics: tuple[str, ...] = ()
    incident_type: str | None = None
    is_negatable: bool = True
    denial: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase found in a text, the words it took (half open) and the context it stands in."""

    phrase: str
    meaning: Meaning
    start: int
    end: int
    context: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """phrases: written form and meaning; a Mark instead of a meaning is a context marker; None is a homonym."""

    automaton: AhoCorasick | None
    phrases: tuple[tuple[str, "Meaning | Mark | None"], ...]
    lengths: tuple[int, ...]
    rules: ContextRules

    def read(self, text: str) -> "tuple[Tokens, Iterator[Mention]]":
        """The words of the text and, lazily, each mention in order of place."""
        tokens = tokenise(text)
        return tokens, self._mentions(tokens)

    def _mentions(self, tokens: Tokens) -> Iterator[Mention]:
        if self.automaton is None:
            return
        for first in range(0, len(tokens.words), _CHUNK_WORDS):
            last = first + _CHUNK_WORDS
            left, right = max(0, first - _SEAM_WORDS), last + _SEAM_WORDS
            for mention in self._mentions_in(self.automaton, tokens, left, right):
                if first <= mention.start < last:
                    yield mention

    def _mentions_in(self, automaton: AhoCorasick, tokens: Tokens, left: int, right: int) -> Iterator[Mention]:
        words = tokens.words if right >= len(tokens.words) and not left else tokens.words[left:right]
        # Each word stands between its own spaces: a match covers whole words and neighbours never share a space.
        found = automaton.find_matches_as_indexes(" " + "  ".join(words) + " ", overlapping=True)
        if not found:
            return
        spans = _longest_first(self._spans(found, words, left), self.phrases)
        marks = [(start, end, mark) for start, end, n in spans if isinstance(mark := self.phrases[n][1], Mark)]
        for start, end, number in spans:
            phrase, meaning = self.phrases[number]
            if isinstance(meaning, Meaning):
                context = "affirmed"
                if meaning.is_negatable:
                    context = context_of(start, end, marks, tokens, self.rules)
                yield Mention(phrase, meaning, start, end, context)

    def _spans(self, found: list[tuple[int, int, int]], words: list[str], left: int) -> list[tuple[int, int, int]]:
        """(first word, one past last word, phrase number) of each match."""
        places = list(accumulate([len(word) + 2 for word in words], initial=0))
        spans = []
        for number, start, _ in found:
            first = bisect_left(places, start) + left
            spans.append((first, first + self.lengths[number], number))
        return spans


def _longest_first(
    spans: list[tuple[int, int, int]], phrases: "tuple[tuple[str, Meaning | Mark | None], ...]"
) -> list[tuple[int, int, int]]:
    """Spans without overlap, in order of place; of two that overlap the longer one keeps its words.

    Of equal ones a phrase goes before a marker: in "is not breathing" the words "not breathing" belong together.
    """
    if len(spans) < 2:
        return spans
    taken: set[int] = set()
    kept = []
    for span in sorted(spans, key=lambda s: (s[0] - s[1], isinstance(phrases[s[2]][1], Mark), s[0], s[2])):
        covered = range(span[0], span[1])
        if taken.isdisjoint(covered):
            taken.update(covered)
            kept.append(span)
    kept.sort()
    return kept


def build_lexicon(
    phrases: Sequence[tuple[tuple[str, ...], str, "Meaning | Mark | None"]], rules: ContextRules
) -> Lexicon:
    """phrases: folded words, written form, meaning. Of equal phrases the first one counts."""
    unique: dict[tuple[str, ...], tuple[str, Meaning | Mark | None]] = {}
    for words, written, meaning in phrases:
        unique.setdefault(words, (written, meaning))
    patterns = [" " + "  ".join(words) + " " for words in unique]
    automaton = AhoCorasick(patterns, matchkind=MatchKind.Standard) if patterns else None
    return Lexicon(automaton, tuple(unique.values()), tuple(len(words) for words in unique), rules)
