"""When a narrative counts as not understood, and whom that holds back: unknown words are never safer than none."""

import unicodedata
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from dispatch.triage.conditions import Atom, compile_condition
from dispatch.triage.model import CANNOT_TELL, EXCLUDE, Disqualifier, Program

UNDERSTOOD = "understood"
NOT_UNDERSTOOD = "narrative_not_understood"
NO_PHRASE = "(a word the policy does not know)"
_SIGN = "sign"
_SCRIPTS = {"CJK": "Chinese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean"}
_SHORTEST = 3  # characters; shorter words are initials, units and abbreviations
_MOST_SHOWN = 5
_NO = Atom(UNDERSTOOD, frozenset({"no"}), "no")
_DISQUALIFIER = Disqualifier(
    id="not-understood",
    when=_NO,
    test=compile_condition(_NO),
    level=EXCLUDE,
    if_unknown=CANNOT_TELL,
    because="Nobody can tell what happens there from words that the policy does not know.",
    source="OWN",
)


@dataclass(frozen=True, slots=True)
class Understanding:
    """unknown_words, unknown_share: at least so many words, and so many in a hundred, that the policy has never heard
    of make a narrative not understood; 0 words: never. responder_types: whose programs then cannot tell.
    """

    unknown_words: int = 0
    unknown_share: int = 0
    responder_types: frozenset[str] = frozenset()

    def unknown(self, words: Sequence[str], known: Set[str], *, nothing_read: bool) -> tuple[int, ...]:
        """Places of the first unknown words; empty when there are not enough of them.

        One in letters that the policy cannot read, or one picture, is enough: nobody knows what it says. So is one that
        makes up most of a text of which nothing else was read.
        """
        if not self.unknown_words:
            return ()
        strange = set(words) - known
        foreign = {word for word in strange if script_of(word)}
        if len(strange) < self.unknown_words and not foreign and not (strange and nothing_read):
            return ()
        places = [n for n, word in enumerate(words) if word in strange and (word in foreign or _is_word(word))]
        is_much = len(places) >= self.unknown_words and len(places) * 100 >= len(words) * self.unknown_share
        if foreign or is_much or (nothing_read and len(places) * 2 > sum(len(word) >= _SHORTEST for word in words)):
            return tuple(places[:_MOST_SHOWN])
        return ()

    def holding_back(self, program: Program) -> Program:
        """The program, which cannot tell about a narrative that was not understood when it is of such a type."""
        if program.responder_type not in self.responder_types:
            return program
        asks = tuple(dict.fromkeys((*program.asks, UNDERSTOOD)))
        return replace(program, asks=asks, disqualifies=(*program.disqualifies, _DISQUALIFIER))


ANYTHING_GOES = Understanding()


def script_of(word: str) -> str:
    """The letters of a word that is not in Latin ones, as "Cyrillic", "sign" for a picture; "" for Latin and digits."""
    if word.isascii():
        return ""
    letter = next((character for character in word if not character.isascii()), "")
    script = unicodedata.name(letter, "").partition(" ")[0]
    if letter.isalpha():
        return "" if script == "LATIN" else _SCRIPTS.get(script, script.capitalize())
    return "" if letter.isalnum() else _SIGN


def unread_because(word: str) -> str:
    """Why nobody could read the word, for people."""
    script = script_of(word)
    if script == _SIGN:
        return "(a sign that the policy does not know)"
    return f"(a word in {script} letters, which the policy does not read)" if script else NO_PHRASE


def _is_word(word: str) -> bool:
    return len(word) >= _SHORTEST and not any(character.isdigit() for character in word)
