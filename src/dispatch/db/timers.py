"""Timers begin and end in the statement that records why, and are claimed by exactly one worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.ids import new_id
from dispatch.db.session import json_text
from dispatch.domain.ids import Prefix
from dispatch.domain.timers import TimerKind


@dataclass(frozen=True, slots=True)
class Begin:
    """A timer that runs from now on; one of the same kind and subject that runs already takes the new hour."""

    kind: TimerKind
    subject_id: str
    incident_id: str | None
    due_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """Timers of these kinds about the subject are gone, those that fired too: what they waited for is over."""

    subject_id: str
    kinds: frozenset[TimerKind]


@dataclass(frozen=True, slots=True)
class Timing:
    """What begins and what ends, as one change."""

    begins: Sequence[Begin] = ()
    ends: Sequence[End] = ()

    def __bool__(self) -> bool:
        return bool(self.begins or self.ends)

    def __add__(self, other: "Timing") -> "Timing":
        return Timing((*self.begins, *other.begins), (*self.ends, *other.ends))

    def values(self, now: datetime) -> dict[str, Any]:
        """What SET_TIMERS asks for. Whatever begins is not ended: one statement must not touch a row twice."""
        running = {(one.subject_id, one.kind) for one in self.begins}
        ended = [
            {"subject_id": one.subject_id, "kind": kind.value}
            for one in self.ends
            for kind in sorted(one.kinds)
            if (one.subject_id, kind) not in running
        ]
        begun = [
            {
                "id": new_id(Prefix.TIMER),
                "kind": one.kind.value,
                "subject_id": one.subject_id,
                "incident_id": one.incident_id,
                "due_at": one.due_at.isoformat(),
                "payload": dict(one.payload),
            }
            for one in self.begins
        ]
        return {"timers_ended": json_text(ended), "timers_begun": json_text(begun), "timers_at": now}


UNTIMED = Timing()

# Stands before a statement that writes the log. The rows of the two parts never meet (see Timing.values).
SET_TIMERS = """
    with ended as (
      delete from timer t
      using jsonb_to_recordset(cast(:timers_ended as jsonb)) as e(subject_id text, kind text)
      where t.jurisdiction_id = :jurisdiction_id and t.subject_id = e.subject_id and t.kind = e.kind
    ), begun as (
      insert into timer (jurisdiction_id, id, kind, subject_id, incident_id, due_at, wake_at, payload, created_at)
      select :jurisdiction_id, b.id, b.kind, b.subject_id, b.incident_id, b.due_at, b.due_at, b.payload, :timers_at
      from jsonb_to_recordset(cast(:timers_begun as jsonb))
        as b(id text, kind text, subject_id text, incident_id text, due_at timestamptz, payload jsonb)
      on conflict (jurisdiction_id, subject_id, kind) where fired_at is null
      do update set due_at = excluded.due_at, wake_at = excluded.wake_at, payload = excluded.payload, attempts = 0
    )
"""


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer that is due, as a worker sees it before it has claimed it."""

    jurisdiction_id: str
    id: str
    kind: TimerKind
    subject_id: str
    incident_id: str | None
    due_at: datetime
    payload: dict[str, Any]
    attempts: int


_COLUMNS = "jurisdiction_id, id, kind, subject_id, incident_id, due_at, payload, attempts"

_DUE = text(
    f"""
    select {_COLUMNS} from timer
    where fired_at is null and wake_at <= :now
      and (cast(:jurisdiction_id as text) is null or jurisdiction_id = :jurisdiction_id)
    order by wake_at, id limit :limit
    """  # noqa: S608 - the columns are a constant of this module
)

_CLAIM = text(
    f"""
    select {_COLUMNS} from timer
    where jurisdiction_id = :jurisdiction_id and id = :id and fired_at is null and wake_at <= :now
    for update skip locked
    """  # noqa: S608
)

_LOCK_INCIDENT = text(
    "select 1 from incident where jurisdiction_id = :jurisdiction_id and id = :incident_id for update skip locked"
)

_FIRED = text(
    "update timer set fired_at = :now, fired_by = :worker where jurisdiction_id = :jurisdiction_id and id = :id"
)

_LATER = text(
    """
    update timer set attempts = attempts + 1, wake_at = :wake_at
    where jurisdiction_id = :jurisdiction_id and id = :id and fired_at is null
    """
)


async def due_timers(
    session: AsyncSession, now: datetime, limit: int, jurisdiction_id: str | None = None
) -> list[DueTimer]:
    """The timers that have waited longest. Nothing is claimed by looking."""
    rows = await session.execute(_DUE, {"now": now, "limit": limit, "jurisdiction_id": jurisdiction_id})
    return [_due(row) for row in rows.mappings()]


async def claim(session: AsyncSession, one: DueTimer, now: datetime, worker: str) -> DueTimer | None:
    """The timer as it is now, fired by this worker if and only if the transaction commits; None: not ours, or not now.

    Its incident is locked too. Neither lock is waited for: commands lock the incident first and the timer last, so a
    worker that waited for either could stand in a circle. Whoever finds one taken leaves the timer for the next look.
    """
    key = {"jurisdiction_id": one.jurisdiction_id, "id": one.id}
    row = (await session.execute(_CLAIM, {**key, "now": now})).mappings().one_or_none()
    if row is None:
        return None
    mine = _due(row)
    if mine.incident_id is not None:
        of = {"jurisdiction_id": mine.jurisdiction_id, "incident_id": mine.incident_id}
        if (await session.execute(_LOCK_INCIDENT, of)).one_or_none() is None:
            return None
    await session.execute(_FIRED, {**key, "now": now, "worker": worker})
    return mine


async def put_off(session: AsyncSession, one: DueTimer, now: datetime, by_s: float) -> None:
    """The timer is tried again after so many seconds; its hour stays what it was."""
    wake_at = now + timedelta(seconds=by_s)
    await session.execute(_LATER, {"jurisdiction_id": one.jurisdiction_id, "id": one.id, "wake_at": wake_at})


def _due(row: Mapping[Any, Any]) -> DueTimer:
    return DueTimer(**{**row, "kind": TimerKind(row["kind"])})
