"""The compiled lexicon: every phrase and context marker of a policy found in one linear pass over the text."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from dispatch.triage.context import AFFIRMED, NO_MARK, ContextRules, Mark, context_of
from dispatch.triage.grammar import EMPTY_GRAMMAR, Found, Grammar, Taken, counted
from dispatch.triage.tokens import Tokens, tokenise
from dispatch.triage.understanding import ANYTHING_GOES, Understanding

_CHUNK_WORDS = 20_000  # bounds memory on hostile text; a mention at a seam is read from the chunk it starts in
_SEAM_WORDS = 40  # more than the longest reach plus the longest phrase

Marked = tuple[int, int, Mark]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an entry of the lexicon says. denial: "none", "unknown" or "" for the default of each fact.

    is_doubt: the words may mean danger and nobody can tell from them.
    """

    facts: tuple[tuple[str, str], ...] = ()
    topics: tuple[str, ...] = ()
    incident_type: str | None = None
    is_negatable: bool = True
    denial: str = ""
    is_doubt: bool = False


# A tuple, because a long text makes many and a frozen dataclass takes four times as long to make.
class Mention(NamedTuple):
    """A phrase found in a text, the words it took (half open) and the context it stands in."""

    phrase: str
    meaning: Meaning
    start: int
    end: int
    context: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """phrases: written form and meaning; a Mark instead of a meaning is a context marker; None is a homonym.
    patterns: the same for the patterns of the grammar, by their numbers.

    lengths: words of each phrase. ranks: of two that overlap the lower one keeps its words.
    """

    automaton: AhoCorasick | None
    phrases: tuple[tuple[str, "Meaning | Mark | None"], ...]
    lengths: tuple[int, ...]
    ranks: tuple[int, ...]
    rules: ContextRules
    grammar: Grammar = EMPTY_GRAMMAR
    patterns: tuple[tuple[str, Meaning | None], ...] = ()
    understanding: Understanding = ANYTHING_GOES

    def read(self, text: str) -> "tuple[Tokens, Iterator[Mention]]":
        """The words of the text and, lazily, each mention: of phrases in order of place, then of patterns."""
        tokens = tokenise(text)
        return tokens, self._mentions(tokens)

    def unknown_words(self, tokens: Tokens, *, nothing_read: bool) -> tuple[int, ...]:
        """The first words that the policy has never heard of, when they are too many to understand the rest."""
        return self.understanding.unknown(tokens.words, self.grammar.known, nothing_read=nothing_read)

    def _mentions(self, tokens: Tokens) -> Iterator[Mention]:
        if len(tokens.words) <= _CHUNK_WORDS:
            yield from self._mentions_in(tokens, tokens.words, 0)
            return
        for first in range(0, len(tokens.words), _CHUNK_WORDS):
            last = first + _CHUNK_WORDS
            left = max(0, first - _SEAM_WORDS)
            for mention in self._mentions_in(tokens, tokens.words[left : last + _SEAM_WORDS], left):
                if first <= mention.start < last:
                    yield mention

    def _mentions_in(self, tokens: Tokens, words: list[str], left: int) -> Iterator[Mention]:
        phrases = self.phrases
        spans = self._longest_first(words)
        marks = [
            (start + left, start + left + self.lengths[number], mark)
            for start, number in spans
            if isinstance(mark := phrases[number][1], Mark) and mark is not NO_MARK
        ]
        for start, number in spans:
            phrase, meaning = phrases[number]
            if isinstance(meaning, Meaning):
                first = start + left
                yield self._mention(phrase, meaning, first, first + self.lengths[number], marks, tokens)
        patterns = self.grammar.find(words, tokens.breaks, left) if self.patterns else ()
        if patterns:
            for found in counted(patterns, self._taken(spans, left)):
                yield self._pattern_mention(found, marks, tokens)

    def _mention(
        self, phrase: str, meaning: Meaning, start: int, end: int, marks: Sequence[Marked], tokens: Tokens
    ) -> Mention:
        context = AFFIRMED
        if marks and meaning.is_negatable:
            context = context_of(start, end, marks, tokens, self.rules)
        return Mention(phrase, meaning, start, end, context)

    def _pattern_mention(self, found: Found, marks: Sequence[Marked], tokens: Tokens) -> Mention:
        """Markers between the words of a pattern do not speak of it."""
        written, meaning = self.patterns[found.pattern.number]
        near = _around(marks, found)
        assert meaning is not None  # noqa: S101
        return self._mention(written, meaning, found.start, found.end, near, tokens)

    def _taken(self, spans: Sequence[tuple[int, int]], left: int) -> Taken:
        harmless: set[int] = set()
        read: set[int] = set()
        for start, number in spans:
            meaning = self.phrases[number][1]
            if not isinstance(meaning, Mark):
                (read if meaning else harmless).update(range(start + left, start + left + self.lengths[number]))
        return Taken(frozenset(harmless), frozenset(read | harmless))

    def _longest_first(self, words: list[str]) -> list[tuple[int, int]]:
        """(first word, phrase number) of the matches without overlap, in order of place."""
        if self.automaton is None:
            return []
        # Each word stands between its own spaces: a match covers whole words and neighbours never share a space.
        found = self.automaton.find_matches_as_indexes(" " + "  ".join(words) + " ", overlapping=True)
        if not found:
            return []
        places = list(accumulate([len(word) + 2 for word in words]))
        ranks, lengths = self.ranks, self.lengths
        ranked = [(ranks[number], bisect_right(places, start), number) for number, start, _ in found]
        ranked.sort()
        taken = bytearray(len(words))
        kept = []
        for _, first, number in ranked:
            length = lengths[number]
            if taken.find(1, first, first + length) < 0:
                taken[first : first + length] = b"\x01" * length
                kept.append((first, number))
        kept.sort()
        return kept


def _around(marks: Sequence[Marked], found: Found) -> list[Marked]:
    """The markers near the pattern that are not within it; near by bisection, for a long text has many of both."""
    low = bisect_left(marks, found.start - _SEAM_WORDS, key=itemgetter(0))
    high = bisect_left(marks, found.end + _SEAM_WORDS, key=itemgetter(0))
    return [mark for mark in marks[low:high] if mark[1] <= found.start or mark[0] >= found.end]


def build_lexicon(
    phrases: Sequence[tuple[tuple[str, ...], str, "Meaning | Mark | None"]],
    rules: ContextRules,
    grammar: Grammar = EMPTY_GRAMMAR,
    patterns: tuple[tuple[str, Meaning | None], ...] = (),
    understanding: Understanding = ANYTHING_GOES,
) -> Lexicon:
    """phrases: folded words, written form, meaning. Of equal phrases the first one counts.

    Of two that overlap the longer one keeps its words; of equal ones a phrase goes before a marker: in "is not
    breathing" the words "not breathing" belong together.
    """
    unique: dict[tuple[str, ...], tuple[str, Meaning | Mark | None]] = {}
    for words, written, meaning in phrases:
        unique.setdefault(words, (written, meaning))
    searched = [" " + "  ".join(words) + " " for words in unique]
    automaton = AhoCorasick(searched, matchkind=MatchKind.Standard) if searched else None
    ranks = tuple(
        (isinstance(meaning, Mark) and meaning is not NO_MARK) - 2 * len(words)
        for words, (_, meaning) in unique.items()
    )
    lengths = tuple(len(words) for words in unique)
    return Lexicon(automaton, tuple(unique.values()), lengths, ranks, rules, grammar, patterns, understanding)
