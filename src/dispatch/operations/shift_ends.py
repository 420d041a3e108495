"""A shift ends by itself: its unit is off duty, or somebody hears that it is still at work."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.crews import crews_now
from dispatch.db.models import Assignment, Shift, ShiftMember, Unit
from dispatch.db.timers import Begin, Timing
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.assignment import ACTIVE
from dispatch.domain.events import EventType
from dispatch.domain.time import iso
from dispatch.domain.timers import TimerKind
from dispatch.domain.unit import UnitStatus
from dispatch.operations.actor import Actor
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.assignment_steps import Taken
from dispatch.operations.assignments import lock_units
from dispatch.operations.crews import stand_down
from dispatch.operations.shift_rows import send_to_rest

# A desk that carries several jobs is looked at again until the last of them is done.
LOOK_AGAIN = timedelta(minutes=5)
_OFF = (UnitStatus.OFF_DUTY.value, UnitStatus.OUT_OF_SERVICE.value)

# What ended so long ago that nobody rests of it any more, and that another shift has followed, changes nobody's status.
_CLOSE_OLD = text(
    """
    update shift s set closed_at = ends_at
    where jurisdiction_id = :jurisdiction_id and closed_at is null
      and ends_at <= cast(:now as timestamptz) - interval '7 days'
      and exists (select 1 from shift x where x.jurisdiction_id = s.jurisdiction_id and x.unit_id = s.unit_id
                                          and x.starts_at >= s.ends_at and x.id <> s.id and x.starts_at <= :now)
    """
)
_ENDED = text(
    """
    select id, ends_at from shift s
    where jurisdiction_id = :jurisdiction_id and closed_at is null and ends_at <= :now
      and not exists (select 1 from timer t where t.jurisdiction_id = s.jurisdiction_id and t.subject_id = s.id
                                              and t.kind = 'shift_end' and t.fired_at is null)
    order by ends_at, id limit :limit
    """
)


async def shift_end_timers(session: AsyncSession, now: datetime, jurisdiction_id: str, limit: int) -> list[Begin]:
    """A timer, due at once, for each shift that has ended and that nobody has closed; at most `limit`, oldest first."""
    key: dict[str, Any] = {"jurisdiction_id": jurisdiction_id, "now": now}
    await session.execute(_CLOSE_OLD, key)
    rows = await session.execute(_ENDED, {**key, "limit": limit})
    return [Begin(TimerKind.SHIFT_END, row.id, None, row.ends_at) for row in rows]


async def end_of_shift(session: AsyncSession, shift_id: str, actor: Actor, *, is_told: bool = False) -> Taken | None:
    """The shift is closed, and its unit off duty when it is free; a unit at work goes off duty when it clears.

    A unit whose next shift runs already stays as it is. Its people rest as their agency says. None where the shift was
    closed or made longer meanwhile. is_told: the alarm of this shift was raised already.
    """
    key = (actor.jurisdiction_id, shift_id)
    seen = await session.get(Shift, key)
    if seen is None:
        return None
    [unit] = await lock_units(session, actor, [seen.unit_id])
    shift = await session.get_one(Shift, key, populate_existing=True, with_for_update=True)
    if shift.closed_at is not None or shift.ends_at > actor.now:
        return None
    is_relieved = unit.id in await crews_now(session, actor.jurisdiction_id, [unit.id], actor.now)
    done = Taken()
    if not is_relieved and await _is_at_work(session, unit):
        if not is_told:
            done.entries.append(await _overrun(session, unit, shift, actor))
        if unit.capacity > 1:
            again = Begin(TimerKind.SHIFT_END, shift.id, None, actor.now + LOOK_AGAIN, {"told": True})
            done.timing = Timing([again])
            return done
        unit.due_off_at = shift.ends_at
        unit.version += 1
    elif not is_relieved and unit.status not in _OFF:
        stand_down(unit, actor.now, "shift ended")
    shift.closed_at = actor.now
    await send_to_rest(session, await _gone_home(session, shift, actor.now), shift.ends_at, actor)
    done.entries.append(_ended(unit, shift, actor))
    return done


async def _is_at_work(session: AsyncSession, unit: Unit) -> bool:
    """True while an assignment holds the unit, or it has declared an emergency: nobody is sent home from either."""
    if unit.status == UnitStatus.EMERGENCY.value:
        return True
    held = select(Assignment.id).where(
        Assignment.jurisdiction_id == unit.jurisdiction_id,
        Assignment.unit_id == unit.id,
        Assignment.status.in_([status.value for status in ACTIVE]),
    )
    return await session.scalar(held.limit(1)) is not None


async def _overrun(session: AsyncSession, unit: Unit, shift: Shift, actor: Actor) -> log.Entry:
    message = f"The shift of {unit.call_sign} ended at {iso(shift.ends_at)}, and it is still at work."
    return await raise_alarm(session, Raise(AlarmKind.SHIFT_OVERRUN, message, shift.id, unit=unit), actor)


async def _gone_home(session: AsyncSession, shift: Shift, now: datetime) -> list[str]:
    """Ids of those who were on it to its end and are on no other unit now."""
    people = (
        await session.scalars(
            select(ShiftMember.responder_id).where(
                ShiftMember.jurisdiction_id == shift.jurisdiction_id,
                ShiftMember.shift_id == shift.id,
                ShiftMember.ends_at >= shift.ends_at,
            )
        )
    ).all()
    still_on = await session.scalars(
        select(ShiftMember.responder_id).where(
            ShiftMember.jurisdiction_id == shift.jurisdiction_id,
            ShiftMember.responder_id.in_(people),
            ShiftMember.starts_at <= now,
            ShiftMember.ends_at > now,
        )
    )
    return sorted(set(people) - set(still_on))


def _ended(unit: Unit, shift: Shift, actor: Actor) -> log.Entry:
    payload = {
        "unit": unit.call_sign,
        "responder_type": unit.responder_type,
        "agency": unit.agency_id,
        "status": unit.status,
        "due_off_at": iso(unit.due_off_at) if unit.due_off_at is not None else None,
    }
    return log.Entry(EventType.UNIT_SHIFT_ENDED, unit.id, shift.ends_at, None, payload)
