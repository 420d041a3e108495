"""The zones of a jurisdiction, as coverage counts them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import ZoneRow
from dispatch.domain.geo import LatLon
from dispatch.routing.coverage import Zone


async def read_zones(session: AsyncSession, jurisdiction_id: str) -> list[Zone]:
    """Every zone, by name; empty when none were imported."""
    rows = await session.execute(
        select(ZoneRow.name, ZoneRow.lat, ZoneRow.lon, ZoneRow.demand)
        .where(ZoneRow.jurisdiction_id == jurisdiction_id)
        .order_by(ZoneRow.name)
    )
    return [Zone(name, LatLon(lat, lon), demand) for name, lat, lon, demand in rows]
