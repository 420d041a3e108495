"""What a unit found it to be, beside what the caller said, what triage made of it and what it is closed as."""

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.active_policy import ActivePolicies
from dispatch.db.models import Incident
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.errors import Conflict
from dispatch.domain.events import EventType
from dispatch.operations.actor import Actor, tell
from dispatch.operations.assignments import lock_assignment
from dispatch.operations.known_words import require_incident_type


async def tell_on_scene_type(
    session: AsyncSession,
    assignment_id: str,
    code: str,
    note: str | None,
    policies: ActivePolicies,
    actor: Actor,
    principal: Principal,
) -> Incident:
    """The incident has this on-scene type, by the word of a unit that is there; the log keeps the one before.

    The last word stands, and the incident closes with it unless whoever closes it says another. Plan and priority stay
    as they are. Raises Conflict for a unit that is not on scene or is told one way, Invalid for a type that the policy
    does not know, NotFound, Refused.
    """
    incident, row = await lock_assignment(session, assignment_id, actor, principal)
    if row.on_scene_at is None or not row.is_open or row.responder_type in ONE_WAY_TYPES:
        raise Conflict(
            f"{row.call_sign} is {row.status.replace('_', ' ')}; a unit that is on scene tells what it is there.",
            fix="Report on scene first, or close the incident with a `final_type`.",
        )
    await require_incident_type(session, policies, incident, code, "/incident_type", actor)
    if incident.on_scene_type == code:
        return incident
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "from": incident.on_scene_type,
        "to": code,
        "note": note,
    }
    incident.on_scene_type = code
    incident.version += 1
    await tell(session, actor, log.Entry(EventType.INCIDENT_TYPE_FOUND, incident.id, actor.now, incident.id, payload))
    return incident
