"""Past calls go in one after another, each stored before the next; rows that cannot be taken are kept with a reason."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dispatch.cli.importing.rejects import RejectFile, take_call, tell_refused
from dispatch.cli.importing.takers import Taker
from dispatch.cli.output import words
from dispatch.cli.progress import RowsProgress
from dispatch.domain.errors import Invalid
from dispatch.ingest.history import HistoryCall, Reject, load_mapping, read_calls
from dispatch.ingest.tally import Tally

SHOW_EVERY = 25


@dataclass(frozen=True, slots=True)
class CallsImport:
    """A file, how to read it, and where its bad rows go."""

    file: str
    mapping: str
    rejects: Path


@dataclass(slots=True)
class Outcome:
    """taken: stored now or before. refused: rows that the mapping or the service would not take."""

    rejects: Path
    tally: Tally = field(default_factory=Tally)
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def refused(self) -> int:
        """Rows that could not be taken."""
        return self.reasons.total()

    @property
    def taken(self) -> int:
        """Calls that the service has."""
        return self.new + self.updated + self.unchanged

    def as_data(self, *, dry_run: bool) -> dict[str, Any]:
        """For --json."""
        return {
            "dry_run": dry_run,
            "new": self.new,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "reasons": dict(self.reasons.most_common()),
            "rejects": str(self.rejects) if self.refused else None,
            "rows": self.tally.as_data(),
        }


async def import_calls(work: CallsImport, taker: Taker | None) -> Outcome:
    """Each call is stored before the next; without a taker nothing is, and all is checked."""
    outcome = Outcome(work.rejects)
    mapping = load_mapping(work.mapping)
    if mapping.snapshots is not None:
        raise Invalid(
            f"The mapping {mapping.mapping} reads lists of active calls.", fix="Use `dispatch import feed` with it."
        )
    with RowsProgress(words(), "calls") as progress, RejectFile(work.rejects) as rejects:
        for number, item in enumerate(read_calls(work.file, mapping, tally=outcome.tally)):
            if isinstance(item, Reject):
                rejects.add(item.reason, asdict(item))
            else:
                await _take_one(item, taker, outcome, rejects)
            outcome.reasons = rejects.reasons
            if number % SHOW_EVERY == 0:
                progress.show(outcome.tally.rows_read, outcome.refused, None)
    return outcome


async def _take_one(call: HistoryCall, taker: Taker | None, outcome: Outcome, rejects: RejectFile) -> None:
    word = "new" if taker is None else await take_call(call, taker, rejects)
    if word is not None:
        setattr(outcome, word, getattr(outcome, word) + 1)


def tell_calls(outcome: Outcome, *, dry_run: bool) -> None:
    """The counts, for people."""
    out = words()
    verb = "could be stored" if dry_run else "stored and triaged"
    out.print(f"[green]✓[/] {outcome.new:,} calls {verb} [dim]from {outcome.tally.rows_read:,} rows[/]")
    for count, what in (
        (outcome.unchanged, "were stored already"),
        (outcome.updated, "were stored already and have changed"),
        (outcome.tally.skipped.total(), "rows left out by rules of the mapping"),
    ):
        if count:
            out.print(f"  [dim]·[/] {count:,} {what}")
    tell_refused(outcome.reasons, outcome.rejects)
