"""A unit that was reserved begins: with its crew of the moment, and for the incident as it stands."""

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.crews import crews_now
from dispatch.db.models import Assignment, AssignmentResponder, Incident, Unit
from dispatch.domain.errors import Conflict
from dispatch.domain.incident import IncidentStatus
from dispatch.operations.actor import Actor
from dispatch.operations.fitness import require_crew_here
from dispatch.operations.free_units import require_free


async def crew_up(session: AsyncSession, incident: Incident, row: Assignment, unit: Unit, actor: Actor) -> None:
    """What was kept for the unit begins as if it were assigned now: with its crew, and as the incident stands.

    Raises Conflict when the incident has ended meanwhile, UnitNotAvailable, UnitAlreadyAssigned.
    """
    if incident.status in (IncidentStatus.CLOSED.value, IncidentStatus.CANCELLED.value):
        raise Conflict(f"Incident {incident.number} is {incident.status}.", fix="Reopen it, or drop the reservation.")
    await require_free(session, actor.jurisdiction_id, [unit])
    crews = await crews_now(session, actor.jurisdiction_id, [unit.id], actor.now)
    await require_crew_here(session, [unit], crews)
    crew = crews.get(unit.id)
    row.crew_id = crew.crew_id if crew is not None and crew.is_shared else None
    row.category, row.incident_type, row.priority = incident.category, incident.incident_type, incident.priority
    row.lat, row.lon, row.stack_position = incident.lat, incident.lon, None
    unit.break_until = unit.break_reason = None  # whoever is sent has been called back
    session.add_all(
        AssignmentResponder(jurisdiction_id=row.jurisdiction_id, assignment_id=row.id, responder_id=person)
        for person in (crew.people if crew is not None else ())
    )
