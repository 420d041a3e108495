"""An incident leaves the queue when somebody has it, and is on it again by a person's word or for danger told since."""

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Incident, TriageDecisionRow, Unit
from dispatch.db.timers import End, Timing
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.assignment import ACTIVE, AssignmentStatus
from dispatch.domain.events import EventType
from dispatch.domain.incident import ENDED, IncidentStatus
from dispatch.domain.risk import risen
from dispatch.domain.timers import OF_QUEUE, TimerKind
from dispatch.domain.transfer import AssignmentKind
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


def is_held_for(incident: Incident, row: Assignment) -> bool:
    """True while the incident is held and somebody who handles it has an appointment there.

    Who is told one way holds nothing, so that it ends no hold either.
    """
    is_appointed = row.kind == AssignmentKind.APPOINTMENT.value and row.responder_type not in ONE_WAY_TYPES
    return is_appointed and incident.status == IncidentStatus.HELD.value


def stop_waiting_for_hour(incident: Incident, reason: str, actor: Actor) -> log.Entry:
    """The incident waits for whoever can come, since nobody comes at the hour; its step of the plan begins anew.

    While it waited on purpose nobody let it wait, so the wait limit of the step has not been used up.
    """
    incident.step_since = actor.now
    return put_back(incident, reason, actor)


def make_active(incident: Incident) -> Timing:
    """Somebody is on the incident, so that it neither waits nor is held."""
    if incident.status == IncidentStatus.ACTIVE.value:
        return Timing()
    was_held = incident.status == IncidentStatus.HELD.value
    incident.status = IncidentStatus.ACTIVE.value
    incident.held_until = incident.status_reason = None
    incident.version += 1
    return Timing(ends=[End(incident.id, frozenset({TimerKind.HOLD_DUE}))]) if was_held else Timing()


async def leave_queue(session: AsyncSession, incident: Incident, row: Assignment, unit: Unit | None) -> Timing:
    """Whoever just said yes has the incident, which waits no longer.

    It stays on the queue when a desk or an outside party took what has become more dangerous since it was asked: then
    somebody must go there, and a person must look.
    """
    comes = unit is not None and unit.mobile
    if not comes and await _has_grown(session, incident, row):
        incident.needs_human = True
        incident.version += 1
        return Timing()
    return make_active(incident) + Timing(ends=[End(incident.id, OF_QUEUE)])


async def _has_grown(session: AsyncSession, incident: Incident, row: Assignment) -> bool:
    if row.decision_id is None or row.decision_id == incident.decision_id:
        return False
    key = incident.jurisdiction_id
    asked = await session.get_one(TriageDecisionRow, (key, row.decision_id))
    now = await session.get_one(TriageDecisionRow, (key, incident.decision_id))
    return bool(risen(asked.decision, now.decision))


async def is_off_the_queue(session: AsyncSession, incident: Incident) -> bool:
    """True when nobody looks for somebody to send: it ended, is held, or only one who comes nowhere has it."""
    if incident.status in ENDED or incident.status == IncidentStatus.HELD.value:
        return True
    return incident.status == IncidentStatus.ACTIVE.value and not await somebody_comes(session, incident)


async def somebody_comes(session: AsyncSession, incident: Incident) -> bool:
    """True while a unit that goes there was sent or offered it. Desks, agencies and outside parties go nowhere."""
    found = await session.scalar(
        _on_it(incident)
        .join(Unit, (Unit.jurisdiction_id == Assignment.jurisdiction_id) & (Unit.id == Assignment.unit_id))
        .where(Unit.mobile)
        .limit(1)
    )
    return found is not None


async def wait_for_answer(session: AsyncSession, incident: Incident, actor: Actor) -> list[log.Entry]:
    """An incident that everybody has left, and that somebody is asked to take, waits on the queue for the answer."""
    if incident.status != IncidentStatus.ACTIVE.value:
        return []
    if await session.scalar(_on_it(incident).limit(1)) is not None:
        return []
    return [put_back(incident, "passed_on", actor)]


def _on_it(incident: Incident) -> Select[str]:
    """The assignments of those who have the incident, or were sent or offered it as units are."""
    return select(Assignment.id).where(
        Assignment.jurisdiction_id == incident.jurisdiction_id,
        Assignment.incident_id == incident.id,
        Assignment.status.in_([status.value for status in ACTIVE]),
        Assignment.responder_type.not_in(sorted(ONE_WAY_TYPES)),
        or_(
            Assignment.kind == AssignmentKind.DISPATCH.value,
            Assignment.status != AssignmentStatus.OFFERED.value,
        ),
    )
