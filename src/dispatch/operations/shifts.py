"""Crews log on and off: a unit is never on duty without the people who staff it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.crews import Crew, crews_now
from dispatch.db.ids import new_id
from dispatch.db.models import Assignment, Responder, Shift, ShiftMember, Unit
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.errors import Conflict, FieldProblem, Invalid
from dispatch.domain.events import EventType
from dispatch.domain.ids import Prefix
from dispatch.domain.time import iso
from dispatch.domain.unit import UnitStatus
from dispatch.operations.actor import Actor, tell
from dispatch.operations.assignments import lock_units
from dispatch.operations.crews import (
    Standing,
    entry_of,
    find_people,
    leave,
    lock_crew,
    report_for_duty,
    require_end,
    require_nowhere_else,
    stand_down,
    standing_of,
)
from dispatch.operations.shift_rows import members, planned, put_on, require_room


@dataclass(frozen=True, slots=True)
class LogOn:
    """Who (ids or employee numbers) staffs the unit until when. crew, until None: as planned.

    also: other units (ids or call signs) that the same crew staffs in turn.
    """

    unit: str
    crew: Sequence[str] | None = None
    until: datetime | None = None
    also: Sequence[str] = ()


async def log_on(session: AsyncSession, command: LogOn, actor: Actor, principal: Principal) -> Standing:
    """The unit is on duty with this crew: on the shift planned for now, or on a fresh one.

    Raises Conflict when it is logged on already, or one of its people is on another unit in these hours, which is
    named; Invalid where nothing is planned and crew or end are not said; NotFound; Refused for another's unit.
    """
    units = await lock_units(session, actor, list(dict.fromkeys([command.unit, *command.also])))
    _require_one_kind(units)
    unit = next(one for one in units if command.unit in (one.id, one.call_sign))
    also = [one for one in units if one is not unit]
    for one in units:
        principal.require_agency(one.agency_id)
    principal.require_unit(unit.id)
    running = await crews_now(session, actor.jurisdiction_id, [one.id for one in units], actor.now)
    for one in units:
        _require_off(one, running.get(one.id))
    shift = await planned(session, unit, actor.now)
    people = await find_people(session, command.crew, "crew", actor) if command.crew is not None else None
    shift = await _begun(session, unit, shift, people, _end_of(shift, command, actor.now), actor)
    for one in also:
        await _staff_too(session, one, shift, actor)
    for one in units:
        report_for_duty(one, actor.now)
    await session.flush()
    standing = await standing_of(session, unit, also, actor)
    await _share_the_work(session, standing, actor)
    entries = [entry_of(EventType.UNIT_LOGGED_ON, one, standing, actor) for one in [unit, *also]]
    await tell(session, actor, *entries)
    return standing


async def log_off(session: AsyncSession, unit: str, reason: str | None, actor: Actor, principal: Principal) -> Standing:
    """The unit's shift has ended and it is off duty, with every unit that its crew staffed too.

    A unit that only shares the crew of another leaves alone. Raises Conflict while one of them is on an assignment,
    which is named, or when it is off duty already; NotFound; Refused for another's unit.
    """
    units, unit_row, crew = await lock_crew(session, unit, actor, principal)
    if crew is None and unit_row.status == UnitStatus.OFF_DUTY.value:
        raise Conflict(f"{unit_row.call_sign} is off duty already.", fix="Nothing needs doing.")
    leaving = await leave(session, units, unit_row, crew, actor)
    for one in leaving:
        stand_down(one, actor.now, reason)
    also = [one for one in leaving if one is not unit_row]
    standing = Standing(unit_row, None, also)
    entries = [entry_of(EventType.UNIT_LOGGED_OFF, one, standing, actor, reason=reason) for one in leaving]
    await tell(session, actor, *entries)
    return standing


def _require_off(unit: Unit, crew: Crew | None) -> None:
    if crew is not None and unit.status not in (UnitStatus.OFF_DUTY.value, UnitStatus.OUT_OF_SERVICE.value):
        raise Conflict(
            f"{unit.call_sign} is logged on until {iso(crew.ends_at)}.",
            fix="Change its people with POST /v1/units/{unit}:change-crew, or log it off first.",
            unit=unit.call_sign,
            until=iso(crew.ends_at),
        )


def _require_one_kind(units: Sequence[Unit]) -> None:
    # Whoever reads of the one unit would read of the other.
    if len({unit.responder_type in ONE_WAY_TYPES for unit in units}) > 1:
        raise Invalid(
            "A crew of violence intervention staffs no other kind of unit.",
            fix="Leave those units out of `also`.",
            errors=[FieldProblem("/also", "kept_apart", "these units are kept apart")],
        )


def _end_of(shift: Shift | None, command: LogOn, now: datetime) -> datetime:
    """When the shift will end, as said or planned. Raises Invalid where neither is, or nobody says who is on it."""
    until = command.until or (shift.ends_at if shift is not None else None)
    if until is None or (shift is None and command.crew is None):
        missing = [name for name, value in (("crew", command.crew), ("until", until)) if value is None]
        raise Invalid(
            "No shift is planned for now, so say who is on it and until when.",
            fix="Send `crew` and `until`.",
            errors=[FieldProblem(f"/{name}", "missing", "required where no shift is planned") for name in missing],
        )
    require_end(until, now)
    return until


async def _begun(
    session: AsyncSession,
    unit: Unit,
    shift: Shift | None,
    people: Sequence[Responder] | None,
    until: datetime,
    actor: Actor,
) -> Shift:
    """The planned shift, begun early where it must be, or a fresh one, with the people given or planned."""
    now = actor.now
    if shift is None:
        shift = Shift(
            jurisdiction_id=unit.jurisdiction_id, id=new_id(Prefix.SHIFT), unit_id=unit.id, starts_at=now, ends_at=until
        )
        session.add(shift)
        await require_room(session, shift)
    else:
        if people is None:
            people = await members(session, shift)
        # Nobody has logged on to it yet: what it says of people is a plan, and now it is known.
        await session.execute(
            delete(ShiftMember).where(
                ShiftMember.jurisdiction_id == shift.jurisdiction_id, ShiftMember.shift_id == shift.id
            )
        )
        shift.starts_at, shift.ends_at, shift.crew_of = min(shift.starts_at, now), until, None
        await require_room(session, shift)
    await require_nowhere_else(session, people or (), now, until, actor, shift_id=shift.id)
    await session.flush()
    await put_on(session, shift, people or (), now, until)
    return shift


async def _staff_too(session: AsyncSession, unit: Unit, shift: Shift, actor: Actor) -> None:
    """The other unit has the same hours, and the crew of the first."""
    row = await planned(session, unit, actor.now)
    if row is None:
        row = Shift(jurisdiction_id=unit.jurisdiction_id, id=new_id(Prefix.SHIFT), unit_id=unit.id)
        session.add(row)
    else:
        await session.execute(
            delete(ShiftMember).where(
                ShiftMember.jurisdiction_id == row.jurisdiction_id, ShiftMember.shift_id == row.id
            )
        )
    row.starts_at, row.ends_at, row.crew_of = actor.now, shift.ends_at, shift.id
    await require_room(session, row)


async def _share_the_work(session: AsyncSession, standing: Standing, actor: Actor) -> None:
    """A crew that relieves another at work and staffs several units is held by that work for all of them."""
    if standing.crew is None or not standing.also:
        return
    await session.execute(
        update(Assignment)
        .where(
            Assignment.jurisdiction_id == actor.jurisdiction_id,
            Assignment.unit_id.in_([one.id for one in (standing.unit, *standing.also)]),
            Assignment.holds_unit,
        )
        .values(crew_id=standing.crew.crew_id)
        .execution_options(synchronize_session=False)
    )
