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


_COLUMNS = (
    "seq, id, type, schema_version, occurred_at, recorded_at, actor, subject_id, incident_id, request_id, payload"
)

# The last place below which nobody can still commit a row. Asked before the rows are read, in a statement of its own.
_HORIZON = text("select event_log_horizon()")

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

_AFTER = text(
    f"""
    select {_COLUMNS} from event_log
    where jurisdiction_id = :jurisdiction_id and seq > :after and seq <= :horizon and {_SHOWN}
    order by seq limit :limit
    """  # noqa: S608 - the columns are a constant of this module
)

_OF_INCIDENT = text(
    f"""
    select {_COLUMNS} from event_log
    where jurisdiction_id = :jurisdiction_id and incident_id = :incident_id and seq > :after and {_SHOWN}
    order by seq limit :limit
    """  # noqa: S608
)

_LAST = text(
    f"""
    select coalesce((
      select seq from event_log where jurisdiction_id = :jurisdiction_id and seq <= :horizon and {_SHOWN}
      order by seq desc limit 1), 0)
    """  # noqa: S608
)


async def events_after(session: AsyncSession, principal: Principal, after: int, limit: int) -> list[LoggedEvent]:
    """Up to `limit` rows with seq > after that the principal may see, in order.

    Asking again from the last seq never skips a row. session: from `following`.
    """
    horizon = (await session.execute(_HORIZON)).scalar_one()
    rows = await session.execute(_AFTER, {**_reader(principal), "after": after, "horizon": horizon, "limit": limit})
    return [LoggedEvent(**row) for row in rows.mappings()]


async def timeline(
    session: AsyncSession, principal: Principal, incident_id: str, *, after: int, limit: int
) -> list[LoggedEvent]:
    """What happened to one incident, in the order in which it was recorded."""
    asked = {**_reader(principal), "incident_id": incident_id, "after": after, "limit": limit}
    rows = await session.execute(_OF_INCIDENT, asked)
    return [LoggedEvent(**row) for row in rows.mappings()]


async def last_seq(session: AsyncSession, principal: Principal) -> int:
    """The newest seq that the principal may see, 0 when there is none: who asks after it misses nothing that comes.

    session: from `following`.
    """
    horizon = (await session.execute(_HORIZON)).scalar_one()
    return int((await session.execute(_LAST, {**_reader(principal), "horizon": horizon})).scalar_one())


def _reader(principal: Principal) -> dict[str, Any]:
    return {
        "jurisdiction_id": principal.jurisdiction,
        "hidden": sorted(principal.hidden_responder_types()),
        "unseen": sorted(principal.unseen_health()),
        "agencies": None if principal.agencies is None else sorted(principal.agencies),
    }
