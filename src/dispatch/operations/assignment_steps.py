"""One step of an assignment and all that follows from it: its unit, its incident, its offer and its timers.

Shared by whoever takes a step: a person, a timer, or the end of an offer to several.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Incident, Unit
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
from dispatch.domain.incident import IncidentStatus
from dispatch.domain.outcome import SHIPPED_OUTCOMES, Catalogue, Cleared, still_awaited
from dispatch.domain.timers import OF_ASSIGNMENT, OF_ENDED, OF_INCIDENT, OF_QUEUE, TimeLimits, TimerKind
from dispatch.domain.transfer import ASKED_FIRST, AssignmentKind
from dispatch.domain.unit import UnitStatus
from dispatch.operations.actor import Actor
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.arrivals import warn_of_arrival
from dispatch.operations.care import keep_care, left_to, told_of
from dispatch.operations.crewing import crew_up
from dispatch.operations.free_units import OUT
from dispatch.operations.queue import is_held_for, leave_queue, put_back, stop_waiting_for_hour
from dispatch.operations.responsibility import is_asked, refusal_of, require_somebody_left, take_over
from dispatch.operations.watching import watched

ENDED_INCIDENT = frozenset({IncidentStatus.CLOSED.value, IncidentStatus.CANCELLED.value})
SAID_NO = frozenset({AssignmentStatus.DECLINED, AssignmentStatus.TIMED_OUT})
NEVER_CAME = TERMINAL - {AssignmentStatus.CLEARED}


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
    is_yes = is_taken(step.status) and not is_taken(before)
    rivals = await _rivals(session, row) if is_yes else []
    units = await _lock(session, actor.jurisdiction_id, [row, *rivals])
    unit = units.get(row.unit_id)
    starts = before is AssignmentStatus.RESERVED and step.status in ACTIVE
    if starts and unit is not None:
        await crew_up(session, incident, row, unit, actor)
    if step.status is AssignmentStatus.CLEARED:
        await require_somebody_left(session, row, outcome)
    _write(row, step, before, occurred_at)
    promises = [] if care is None else await keep_care(session, row, care, actor)
    taken = Taken(
        [_told(row, before, step, occurred_at, actor, care)], await watched(session, row, occurred_at, limits)
    )
    taken.entries += promises
    if before is AssignmentStatus.RESERVED and not starts:
        return _dropped(incident, row, unit, taken, actor)
    if row.responder_type not in ONE_WAY_TYPES:
        if is_yes:
            taken.timing += await leave_queue(session, incident, row, unit)
        elif is_taken(step.status) and incident.status == IncidentStatus.ACTIVE.value:
            taken.timing += Timing(ends=[End(row.incident_id, OF_QUEUE)])
    if is_yes or step.status is AssignmentStatus.ON_SCENE:
        done = take_over(row, occurred_at)
        taken.entries += done.entries
        taken.timing += done.timing
    if before is not step.status:
        taken.entries += await warn_of_arrival(session, incident, row, actor)
    for rival in rivals:
        _take_back(rival, units.get(rival.unit_id), row, taken, actor)
    await _follow(session, incident, row, unit, step.status, occurred_at, taken, actor)
    return taken


def _dropped(incident: Incident, row: Assignment, unit: Unit | None, taken: Taken, actor: Actor) -> Taken:
    """What was kept for the unit is not; the unit is about something else and stays as it is."""
    if unit is not None:
        unit.version += 1  # copies of the roster must know that its hour is free
    taken.timing += Timing(ends=[End(row.id, OF_ENDED)])
    if is_held_for(incident, row):
        taken.entries.append(stop_waiting_for_hour(incident, "appointment_ended", actor))
        taken.timing += Timing(ends=[End(incident.id, OF_INCIDENT)])
    return taken


def follow_unit(unit: Unit, status: UnitStatus, occurred_at: datetime) -> None:
    """The unit is what its assignment makes of it, unless it stacks or has declared an emergency."""
    if unit.capacity == 1 and unit.status != UnitStatus.EMERGENCY.value:
        unit.status = status.value
        unit.status_at = occurred_at
    unit.version += 1


async def _rivals(session: AsyncSession, row: Assignment) -> list[Assignment]:
    """The other offers of a `first_of`, and other transfers, that nobody has answered: one yes is enough.

    The incident's lock keeps them as they are.
    """
    same: list[ColumnElement[bool]] = []
    if row.offer_rule == OfferRule.FIRST_OF.value:
        same.append(Assignment.offer_id == row.offer_id)
    if row.kind == AssignmentKind.TRANSFER.value and row.offer_rule != OfferRule.ALL_OF.value:
        is_all_of = Assignment.offer_rule.is_not_distinct_from(OfferRule.ALL_OF.value)
        same.append((Assignment.kind == AssignmentKind.TRANSFER.value) & ~is_all_of)
    if not same:
        return []
    rows = await session.scalars(
        select(Assignment)
        .where(
            Assignment.jurisdiction_id == row.jurisdiction_id,
            Assignment.incident_id == row.incident_id,
            or_(*same),
            Assignment.status == AssignmentStatus.OFFERED.value,
            Assignment.id != row.id,
        )
        .order_by(Assignment.id)
        .with_for_update()
    )
    return list(rows)


async def _lock(session: AsyncSession, jurisdiction_id: str, rows: Sequence[Assignment]) -> dict[str | None, Unit]:
    """The units of these assignments by id, locked in the order in which everybody locks units.

    Who is no unit of ours has no row here.
    """
    units = await session.scalars(
        select(Unit)
        .where(Unit.jurisdiction_id == jurisdiction_id, Unit.id.in_([row.unit_id for row in rows if row.unit_id]))
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
    if step.status is AssignmentStatus.STAGED and before is AssignmentStatus.ON_SCENE:
        row.released_at = row.released_by = None  # whoever pulls back waits to be released again
    if implies_acceptance(before, step.status) and row.accepted_at is None:
        row.accepted_at = occurred_at


def _take_back(rival: Assignment, unit: Unit | None, winner: Assignment, taken: Taken, actor: Actor) -> None:
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
    unit: Unit | None,
    status: AssignmentStatus,
    occurred_at: datetime,
    taken: Taken,
    actor: Actor,
) -> None:
    if status not in TERMINAL:
        if unit is not None and row.exclusive:
            follow_unit(unit, unit_status_after(status), occurred_at)
        elif unit is not None:
            unit.version += 1  # a desk has one more to do when what was reserved begins; copies of the roster must know
        return
    _free(unit, row, occurred_at)
    taken.timing += Timing(ends=[End(row.id, OF_ENDED)])
    if row.responder_type not in ONE_WAY_TYPES:  # they handle nothing of it
        await _let_wait(session, incident, row, status, taken, actor)
    if status in SAID_NO or (is_asked(row) and status is not AssignmentStatus.RESCINDED):
        taken.entries += await _alarms_of_a_no(session, incident, row, actor)


async def _let_wait(
    session: AsyncSession, incident: Incident, row: Assignment, status: AssignmentStatus, taken: Taken, actor: Actor
) -> None:
    """The incident is on the queue where nobody is left, and its step is over when this was the last no."""
    begins = Begin(TimerKind.STEP_DECLINED, incident.id, incident.id, actor.now, {"step": incident.plan_step})
    now_due = [begins] if status in SAID_NO else []
    if incident.status == IncidentStatus.ACTIVE.value:
        taken.entries += await back_to_queue_when_nobody_is_left(session, incident, actor)
        if incident.status == IncidentStatus.PENDING.value:
            taken.timing += Timing(now_due, [End(incident.id, OF_QUEUE)])
    elif incident.status == IncidentStatus.PENDING.value:
        taken.timing += Timing(now_due)  # it never left the queue; its timers run on
    elif is_held_for(incident, row):
        taken.entries.append(stop_waiting_for_hour(incident, "appointment_ended", actor))
        taken.timing += Timing(now_due, [End(incident.id, OF_INCIDENT)])


async def _alarms_of_a_no(session: AsyncSession, incident: Incident, row: Assignment, actor: Actor) -> list[log.Entry]:
    """What a person must know besides the next step of the plan."""
    found = []
    if row.offer_rule == OfferRule.ALL_OF.value:
        message = f"{row.call_sign} does not come to #{incident.number}; all who were asked are wanted."
        found.append(Raise(AlarmKind.OFFER_INCOMPLETE, message, row.id, incident, row))
    is_kept = row.kind == AssignmentKind.TRANSFER.value and incident.status == IncidentStatus.ACTIVE.value
    if row.takes_over_from is not None or is_kept:
        found.append(refusal_of(incident, row))
    return [await raise_alarm(session, alarm, actor) for alarm in found]


def _free(unit: Unit | None, row: Assignment, at: datetime) -> None:
    if unit is None:
        return
    if row.exclusive and unit.status not in OUT:
        # A unit whose shift has ended meanwhile goes home.
        follow_unit(unit, UnitStatus.AVAILABLE if unit.due_off_at is None else UnitStatus.OFF_DUTY, at)
        unit.due_off_at = None
    else:
        unit.version += 1


async def back_to_queue_when_nobody_is_left(session: AsyncSession, incident: Incident, actor: Actor) -> list[log.Entry]:
    """An incident whose units all declined or were cancelled waits again, with its old age.

    So does one that all had left when somebody was sent who then did not come, and one whose units left it to somebody
    who never came; then a person must look, told by the reason and the log.
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
            Assignment.created_at,
            Assignment.cleared_at,
            Assignment.taken_over_at.is_not(None).label("took_over"),
        ).where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.status != AssignmentStatus.RESERVED.value,
            Assignment.responder_type.not_in(sorted(ONE_WAY_TYPES)),
            # Whoever was only asked to take it over has nothing of it yet.
            (Assignment.status != AssignmentStatus.OFFERED.value)
            | Assignment.kind.not_in([kind.value for kind in ASKED_FIRST]),
        )
    )
    found = rows.all()
    if any(row.status in ACTIVE for row in found):
        return []
    left = [
        Cleared(row.responder_type, row.outcome, row.cleared_at, row.took_over, left_to(row.outcomes))
        for row in found
        if row.status == AssignmentStatus.CLEARED.value
    ]
    awaited = still_awaited(left)
    if awaited is not None:
        incident.needs_human = True
        return [put_back(incident, awaited, actor)]
    last = max((one.cleared_at for one in left), default=None)
    if last is None or any(row.created_at > last for row in found if row.status in NEVER_CAME):
        incident.status = IncidentStatus.PENDING.value
        incident.version += 1
    return []
