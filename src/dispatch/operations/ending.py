"""An incident is over: what every way of ending it has in common."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Incident
from dispatch.db.timers import End, Timing
from dispatch.domain.incident import IncidentStatus, require_incident_move
from dispatch.domain.timers import OF_INCIDENT
from dispatch.operations.actor import Actor
from dispatch.operations.unserved import settle


@dataclass(frozen=True, slots=True)
class Ended:
    """What the log says of it, and the timers that end with it."""

    entry: log.Entry
    timing: Timing


async def end_incident(
    session: AsyncSession,
    incident: Incident,
    to: IncidentStatus,
    disposition: str,
    actor: Actor,
    *,
    note: str | None = None,
    final_type: str | None = None,
) -> Ended:
    """The locked incident has ended, with a reason for each program that did not serve it. The caller tells the log.

    Raises IllegalTransition for one that has ended already.
    """
    require_incident_move(IncidentStatus(incident.status), to)
    incident.status = to.value
    incident.version += 1
    incident.disposition = disposition
    incident.closed_at = actor.now
    incident.final_type = final_type or incident.on_scene_type or incident.incident_type
    await settle(session, incident, actor)
    payload = {"disposition": disposition, "note": note, "final_type": incident.final_type}
    entry = log.Entry(f"incident.{to.value}", incident.id, actor.now, incident.id, payload)
    return Ended(entry, Timing(ends=[End(incident.id, OF_INCIDENT)]))
