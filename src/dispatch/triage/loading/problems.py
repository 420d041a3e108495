"""Everything wrong with the texts of a policy, gathered so that the analyst sees all of it at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dispatch.domain.errors import FieldProblem
from dispatch.domain.nearest import nearest
from dispatch.triage.model import Place


@dataclass(slots=True)
class Problems:
    found: list[FieldProblem] = field(default_factory=list)

    def add(self, place: Place, code: str, detail: str) -> None:
        self.found.append(FieldProblem(str(place), code, detail))

    def unknown_word(self, place: Place, what: str, word: str, options: Iterable[str]) -> None:
        """Refuses a word and names the nearest valid one."""
        self.add(place, f"unknown_{what.replace(' ', '_')}", f"{word!r} is not a {what}. {nearest(word, options)}")
