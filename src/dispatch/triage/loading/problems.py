"""Everything wrong with the texts of a policy, gathered so that the analyst sees all of it at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from dispatch.domain.errors import FieldProblem
from dispatch.triage.model import Place

_SHOWN_WORDS = 12


@dataclass(slots=True)
class Problems:
    found: list[FieldProblem] = field(default_factory=list)

    def add(self, place: Place, code: str, detail: str) -> None:
        self.found.append(FieldProblem(str(place), code, detail))

    def unknown_word(self, place: Place, what: str, word: str, options: Iterable[str]) -> None:
        """Refuses a word and names the nearest valid one."""
        self.add(place, f"unknown_{what.replace(' ', '_')}", f"{word!r} is not a {what}. {nearest(word, options)}")


def nearest(word: str, options: Iterable[str]) -> str:
    """The remedy for a wrong word: the valid one that was probably meant, or the valid ones."""
    known = sorted(set(options))
    close = get_close_matches(word[:80].lower(), known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    if not known:
        return "There is none yet."
    shown = ", ".join(known[:_SHOWN_WORDS])
    return f"Valid: {shown}{', ...' if len(known) > _SHOWN_WORDS else ''}."
