"""An incident that had left the queue is on it again: by a person's word, or because danger was told since."""

from dispatch.db import log
from dispatch.db.models import Incident
from dispatch.domain.events import EventType
from dispatch.domain.incident import IncidentStatus
from dispatch.operations.actor import Actor


def put_back(incident: Incident, reason: str, actor: Actor) -> log.Entry:
    """The incident waits again with its old age and its history, and what the log says of it."""
    payload = {"reason": reason, "disposition_before": incident.disposition}
    incident.status = IncidentStatus.PENDING.value
    incident.version += 1
    incident.disposition = None
    incident.closed_at = None
    incident.held_until = None
    incident.status_reason = reason
    return log.Entry(EventType.INCIDENT_REOPENED, incident.id, actor.now, incident.id, payload)
