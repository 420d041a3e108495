"""A timer is due: what nobody did in time is done, raised or passed on, once, in the worker's transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Incident, Shift, Unit
from dispatch.db.timers import Begin, DueTimer, Timing
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.assignment import ACTIVE, AssignmentStatus, is_taken
from dispatch.domain.chain import StepOutlook
from dispatch.domain.events import EventType
from dispatch.domain.incident import IncidentStatus
from dispatch.domain.stack import LIFE_AT_STAKE
from dispatch.domain.time import iso
from dispatch.domain.timers import TimeLimits, TimerKind
from dispatch.operations.actor import Actor, tell
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.appointments import come_due
from dispatch.operations.assignment_steps import StatusStep, Taken, take_step
from dispatch.operations.chain import hear_no, move_on
from dispatch.operations.feed_silence import look_at_feed
from dispatch.operations.hand_off import refused
from dispatch.operations.position_silence import look_for_silence
from dispatch.operations.responsibility import is_asked
from dispatch.operations.shift_ends import end_of_shift
from dispatch.operations.watching import watched, watched_by
from dispatch.operations.welfare import check_missed

TIMER_ACTOR = "timer"


@dataclass(frozen=True, slots=True)
class Firing:
    """A claimed timer with what its work may need. outlook: how the incident's plan stands, for steps of it."""

    session: AsyncSession
    timer: DueTimer
    limits: TimeLimits
    actor: Actor
    outlook: StepOutlook | None = None


async def fire(firing: Firing) -> None:
    """The work of a claimed timer is done; nothing where what it waited for has happened meanwhile."""
    done = await _WORK[firing.timer.kind](firing)
    if done is not None:
        await tell(firing.session, firing.actor, *done.entries, timing=done.timing)


async def failed(session: AsyncSession, timer: DueTimer, actor: Actor, why: str) -> None:
    """Somebody is told that a timer could not do its work, so that what it was about is looked at by a person."""
    incident = await _incident(session, timer) if timer.incident_id is not None else None
    message = f"The timer {timer.kind.value} of {iso(timer.due_at)} could not do its work ({why})."
    alarm = Raise(
        AlarmKind.TIMER_FAILED,
        message,
        timer.subject_id,
        incident,
        await _unit_of(session, timer),
        for_every_agency=True,
    )
    await tell(session, actor, await raise_alarm(session, alarm, actor))


async def _unit_of(session: AsyncSession, timer: DueTimer) -> Assignment | Unit | None:
    """Whose timer it is, so that nobody hears of it who may not know of them; None where it is of no unit."""
    key = (timer.jurisdiction_id, timer.subject_id)
    assignment = await session.get(Assignment, key)
    if assignment is not None:
        return assignment
    shift = await session.get(Shift, key)
    return await session.get(Unit, key if shift is None else (timer.jurisdiction_id, shift.unit_id))


async def _offer(firing: Firing) -> Taken | None:
    row = await _watched_still(firing)
    if row is None:
        return None
    incident = await _incident(firing.session, firing.timer)
    step = StatusStep(row.id, AssignmentStatus.TIMED_OUT)
    taken = await take_step(firing.session, incident, row, step, firing.actor, firing.limits)
    if row.takes_over_from is not None:
        return taken  # the alarm that it was not taken over is in it
    message = f"{row.call_sign} did not answer the offer of #{incident.number}."
    alarm = Raise(AlarmKind.OFFER_UNANSWERED, message, row.id, incident, row)
    taken.entries.append(await raise_alarm(firing.session, alarm, firing.actor))
    return taken


def _overdue(kind: AlarmKind, says: str) -> Callable[[Firing], Awaitable[Taken | None]]:
    """Work that only tells somebody of a unit that should have gone on by now."""

    async def work(firing: Firing) -> Taken | None:
        row = await _watched_still(firing)
        if row is None:
            return None
        incident = await _incident(firing.session, firing.timer)
        message = says.format(unit=row.call_sign, number=incident.number)
        return Taken([await raise_alarm(firing.session, Raise(kind, message, row.id, incident, row), firing.actor)])

    return work


async def _staged(firing: Firing) -> Taken | None:
    """Told again after the same time, until the unit goes in or leaves: short of a scene nobody is helped."""
    row = await _watched_still(firing)
    if row is None:
        return None
    incident = await _incident(firing.session, firing.timer)
    if row.released_at is None:
        message = f"{row.call_sign} waits short of the scene of #{incident.number}; nobody said that it is safe."
        alarm = Raise(AlarmKind.STAGED_UNRELEASED, message, row.id, incident, row, for_every_agency=True)
    else:
        message = f"{row.call_sign} was released to the scene of #{incident.number} and is not there."
        alarm = Raise(AlarmKind.TRAVEL_OVERDUE, message, row.id, incident, row)
    return await _told_again(firing, row, alarm)


async def _transfer(firing: Firing) -> Taken | None:
    """Whoever has a call and goes nowhere is rung again and again, until it says what came of it."""
    row = await _watched_still(firing)
    if row is None:
        return None
    incident = await _incident(firing.session, firing.timer)
    message = f"{row.call_sign} has #{incident.number} and has not said what came of it: ask."
    return await _told_again(firing, row, Raise(AlarmKind.TRANSFER_SILENT, message, row.id, incident, row))


async def _told_again(firing: Firing, row: Assignment, alarm: Raise) -> Taken:
    again = (await watched(firing.session, row, firing.actor.now, firing.limits)).begins
    return Taken([await raise_alarm(firing.session, alarm, firing.actor)], Timing(again))


async def _welfare(firing: Firing) -> Taken | None:
    row = await _watched_still(firing)
    if row is None:
        return None
    incident = await _incident(firing.session, firing.timer)
    earlier = int(firing.timer.payload.get("misses", 0))
    return await check_missed(firing.session, incident, row, earlier + 1, firing.actor, firing.limits)


async def _unassigned(firing: Firing) -> Taken | None:
    """A life threat is told of again and again, also when somebody has acknowledged it, until a unit has it."""
    incident = await _incident(firing.session, firing.timer)
    if incident.status not in _WAITING or await _is_taken(firing.session, incident):
        return None
    waited_s = round((firing.actor.now - incident.opened_at).total_seconds())
    message = f"Nobody has been sent to #{incident.number} (priority {incident.priority}) for {waited_s} s."
    alarm = Raise(AlarmKind.UNASSIGNED, message, incident.id, incident, None, {"waited_s": waited_s})
    limit = timedelta(seconds=firing.limits.limit_s(TimerKind.UNASSIGNED, incident.priority) or 60)
    again = [Begin(TimerKind.UNASSIGNED, incident.id, incident.id, firing.actor.now + limit)]
    again = again if incident.priority <= LIFE_AT_STAKE else []
    return Taken([await raise_alarm(firing.session, alarm, firing.actor)], Timing(again))


async def _hold_due(firing: Firing) -> Taken | None:
    incident = await _incident(firing.session, firing.timer)
    if incident.status != IncidentStatus.HELD.value:
        return None
    reason = incident.status_reason
    incident.status = IncidentStatus.PENDING.value
    incident.held_until = incident.status_reason = None
    incident.version += 1
    message = f"The hold of #{incident.number} has ended; it waits on the queue."
    alarm = Raise(AlarmKind.HOLD_DUE, message, incident.id, incident, None, {"reason": reason})
    ended = log.Entry(EventType.INCIDENT_HOLD_ENDED, incident.id, firing.actor.now, incident.id, {"reason": reason})
    return Taken([ended, await raise_alarm(firing.session, alarm, firing.actor)])


async def _feed_silent(firing: Firing) -> Taken | None:
    return await look_at_feed(firing.session, firing.timer.subject_id, firing.limits, firing.actor)


async def _step_wait(firing: Firing) -> Taken | None:
    incident = await _incident(firing.session, firing.timer)
    outlook = firing.outlook
    if outlook is None or incident.status not in _WAITING or await _is_taken(firing.session, incident):
        return None
    if firing.timer.payload.get("step") != incident.plan_step or outlook.following is None:
        return None
    return await move_on(firing.session, incident, outlook, firing.actor, firing.limits)


async def _step_declined(firing: Firing) -> Taken | None:
    incident = await _incident(firing.session, firing.timer)
    is_of_now = firing.timer.payload.get("step") == incident.plan_step
    if firing.outlook is None or incident.status != IncidentStatus.PENDING.value or not is_of_now:
        return None
    if firing.outlook.is_hopeless and firing.outlook.following is not None:
        return await move_on(firing.session, incident, firing.outlook, firing.actor, firing.limits)
    return await hear_no(firing.session, incident, firing.outlook, firing.actor)


async def _shift_end(firing: Firing) -> Taken | None:
    is_told = bool(firing.timer.payload.get("told"))
    return await end_of_shift(firing.session, firing.timer.subject_id, firing.actor, is_told=is_told)


async def _hand_off(firing: Firing) -> Taken | None:
    row = await _locked(firing)
    if row is None or AssignmentStatus(row.status) not in ACTIVE or not is_asked(row):
        return None
    incident = await _incident(firing.session, firing.timer)
    return await refused(firing.session, incident, row, "no answer", firing.actor)


async def _appointment(firing: Firing) -> Taken | None:
    row = await _locked(firing)
    if row is None:
        return None
    incident = await _incident(firing.session, firing.timer)
    asked = bool(firing.timer.payload.get("asked"))
    return await come_due(firing.session, incident, row, asked, firing.actor, firing.limits)


async def _position_silent(firing: Firing) -> Taken | None:
    return await look_for_silence(
        firing.session, firing.timer.subject_id, firing.timer.payload, firing.limits, firing.actor
    )


_WAITING = (IncidentStatus.PENDING.value, IncidentStatus.ACTIVE.value)

_WORK: dict[TimerKind, Callable[[Firing], Awaitable[Taken | None]]] = {
    TimerKind.UNASSIGNED: _unassigned,
    TimerKind.OFFER: _offer,
    TimerKind.TURNOUT: _overdue(AlarmKind.TURNOUT_OVERDUE, "{unit} was sent to #{number} and does not move."),
    TimerKind.TRAVEL: _overdue(AlarmKind.TRAVEL_OVERDUE, "{unit} should be on scene of #{number} by now."),
    TimerKind.STAGED: _staged,
    TimerKind.TRANSFER: _transfer,
    TimerKind.WELFARE_CHECK: _welfare,
    TimerKind.HOLD_DUE: _hold_due,
    TimerKind.FEED_SILENT: _feed_silent,
    TimerKind.STEP_WAIT: _step_wait,
    TimerKind.STEP_DECLINED: _step_declined,
    TimerKind.SHIFT_END: _shift_end,
    TimerKind.HAND_OFF: _hand_off,
    TimerKind.APPOINTMENT: _appointment,
    TimerKind.POSITION_SILENT: _position_silent,
}


async def _watched_still(firing: Firing) -> Assignment | None:
    """The assignment, locked, while it still stands where this timer began."""
    row = await _locked(firing)
    if row is None or watched_by(row) is not firing.timer.kind:
        return None
    return row


async def _locked(firing: Firing) -> Assignment | None:
    key = (firing.timer.jurisdiction_id, firing.timer.subject_id)
    return await firing.session.get(Assignment, key, with_for_update=True)


async def _incident(session: AsyncSession, timer: DueTimer) -> Incident:
    """The incident that the claim has locked."""
    return await session.get_one(Incident, (timer.jurisdiction_id, timer.incident_id))


async def _is_taken(session: AsyncSession, incident: Incident) -> bool:
    """True when somebody has the job or had it; an offer that nobody answered and who is told one way are nobody.

    An incident that is pending waits for somebody, whoever was there before it came back to the queue.
    """
    if incident.status == IncidentStatus.PENDING.value:
        return False
    statuses = await session.scalars(
        select(Assignment.status).where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.responder_type.not_in(sorted(ONE_WAY_TYPES)),
        )
    )
    return any(is_taken(status) or status is AssignmentStatus.CLEARED for status in map(AssignmentStatus, statuses))
