"""What happened before that breaks ties: who was at this place, and who has worked most lately."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Assignment, Incident
from dispatch.domain.assignment import AssignmentStatus
from dispatch.routing.candidates import Candidate

# A person or place is met again within this time: further back another team knows no less.
REPEAT_WITHIN = timedelta(days=30)
WORKLOAD_OVER = timedelta(hours=12)


async def came_before(session: AsyncSession, incident: Incident, now: datetime) -> frozenset[str]:
    """Ids of units that cleared an earlier incident at the same address. Empty when the address is not known."""
    if not incident.address:
        return frozenset()
    rows = await session.scalars(
        select(Assignment.unit_id)
        .join(
            Incident,
            (Incident.jurisdiction_id == Assignment.jurisdiction_id) & (Incident.id == Assignment.incident_id),
        )
        .where(
            Incident.jurisdiction_id == incident.jurisdiction_id,
            Incident.opened_at >= now - REPEAT_WITHIN,
            Incident.id != incident.id,
            func.lower(Incident.address) == incident.address.lower(),
            Assignment.status == AssignmentStatus.CLEARED.value,
        )
    )
    return frozenset(unit for unit in rows if unit is not None)


async def with_workload(
    session: AsyncSession, jurisdiction_id: str, units: Sequence[Candidate], now: datetime
) -> list[Candidate]:
    """The units with the assignments that each was given lately as its workload."""
    rows = await session.execute(
        select(Assignment.unit_id, func.count().label("given"))
        .where(Assignment.jurisdiction_id == jurisdiction_id, Assignment.created_at >= now - WORKLOAD_OVER)
        .group_by(Assignment.unit_id)
    )
    given = {row.unit_id: row.given for row in rows}
    return [replace(unit, workload=float(given[unit.unit_id])) if unit.unit_id in given else unit for unit in units]
