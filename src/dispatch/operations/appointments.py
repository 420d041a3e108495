"""A unit comes or calls at an hour: it is reserved, the incident is held until then, and somebody hears of a miss."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
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
from dispatch.domain.stack import LIFE_AT_STAKE
from dispatch.domain.time import iso
from dispatch.domain.timers import OF_INCIDENT, SHIPPED, TimeLimits, TimerKind
from dispatch.domain.transfer import AssignmentKind
from dispatch.operations.actor import Actor, tell
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.assignment_steps import ENDED_INCIDENT, StatusStep, Taken, take_step
from dispatch.operations.assignments import AssignUnits, lock_units, new_assignment
from dispatch.operations.queue import is_held_for, stop_waiting_for_hour

# Later than this it is a plan of care, which is the program's own record.
LATEST = timedelta(days=366)
# Where nobody said how long it takes.
ASSUMED_LENGTH = timedelta(minutes=30)
LONGEST = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Appointment:
    """This unit, by call sign or id, comes or calls at that hour, and stays for so long."""

    incident_id: str
    unit: str
    scheduled_for: datetime
    reason: str | None = None
    lasts: timedelta = ASSUMED_LENGTH

    @property
    def scheduled_until(self) -> datetime:
        """When the unit is free again, as far as anybody knows."""
        return self.scheduled_for + self.lasts


async def appoint(
    session: AsyncSession,
    command: Appointment,
    actor: Actor,
    principal: Principal,
    limits: TimeLimits = SHIPPED,
) -> Assignment:
    """The unit is reserved for the hour and is asked shortly before it; an incident that waited is held until then.

    Raises Invalid for an hour that has passed or lies more than a year away, UnitAlreadyAssigned where the unit has as
    many then as it can take, Conflict when the incident has ended or a life threat would wait; NotFound, Refused.
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
    _require_can_wait(incident, unit)
    await _require_free_then(session, unit, command)
    wanted = AssignUnits(
        incident.id,
        [unit.id],
        reason=command.reason,
        kind=AssignmentKind.APPOINTMENT,
        scheduled_for=command.scheduled_for,
    )
    row = new_assignment(unit, incident, wanted, actor)
    row.scheduled_until = command.scheduled_until
    session.add(row)
    unit.version += 1  # copies of the roster must know that it has an hour elsewhere
    timing = _hold(incident, row) + Timing([_begin(row, _ask_at(row, actor.now, limits))])
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "scheduled_for": iso(command.scheduled_for),
        "scheduled_until": iso(command.scheduled_until),
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
    if is_held_for(incident, row):
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
    if not _is_held_by(incident, row):
        return Timing()
    incident.status = IncidentStatus.HELD.value
    incident.held_until = row.scheduled_for
    incident.status_reason = f"appointment with {row.call_sign}"
    incident.version += 1
    return Timing(ends=[End(incident.id, OF_INCIDENT)])


def _is_held_by(incident: Incident, one: Unit | Assignment) -> bool:
    """True where nobody is on the incident and whoever comes at the hour is one who handles it."""
    return incident.status != IncidentStatus.ACTIVE.value and one.responder_type not in ONE_WAY_TYPES


def _require_can_wait(incident: Incident, unit: Unit) -> None:
    if incident.priority <= LIFE_AT_STAKE and _is_held_by(incident, unit):
        raise Conflict(
            f"{incident.number} is a life threat (priority {incident.priority}) and waits for no hour.",
            fix="Send a unit now; an appointment can be made beside it, or when somebody has lowered the priority.",
            priority=incident.priority,
        )


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


async def _require_free_then(session: AsyncSession, unit: Unit, wanted: Appointment) -> None:
    """Returns when at no moment of the span more is asked of the unit than it can take."""
    rows = await session.execute(
        select(Assignment.scheduled_for, Assignment.scheduled_until)
        .where(
            Assignment.jurisdiction_id == unit.jurisdiction_id,
            Assignment.unit_id == unit.id,
            Assignment.kind == AssignmentKind.APPOINTMENT.value,
            Assignment.is_open,
            Assignment.scheduled_for < wanted.scheduled_until,
            Assignment.scheduled_until > wanted.scheduled_for,
        )
        .order_by(Assignment.scheduled_for, Assignment.id)
    )
    taken = [(max(row.scheduled_for, wanted.scheduled_for), row.scheduled_until) for row in rows]
    # Most are there when one of them begins.
    most = max((sum(begins <= at < ends for begins, ends in taken) for at, _ in taken), default=0)
    if most >= unit.capacity:
        raise UnitAlreadyAssigned(
            f"{unit.call_sign} has {most} of {unit.capacity} appointments between {iso(wanted.scheduled_for)} and "
            f"{iso(wanted.scheduled_until)}.",
            fix="Choose another hour or another unit.",
            units=[{"unit": unit.call_sign, "unit_id": unit.id}],
            taken=[{"from": iso(begins), "until": iso(ends)} for begins, ends in taken],
        )
