"""Who is on which unit at a moment: the one reading that assignments, shifts and lists share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_CREWS = text(
    """
    select s.id, s.unit_id, coalesce(s.crew_of, s.id) as crew_id, s.starts_at, s.ends_at,
           s.crew_of is not null or exists (
             select 1 from shift o
             where o.jurisdiction_id = s.jurisdiction_id and o.crew_of = s.id
               and o.starts_at <= :now and o.ends_at > :now
           ) as is_shared,
           array(
             select m.responder_id from shift_member m
             where m.jurisdiction_id = s.jurisdiction_id and m.shift_id = coalesce(s.crew_of, s.id)
               and m.starts_at <= :now and m.ends_at > :now
             order by m.responder_id
           ) as people
    from shift s
    where s.jurisdiction_id = :jurisdiction_id and s.unit_id = any(:units) and s.starts_at <= :now and s.ends_at > :now
    """
)


@dataclass(frozen=True, slots=True)
class Crew:
    """The running shift of a unit. people: ids of responders. crew_id: the shift that they are written on.

    is_shared: the same people staff another unit too, in turn.
    """

    shift_id: str
    unit_id: str
    crew_id: str
    starts_at: datetime
    ends_at: datetime
    is_shared: bool
    people: tuple[str, ...]


async def crews_now(
    session: AsyncSession, jurisdiction_id: str, units: Sequence[str], now: datetime
) -> dict[str, Crew]:
    """The running shift of each of these units (ids) that has one."""
    rows = await session.execute(_CREWS, {"jurisdiction_id": jurisdiction_id, "units": list(units), "now": now})
    return {
        row.unit_id: Crew(
            row.id, row.unit_id, row.crew_id, row.starts_at, row.ends_at, row.is_shared, tuple(row.people)
        )
        for row in rows
    }
