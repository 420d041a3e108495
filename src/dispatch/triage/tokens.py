"""Text becomes folded words whose offsets point at the text as it was received, in one linear pass."""

import re
import unicodedata
from array import array
from dataclasses import dataclass
from itertools import accumulate

HARD, SOFT = 2, 1  # a sentence ends; a comma or a lone dash

# Our own fixed patterns, linear on any text. Splitting with a group keeps words and separators in turn, at C speed.
# A picture (an emoji) and what could not be decoded are words of their own: they may be all that somebody could send.
_WORD = re.compile("([^\\W_](?:[^\\W_]|')*|[\U0001f000-\U0001faff\u2620\ufffd])")
_ASCII_WORD = re.compile(r"([a-z0-9][a-z0-9']*)")
_HARD_MARKS = frozenset(".!?;|\n\r")
_VANISHING = "'"  # may stand inside a word and is dropped from it


class _Fold(dict[int, str]):
    """One character for one character, so that offsets stay true; computed once per character."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


def _fold_character(character: str) -> str:
    is_tone = "\U0001f3fb" <= character <= "\U0001f3ff"  # of the skin of the emoji before it
    if is_tone or unicodedata.category(character) in ("Mn", "Cf") or character in "’‘ʼ`´′":
        return _VANISHING
    plain = _strip_marks(unicodedata.normalize("NFKD", character)).casefold()
    return plain if len(plain) == 1 else character


def _strip_marks(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Cf"))


_FOLD = _Fold()


def _fold_word(word: str) -> str:
    """A word whose characters fold to several (ligatures, sharp s); a picture stays as it is."""
    plain = _strip_marks(unicodedata.normalize("NFKD", word)).casefold()
    return "".join(c for c in plain if c.isalnum()) or word


@dataclass(frozen=True, slots=True)
class Tokens:
    """words: folded. breaks: word index -> HARD or SOFT before it. edges: word i lies between edges 2i and 2i+1."""

    words: list[str]
    breaks: dict[int, int]
    edges: "array[int]"

    def span(self, first: int, end: int) -> tuple[int, int]:
        """Offsets into the received text of the words first to end (half open)."""
        return self.edges[2 * first], self.edges[2 * end - 1]


def tokenise(text: str) -> Tokens:
    """Words with offsets. Apostrophes, accents and zero-width characters vanish; other marks separate."""
    is_ascii = text.isascii()
    folded = text.lower().replace("`", _VANISHING) if is_ascii else text.translate(_FOLD)
    parts = (_ASCII_WORD if is_ascii else _WORD).split(folded)
    words = parts[1::2]
    if _VANISHING in folded:
        words = [word.replace(_VANISHING, "") for word in words]
    if not is_ascii:
        words = [word if word.isascii() else _fold_word(word) for word in words]
    breaks = {
        number: kind
        for number, separator in enumerate(parts[::2])
        if separator != " " and (kind := _break_of(separator))
    }
    return Tokens(words, breaks, array("q", accumulate(map(len, parts))))


def _break_of(separator: str) -> int:
    if not _HARD_MARKS.isdisjoint(separator) or "//" in separator:
        return HARD
    is_dash = separator.strip() == "-" and separator[0].isspace() and separator[-1].isspace()
    return SOFT if is_dash or "," in separator or "--" in separator else 0


def words_of(text: str) -> tuple[str, ...]:
    """The folded words alone; phrases of a policy and codes of a crosswalk are compared in this form."""
    return tuple(tokenise(text).words)
