"""Lists of active calls go in one by one: each call once, what changed as an update, and what is gone noticed."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dispatch.cli.importing.calls import CallsImport
from dispatch.cli.importing.rejects import RejectFile, take_call, tell_refused
from dispatch.cli.importing.takers import Taker
from dispatch.cli.output import words
from dispatch.cli.progress import RowsProgress
from dispatch.domain.listing import CloseRule
from dispatch.ingest.history import Reject, load_mapping
from dispatch.ingest.replay import Replay, Step
from dispatch.ingest.snapshots import Snapshot, read_snapshots
from dispatch.ingest.tally import Tally
from dispatch.operations.listings import Listing, ListingTaken

ROWS_SAY = {
    "new": "of calls that no list had",
    "repeated": "that say the same again",
    "changed": "that say something else of a call",
    "reappeared": "of calls that had been gone",
    "doubled": "beyond the first of a call on one list",
    "skipped": "left out by rules of the mapping",
}
LISTED = ("new", "still", "changed", "reappeared", "vanished")


@dataclass(slots=True)
class FeedOutcome:
    """feed: what the file says, every row in one count. stored: what the service did with the calls that were sent.

    listed: what the service says to the lists, added up; known: lists that it had already. refused: by reason.
    """

    rejects: Path
    tally: Tally = field(default_factory=Tally)
    feed: Replay = field(default_factory=Replay)
    stored: Counter[str] = field(default_factory=Counter)
    listed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def hear(self, taken: ListingTaken) -> None:
        """One more answer to a list."""
        self.listed.update({name: getattr(taken, name) for name in LISTED})
        self.listed.update({name: len(getattr(taken, name)) for name in ("unknown", "closed", "reopened")})
        self.listed.update({name: getattr(taken, name) for name in ("doubted", "is_late", "is_repeat")})

    def as_data(self, *, dry_run: bool) -> dict[str, Any]:
        """For --json."""
        return {
            "dry_run": dry_run,
            **self.feed.as_data(),
            "rows_read": self.tally.rows_read,
            "accounted": self.feed.accounted(self.tally.rows_read),
            "stored": {name: self.stored[name] for name in ("new", "updated", "unchanged")},
            "service": dict(self.listed),
            "refused": dict(self.refused.most_common()),
            "rejects": str(self.rejects) if self.refused else None,
            "warnings": dict(self.tally.warnings.most_common()),
        }


async def import_feed(work: CallsImport, taker: Taker | None) -> FeedOutcome:
    """Every list of the file is told in its order; without a taker nothing is stored, and all is checked."""
    outcome = FeedOutcome(work.rejects)
    mapping = load_mapping(work.mapping)
    after = mapping.snapshots.close_after_lists if mapping.snapshots else None
    rule = CloseRule(after) if after else None
    with RowsProgress(words(), "lists") as progress, RejectFile(work.rejects) as rejects:
        for item in read_snapshots(work.file, mapping, tally=outcome.tally):
            if isinstance(item, Reject):
                rejects.add(item.reason, asdict(item))
            else:
                for bad in item.rejects:
                    rejects.add(bad.reason, asdict(bad))
                step = outcome.feed.take(item)
                if taker is not None:
                    await _tell(item, step, mapping.source_name, rule, taker, outcome, rejects)
            outcome.refused = rejects.reasons
            progress.show(outcome.tally.rows_read, outcome.refused.total(), None)
    return outcome


async def _tell(
    snapshot: Snapshot,
    step: Step,
    source: str,
    rule: CloseRule | None,
    taker: Taker,
    outcome: FeedOutcome,
    rejects: RejectFile,
) -> None:
    for call in step.send:
        word = await take_call(call, taker, rejects)
        if word is not None:
            outcome.stored[word] += 1
    outcome.hear(await taker.listing(Listing(source, snapshot.at, step.listed, step.is_whole, rule)))


def tell_feed(outcome: FeedOutcome, *, dry_run: bool) -> None:
    """The counts, for people: what the lists say, then what the service made of it."""
    feed, out = outcome.feed, words()
    verb = "could be stored" if dry_run else "stored and triaged"
    out.print(f"[green]✓[/] {feed.lists:,} lists with {outcome.tally.rows_read:,} rows; {feed.calls:,} calls {verb}")
    _lines(
        [
            *((feed.rows[name], f"rows {says}") for name, says in ROWS_SAY.items()),
            (feed.vanished, "times a call was gone from the list: flagged, nothing closed by that alone"),
            (
                feed.restamped,
                "new calls that look like one gone from the same list: look at the links that are proposed",
            ),
            (feed.doubted, "lists that lacked too much at once and were not believed at first"),
            (feed.not_whole, "lists with rows that could not be read: nothing counts as gone from them"),
            (feed.late, "lists that came after a newer one"),
            (outcome.stored["unchanged"], "calls the service had already"),
            (outcome.listed["is_repeat"], "lists the service had already"),
            (outcome.listed["unknown"], "listed calls that the service does not have"),
            (outcome.listed["closed"], "incidents closed by the rule of the mapping"),
            (outcome.listed["reopened"], "incidents opened again"),
        ]
    )
    tell_refused(outcome.refused, outcome.rejects)


def _lines(counts: list[tuple[int, str]]) -> None:
    for count, what in counts:
        if count:
            words().print(f"  [dim]·[/] {count:,} {what}")
