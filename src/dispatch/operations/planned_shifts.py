"""Shifts of a roster file are planned: those that are there already are left, and those that collide are refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.ids import new_id
from dispatch.db.lookup import two_units
from dispatch.db.models import Shift, ShiftMember, Unit
from dispatch.domain.errors import Conflict
from dispatch.domain.hours import Span, collisions
from dispatch.domain.ids import Prefix
from dispatch.domain.time import iso

NAMED = 5


@dataclass(frozen=True, slots=True)
class ShiftRecord:
    """Who (employee numbers) is on which unit (call sign), from when until when."""

    unit: str
    crew: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime


async def plan_shifts(session: AsyncSession, j: str, shifts: Sequence[ShiftRecord], people: Mapping[str, str]) -> int:
    """The shifts exist: how many of them are new. A shift that was begun early or ended early is there already.

    people: employee number -> id. Raises Conflict naming units and people who would be on two shifts at once.
    """
    if not shifts:
        return 0
    since = min(shift.starts_at for shift in shifts)
    rows = await session.execute(select(Unit.call_sign, Unit.id).where(Unit.jurisdiction_id == j))
    units: dict[str, str] = {}
    planned = {shift.unit for shift in shifts}
    for row in rows:
        if row.call_sign in planned and units.get(row.call_sign, row.id) != row.id:
            raise two_units(row.call_sign, (row.id, units[row.call_sign]))
        units[row.call_sign] = row.id
    there = await _of_units(session, j, since)
    starts, ends = {(one.whose, one.starts_at) for one in there}, {(one.whose, one.ends_at) for one in there}
    new = [
        (new_id(Prefix.SHIFT), shift)
        for shift in shifts
        if (units[shift.unit], shift.starts_at) not in starts and (units[shift.unit], shift.ends_at) not in ends
    ]
    wanted = [Span(units[shift.unit], shift.starts_at, shift.ends_at) for _, shift in new]
    _refuse([*there, *wanted], {unit: sign for sign, unit in units.items()})
    theirs = [
        Span(people[one], shift.starts_at, shift.ends_at) for _, shift in new for one in dict.fromkeys(shift.crew)
    ]
    _refuse([*await _of_people(session, j, since), *theirs], {person: number for number, person in people.items()})
    await _store(session, j, new, units, people)
    return len(new)


async def _of_units(session: AsyncSession, j: str, since: datetime) -> list[Span]:
    # A shift that was ended at once is there too, or the same file would plan it anew.
    rows = await session.execute(
        select(Shift.unit_id, Shift.starts_at, Shift.ends_at).where(Shift.jurisdiction_id == j, Shift.ends_at >= since)
    )
    return [Span(row.unit_id, row.starts_at, row.ends_at) for row in rows]


async def _of_people(session: AsyncSession, j: str, since: datetime) -> list[Span]:
    rows = await session.execute(
        select(ShiftMember.responder_id, ShiftMember.starts_at, ShiftMember.ends_at).where(
            ShiftMember.jurisdiction_id == j, ShiftMember.ends_at > since
        )
    )
    return [Span(row.responder_id, row.starts_at, row.ends_at) for row in rows]


def _refuse(spans: Sequence[Span], names: Mapping[str, str]) -> None:
    found = collisions(spans)
    if not found:
        return
    said = [
        f"{names[one.whose]} from {iso(one.starts_at)} until {iso(one.ends_at)} and from {iso(two.starts_at)}"
        for one, two in found[:NAMED]
    ]
    more = f", and {len(found) - NAMED} more" if len(found) > NAMED else ""
    raise Conflict(
        f"On two shifts at once: {'; '.join(said)}{more}. Nothing was stored.",
        fix="Nobody is on two units at once, and a unit has one shift at a time: mend the shifts named.",
    )


async def _store(
    session: AsyncSession,
    j: str,
    new: Sequence[tuple[str, ShiftRecord]],
    units: Mapping[str, str],
    people: Mapping[str, str],
) -> None:
    if not new:
        return
    shifts = [
        {
            "jurisdiction_id": j,
            "id": shift_id,
            "unit_id": units[shift.unit],
            "starts_at": shift.starts_at,
            "ends_at": shift.ends_at,
        }
        for shift_id, shift in new
    ]
    await session.execute(insert(Shift), shifts)
    members = [
        {
            "jurisdiction_id": j,
            "shift_id": shift_id,
            "responder_id": people[number],
            "starts_at": shift.starts_at,
            "ends_at": shift.ends_at,
        }
        for shift_id, shift in new
        for number in dict.fromkeys(shift.crew)
    ]
    if members:
        await session.execute(insert(ShiftMember), members)
    # Copies of the roster know by a unit's version that they are old.
    await session.execute(
        update(Unit)
        .where(Unit.jurisdiction_id == j, Unit.id.in_({shift["unit_id"] for shift in shifts}))
        .values(version=Unit.version + 1)
        .execution_options(synchronize_session=False)
    )
