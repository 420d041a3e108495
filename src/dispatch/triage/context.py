"""The context of a mention: denied, past, feared, doubtful, quoted; after ConText (Harkema 2009), as data."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.triage.tokens import HARD, Tokens

AFFIRMED = "affirmed"
NEGATED, NONE_SEEN, SEEN = "negated", "none_seen", "seen"
PAST, HYPOTHETICAL, OTHER_PERSON, UNCERTAIN, QUOTED = "past", "hypothetical", "other_person", "uncertain", "quoted"
MARKER_KINDS = (NEGATED, NONE_SEEN, SEEN, PAST, HYPOTHETICAL, OTHER_PERSON, UNCERTAIN, QUOTED)
LONGEST_REACH = 12  # words; bounds the work per mention

_ORDER = (NEGATED, NONE_SEEN, PAST, HYPOTHETICAL, OTHER_PERSON, QUOTED)
_LIST_ENDS = frozenset({"or", "nor", "o", "ni"})  # close a list of things denied, in English and Spanish
_LONGEST_ITEM = 3  # words; more is a clause of its own, which a denial does not reach


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker phrase. before: the kind it gives to mentions that follow it, and its reach in words; after: to those
    that it follows. is_terminator: it ends every scope instead.
    """

    before: tuple[str, int] | None = None
    after: tuple[str, int] | None = None
    is_terminator: bool = False


# Words that look like a marker and are none ("wont let"): alone they say nothing, and what is said with them is read.
NO_MARK = Mark()


@dataclass(frozen=True, slots=True)
class ContextRules:
    """longest_reach: the furthest any marker of this policy reaches, in words, its own length included."""

    longest_reach: int = LONGEST_REACH + 8


def context_of(
    start: int, end: int, marks: Sequence[tuple[int, int, Mark]], tokens: Tokens, rules: ContextRules
) -> str:
    """The context of the mention at words start to end. marks: in order of place, none overlapping the mention."""
    reach = rules.longest_reach
    place = bisect_left(marks, (start,))  # the first mark that does not begin before the mention
    kinds: set[str] = set()
    if place and marks[place - 1][0] >= start - reach:
        _add_kinds_before(kinds, start, place, marks, tokens, reach)
    if place < len(marks) and marks[place][0] - end < reach:
        _add_kinds_after(kinds, end, place, marks, tokens, reach)
    return _strongest(kinds) if kinds else AFFIRMED


def _add_kinds_before(
    kinds: set[str], start: int, place: int, marks: Sequence[tuple[int, int, Mark]], tokens: Tokens, reach: int
) -> None:
    nearest = _scope_start(start, tokens, start - reach)
    for index in range(place - 1, -1, -1):
        mark_start, mark_end, mark = marks[index]
        if mark_start < nearest or mark.is_terminator:
            break
        if mark.before is not None and start - mark_end < mark.before[1]:
            kinds.add(mark.before[0])


def _scope_start(start: int, tokens: Tokens, furthest: int) -> int:
    """The first word of the clause that the mention stands in, looking back no further than asked."""
    breaks = tokens.breaks
    if not breaks:
        return max(0, furthest)
    for word in range(start, max(0, furthest) - 1, -1):
        kind = breaks.get(word)
        if kind == HARD or (kind is not None and not _is_closed_list(word, tokens)):
            return word
    return max(0, furthest)


def _is_closed_list(after_break: int, tokens: Tokens) -> bool:
    """True when short items and then `or` or `nor` follow: "no weapons, drugs or alcohol" denies all three."""
    words_of_item = 0
    for word in range(after_break, min(after_break + LONGEST_REACH, len(tokens.words))):
        if word > after_break and word in tokens.breaks:
            if tokens.breaks[word] == HARD:
                return False
            words_of_item = 0
        if tokens.words[word] in _LIST_ENDS:
            return True
        words_of_item += 1
        if words_of_item > _LONGEST_ITEM:
            return False
    return False


def _add_kinds_after(
    kinds: set[str], end: int, place: int, marks: Sequence[tuple[int, int, Mark]], tokens: Tokens, reach: int
) -> None:
    breaks, looked_at = tokens.breaks, end
    for index in range(place, len(marks)):
        mark_start, _, mark = marks[index]
        if mark_start - end >= reach or mark.is_terminator:
            break
        if breaks and not breaks.keys().isdisjoint(range(looked_at, mark_start + 1)):
            break
        looked_at = mark_start
        if mark.after is not None and mark_start - end < mark.after[1]:
            kinds.add(mark.after[0])


def _strongest(kinds: set[str]) -> str:
    if UNCERTAIN in kinds:
        return UNCERTAIN
    if NEGATED in kinds and SEEN in kinds:
        return NONE_SEEN
    return next((kind for kind in _ORDER if kind in kinds), AFFIRMED)
