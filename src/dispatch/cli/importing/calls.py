"""Past calls go in one after another, each stored before the next; rows that cannot be taken are kept with a reason."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from dispatch.cli.http_client import answer, open_client, unreachable
from dispatch.cli.output import words
from dispatch.cli.progress import RowsProgress
from dispatch.cli.service import cli_actor
from dispatch.db.active_policy import ActivePolicies
from dispatch.db.session import make_engine, make_sessions, transaction
from dispatch.domain.errors import DispatchError, StaleContent, Unauthenticated, Unavailable
from dispatch.ingest.history import HistoryCall, Reject, load_mapping, read_calls
from dispatch.ingest.tally import Tally
from dispatch.operations.call_body import CallBody
from dispatch.operations.calls import receive

Take = Callable[[dict[str, Any]], Awaitable[str]]
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
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

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


async def import_here(work: CallsImport, url: str, jurisdiction_id: str, *, dry_run: bool) -> Outcome:
    """Into the database, by the operation that also stands behind POST /v1/calls."""
    engine = make_engine(url, pool_size=1)
    sessions, policies = make_sessions(engine), ActivePolicies()

    async def take(body: dict[str, Any]) -> str:
        actor = cli_actor(jurisdiction_id, datetime.now(UTC))
        async with transaction(sessions) as session:
            got = await receive(session, CallBody.model_validate(body), orjson.dumps(body), policies, actor)
        return "new" if got.created else "updated" if got.call_version > 1 else "unchanged"

    try:
        return await _import(work, None if dry_run else take)
    finally:
        await engine.dispose()


async def import_there(work: CallsImport, url: str, token: str, *, dry_run: bool) -> Outcome:
    """Into a running service, over HTTP."""
    async with open_client(url, token) as client:

        async def take(body: dict[str, Any]) -> str:
            try:
                response = await client.post("/v1/calls", json=body)
            except httpx.HTTPError as error:
                raise unreachable(url, error) from error
            got = answer(response)
            return "new" if response.status_code == 201 else "updated" if got["call"]["version"] > 1 else "unchanged"

        return await _import(work, None if dry_run else take)


async def _import(work: CallsImport, take: Take | None) -> Outcome:
    outcome = Outcome(work.rejects)
    with RowsProgress(words(), "calls") as progress, _RejectFile(outcome) as rejects:
        for number, item in enumerate(read_calls(work.file, load_mapping(work.mapping), tally=outcome.tally)):
            if isinstance(item, Reject):
                rejects.add(item.reason, asdict(item))
            else:
                await _take_one(item, take, outcome, rejects)
            if number % SHOW_EVERY == 0:
                progress.show(outcome.tally.rows_read, outcome.refused, None)
    return outcome


async def _take_one(call: HistoryCall, take: Take | None, outcome: Outcome, rejects: "_RejectFile") -> None:
    try:
        word = "new" if take is None else await take(call.body)
    except (Unavailable, Unauthenticated):
        raise  # the next row would fare no better; what was stored is found again
    except StaleContent:
        word = "unchanged"
    except DispatchError as error:
        rejects.add(error.code, {"row": call.row, "reason": error.code, "detail": error.message, "body": call.body})
        return
    setattr(outcome, word, getattr(outcome, word) + 1)


class _RejectFile:
    """Made when the first row is refused: an empty file would be a false alarm."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._lines: list[bytes] = []

    def __enter__(self) -> "_RejectFile":
        return self

    def add(self, reason: str, row: dict[str, Any]) -> None:
        """The row is counted and kept."""
        self._outcome.refused += 1
        self._outcome.reasons[reason] += 1
        self._lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

    def __exit__(self, *_: object) -> None:
        if self._lines:
            self._outcome.rejects.write_bytes(b"".join(self._lines))
