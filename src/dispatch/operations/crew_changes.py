"""People come and go in the middle of a shift, and a shift is made longer or shorter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.crews import Crew
from dispatch.db.models import Assignment, AssignmentResponder, Responder, Shift, ShiftMember, Unit
from dispatch.domain.access import Principal
from dispatch.domain.assignment import ACTIVE
from dispatch.domain.errors import Conflict
from dispatch.domain.events import EventType
from dispatch.operations.actor import Actor, tell
from dispatch.operations.crews import (
    Standing,
    entry_of,
    find_people,
    lock_crew,
    require_end,
    require_nowhere_else,
    standing_of,
)
from dispatch.operations.shift_rows import next_shift, put_on, require_room, send_to_rest


@dataclass(frozen=True, slots=True)
class ChangeCrew:
    """Who (ids or employee numbers) comes and goes. until: the shift's new end, None to keep it."""

    unit: str
    on: Sequence[str] = ()
    off: Sequence[str] = ()
    until: datetime | None = None


async def change_crew(session: AsyncSession, command: ChangeCrew, actor: Actor, principal: Principal) -> Standing:
    """The crew of the running shift, or of the next one, has changed; whoever joins a unit at work is on its incident.

    Raises Conflict where somebody who comes is on another unit, somebody who goes is not on this one, or there is no
    shift; Invalid; NotFound; Refused for another's unit.
    """
    units, unit, crew = await lock_crew(session, command.unit, actor, principal)
    shift = await _shift_to_change(session, unit, crew, actor.now)
    since = max(shift.starts_at, actor.now)
    coming = await find_people(session, command.on, "on", actor)
    going = await find_people(session, command.off, "off", actor)
    until = command.until or shift.ends_at
    require_end(until, since)
    await _take_off(session, unit, shift, going, since, actor)
    if until != shift.ends_at:
        await _end_at(session, shift, until, actor)
    await require_nowhere_else(session, coming, since, until, actor, shift_id=shift.id)
    await put_on(session, shift, coming, since, until)
    if crew is not None:
        await _join_the_work(session, [one.id for one in units], coming, actor)
    for one in units:
        one.version += 1
    await session.flush()
    also = [one for one in units if one is not unit]
    standing = await standing_of(session, unit, also, actor)
    changed = {"on": [one.id for one in coming], "off": [one.id for one in going]}
    entries = [entry_of(EventType.UNIT_CREW_CHANGED, one, standing, actor, **changed) for one in units]
    await tell(session, actor, *entries)
    return standing


async def _shift_to_change(session: AsyncSession, unit: Unit, crew: Crew | None, now: datetime) -> Shift:
    key = crew.crew_id if crew is not None else None
    found = await next_shift(session, unit, now) if key is None else None
    if key is None and found is None:
        raise Conflict(
            f"{unit.call_sign} has no shift, now or planned.", fix="Log it on with POST /v1/units/{unit}:log-on."
        )
    key = key or (found.crew_of or found.id if found is not None else "")
    return await session.get_one(Shift, (unit.jurisdiction_id, key), populate_existing=True)


async def _take_off(
    session: AsyncSession, unit: Unit, shift: Shift, people: Sequence[Responder], at: datetime, actor: Actor
) -> None:
    for person in people:
        mine = (
            (ShiftMember.jurisdiction_id == shift.jurisdiction_id)
            & (ShiftMember.shift_id == shift.id)
            & (ShiftMember.responder_id == person.id)
            & (ShiftMember.ends_at > at)
        )
        there = await session.scalar(select(ShiftMember.starts_at).where(mine))
        if there is None:
            raise Conflict(
                f"{person.name} ({person.employee_number}) is not on {unit.call_sign}.",
                fix="Read its crew with GET /v1/shifts.",
            )
        if there >= at:
            await session.execute(delete(ShiftMember).where(mine))
        else:
            await session.execute(
                update(ShiftMember).where(mine).values(ends_at=at).execution_options(synchronize_session=False)
            )
    if at <= actor.now:
        await send_to_rest(session, [person.id for person in people], at, actor)


async def _end_at(session: AsyncSession, shift: Shift, until: datetime, actor: Actor) -> None:
    """Whoever was to stay to the end stays to the new one."""
    mine = (ShiftMember.jurisdiction_id == shift.jurisdiction_id) & (ShiftMember.shift_id == shift.id)
    stay = await session.scalars(
        select(Responder)
        .join(
            ShiftMember,
            (ShiftMember.jurisdiction_id == Responder.jurisdiction_id) & (ShiftMember.responder_id == Responder.id),
        )
        .where(mine, ShiftMember.ends_at == shift.ends_at)
        .order_by(Responder.id)
    )
    await require_nowhere_else(session, list(stay), actor.now, until, actor, shift_id=shift.id)
    await session.execute(
        update(ShiftMember)
        .where(mine, ShiftMember.ends_at == shift.ends_at)
        .values(ends_at=until)
        .execution_options(synchronize_session=False)
    )
    linked = await session.scalars(
        select(Shift).where(
            Shift.jurisdiction_id == shift.jurisdiction_id, Shift.crew_of == shift.id, Shift.closed_at.is_(None)
        )
    )
    for one in [shift, *linked]:
        one.ends_at = until
        await require_room(session, one)
    await session.flush()


async def _join_the_work(
    session: AsyncSession, units: Sequence[str], people: Sequence[Responder], actor: Actor
) -> None:
    """Whoever joins a unit at work is on its incident, so that history finds it by person."""
    at_work = await session.scalars(
        select(Assignment.id).where(
            Assignment.jurisdiction_id == actor.jurisdiction_id,
            Assignment.unit_id.in_(units),
            Assignment.status.in_([status.value for status in ACTIVE]),
        )
    )
    rows = [
        {"jurisdiction_id": actor.jurisdiction_id, "assignment_id": assignment, "responder_id": person.id}
        for assignment in at_work
        for person in people
    ]
    if rows:
        await session.execute(insert(AssignmentResponder).on_conflict_do_nothing(), rows)
