"""The log as a feed: every committed row once, in order, and never one that could still be overtaken."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.domain.access import Principal


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


# Nothing of responder types that the reader may not know of, nor of health records of a place, unless they may hurt
# whoever goes there. Nothing of the rosters and tokens of agencies other than
# the reader's; what happens at an incident is for everyone who works on it.
_SHOWN = """
    (payload ->> 'responder_type' is null or payload ->> 'responder_type' <> all(:hidden))
      and (type not like 'hazard.%' or (payload ->> 'endangers_responders')::boolean
           or payload ->> 'sensitivity' <> all(:unseen))
      and (cast(:agencies as text[]) is null or incident_id is not null
           or (payload ->> 'agency' is null and type not like 'token.%' and type <> 'roster.imported')
           or payload ->> 'agency' = any(cast(:agencies as text[])))
"""


class _Line:
    """The log in one order. place: where a row stands in it. horizon: the last place below which nobody can still
    commit a row, asked before the rows are read, in a statement of its own.
    """

    def __init__(self, place: str, horizon: str, exists: str) -> None:
        columns = (
            f"{place} as seq, id, type, schema_version, occurred_at, recorded_at, actor, subject_id, incident_id,"
            " request_id, payload"
        )
        rows = f"from event_log where jurisdiction_id = :jurisdiction_id and {exists} and {_SHOWN}"
        self.horizon = text(f"select {horizon}()")
        self.after = text(
            f"select {columns} {rows} and {place} > :after and {place} <= :horizon order by {place} limit :limit"
        )
        self.of_incident = text(
            f"select {columns} {rows} and incident_id = :incident_id and {place} > :after order by {place} limit :limit"
        )
        self.last = text(
            f"select coalesce((select {place} {rows} and {place} <= :horizon order by {place} desc limit 1), 0)"
        )


# Of the rows that are hidden from some readers the second line knows nothing: they take no place in it, so that no gap
# tells of them. Rows from before there was such a place stand where they stood.
_WHOLE = _Line("seq", "event_log_horizon", "true")
_OPEN = _Line("coalesce(open_seq, seq)", "event_log_open_horizon", "open_seq is distinct from 0")


def _line(principal: Principal) -> _Line:
    return _OPEN if principal.hidden_responder_types() else _WHOLE


async def events_after(session: AsyncSession, principal: Principal, after: int, limit: int) -> list[LoggedEvent]:
    """Up to `limit` rows with seq > after that the principal may see, in order.

    Asking again from the last seq never skips a row. session: from `following`.
    """
    line = _line(principal)
    horizon = (await session.execute(line.horizon)).scalar_one()
    asked = {**_reader(principal), "after": after, "horizon": horizon, "limit": limit}
    return [LoggedEvent(**row) for row in (await session.execute(line.after, asked)).mappings()]


async def timeline(
    session: AsyncSession, principal: Principal, incident_id: str, *, after: int, limit: int
) -> list[LoggedEvent]:
    """What happened to one incident, in the order in which it was recorded."""
    asked = {**_reader(principal), "incident_id": incident_id, "after": after, "limit": limit}
    rows = await session.execute(_line(principal).of_incident, asked)
    return [LoggedEvent(**row) for row in rows.mappings()]


async def last_seq(session: AsyncSession, principal: Principal) -> int:
    """The newest seq that the principal may see, 0 when there is none: who asks after it misses nothing that comes.

    session: from `following`.
    """
    line = _line(principal)
    horizon = (await session.execute(line.horizon)).scalar_one()
    return int((await session.execute(line.last, {**_reader(principal), "horizon": horizon})).scalar_one())


def _reader(principal: Principal) -> dict[str, Any]:
    return {
        "jurisdiction_id": principal.jurisdiction,
        "hidden": sorted(principal.hidden_responder_types()),
        "unseen": sorted(principal.unseen_health()),
        "agencies": None if principal.agencies is None else sorted(principal.agencies),
    }
