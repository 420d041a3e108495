"""One unit asks another, of whatever discipline, to take an incident over, and has it until the other says yes."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Incident, Unit
from dispatch.db.timers import Begin, End, Timing
from dispatch.domain.access import ONE_WAY_TYPES, Permission, Principal
from dispatch.domain.assignment import ACTIVE, AssignmentMode, AssignmentStatus, is_taken
from dispatch.domain.errors import Conflict, FieldProblem, Invalid
from dispatch.domain.events import EventType
from dispatch.domain.timers import SHIPPED, TimeLimits, TimerKind
from dispatch.domain.transfer import AssignmentKind
from dispatch.operations.actor import Actor, tell
from dispatch.operations.alarms import raise_alarm
from dispatch.operations.assignment_steps import StatusStep, Taken, take_step
from dispatch.operations.assignments import AssignUnits, give, lock_assignment, lock_units
from dispatch.operations.responsibility import WAITS_FOR_ANSWER, is_asked, refusal_of, take_over, told_of

# Where the policy sets no limit for an offer, silence is noticed all the same.
ASSUMED_ANSWER_S = 90


@dataclass(frozen=True, slots=True)
class HandOff:
    """The assignment that hands over, and the unit that it asks, by call sign or id."""

    assignment_id: str
    unit: str
    reason: str | None = None


async def hand_off(
    session: AsyncSession, command: HandOff, actor: Actor, principal: Principal, limits: TimeLimits = SHIPPED
) -> Assignment:
    """The other unit is asked to take the incident over; until it accepts or arrives, the first one has it.

    A unit that is on the incident is asked where it is; another one is offered the job, which takes a dispatcher.
    Raises Conflict when the first has nothing to hand over or has asked already; Invalid for itself and for a unit that
    is told one way; what assign_units raises when the other is not free; NotFound, Refused.
    """
    incident, row = await lock_assignment(session, command.assignment_id, actor, principal)
    await _require_may_hand_over(session, row)
    (unit,) = await lock_units(session, actor, [command.unit])
    _require_other(row, unit)
    there = await _on_it(session, incident, unit)
    if there is not None:
        asked, entries, timing = there, [], _ask(there, row, limits, actor)
    else:
        principal.require(Permission.ASSIGNMENT_WRITE)
        principal.require_agency(unit.agency_id)
        wanted = AssignUnits(
            incident.id,
            [unit.id],
            AssignmentMode.OFFERED,
            reason=command.reason,
            kind=AssignmentKind.HAND_OFF,
            takes_over_from=row.id,
        )
        given = await give(session, incident, [unit], wanted, actor, limits)
        (asked,), entries, timing = given.assignments, given.entries, given.timing
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "to": asked.call_sign,
        "to_responder_type": asked.responder_type,
        "to_assignment": asked.id,
        "reason": command.reason,
    }
    offered = log.Entry(EventType.ASSIGNMENT_HAND_OFF_OFFERED, row.id, actor.now, incident.id, payload)
    await tell(session, actor, *entries, offered, timing=timing)
    return asked


async def answer_hand_off(
    session: AsyncSession,
    assignment_id: str,
    accept: bool,
    reason: str | None,
    actor: Actor,
    principal: Principal,
    limits: TimeLimits = SHIPPED,
) -> Assignment:
    """The unit that was asked has the incident, or says no with a reason and the one who had it keeps it.

    Raises Conflict when nobody asks it, Invalid for a no without a reason, NotFound, Refused.
    """
    incident, row = await lock_assignment(session, assignment_id, actor, principal)
    if AssignmentStatus(row.status) not in ACTIVE or not is_asked(row):
        raise Conflict(f"Nobody asks {row.call_sign} to take over.", fix="Read the incident's assignments.")
    if row.status == AssignmentStatus.OFFERED.value:
        status = AssignmentStatus.ACCEPTED if accept else AssignmentStatus.DECLINED
        taken = await take_step(session, incident, row, StatusStep(row.id, status, reason=reason), actor, limits)
    elif accept:
        done = take_over(row, actor.now)
        row.version += 1
        taken = Taken(done.entries, done.timing)
    else:
        taken = await refused(session, incident, row, _said(reason), actor)
    await tell(session, actor, *taken.entries, timing=taken.timing)
    return row


async def refused(session: AsyncSession, incident: Incident, row: Assignment, reason: str, actor: Actor) -> Taken:
    """The locked unit goes on with its own work there; somebody is told that the first one keeps the incident."""
    payload = {**told_of(row), "reason": reason}
    alarm = await raise_alarm(session, refusal_of(incident, row), actor)
    row.takes_over_from = row.take_over_asked_at = None
    row.version += 1
    no = log.Entry(EventType.ASSIGNMENT_HAND_OFF_REFUSED, row.id, actor.now, incident.id, payload)
    return Taken([no, alarm], Timing(ends=[End(row.id, WAITS_FOR_ANSWER)]))


async def _require_may_hand_over(session: AsyncSession, row: Assignment) -> None:
    if row.responder_type in ONE_WAY_TYPES:
        raise Conflict(
            f"{row.call_sign} is told one way and has nothing of the incident to hand over.",
            fix="Ask for help with POST /v1/assignments/{id}:backup.",
        )
    if not is_taken(AssignmentStatus(row.status)):
        raise Conflict(
            f"{row.call_sign} is {row.status.replace('_', ' ')} and has nothing to hand over.",
            fix="Assign the other unit, or decline the offer.",
        )
    waiting = await session.scalar(
        select(Assignment.call_sign).where(
            Assignment.jurisdiction_id == row.jurisdiction_id,
            Assignment.incident_id == row.incident_id,
            Assignment.takes_over_from == row.id,
            Assignment.taken_over_at.is_(None),
            Assignment.status.in_([status.value for status in ACTIVE]),
        )
    )
    if waiting is not None:
        raise Conflict(f"{waiting} was asked already.", fix="Wait for its answer, or take that back first.")


def _require_other(row: Assignment, unit: Unit) -> None:
    if unit.id == row.unit_id or unit.responder_type in ONE_WAY_TYPES:
        why = "itself" if unit.id == row.unit_id else "told one way, and takes nothing over"
        raise Invalid(
            f"{row.call_sign} cannot hand over to {unit.call_sign}.",
            fix="Name another unit.",
            errors=[FieldProblem("/unit", "cannot_take_over", why)],
        )


async def _on_it(session: AsyncSession, incident: Incident, unit: Unit) -> Assignment | None:
    row: Assignment | None = await session.scalar(
        select(Assignment)
        .where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.unit_id == unit.id,
            Assignment.status.in_([status.value for status in ACTIVE]),
        )
        .with_for_update()
    )
    return row


def _ask(there: Assignment, row: Assignment, limits: TimeLimits, actor: Actor) -> Timing:
    if is_asked(there):
        raise Conflict(
            f"{there.call_sign} has been asked to take over from another unit.", fix="Wait for its answer first."
        )
    there.takes_over_from, there.take_over_asked_at, there.taken_over_at = row.id, actor.now, None
    there.version += 1
    limit_s = limits.limit_s(TimerKind.OFFER, there.priority, there.responder_type) or ASSUMED_ANSWER_S
    due_at = actor.now + timedelta(seconds=limit_s)
    return Timing([Begin(TimerKind.HAND_OFF, there.id, there.incident_id, due_at)])


def _said(reason: str | None) -> str:
    if reason is None or not reason.strip():
        raise Invalid(
            "A no needs a reason.",
            fix="Send `reason`.",
            errors=[FieldProblem("/reason", "missing", "required where `accept` is false")],
        )
    return reason
