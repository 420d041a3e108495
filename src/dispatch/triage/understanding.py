"""When a narrative counts as not understood, and whom that holds back: unknown words are never safer than none."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from dispatch.triage.conditions import Atom, compile_condition
from dispatch.triage.model import CANNOT_TELL, EXCLUDE, Disqualifier, Program

UNDERSTOOD = "understood"
NOT_UNDERSTOOD = "narrative_not_understood"
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

    def unknown(self, words: Sequence[str], known: Set[str]) -> tuple[int, ...]:
        """Places of the first unknown words; empty when there are not enough of them."""
        if not self.unknown_words or len(set(words) - known) < self.unknown_words:
            return ()
        places = [n for n, word in enumerate(words) if word not in known and _is_word(word)]
        is_enough = len(places) >= self.unknown_words and len(places) * 100 >= len(words) * self.unknown_share
        return tuple(places[:_MOST_SHOWN]) if is_enough else ()

    def holding_back(self, program: Program) -> Program:
        """The program, which cannot tell about a narrative that was not understood when it is of such a type."""
        if program.responder_type not in self.responder_types:
            return program
        asks = tuple(dict.fromkeys((*program.asks, UNDERSTOOD)))
        return replace(program, asks=asks, disqualifies=(*program.disqualifies, _DISQUALIFIER))


ANYTHING_GOES = Understanding()


def _is_word(word: str) -> bool:
    return len(word) >= _SHORTEST and not any(character.isdigit() for character in word)
