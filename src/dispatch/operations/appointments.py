"""A unit comes or calls at an hour: it is reserved, the incident is held until then, and somebody hears of a miss."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.lookup import get_incident
from dispatch.db.models import Assignment, Incident, Unit
from dispatch.db.timers import Begin, End, Timing
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.assignment import TERMINAL, AssignmentMode, AssignmentStatus, first_status, is_taken
from dispatch.domain.errors import Conflict, FieldProblem, Invalid, UnitAlreadyAssigned
from dispatch.domain.events import EventType
from dispatch.domain.incident import IncidentStatus
from dispatch.domain.time import iso
from dispatch.domain.timers import OF_INCIDENT, SHIPPED, TimeLimits, TimerKind
from dispatch.domain.transfer import AssignmentKind
from dispatch.operations.actor import Actor, tell
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.assignment_steps import ENDED_INCIDENT, StatusStep, Taken, take_step
from dispatch.operations.assignments import AssignUnits, lock_units, new_assignment
from dispatch.operations.queue import stop_waiting_for_hour

# Later than this it is a plan of care, which is the program's own record.
LATEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Appointment:
    """This unit, by call sign or id, comes or calls at that hour."""

    incident_id: str
    unit: str
    scheduled_for: datetime
    reason: str | None = None


async def appoint(
    session: AsyncSession,
    command: Appointment,
    actor: Actor,
    principal: Principal,
    limits: TimeLimits = SHIPPED,
) -> Assignment:
    """The unit is reserved for the hour and is asked shortly before it; an incident that waited is held until then.

    Raises Invalid for an hour that has passed or lies more than a year away, UnitAlreadyAssigned where the unit has as
    many at that hour as it can take, Conflict when the incident has ended; NotFound, Refused.
    """
    if not actor.now < command.scheduled_for <= actor.now + LATEST:
        problem = FieldProblem("/scheduled_for", "out_of_range", f"after {iso(actor.now)} and within a year")
        raise Invalid("An appointment lies in the future, within a year.", fix="Send a later hour.", errors=[problem])
    incident = await get_incident(session, actor.jurisdiction_id, command.incident_id, lock=True)
    if incident.status in ENDED_INCIDENT:
        raise Conflict(
            f"Incident {incident.number} is {incident.status}.", fix="Reopen it first.", incident_status=incident.status
        )
    (unit,) = await lock_units(session, actor, [command.unit])
    principal.require_agency(unit.agency_id)
    await _require_free_then(session, unit, command.scheduled_for)
    wanted = AssignUnits(
        incident.id,
        [unit.id],
        reason=command.reason,
        kind=AssignmentKind.APPOINTMENT,
        scheduled_for=command.scheduled_for,
    )
    row = new_assignment(unit, incident, wanted, actor)
    session.add(row)
    timing = _hold(incident, row) + Timing([_begin(row, _ask_at(row, actor.now, limits))])
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "scheduled_for": iso(command.scheduled_for),
        "reason": row.reason,
    }
    entry = log.Entry(EventType.ASSIGNMENT_APPOINTED, row.id, actor.now, incident.id, payload)
    await tell(session, actor, entry, timing=timing)
    return row


async def come_due(
    session: AsyncSession, incident: Incident, row: Assignment, asked: bool, actor: Actor, limits: TimeLimits
) -> Taken | None:
    """Shortly before its hour the unit is asked; at its hour somebody hears when it has not begun.

    asked: whether the first was done. None where nothing is left to do.
    """
    if AssignmentStatus(row.status) in TERMINAL or row.scheduled_for is None:
        return None
    done = Taken()
    if not asked and row.status == AssignmentStatus.RESERVED.value:
        done = await _ask(session, incident, row, actor, limits)
    if actor.now < row.scheduled_for:
        done.timing += Timing([_begin(row, row.scheduled_for, asked=True)])
        return done
    if await _has_begun(session, row):
        return None
    message = (
        f"{row.call_sign} has an appointment at #{incident.number} for {iso(row.scheduled_for)} and has not begun."
    )
    alarm = Raise(AlarmKind.APPOINTMENT_MISSED, message, row.id, incident, row, {"status": row.status})
    done.entries.append(await raise_alarm(session, alarm, actor))
    if incident.status == IncidentStatus.HELD.value:
        done.entries.append(stop_waiting_for_hour(incident, "appointment_missed", actor))
        done.timing += Timing(ends=[End(incident.id, OF_INCIDENT)])
    return done


async def _ask(session: AsyncSession, incident: Incident, row: Assignment, actor: Actor, limits: TimeLimits) -> Taken:
    """The unit is offered or ordered what it was reserved for; a busy one stays reserved, and an alarm says so."""
    step = StatusStep(row.id, first_status(AssignmentMode(row.mode)))
    try:
        return await take_step(session, incident, row, step, actor, limits)
    except Conflict as busy:
        message = f"{row.call_sign} cannot be asked for its appointment at #{incident.number}: {busy.message}"
        alarm = Raise(AlarmKind.APPOINTMENT_MISSED, message, row.id, incident, row, {"status": row.status})
        return Taken([await raise_alarm(session, alarm, actor)])


def _hold(incident: Incident, row: Assignment) -> Timing:
    """Whatever waits, waits for the hour; where somebody is on it already, they go on."""
    if incident.status == IncidentStatus.ACTIVE.value or row.responder_type in ONE_WAY_TYPES:
        return Timing()
    incident.status = IncidentStatus.HELD.value
    incident.held_until = row.scheduled_for
    incident.status_reason = f"appointment with {row.call_sign}"
    incident.version += 1
    return Timing(ends=[End(incident.id, OF_INCIDENT)])


def _ask_at(row: Assignment, now: datetime, limits: TimeLimits) -> datetime:
    hour = row.scheduled_for or now
    lead_s = limits.limit_s(TimerKind.APPOINTMENT, row.priority, row.responder_type) or 0
    return max(now, hour - timedelta(seconds=lead_s))


def _begin(row: Assignment, at: datetime, *, asked: bool = False) -> Begin:
    return Begin(TimerKind.APPOINTMENT, row.id, row.incident_id, at, {"asked": asked})


async def _has_begun(session: AsyncSession, row: Assignment) -> bool:
    """True for one that is on its way or there; a desk begins when it accepts."""
    status = AssignmentStatus(row.status)
    if not is_taken(status) or status is AssignmentStatus.RESERVED:
        return False
    if status not in (AssignmentStatus.ORDERED, AssignmentStatus.ACCEPTED):
        return True
    unit = await session.get_one(Unit, (row.jurisdiction_id, row.unit_id))
    return not unit.mobile


async def _require_free_then(session: AsyncSession, unit: Unit, at: datetime) -> None:
    taken = await session.scalar(
        select(func.count())
        .select_from(Assignment)
        .where(
            Assignment.jurisdiction_id == unit.jurisdiction_id,
            Assignment.unit_id == unit.id,
            Assignment.scheduled_for == at,
            Assignment.is_open,
        )
    )
    if (taken or 0) >= unit.capacity:
        raise UnitAlreadyAssigned(
            f"{unit.call_sign} has {taken} of {unit.capacity} appointments at {iso(at)}.",
            fix="Choose another hour or another unit.",
            units=[{"unit": unit.call_sign, "unit_id": unit.id}],
        )
