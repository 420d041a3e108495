"""Who goes with a unit that was reserved: its crew of the moment when it is sent."""

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.crews import crews_now
from dispatch.db.models import Assignment, AssignmentResponder
from dispatch.operations.actor import Actor


async def crew_up(session: AsyncSession, row: Assignment, actor: Actor) -> None:
    """Whoever is on the unit now goes, and not who was when it was reserved."""
    if row.unit_id is None:
        return
    crew = (await crews_now(session, actor.jurisdiction_id, [row.unit_id], actor.now)).get(row.unit_id)
    if crew is None:
        return
    row.crew_id = crew.crew_id if crew.is_shared else None
    session.add_all(
        AssignmentResponder(jurisdiction_id=row.jurisdiction_id, assignment_id=row.id, responder_id=person)
        for person in crew.people
    )
