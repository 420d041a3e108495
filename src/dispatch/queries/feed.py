"""The log as a feed: every committed row once, in order, and never one that could still be overtaken."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One row of the log."""

    seq: int
    id: str
    type: str
    schema_version: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    subject_id: str
    incident_id: str | None
    request_id: str | None
    payload: dict[str, Any]


_COLUMNS = (
    "seq, id, type, schema_version, occurred_at, recorded_at, actor, subject_id, incident_id, request_id, payload"
)

# The last place below which nobody can still commit a row. Asked before the rows are read, in a statement of its own.
_HORIZON = text("select event_log_horizon()")

_AFTER = text(
    f"""
    select {_COLUMNS} from event_log
    where jurisdiction_id = :jurisdiction_id and seq > :after and seq <= :horizon
      and (payload ->> 'responder_type' is null or payload ->> 'responder_type' <> all(:hidden))
    order by seq limit :limit
    """  # noqa: S608 - the columns are a constant of this module
)

_OF_INCIDENT = text(
    f"""
    select {_COLUMNS} from event_log
    where jurisdiction_id = :jurisdiction_id and incident_id = :incident_id and seq > :after
      and (payload ->> 'responder_type' is null or payload ->> 'responder_type' <> all(:hidden))
    order by seq limit :limit
    """  # noqa: S608
)

_LAST = text("select coalesce(max(seq), 0) from event_log where jurisdiction_id = :jurisdiction_id and seq <= :horizon")


async def events_after(
    session: AsyncSession, jurisdiction_id: str, after: int, limit: int, hidden_types: frozenset[str] = frozenset()
) -> list[LoggedEvent]:
    """Up to `limit` rows with seq > after, in order. Asking again from the last seq never skips a row.

    session: from `following`. hidden_types: responder types whose units and assignments the reader may not know of.
    """
    horizon = (await session.execute(_HORIZON)).scalar_one()
    rows = await session.execute(
        _AFTER,
        {
            "jurisdiction_id": jurisdiction_id,
            "after": after,
            "horizon": horizon,
            "limit": limit,
            "hidden": sorted(hidden_types),
        },
    )
    return [LoggedEvent(**row) for row in rows.mappings()]


async def timeline(
    session: AsyncSession,
    jurisdiction_id: str,
    incident_id: str,
    *,
    after: int,
    limit: int,
    hidden_types: frozenset[str] = frozenset(),
) -> list[LoggedEvent]:
    """What happened to one incident, in the order in which it was recorded."""
    rows = await session.execute(
        _OF_INCIDENT,
        {
            "jurisdiction_id": jurisdiction_id,
            "incident_id": incident_id,
            "after": after,
            "limit": limit,
            "hidden": sorted(hidden_types),
        },
    )
    return [LoggedEvent(**row) for row in rows.mappings()]


async def last_seq(session: AsyncSession, jurisdiction_id: str) -> int:
    """The newest seq of the log, 0 when it is empty: who asks after it misses nothing that comes.

    session: from `following`.
    """
    horizon = (await session.execute(_HORIZON)).scalar_one()
    return int((await session.execute(_LAST, {"jurisdiction_id": jurisdiction_id, "horizon": horizon})).scalar_one())
