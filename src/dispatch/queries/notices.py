"""What agencies whose responders are told one way are told of incidents: the least, and only when the scene is safe."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.session import stand_one_way

_AGENCY_OF = text("select agency_id from unit where jurisdiction_id = :jurisdiction_id and id = :unit_id")

_PAGE = text(
    """
    select incident_id, program, category, lat, lon, happened_at, retaliation_risk from cvi.notice
    where jurisdiction_id = :jurisdiction_id and happened_at >= :from_at
      and (cast(:after_at as timestamptz) is null
           or (happened_at, incident_id, program) < (cast(:after_at as timestamptz), :after_incident, :after_program))
    order by happened_at desc, incident_id desc, program desc limit :limit
    """
)


@dataclass(frozen=True, slots=True)
class Notice:
    """An incident as a program is told of it. lat, lon: the block. retaliation_risk: yes, no or unknown."""

    incident_id: str
    program: str
    category: str
    lat: float | None
    lon: float | None
    happened_at: datetime
    retaliation_risk: str


async def agency_of(session: AsyncSession, jurisdiction_id: str, unit_id: str) -> str:
    """The agency of this unit. Ask it before `notices`: afterwards nothing else can be read."""
    which = {"jurisdiction_id": jurisdiction_id, "unit_id": unit_id}
    return str((await session.execute(_AGENCY_OF, which)).scalar_one())


async def notices(
    session: AsyncSession,
    jurisdiction_id: str,
    agencies: Sequence[str],
    from_at: datetime,
    *,
    after: tuple[datetime, str, str] | None,
    limit: int,
) -> list[Notice]:
    """Up to `limit` notices for programs of these agencies, newest first, of incidents from then on.

    The session reads nothing but notices until its transaction ends: the rest is closed to its role in the database.
    """
    await stand_one_way(session, agencies)
    at, incident, program = after or (None, None, None)
    asked = {
        "jurisdiction_id": jurisdiction_id,
        "from_at": from_at,
        "after_at": at,
        "after_incident": incident,
        "after_program": program,
        "limit": limit,
    }
    return [Notice(**row) for row in (await session.execute(_PAGE, asked)).mappings()]
