"""A shift is planned ahead, or called off before it begins: who will be on which unit, from when until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.ids import new_id
from dispatch.db.models import Agency, Responder, Shift, ShiftMember, Unit
from dispatch.domain.access import Principal
from dispatch.domain.errors import Conflict, FieldProblem, Invalid, NotFound
from dispatch.domain.events import EventType
from dispatch.domain.ids import Prefix
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor, tell
from dispatch.operations.assignments import lock_units
from dispatch.operations.crews import find_people, require_end, require_nowhere_else
from dispatch.operations.shift_rows import put_on, require_room
from dispatch.routing.reasons import Reason, reason

LATEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class PlanShift:
    """Who (ids or employee numbers) will be on the unit (id or call sign)."""

    unit: str
    crew: Sequence[str]
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """A shift that is to come. warnings: codes of the router, told and not forbidden."""

    shift: Shift
    unit: Unit
    warnings: tuple[str, ...] = ()


async def plan_shift(session: AsyncSession, command: PlanShift, actor: Actor, principal: Principal) -> Planned:
    """The unit will have this crew in these hours; whoever logs it on then needs to say nothing.

    Raises Conflict when the unit has a shift in these hours, or one of its people is on another unit, which is named;
    Invalid for hours that have begun, are too many, or lie more than a year away; NotFound; Refused for another's unit.
    """
    if not actor.now < command.starts_at <= actor.now + LATEST:
        problem = FieldProblem("/starts_at", "out_of_range", f"after {iso(actor.now)} and within a year")
        fix = "Send a later hour; a shift of now begins with POST /v1/units/{unit}:log-on."
        raise Invalid("A shift is planned for an hour to come, within a year.", fix=fix, errors=[problem])
    require_end(command.ends_at, command.starts_at, field="ends_at")
    [unit] = await lock_units(session, actor, [command.unit])
    principal.require_agency(unit.agency_id)
    principal.require_unit(unit.id)
    people = await find_people(session, command.crew, "crew", actor)
    shift = Shift(
        jurisdiction_id=unit.jurisdiction_id,
        id=new_id(Prefix.SHIFT),
        unit_id=unit.id,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
    )
    session.add(shift)
    await require_room(session, shift, field="ends_at")
    await require_nowhere_else(session, people, shift.starts_at, shift.ends_at, actor, shift_id=shift.id)
    await session.flush()
    await put_on(session, shift, people, shift.starts_at, shift.ends_at)
    unit.version += 1  # copies of the roster must know when its next shift begins
    warnings = await _short_of(session, unit, shift, people)
    more = {"crew": [person.id for person in people], "warnings": list(warnings)}
    await tell(session, actor, _entry(EventType.UNIT_SHIFT_PLANNED, unit, shift, actor, **more))
    return Planned(shift, unit, warnings)


async def cancel_shift(
    session: AsyncSession, shift_id: str, reason_said: str | None, actor: Actor, principal: Principal
) -> Unit:
    """The shift will not be, and its people are free in its hours.

    Raises Conflict for one that has begun or was called off, NotFound; Refused for another's unit.
    """
    key = (actor.jurisdiction_id, shift_id)
    seen = await session.get(Shift, key)
    if seen is None:
        raise _unknown(shift_id)
    try:
        [unit] = await lock_units(session, actor, [seen.unit_id])
    except NotFound:
        raise _unknown(shift_id) from None
    principal.require_agency(unit.agency_id)
    principal.require_unit(unit.id)
    shift = await session.get_one(Shift, key, populate_existing=True, with_for_update=True)
    if shift.closed_at is not None or shift.starts_at <= actor.now:
        raise Conflict(
            f"This shift of {unit.call_sign} is not one that is to come.",
            fix="A shift that has begun ends with POST /v1/units/{unit}:log-off.",
        )
    entry = _entry(EventType.UNIT_SHIFT_CANCELLED, unit, shift, actor, reason=reason_said)
    await session.execute(
        delete(ShiftMember).where(
            ShiftMember.jurisdiction_id == shift.jurisdiction_id, ShiftMember.shift_id == shift.id
        )
    )
    # It stays as a shift that never was: the roster file that planned it would plan it anew.
    shift.ends_at, shift.closed_at = shift.starts_at, actor.now
    unit.version += 1
    await tell(session, actor, entry)
    return unit


async def _short_of(session: AsyncSession, unit: Unit, shift: Shift, people: Sequence[Responder]) -> tuple[str, ...]:
    """Too few people, and whoever would begin before the rest that their agency gives is over."""
    found = []
    if len(people) < unit.min_crew:
        found.append(reason(Reason.BELOW_MINIMUM_STAFFING, f"{len(people)}/{unit.min_crew}"))
    rests = await session.execute(
        select(Responder.id, Responder.rest_until, Agency.rest_s)
        .join(Agency, (Agency.jurisdiction_id == Responder.jurisdiction_id) & (Agency.id == Responder.agency_id))
        .where(Responder.jurisdiction_id == shift.jurisdiction_id, Responder.id.in_([person.id for person in people]))
    )
    rest_of = {row.id: timedelta(seconds=row.rest_s) for row in rests.all() if row.rest_s}
    rested = [person.rest_until for person in people if person.rest_until and person.rest_until > shift.starts_at]
    longest = max(rest_of.values(), default=timedelta())
    rows = await session.execute(
        select(ShiftMember.responder_id, ShiftMember.starts_at, ShiftMember.ends_at).where(
            ShiftMember.jurisdiction_id == shift.jurisdiction_id,
            ShiftMember.responder_id.in_(list(rest_of)),
            ShiftMember.shift_id != shift.id,
            ShiftMember.ends_at > shift.starts_at - longest,
            ShiftMember.starts_at < shift.ends_at + longest,
            ShiftMember.ends_at > ShiftMember.starts_at,
        )
    )
    for row in rows:
        rest = rest_of[row.responder_id]
        earlier_end, later_start = sorted([(row.ends_at, shift.starts_at), (shift.ends_at, row.starts_at)])[0]
        if earlier_end + rest > later_start:
            rested.append(earlier_end + rest)
    return (*found, *([reason(Reason.RESTING, iso(max(rested)))] if rested else []))


def _unknown(shift_id: str) -> NotFound:
    return NotFound(f"There is no shift {shift_id}.", fix="List the shifts with GET /v1/shifts.")


def _entry(kind: EventType, unit: Unit, shift: Shift, actor: Actor, **more: Any) -> log.Entry:
    payload = {
        "unit": unit.call_sign,
        "responder_type": unit.responder_type,
        "agency": unit.agency_id,
        "shift": shift.id,
        "starts_at": iso(shift.starts_at),
        "ends_at": iso(shift.ends_at),
        **more,
    }
    return log.Entry(kind, unit.id, actor.now, None, payload)
