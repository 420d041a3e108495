"""Certificates that have run out or soon will: whose, of which agency, and on which unit they are missed first."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Jurisdiction

_RUNNING_OUT = text(
    """
    select c.responder_id, r.employee_number, r.name as responder, r.agency_id as agency, c.name, c.issued_on,
           c.expires_on, next.starts_at as next_shift_at, next.call_sign as next_unit
    from certification c
    join responder r on r.jurisdiction_id = c.jurisdiction_id and r.id = c.responder_id
    left join lateral (
      select m.starts_at, u.call_sign
      from shift_member m
      join shift s on s.jurisdiction_id = m.jurisdiction_id and s.id = m.shift_id
      join unit u on u.jurisdiction_id = s.jurisdiction_id and u.id = s.unit_id
      where m.jurisdiction_id = c.jurisdiction_id and m.responder_id = c.responder_id and m.ends_at > :now
        and m.ends_at >= cast(c.expires_on + 1 as timestamp) at time zone :zone
        and u.responder_type <> all(cast(:hidden as text[]))
      order by m.starts_at limit 1
    ) next on true
    where c.jurisdiction_id = :jurisdiction_id and c.expires_on <= :last_day
      and (cast(:agency as text) is null or r.agency_id = :agency)
      and (cast(:agencies as text[]) is null or r.agency_id = any(cast(:agencies as text[])))
      and (c.expires_on, c.responder_id, c.name) > (:after_day, :after_responder, :after_name)
    order by c.expires_on, c.responder_id, c.name limit :limit
    """
)
FIRST: tuple[date, str, str] = (date.min, "", "")


@dataclass(frozen=True, slots=True)
class RunningOut:
    """One certificate of one person. next_shift_at, next_unit: the first shift that it is not valid to the end of."""

    responder_id: str
    employee_number: str
    responder: str
    agency: str
    name: str
    issued_on: date | None
    expires_on: date
    next_shift_at: datetime | None
    next_unit: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list. agencies, hidden_types: what the asker may see."""

    within_days: int
    agency: str | None = None
    agencies: frozenset[str] | None = None
    hidden_types: frozenset[str] = frozenset()


async def today(session: AsyncSession, jurisdiction_id: str, now: datetime) -> tuple[date, str]:
    """The day it is in the jurisdiction, and the zone that says so: certificates end with a day there."""
    row = await session.get_one(Jurisdiction, jurisdiction_id)
    return now.astimezone(ZoneInfo(row.time_zone)).date(), row.time_zone


async def running_out(
    session: AsyncSession,
    jurisdiction_id: str,
    wanted: Wanted,
    *,
    now: datetime,
    after: tuple[date, str, str] = FIRST,
    limit: int,
) -> list[RunningOut]:
    """Up to `limit` certificates that ended or end within the days, the first to end first."""
    day, zone = await today(session, jurisdiction_id, now)
    rows = await session.execute(
        _RUNNING_OUT,
        {
            "jurisdiction_id": jurisdiction_id,
            "last_day": day + timedelta(days=wanted.within_days),
            "agency": wanted.agency,
            "agencies": None if wanted.agencies is None else sorted(wanted.agencies),
            "hidden": sorted(wanted.hidden_types),
            "now": now,
            "zone": zone,
            "after_day": after[0],
            "after_responder": after[1],
            "after_name": after[2],
            "limit": limit,
        },
    )
    return [RunningOut(**row) for row in rows.mappings()]
