"""Where a unit has been."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_OF_UNIT = text(
    """
    select p.at, p.lat, p.lon
    from unit_track t, unnest(t.unit_ids, t.at, t.lat, t.lon) as p(unit_id, at, lat, lon)
    where t.jurisdiction_id = :jurisdiction_id and t.last_at >= :since and t.first_at <= :until
      and t.unit_ids @> array[cast(:unit_id as text)]
      and p.unit_id = :unit_id and p.at >= :since and p.at <= :until
    order by p.at limit :limit
    """
)


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """A unit was at a place."""

    at: datetime
    lat: float
    lon: float


async def track(
    session: AsyncSession, jurisdiction_id: str, unit_id: str, since: datetime, until: datetime, limit: int
) -> list[TrackPoint]:
    """The unit's positions between two moments, oldest first, however and in whatever order they arrived."""
    rows = await session.execute(
        _OF_UNIT,
        {"jurisdiction_id": jurisdiction_id, "unit_id": unit_id, "since": since, "until": until, "limit": limit},
    )
    return [TrackPoint(row.at, row.lat, row.lon) for row in rows]
