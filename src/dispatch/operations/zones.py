"""The zones of a jurisdiction are those of one file: an import replaces them all."""

from collections.abc import Sequence

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import ZoneRow
from dispatch.domain.events import EventType
from dispatch.operations.actor import Actor, tell
from dispatch.routing.coverage import Zone


async def replace_zones(session: AsyncSession, zones: Sequence[Zone], actor: Actor) -> None:
    """Coverage is counted over these zones from the next recommendation on. zones: names once each."""
    j = actor.jurisdiction_id
    await session.execute(delete(ZoneRow).where(ZoneRow.jurisdiction_id == j))
    if zones:
        await session.execute(
            insert(ZoneRow),
            [
                {
                    "jurisdiction_id": j,
                    "name": zone.name,
                    "lat": zone.center.lat,
                    "lon": zone.center.lon,
                    "demand": zone.demand,
                }
                for zone in zones
            ],
        )
    payload = {"zones": len(zones), "demand": sum(zone.demand for zone in zones)}
    await tell(session, actor, log.Entry(EventType.ZONES_IMPORTED, j, actor.now, None, payload))
