"""Patterns over word classes, such as `<strike> ..3 <person>`, found beside the phrases in linear time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from dispatch.triage.tokens import HARD

LONGEST_SPAN = 16  # words that a pattern may cover; bounds the work per word

AFTER_COMMA = 1  # the bit of a word that stands after a comma or a lone dash; no class has it


@dataclass(frozen=True, slots=True)
class Step:
    """One step away from the anchor: at most `gap` words, none of `bar` and all of `only` (0: any), and then a word of
    `classes`. crosses: the step may pass a comma.
    """

    gap: int
    bar: int
    only: int
    crosses: bool
    classes: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """The anchor is the word that the search starts from; `before` and `after` walk away from it, nearest first.

    needs: the classes of every step; a text without a word of one of them cannot hold the pattern.
    sets_aside: it says that the anchor is harmless here. facts: those it speaks of; one that sets aside touches only
    patterns that speak of one of them, or all when it names none. is_doubt: it counts only where nothing else read the
    anchor. layer: 0 is the root policy; what a pack sets aside never touches what it inherits.
    """

    number: int
    needs: tuple[int, ...]
    before: tuple[Step, ...]
    after: tuple[Step, ...]
    sets_aside: bool = False
    is_doubt: bool = False
    facts: frozenset[str] = frozenset()
    layer: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A pattern in a text: the words from start to end (half open)."""

    start: int
    end: int
    anchor: int
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Grammar:
    """classes: word -> bits of the classes it is in. anchored: word -> patterns that start from it. numeral: the bits
    of words that are whole numbers; counting: patterns that start from any of these. known: every word that the policy
    has been told of, harmless ones too.
    """

    classes: Mapping[str, int]
    anchored: Mapping[str, tuple[Pattern, ...]]
    numeral: int = 0
    known: frozenset[str] = frozenset()
    counting: tuple[Pattern, ...] = ()

    def find(self, words: Sequence[str], breaks: Mapping[int, int], first: int) -> list[Found]:
        """Every pattern that holds, harmless ones too; counted() says which count. first: the number of words[0]."""
        anchored, counting = self.anchored, self.counting
        places = [place for place, word in enumerate(words) if word in anchored or (counting and word.isdigit())]
        if not places:
            return []
        bits = self._bits(words, breaks, first)
        there = reduce(or_, bits)
        found: list[Found] = []
        for place in places:
            patterns = _possible(anchored.get(words[place], counting), there)
            if patterns:
                found += _found_at(place, bits, patterns, _clause(place, len(words), breaks, first), first)
        return found

    def _bits(self, words: Sequence[str], breaks: Mapping[int, int], first: int) -> list[int]:
        classes, numeral = self.classes, self.numeral
        bits = [classes[word] if word in classes else numeral if word.isdigit() else 0 for word in words]
        if breaks:
            for number in range(len(bits)):
                if number + first in breaks:
                    bits[number] |= AFTER_COMMA
        return bits


_Asides = dict[int, dict[tuple[int, frozenset[str]], int]]  # word -> layer and facts -> longest that sets it aside


@dataclass(frozen=True, slots=True)
class Taken:
    """Words that phrases took: harmless by homonyms, read by all."""

    harmless: frozenset[int]
    read: frozenset[int]


EMPTY_GRAMMAR = Grammar({}, {})


def _possible(patterns: Sequence[Pattern], there: int) -> list[Pattern]:
    """Those whose every step has a word in the text; nearly all fall away here, so this loop is the cost of a text."""
    possible = []
    for one in patterns:
        for need in one.needs:
            if not need & there:
                break
        else:
            possible.append(one)
    return possible


def _found_at(
    place: int, bits: Sequence[int], patterns: Sequence[Pattern], clause: tuple[int, int], first: int
) -> list[Found]:
    found = []
    for pattern in patterns:
        start = _walk(bits, place, pattern.before, -1, clause)
        if start is None:
            continue
        last = _walk(bits, place, pattern.after, 1, clause)
        if last is not None:
            found.append(Found(first + start, first + last + 1, first + place, pattern))
    return found


def _clause(place: int, count: int, breaks: Mapping[int, int], first: int) -> tuple[int, int]:
    """The words around the place that no end of a sentence divides from it, within the longest span."""
    low, high = max(0, place - LONGEST_SPAN + 1), min(count, place + LONGEST_SPAN)
    if breaks:
        low = next((word for word in range(place, low, -1) if breaks.get(word + first) == HARD), low)
        high = next((word for word in range(place + 1, high) if breaks.get(word + first) == HARD), high)
    return low, high


def _walk(bits: Sequence[int], at: int, steps: Sequence[Step], way: int, clause: tuple[int, int]) -> int | None:
    """The nearest place where the last step can stand. Places are a set, so the work is steps times span."""
    places = {at}
    for step in steps:
        reached: set[int] = set()
        for place in places:
            _step(bits, place, step, way, clause, reached)
        if not reached:
            return None
        places = reached
    return min(places) if way > 0 else max(places)


def _step(bits: Sequence[int], place: int, step: Step, way: int, clause: tuple[int, int], reached: set[int]) -> None:
    """Adds every place that one step from here can reach."""
    low, high = clause
    for _ in range(step.gap + 1):
        entered = place + 1 if way > 0 else place
        place += way
        if not low <= place < high or (bits[entered] & AFTER_COMMA and not step.crosses):
            return
        word = bits[place]
        if word & step.classes:
            reached.add(place)
        if word & step.bar or (step.only and not word & step.only):
            return


def counted(found: list[Found], taken: Taken) -> list[Found]:
    """In order of place, without what is set aside, and without doubt about words that something else has read.

    A harmless pattern sets aside what is not longer than itself, and every doubt: "hit her car" is harmless, "hit her
    car with her in it" is for the longer pattern to say.
    """
    aside: _Asides = {}
    for one in found:
        if one.pattern.sets_aside:
            for word in range(one.start, one.end):
                longest = aside.setdefault(word, {})
                key = (one.pattern.layer, one.pattern.facts)
                longest[key] = max(longest.get(key, 0), one.end - one.start)
    kept = [one for one in found if not one.pattern.sets_aside and not _is_aside(one, aside, taken)]
    read = {word for one in kept if not one.pattern.is_doubt for word in range(one.start, one.end)}
    kept = [one for one in kept if not one.pattern.is_doubt or not (one.anchor in read or one.anchor in taken.read)]
    return sorted(kept, key=lambda one: (one.start, one.end, one.pattern.number))


def _is_aside(one: Found, aside: _Asides, taken: Taken) -> bool:
    return one.anchor in taken.harmless or any(
        layer <= one.pattern.layer
        and (length >= one.end - one.start or one.pattern.is_doubt)
        and (not facts or not facts.isdisjoint(one.pattern.facts))
        for (layer, facts), length in aside.get(one.anchor, {}).items()
    )
