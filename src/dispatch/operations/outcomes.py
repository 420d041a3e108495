"""More is said of what came of a unit's work after it has cleared."""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Incident
from dispatch.db.timers import End, Timing
from dispatch.domain.access import Principal
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.care import Care, Said, shown_entries, with_more
from dispatch.domain.errors import Conflict
from dispatch.domain.events import EventType
from dispatch.domain.incident import IncidentStatus
from dispatch.domain.outcome import SHIPPED_OUTCOMES, Catalogue
from dispatch.domain.timers import OF_INCIDENT
from dispatch.operations.actor import Actor, tell
from dispatch.operations.assignment_steps import ENDED_INCIDENT, back_to_queue_when_nobody_is_left
from dispatch.operations.assignments import lock_assignment
from dispatch.operations.care import keep_care, left_to, told_of


async def add_outcomes(
    session: AsyncSession,
    assignment_id: str,
    said: Sequence[Said],
    actor: Actor,
    principal: Principal | None = None,
    catalogue: Catalogue = SHIPPED_OUTCOMES,
) -> Assignment:
    """More is said of what came of a unit's work: details that were owed, other outcomes, corrections that keep
    what was.

    Raises Conflict before it has cleared, Invalid as the catalogue does, NotFound; Refused when the principal may not
    speak for the unit or its agency.
    """
    incident, row = await lock_assignment(session, assignment_id, actor, principal)
    if row.status != AssignmentStatus.CLEARED.value or row.outcome is None:
        raise Conflict(
            f"{row.call_sign} is {row.status.replace('_', ' ')}; what came of it is said when it clears.",
            fix="Send `outcomes` with the status cleared.",
        )
    entries = with_more(shown_entries(row.outcome, row.outcomes), said, row.responder_type, catalogue)
    care, left_before = Care(row.outcome, entries), set(left_to(row.outcomes))
    promises = await keep_care(session, row, care, actor)
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        **told_of(care),
    }
    entry = log.Entry(EventType.ASSIGNMENT_OUTCOME_ADDED, row.id, actor.now, row.incident_id, payload)
    row.version += 1
    waits = await _wait_for(incident, set(left_to(row.outcomes)) - left_before, session, actor)
    timing = Timing(ends=[End(incident.id, OF_INCIDENT)]) if waits else Timing()
    await tell(session, actor, entry, *promises, *waits, timing=timing)
    return row


async def _wait_for(
    incident: Incident, wanted: Collection[str], session: AsyncSession, actor: Actor
) -> list[log.Entry]:
    """Whoever must still come is waited for, though everybody had gone or the incident was closed."""
    was = incident.status
    if not wanted:
        return []
    if was in ENDED_INCIDENT:
        incident.status = IncidentStatus.ACTIVE.value
    waits = await back_to_queue_when_nobody_is_left(session, incident, actor)
    if not waits:
        incident.status = was
    return waits
