"""A look at what is kept for busy units: a unit is free, out of service, or the incident has changed meanwhile.

Whatever makes a unit free or an incident graver writes nothing of stacks; like the queue they are watched by looking.
"""

from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Incident, Unit
from dispatch.db.timers import Timing
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.assignment import AssignmentMode, AssignmentStatus, first_status
from dispatch.domain.stack import LIFE_AT_STAKE, STARTS_BY_ITSELF
from dispatch.domain.timers import TimeLimits
from dispatch.operations.actor import Actor, tell
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.assignment_steps import StatusStep, Taken, take_step

AT_ONCE = 50

_CHANGED = text(
    """
    select a.id, a.incident_id, a.unit_id,
           case when i.status in ('closed', 'cancelled') then 'ended'
                when u.status in ('off_duty', 'out_of_service', 'emergency') then 'left'
                when i.priority < a.priority then 'graver'
                else 'next' end as what
    from assignment a
    join incident i on i.jurisdiction_id = a.jurisdiction_id and i.id = a.incident_id
    join unit u on u.jurisdiction_id = a.jurisdiction_id and u.id = a.unit_id
    where a.jurisdiction_id = :jurisdiction_id and a.status = 'reserved' and a.kind <> 'appointment' and (
      i.status in ('closed', 'cancelled')
      or u.status in ('off_duty', 'out_of_service', 'emergency')
      or i.priority < a.priority
      or ((a.stack_told_at is null or (u.capacity = 1 and a.stack_told_at < u.status_at))
          and (u.capacity > 1 or u.status = 'available')
          and u.capacity > (
            select count(*) from assignment b where b.jurisdiction_id = a.jurisdiction_id and b.unit_id = a.unit_id
                                                and b.is_open and b.status <> 'reserved')
          and not exists (
            select 1 from assignment b
            where b.jurisdiction_id = a.jurisdiction_id and b.unit_id = a.unit_id and b.status = 'reserved'
              and b.kind <> 'appointment' and (b.stack_position, b.id) < (a.stack_position, a.id)))
    )
    order by a.id limit :limit
    """
)
_LOCK = text(
    """
    select 1 from incident where jurisdiction_id = :jurisdiction_id and id = :incident_id for update skip locked
    """
)
# One worker looks at a time, so that nobody is told of the same thing twice.
_MY_TURN = text("select pg_try_advisory_xact_lock(hashtextextended('dispatch stacks ' || :jurisdiction_id, 0))")


async def look_at_stacks(session: AsyncSession, limits: TimeLimits, actor: Actor) -> int:
    """Whoever must know of a change has an alarm; what should no longer be kept is not. Returns how many changed."""
    key = {"jurisdiction_id": actor.jurisdiction_id}
    if not (await session.execute(_MY_TURN, key)).scalar_one():
        return 0
    found = (await session.execute(_CHANGED, {**key, "limit": AT_ONCE})).all()
    entries: list[log.Entry] = []
    timing, changed = Timing(), 0
    for one in found:
        # Somebody is at work on the incident: the next look is soon.
        if (await session.execute(_LOCK, {**key, "incident_id": one.incident_id})).first() is None:
            continue
        done = await _changed(session, one, limits, actor)
        if done is not None:
            entries += done.entries
            timing += done.timing
            changed += 1
    if changed:
        await tell(session, actor, *entries, timing=timing)
    return changed


async def _changed(session: AsyncSession, one: Row[Any], limits: TimeLimits, actor: Actor) -> Taken | None:
    """What follows for this reservation, read again under the lock; None when it is none any more."""
    j = actor.jurisdiction_id
    row = await session.get_one(Assignment, (j, one.id), with_for_update=True, populate_existing=True)
    if row.status != AssignmentStatus.RESERVED.value:
        return None
    incident = await session.get_one(Incident, (j, one.incident_id), populate_existing=True)
    unit = await session.get_one(Unit, (j, one.unit_id), with_for_update=True, populate_existing=True)
    if one.what == "ended":
        return await _drop(
            session, incident, row, "incident_closed", f"{incident.number} is {incident.status}", actor, limits
        )
    if one.what == "left":
        is_out = unit.status.replace("_", " ")
        done = await _drop(session, incident, row, "unit_unavailable", f"{unit.call_sign} is {is_out}", actor, limits)
        message = f"{unit.call_sign} is {is_out}; #{incident.number}, which was kept for it, waits for anybody."
        return await _alarmed(session, done, AlarmKind.STACK_LEFT, message, incident, row, actor)
    if one.what == "graver":
        return await _graver(session, incident, row, limits, actor)
    return await _next(session, incident, row, limits, actor)


async def _graver(
    session: AsyncSession, incident: Incident, row: Assignment, limits: TimeLimits, actor: Actor
) -> Taken:
    """Somebody is told; a life threat is kept for nobody."""
    before, row.priority = row.priority, incident.priority
    done = Taken()
    kept = f"It is still kept for {row.call_sign}."
    if incident.priority <= LIFE_AT_STAKE:
        why = f"{incident.number} is more urgent than when it was kept"
        done = await _drop(session, incident, row, "other", why, actor, limits)
        kept = f"It is no longer kept for {row.call_sign}: send somebody now."
    message = f"#{incident.number} has priority {incident.priority} and had {before}. {kept}"
    return await _alarmed(session, done, AlarmKind.STACK_GRAVER, message, incident, row, actor)


async def _next(session: AsyncSession, incident: Incident, row: Assignment, limits: TimeLimits, actor: Actor) -> Taken:
    """The next one is proposed to a person, or offered where that is the unit's way."""
    row.stack_told_at = actor.now
    if row.responder_type in STARTS_BY_ITSELF:
        step = StatusStep(row.id, first_status(AssignmentMode(row.mode)))
        return await take_step(session, incident, row, step, actor, limits)
    message = f"{row.call_sign} is free. Next in its stack: #{incident.number} (priority {incident.priority})."
    return await _alarmed(session, Taken(), AlarmKind.STACK_NEXT, message, incident, row, actor)


async def _drop(
    session: AsyncSession, incident: Incident, row: Assignment, cause: str, why: str, actor: Actor, limits: TimeLimits
) -> Taken:
    step = StatusStep(row.id, AssignmentStatus.CANCELLED, reason=why, cause=cause)
    return await take_step(session, incident, row, step, actor, limits)


async def _alarmed(
    session: AsyncSession,
    done: Taken,
    kind: AlarmKind,
    message: str,
    incident: Incident,
    row: Assignment,
    actor: Actor,
) -> Taken:
    alarm = Raise(kind, message, row.id, incident, row, for_every_agency=kind is not AlarmKind.STACK_NEXT)
    done.entries.append(await raise_alarm(session, alarm, actor))
    return done
