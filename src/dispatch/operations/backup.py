"""A unit asks for help, or declares an emergency: one action puts the help into the plan and raises an alarm."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.lookup import get_incident, get_unit
from dispatch.db.models import Assignment, Incident, Unit
from dispatch.domain.access import Principal
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.assignment import ACTIVE, AssignmentStatus
from dispatch.domain.classification import SlotRole
from dispatch.domain.errors import Conflict
from dispatch.domain.events import EventType
from dispatch.operations.actor import Actor, tell
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.assignments import lock_assignment
from dispatch.operations.escalation import Escalated, Help, escalate_for


@dataclass(frozen=True, slots=True)
class AskForBackup:
    """who: responder types, the first leads. is_urgent: somebody is in danger; otherwise it keeps its priority."""

    assignment_id: str
    who: Sequence[str]
    is_urgent: bool = True
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Backup:
    """incident: as it stands now. alarm: its id."""

    incident: Incident
    alarm: str


async def ask_for_backup(
    session: AsyncSession, command: AskForBackup, actor: Actor, principal: Principal | None = None
) -> Backup:
    """Those asked for come first in the incident's plan, and an alarm stands until somebody acknowledges it.

    Asked again, the alarm counts up and the plan stays. Raises Conflict when the assignment has ended, NotFound;
    Refused when the principal may not speak for the unit or its agency.
    """
    incident, row = await lock_assignment(session, command.assignment_id, actor, principal)
    if AssignmentStatus(row.status) not in ACTIVE:
        raise Conflict(
            f"{row.call_sign} is {row.status.replace('_', ' ')} and no longer on {incident.number}.",
            fix="Declare the unit's emergency with POST /v1/units/{id}/status, or post a call.",
        )
    who = list(dict.fromkeys(command.who))
    message = f"{row.call_sign} asks for {' and '.join(who)} at #{incident.number}"
    message += f": {command.reason}" if command.reason else "."
    alarm = await _alarm(session, AlarmKind.BACKUP_REQUESTED, message, row.id, incident, row, actor)
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "who": who,
        "urgent": command.is_urgent,
        "reason": command.reason,
    }
    asked = log.Entry(EventType.ASSIGNMENT_BACKUP_REQUESTED, row.id, actor.now, incident.id, payload)
    because = f"A unit on it asks for {' and '.join(who)}."
    wanted = Help("backup_requested", because, _roles(who), command.is_urgent)
    more = await escalate_for(session, incident, row, wanted, actor)
    await tell(session, actor, asked, alarm, *more.entries, timing=more.timing)
    return Backup(incident, alarm.subject_id)


async def hear_emergency(session: AsyncSession, unit: Unit, reason: str | None, actor: Actor) -> Escalated:
    """The unit's emergency is an alarm for every agency; its incident, locked before, needs police and EMS."""
    row = await _newest(session, unit)
    incident = await get_incident(session, actor.jurisdiction_id, row.incident_id) if row is not None else None
    where = f" at #{incident.number}" if incident is not None else ""
    message = f"{unit.call_sign} declares an emergency{where}" + (f": {reason}" if reason else ".")
    alarm = await _alarm(session, AlarmKind.UNIT_EMERGENCY, message, unit.id, incident, unit, actor)
    if row is None or incident is None:
        return Escalated([alarm])
    wanted = Help("unit_emergency", "A unit on it declares an emergency.")
    more = await escalate_for(session, incident, row, wanted, actor)
    return Escalated([alarm, *more.entries], more.timing)


async def lock_for_emergency(session: AsyncSession, unit: str, actor: Actor) -> None:
    """The unit's incident, if any, is locked: before the unit, as everybody locks them."""
    found = await get_unit(session, actor.jurisdiction_id, unit, hidden_types=actor.hidden_types)
    row = await _newest(session, found)
    if row is not None:
        await get_incident(session, actor.jurisdiction_id, row.incident_id, lock=True)


async def _newest(session: AsyncSession, unit: Unit) -> Assignment | None:
    row: Assignment | None = await session.scalar(
        select(Assignment)
        .where(
            Assignment.jurisdiction_id == unit.jurisdiction_id,
            Assignment.unit_id == unit.id,
            Assignment.status.in_([status.value for status in ACTIVE]),
        )
        .order_by(Assignment.created_at.desc(), Assignment.id.desc())
        .limit(1)
    )
    return row


async def _alarm(
    session: AsyncSession,
    kind: AlarmKind,
    message: str,
    subject: str,
    incident: Incident | None,
    unit: Assignment | Unit,
    actor: Actor,
) -> log.Entry:
    return await raise_alarm(session, Raise(kind, message, subject, incident, unit, for_every_agency=True), actor)


def _roles(who: Sequence[str]) -> list[tuple[str, SlotRole]]:
    return [
        (kind, SlotRole.STAGED if kind == "ems" and number else SlotRole.PRIMARY) for number, kind in enumerate(who)
    ]
