"""Text becomes folded words whose offsets point at the text as it was received, in one linear pass."""

import re
import unicodedata
from array import array
from dataclasses import dataclass

HARD, SOFT = 2, 1  # a sentence ends; a comma or a lone dash

# Our own fixed pattern: every alternative starts with a different character, so matching is linear.
_TOKEN = re.compile(r"[^\W_](?:[^\W_]|')*|[.!?;|\n\r]|//|,|(?<=\s)-(?=\s)|--+")
_HARD_MARKS = frozenset({".", "!", "?", ";", "|", "\n", "\r", "//"})
_VANISHING = "'"  # may stand inside a word and is dropped from it


class _Fold(dict[int, str]):
    """One character for one character, so that offsets stay true; computed once per character."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


def _fold_character(character: str) -> str:
    if unicodedata.category(character) in ("Mn", "Cf") or character in "’‘ʼ`´′":
        return _VANISHING
    plain = _strip_marks(unicodedata.normalize("NFKD", character)).casefold()
    return plain if len(plain) == 1 else character


def _strip_marks(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Cf"))


_FOLD = _Fold()


def _fold_word(word: str) -> str:
    """A word whose characters fold to several (ligatures, sharp s)."""
    plain = _strip_marks(unicodedata.normalize("NFKD", word)).casefold()
    return "".join(c for c in plain if c.isalnum())


@dataclass(frozen=True, slots=True)
class Tokens:
    """words: folded. starts, ends: offsets into the received text. breaks: word index -> HARD or SOFT before it."""

    words: list[str]
    starts: "array[int]"
    ends: "array[int]"
    breaks: dict[int, int]


def tokenise(text: str) -> Tokens:
    """Words with offsets. Apostrophes, accents and zero-width characters vanish; other marks separate."""
    folded = text.lower() if text.isascii() else text.translate(_FOLD)
    words: list[str] = []
    starts, ends = array("q"), array("q")
    breaks: dict[int, int] = {}
    for match in _TOKEN.finditer(folded):
        word = match.group()
        if word[0].isalnum():
            if not word.isalnum():
                word = word.replace(_VANISHING, "")
            if not word.isascii():
                word = _fold_word(word)
            if word:
                words.append(word)
                starts.append(match.start())
                ends.append(match.end())
        elif word in _HARD_MARKS:
            breaks[len(words)] = HARD
        else:
            breaks.setdefault(len(words), SOFT)
    return Tokens(words, starts, ends, breaks)


def words_of(text: str) -> tuple[str, ...]:
    """The folded words alone; phrases of a policy and codes of a crosswalk are compared in this form."""
    return tuple(tokenise(text).words)
