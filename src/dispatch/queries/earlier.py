"""What happened before that breaks ties: who was at this place, and who has worked most lately."""

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Assignment, Incident
from dispatch.domain.assignment import AssignmentStatus
from dispatch.queries.roster import is_free
from dispatch.routing.candidates import Candidate

# A person or place is met again within this time: further back another team knows no less.
REPEAT_WITHIN = timedelta(days=30)
WORKLOAD_OVER = timedelta(hours=12)

# Unit by unit in the order of an index: whoever could not go is not counted, however busy the day.
_GIVEN = text(
    """
    select unit_id, count(*)::int as given from assignment
    where jurisdiction_id = :jurisdiction_id and unit_id = any(:units) and created_at >= :since
    group by unit_id
    """
)


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
            # The folded address finds it in an index; a flat is told from its house by the whole one.
            Incident.address_key == incident.address_key,
            func.lower(Incident.address) == incident.address.lower(),
            Assignment.status == AssignmentStatus.CLEARED.value,
        )
    )
    return frozenset(unit for unit in rows if unit is not None)


async def with_workload(
    session: AsyncSession,
    jurisdiction_id: str,
    units: Sequence[Candidate],
    responder_types: Container[str],
    now: datetime,
) -> list[Candidate]:
    """The units; the free ones of these types with the assignments that each was given lately as its workload."""
    asked = [unit.unit_id for unit in units if unit.responder_type in responder_types and is_free(unit)]
    rows = await session.execute(
        _GIVEN, {"jurisdiction_id": jurisdiction_id, "units": asked, "since": now - WORKLOAD_OVER}
    )
    given = {row.unit_id: row.given for row in rows}
    return [replace(unit, workload=float(given[unit.unit_id])) if unit.unit_id in given else unit for unit in units]
