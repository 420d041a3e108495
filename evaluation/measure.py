"""One measured figure: what was counted out of what, and what it must reach."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report. rows: as shown."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """numerator, denominator: of `unit`; None when skipped. missing: share of the records that could not be judged.

    at_least, at_most: the target, as a share. meaning: what it says, in plain words, with its caveat.
    """

    name: str
    title: str
    unit: str
    meaning: str
    numerator: float | None = None
    denominator: float | None = None
    missing: float = 0.0
    at_least: float | None = None
    at_most: float | None = None
    skipped: str = ""
    tables: tuple[Table, ...] = field(default=())

    @property
    def share(self) -> float | None:
        if self.numerator is None or not self.denominator:
            return None
        return self.numerator / self.denominator

    @property
    def holds(self) -> bool | None:
        """None when there is no target or nothing was measured."""
        share = self.share
        if share is None or (self.at_least is None and self.at_most is None):
            return None
        return (self.at_least is None or share >= self.at_least) and (self.at_most is None or share <= self.at_most)

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"at least {self.at_least:.0%}"
        return "" if self.at_most is None else f"at most {self.at_most:.0%}"


class NoData(Exception):
    """The labelled data is not there."""


def measured(name: str, title: str, run: Callable[[], list[Measure]]) -> list[Measure]:
    """The figures of one measure; a skipped one in their place where the data is absent."""
    try:
        return run()
    except NoData as absent:
        return [Measure(name, title, "", "", skipped=f"no data: {absent}")]
