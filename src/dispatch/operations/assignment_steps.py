"""One step of an assignment and all that follows from it: its unit, its incident, its offer and its timers.

Shared by whoever takes a step: a person, a timer, or the end of an offer to several.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.crews import crews_now
from dispatch.db.models import Assignment, AssignmentResponder, Incident, Unit
from dispatch.db.timers import Begin, End, Timing
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.assignment import (
    ACTIVE,
    TERMINAL,
    AssignmentMode,
    AssignmentStatus,
    OfferRule,
    cause_of,
    implies_acceptance,
    is_taken,
    require_move,
    stamp_column,
    unit_status_after,
)
from dispatch.domain.care import Care, Said, care_of
from dispatch.domain.errors import Conflict, UnitAlreadyAssigned, UnitNotAvailable
from dispatch.domain.incident import IncidentStatus
from dispatch.domain.outcome import SHIPPED_OUTCOMES, Catalogue, Cleared, still_awaited
from dispatch.domain.timers import OF_ASSIGNMENT, OF_QUEUE, TimeLimits, TimerKind
from dispatch.domain.unit import UnitStatus
from dispatch.operations.actor import Actor
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.care import keep_care, left_to, told_of
from dispatch.operations.fitness import require_crew_here
from dispatch.operations.queue import put_back
from dispatch.operations.watching import watched

OUT = frozenset({UnitStatus.OFF_DUTY.value, UnitStatus.OUT_OF_SERVICE.value, UnitStatus.EMERGENCY.value})
ENDED_INCIDENT = frozenset({IncidentStatus.CLOSED.value, IncidentStatus.CANCELLED.value})
SAID_NO = frozenset({AssignmentStatus.DECLINED, AssignmentStatus.TIMED_OUT})


@dataclass(frozen=True, slots=True)
class StatusStep:
    """One step of an assignment. occurred_at None: now; a past time is taken as it is.

    cause: why it is cancelled, as a code. said: what came of it beside `outcome`, or with its details.
    """

    assignment_id: str
    status: AssignmentStatus
    occurred_at: datetime | None = None
    reason: str | None = None
    outcome: str | None = None
    note: str | None = None
    cause: str | None = None
    said: tuple[Said, ...] = ()


@dataclass(slots=True)
class Taken:
    """What to tell of a step that was taken."""

    entries: list[log.Entry] = field(default_factory=list)
    timing: Timing = field(default_factory=Timing)


async def take_step(
    session: AsyncSession,
    incident: Incident,
    row: Assignment,
    step: StatusStep,
    actor: Actor,
    limits: TimeLimits,
    catalogue: Catalogue = SHIPPED_OUTCOMES,
) -> Taken:
    """The assignment, locked after its incident, stands in the new status, and all that depends on it follows.

    Raises IllegalTransition with the legal steps, Invalid where a reason or an outcome is missing or not known.
    Nothing is told yet.
    """
    occurred_at = step.occurred_at or actor.now
    before, mode = AssignmentStatus(row.status), AssignmentMode(row.mode)
    outcome = step.outcome or next((one.code for one in step.said), None)
    require_move(before, step.status, mode, reason=step.reason, outcome=outcome, cause=step.cause)
    care = care_of(step.outcome, step.said, row.responder_type, catalogue) if outcome is not None else None
    rivals = await _rivals(session, row) if is_taken(step.status) and not is_taken(before) else []
    units = await _lock(session, actor.jurisdiction_id, [row, *rivals])
    unit = units[row.unit_id]
    starts = before is AssignmentStatus.RESERVED and step.status in ACTIVE
    if starts:
        await _start(session, incident, row, unit, actor)
    _write(row, step, before, occurred_at)
    promises = [] if care is None else await keep_care(session, row, care, actor)
    taken = Taken(
        [_told(row, before, step, occurred_at, actor, care)], await watched(session, row, occurred_at, limits)
    )
    taken.entries += promises
    if is_taken(step.status) and row.responder_type not in ONE_WAY_TYPES:
        taken.timing += Timing(ends=[End(row.incident_id, OF_QUEUE)])
    if starts and row.responder_type not in ONE_WAY_TYPES:
        taken.timing += make_active(incident)
    if before is AssignmentStatus.RESERVED and not starts:
        return taken  # the unit is about something else, and the incident never left the queue for this
    for rival in rivals:
        _take_back(rival, units[rival.unit_id], row, taken, actor)
    await _follow(session, incident, row, unit, step.status, occurred_at, taken, actor)
    return taken


async def _start(session: AsyncSession, incident: Incident, row: Assignment, unit: Unit, actor: Actor) -> None:
    """What was kept for the unit begins as if it were assigned now: with its crew, and as the incident stands.

    Raises Conflict when the incident has ended meanwhile, UnitNotAvailable, UnitAlreadyAssigned.
    """
    if incident.status in ENDED_INCIDENT:
        raise Conflict(f"Incident {incident.number} is {incident.status}.", fix="Reopen it, or drop the reservation.")
    await require_free(session, actor.jurisdiction_id, [unit])
    crews = await crews_now(session, actor.jurisdiction_id, [unit.id], actor.now)
    await require_crew_here(session, [unit], crews)
    crew = crews.get(unit.id)
    row.crew_id = crew.crew_id if crew is not None and crew.is_shared else None
    row.category, row.incident_type, row.priority = incident.category, incident.incident_type, incident.priority
    row.lat, row.lon, row.stack_position = incident.lat, incident.lon, None
    unit.break_until = unit.break_reason = None  # whoever is sent has been called back
    session.add_all(
        AssignmentResponder(jurisdiction_id=row.jurisdiction_id, assignment_id=row.id, responder_id=person)
        for person in (crew.people if crew is not None else ())
    )


def follow_unit(unit: Unit, status: UnitStatus, occurred_at: datetime) -> None:
    """The unit is what its assignment makes of it, unless it stacks or has declared an emergency."""
    if unit.capacity == 1 and unit.status != UnitStatus.EMERGENCY.value:
        unit.status = status.value
        unit.status_at = occurred_at
    unit.version += 1


def make_active(incident: Incident) -> Timing:
    """Somebody is on the incident, so that it neither waits nor is held."""
    if incident.status == IncidentStatus.ACTIVE.value:
        return Timing()
    was_held = incident.status == IncidentStatus.HELD.value
    incident.status = IncidentStatus.ACTIVE.value
    incident.held_until = incident.status_reason = None
    incident.version += 1
    return Timing(ends=[End(incident.id, frozenset({TimerKind.HOLD_DUE}))]) if was_held else Timing()


async def _rivals(session: AsyncSession, row: Assignment) -> list[Assignment]:
    """The other offers of a `first_of` that nobody has answered; the incident's lock keeps them as they are."""
    if row.offer_rule != OfferRule.FIRST_OF.value:
        return []
    rows = await session.scalars(
        select(Assignment)
        .where(
            Assignment.jurisdiction_id == row.jurisdiction_id,
            Assignment.incident_id == row.incident_id,
            Assignment.offer_id == row.offer_id,
            Assignment.status == AssignmentStatus.OFFERED.value,
            Assignment.id != row.id,
        )
        .order_by(Assignment.id)
        .with_for_update()
    )
    return list(rows)


async def _lock(session: AsyncSession, jurisdiction_id: str, rows: Sequence[Assignment]) -> dict[str, Unit]:
    """The units of these assignments by id, locked in the order in which everybody locks units."""
    units = await session.scalars(
        select(Unit)
        .where(Unit.jurisdiction_id == jurisdiction_id, Unit.id.in_([row.unit_id for row in rows]))
        .order_by(Unit.id)
        .with_for_update()
    )
    return {unit.id: unit for unit in units}


def _write(row: Assignment, step: StatusStep, before: AssignmentStatus, occurred_at: datetime) -> None:
    row.status = step.status.value
    row.version += 1
    row.reason = row.reason if step.reason is None else step.reason
    row.cause = cause_of(step.status, step.cause)
    row.note = row.note if step.note is None else step.note
    setattr(row, stamp_column(step.status), occurred_at)
    if implies_acceptance(before, step.status) and row.accepted_at is None:
        row.accepted_at = occurred_at


def _take_back(rival: Assignment, unit: Unit, winner: Assignment, taken: Taken, actor: Actor) -> None:
    # A unit of another discipline is not named: who reads this row may not be meant to know of it.
    who = winner.call_sign if winner.responder_type == rival.responder_type else "Another unit"
    step = StatusStep(rival.id, AssignmentStatus.RESCINDED, reason=f"{who} was first to accept")
    _write(rival, step, AssignmentStatus.OFFERED, actor.now)
    taken.entries.append(_told(rival, AssignmentStatus.OFFERED, step, actor.now, actor))
    taken.timing += Timing(ends=[End(rival.id, OF_ASSIGNMENT)])
    _free(unit, rival, actor.now)


def _told(
    row: Assignment,
    before: AssignmentStatus,
    step: StatusStep,
    occurred_at: datetime,
    actor: Actor,
    care: Care | None = None,
) -> log.Entry:
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "from": before.value,
        "to": step.status.value,
        "reason": step.reason,
        "cause": row.cause,
        **told_of(care),
        "late_s": round((actor.now - occurred_at).total_seconds()),
    }
    return log.Entry(f"assignment.{step.status.value}", row.id, occurred_at, row.incident_id, payload)


async def _follow(
    session: AsyncSession,
    incident: Incident,
    row: Assignment,
    unit: Unit,
    status: AssignmentStatus,
    occurred_at: datetime,
    taken: Taken,
    actor: Actor,
) -> None:
    if status not in TERMINAL:
        if row.exclusive:
            follow_unit(unit, unit_status_after(status), occurred_at)
        return
    _free(unit, row, occurred_at)
    if incident.status == IncidentStatus.ACTIVE.value:
        taken.entries += await back_to_queue_when_nobody_is_left(session, incident, actor)
        if incident.status == IncidentStatus.PENDING.value:
            now_due = Begin(TimerKind.STEP_DECLINED, incident.id, incident.id, actor.now, {"step": incident.plan_step})
            taken.timing += Timing([now_due] if status in SAID_NO else [], [End(incident.id, OF_QUEUE)])
    if status in SAID_NO and row.offer_rule == OfferRule.ALL_OF.value:
        message = f"{row.call_sign} does not come to #{incident.number}; all who were asked are wanted."
        alarm = Raise(AlarmKind.OFFER_INCOMPLETE, message, row.id, incident, row)
        taken.entries.append(await raise_alarm(session, alarm, actor))


def _free(unit: Unit, row: Assignment, at: datetime) -> None:
    if row.exclusive and unit.status not in OUT:
        # A unit whose shift has ended meanwhile goes home.
        follow_unit(unit, UnitStatus.AVAILABLE if unit.due_off_at is None else UnitStatus.OFF_DUTY, at)
        unit.due_off_at = None
    else:
        unit.version += 1


async def back_to_queue_when_nobody_is_left(session: AsyncSession, incident: Incident, actor: Actor) -> list[log.Entry]:
    """An incident whose units all declined or were cancelled waits again, with its old age.

    So does one whose units left it to somebody who never came; then a person must look, told by the reason and the log.
    Units that are told one way do not count, here and where an incident becomes active: they handle nothing of it.
    """
    if incident.status != IncidentStatus.ACTIVE.value:
        return []
    await session.flush()
    rows = await session.execute(
        select(
            Assignment.status,
            Assignment.responder_type,
            Assignment.outcome,
            Assignment.outcomes,
            Assignment.cleared_at,
        ).where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.status.in_([*(status.value for status in ACTIVE), AssignmentStatus.CLEARED.value]),
            Assignment.responder_type.not_in(sorted(ONE_WAY_TYPES)),
        )
    )
    there = rows.all()
    if any(row.status != AssignmentStatus.CLEARED.value for row in there):
        return []
    awaited = still_awaited(
        [Cleared(row.responder_type, row.outcome, row.cleared_at, left_to(row.outcomes)) for row in there]
    )
    if awaited is not None:
        incident.needs_human = True
        return [put_back(incident, awaited, actor)]
    if not there:
        incident.status = IncidentStatus.PENDING.value
        incident.version += 1
    return []


async def require_free(session: AsyncSession, jurisdiction_id: str, units: Sequence[Unit]) -> None:
    """Returns when every unit is in service and has room. Raises UnitNotAvailable or UnitAlreadyAssigned."""
    out = [unit for unit in units if unit.status in OUT]
    if out:
        raise UnitNotAvailable(
            "; ".join(f"{unit.call_sign} is {unit.status.replace('_', ' ')}" for unit in out) + ".",
            fix="Choose another unit, or put this one in service first.",
            units=[{"unit": unit.call_sign, "status": unit.status} for unit in out],
        )
    rows = await session.execute(
        select(
            Assignment.unit_id,
            func.count().label("active"),
            func.min(Incident.number).label("number"),
            func.min(Assignment.incident_id).label("incident_id"),
            func.min(Assignment.status).label("status"),
        )
        .join(
            Incident,
            (Incident.jurisdiction_id == Assignment.jurisdiction_id) & (Incident.id == Assignment.incident_id),
        )
        .where(
            Assignment.jurisdiction_id == jurisdiction_id,
            Assignment.unit_id.in_([unit.id for unit in units]),
            Assignment.status.in_([status.value for status in ACTIVE]),
        )
        .group_by(Assignment.unit_id)
    )
    busy = {row.unit_id: row for row in rows}
    taken = [(unit, busy[unit.id]) for unit in units if unit.id in busy and busy[unit.id].active >= unit.capacity]
    if taken:
        raise UnitAlreadyAssigned(
            "; ".join(f"{unit.call_sign} is {row.status.replace('_', ' ')} at #{row.number}" for unit, row in taken)
            + ".",
            fix="Choose a unit that is free, or clear this one first. None of the units was assigned.",
            units=[
                {"unit": unit.call_sign, "unit_id": unit.id, "incident": row.incident_id, "number": row.number}
                for unit, row in taken
            ],
        )
