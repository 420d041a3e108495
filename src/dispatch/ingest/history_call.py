"""What reading a file of past calls gives: calls with what became of them, and rows that could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

STEPS = ("dispatched_at", "en_route_at", "on_scene_at", "transporting_at", "at_destination_at", "cleared_at")


@dataclass(frozen=True, slots=True)
class UnitTimes:
    """One unit on one call, with the time of each step as the file has it (possibly out of order, possibly absent).

    unit_type: the file's own word. responder_type: the type of responder that the mapping says it is.
    """

    unit: str
    unit_type: str | None
    responder_type: str
    dispatched_at: datetime | None = None
    en_route_at: datetime | None = None
    on_scene_at: datetime | None = None
    transporting_at: datetime | None = None
    at_destination_at: datetime | None = None
    cleared_at: datetime | None = None

    def steps(self) -> list[tuple[str, datetime | None]]:
        """Each step with its time, in the order of the work."""
        return [(step, getattr(self, step)) for step in STEPS]

    def in_order(self) -> "UnitTimes":
        """The same with no step before an earlier one: a step that went back takes the time of the one before."""
        changed: dict[str, datetime] = {}
        latest: datetime | None = None
        for step, at in self.steps():
            if at is None:
                continue
            if latest is not None and at < latest:
                changed[step] = latest
            else:
                latest = at
        return replace(self, **changed) if changed else self  # type: ignore[arg-type]

    def span(self) -> tuple[datetime, datetime] | None:
        """From the first to the last step, or None when the file gives fewer than two times."""
        known = [at for _, at in self.steps() if at is not None]
        return (min(known), max(known)) if len(known) > 1 else None


@dataclass(frozen=True, slots=True)
class HistoryCall:
    """One past call.

    rows: numbers of the rows it came from (1 is the first row after the header). body: what POST /v1/calls takes.
    occurred: times of the call as a whole by name (`entered_at`, `dispatched_at`, `on_scene_at`, `closed_at`, ...).
    recorded: what the file says of the outcome (`type`, `disposition`, `priority`, ...), never given to triage.
    warnings: codes of what was odd, kept or dropped. rule: the mapping's rule that says this row is no call, if any.
    """

    rows: tuple[int, ...]
    body: dict[str, Any]
    occurred: Mapping[str, datetime]
    unit_times: tuple[UnitTimes, ...]
    recorded: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    rule: str | None = None

    @property
    def row(self) -> int:
        """The row where the call first appears."""
        return self.rows[0]


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not become a call: where, which field, a stable reason, a sentence, and what stood there."""

    row: int
    line: int
    field: str
    reason: str
    detail: str
    raw: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that a rule of the mapping leaves out on purpose."""

    row: int
    rule: str
