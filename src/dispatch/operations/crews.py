"""What every change of a crew shares: its units locked, its people found and free, and how it stands afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.candidates import candidates_now
from dispatch.db.crews import Crew, crews_now
from dispatch.db.lookup import get_unit
from dispatch.db.models import Agency, Assignment, Incident, Responder, Shift, ShiftMember, Unit
from dispatch.domain.access import Principal
from dispatch.domain.assignment import ACTIVE
from dispatch.domain.errors import Conflict, FieldProblem, Invalid
from dispatch.domain.events import EventType
from dispatch.domain.ids import Prefix, is_id
from dispatch.domain.time import iso
from dispatch.domain.unit import BUSY, UnitStatus
from dispatch.operations.actor import Actor
from dispatch.operations.assignments import lock_units
from dispatch.operations.shift_rows import end_shift
from dispatch.routing.reasons import Reason, reason

_ACTIVE = [status.value for status in ACTIVE]
# Longer than any shift that people work: what is later is a slip of the pen.
LONGEST = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit's shift as it stands after a change. warnings: codes of the router, told and not forbidden."""

    unit: Unit
    crew: Crew | None
    also: Sequence[Unit] = ()
    warnings: tuple[str, ...] = ()


async def find_people(session: AsyncSession, names: Sequence[str], field: str, actor: Actor) -> list[Responder]:
    """The people with these ids or employee numbers, in that order.

    Raises Invalid naming whoever does not exist, or shares a number with somebody of another agency. People of agencies
    that the actor may not act for do not exist for it, nor do those of agencies that it must not know of.
    """
    asked = list(dict.fromkeys(names))
    query = select(Responder).where(
        Responder.jurisdiction_id == actor.jurisdiction_id,
        Responder.id.in_([name for name in asked if is_id(name, Prefix.RESPONDER)])
        | Responder.employee_number.in_([name for name in asked if not is_id(name, Prefix.RESPONDER)]),
    )
    if actor.agencies is not None:
        query = query.where(Responder.agency_id.in_(sorted(actor.agencies)))
    if actor.hidden_types:
        hidden = select(Agency.id).where(Agency.jurisdiction_id == actor.jurisdiction_id, Agency.one_way)
        query = query.where(Responder.agency_id.not_in(hidden))
    found: dict[str, Responder] = {}
    for person in await session.scalars(query):
        if found.get(person.employee_number, person) is not person and person.employee_number in asked:
            raise Invalid(
                f"Two people have the employee number {person.employee_number}.",
                fix="Name the one that you mean by its id; list the people with GET /v1/responders.",
                errors=[FieldProblem(f"/{field}", "ambiguous", person.employee_number)],
            )
        found[person.id] = found[person.employee_number] = person
    unknown = [name for name in asked if name not in found]
    if unknown:
        raise Invalid(
            f"There is no responder {', '.join(unknown)}.",
            fix="Send ids or employee numbers; list the people with GET /v1/responders.",
            errors=[FieldProblem(f"/{field}", "unknown_reference", name) for name in unknown],
        )
    return list(dict.fromkeys(found[name] for name in asked))


async def require_nowhere_else(
    session: AsyncSession,
    people: Sequence[Responder],
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    *,
    shift_id: str | None = None,
) -> None:
    """Returns when nobody of them is on another shift in these hours. Raises Conflict naming person, unit and hours."""
    rows = await session.execute(
        select(
            Unit.call_sign, Unit.responder_type, ShiftMember.responder_id, ShiftMember.starts_at, ShiftMember.ends_at
        )
        .join(Shift, (Shift.jurisdiction_id == ShiftMember.jurisdiction_id) & (Shift.id == ShiftMember.shift_id))
        .join(Unit, (Unit.jurisdiction_id == Shift.jurisdiction_id) & (Unit.id == Shift.unit_id))
        .where(
            ShiftMember.jurisdiction_id == actor.jurisdiction_id,
            ShiftMember.responder_id.in_([person.id for person in people]),
            ShiftMember.starts_at < ends_at,
            ShiftMember.ends_at > starts_at,
            ShiftMember.ends_at > ShiftMember.starts_at,
            Shift.id != (shift_id or ""),
        )
        .order_by(ShiftMember.starts_at, Unit.call_sign)
    )
    known = {person.id: person for person in people}
    taken = [(known[row.responder_id], row) for row in rows]
    if not taken:
        return
    # A unit that does not exist for the actor is not named; that the person is not free must be said all the same.
    where = ["another unit" if row.responder_type in actor.hidden_types else str(row.call_sign) for _, row in taken]
    raise Conflict(
        "; ".join(
            f"{person.name} ({person.employee_number}) is on {unit} from {iso(row.starts_at)} until {iso(row.ends_at)}"
            for (person, row), unit in zip(taken, where, strict=True)
        )
        + ".",
        fix="Take them off that unit first (POST /v1/units/{unit}:change-crew), or choose other hours.",
        people=[
            {"responder": person.employee_number, "unit": unit, "from": iso(row.starts_at), "until": iso(row.ends_at)}
            for (person, row), unit in zip(taken, where, strict=True)
        ],
    )


async def units_of_crew(session: AsyncSession, unit: Unit, now: datetime) -> list[str]:
    """Ids of all units that the crew of this unit staffs now, itself first."""
    mine = (await crews_now(session, unit.jurisdiction_id, [unit.id], now)).get(unit.id)
    if mine is None:
        return [unit.id]
    rows = await session.scalars(
        select(Shift.unit_id).where(
            Shift.jurisdiction_id == unit.jurisdiction_id,
            Shift.starts_at <= now,
            Shift.ends_at > now,
            (Shift.id == mine.crew_id) | (Shift.crew_of == mine.crew_id),
        )
    )
    return list(dict.fromkeys([unit.id, *rows]))


async def lock_crew(
    session: AsyncSession, name: str, actor: Actor, principal: Principal
) -> tuple[list[Unit], Unit, Crew | None]:
    """The unit and all that its crew staffs, locked in the order in which everybody locks units, and its crew now."""
    seen = await get_unit(session, actor.jurisdiction_id, name, hidden_types=actor.hidden_types)
    principal.require_unit(seen.id)
    principal.require_agency(seen.agency_id)
    units = await lock_units(session, actor, await units_of_crew(session, seen, actor.now))
    unit = next(one for one in units if one.id == seen.id)
    crew = (await crews_now(session, actor.jurisdiction_id, [unit.id], actor.now)).get(unit.id)
    return units, unit, crew


async def require_at_no_work(session: AsyncSession, jurisdiction_id: str, units: Iterable[str], does: str) -> None:
    """Returns when none of these units (ids) is on an assignment. Raises Conflict naming unit and incident."""
    rows = await session.execute(
        select(Assignment.call_sign, Assignment.status, Assignment.id, Incident.number)
        .join(
            Incident,
            (Incident.jurisdiction_id == Assignment.jurisdiction_id) & (Incident.id == Assignment.incident_id),
        )
        .where(
            Assignment.jurisdiction_id == jurisdiction_id,
            Assignment.unit_id.in_(list(units)),
            Assignment.status.in_(_ACTIVE),
        )
        .order_by(Assignment.created_at, Assignment.id)
    )
    held = rows.all()
    if held:
        raise Conflict(
            "; ".join(f"{row.call_sign} is {row.status.replace('_', ' ')} at #{row.number}" for row in held)
            + f"; a unit at work does not {does}.",
            fix="Clear or cancel the assignment first.",
            assignments=[{"unit": row.call_sign, "assignment": row.id, "number": row.number} for row in held],
        )


async def leave(
    session: AsyncSession, units: Sequence[Unit], unit: Unit, crew: Crew | None, actor: Actor
) -> list[Unit]:
    """The shift of the locked unit has ended: the units that are off duty with it, itself among them.

    All that its crew staffs; of a unit that only shares the crew of another, itself alone. Raises Conflict while one of
    them is at work.
    """
    leaving = [unit] if crew is None or crew.crew_id != crew.shift_id else list(units)
    await require_at_no_work(session, actor.jurisdiction_id, [one.id for one in leaving], "log off")
    if crew is not None:
        await end_shift(session, crew.shift_id, actor.now, actor)
    return leaving


def stand_down(unit: Unit, at: datetime, reason: str | None) -> None:
    """The unit is off duty; one that is out of service stays so: that is said of the vehicle and not of its people."""
    unit.break_until = unit.break_reason = unit.due_off_at = None
    unit.version += 1
    if unit.status != UnitStatus.OUT_OF_SERVICE.value:
        unit.status, unit.status_at, unit.status_reason = UnitStatus.OFF_DUTY.value, at, reason


def report_for_duty(unit: Unit, now: datetime) -> None:
    """Free for work; a unit whose shift had ended while it was at work stays there, with its new crew."""
    unit.due_off_at = unit.break_until = unit.break_reason = None
    unit.version += 1
    kept = {status.value for status in BUSY} | {UnitStatus.OUT_OF_SERVICE.value, UnitStatus.EMERGENCY.value}
    if unit.status not in kept:
        unit.status, unit.status_at, unit.status_reason = UnitStatus.AVAILABLE.value, now, None


def require_end(until: datetime, since: datetime, *, field: str = "until") -> None:
    """Returns when a shift may end then. Raises Invalid."""
    if not since < until <= since + LONGEST:
        hours = round(LONGEST.total_seconds() / 3600)
        problem = FieldProblem(f"/{field}", "end_out_of_range", f"after {iso(since)} and within {hours} hours")
        raise Invalid("A shift ends after it begins, within three days.", fix="Send another end.", errors=[problem])


async def standing_of(session: AsyncSession, unit: Unit, also: Sequence[Unit], actor: Actor) -> Standing:
    """How the unit stands now, with what somebody should know of its crew."""
    crew = (await crews_now(session, actor.jurisdiction_id, [unit.id], actor.now)).get(unit.id)
    if crew is None:
        return Standing(unit, None, also)
    (seen,) = await candidates_now(session, actor.jurisdiction_id, [unit.id], actor.now)
    found = [reason(Reason.CERTIFICATION_EXPIRED, name) for name in sorted(seen.lapsed)]
    if seen.crew < seen.min_crew:
        found.append(reason(Reason.BELOW_MINIMUM_STAFFING, f"{seen.crew}/{seen.min_crew}"))
    if seen.resting_until is not None and seen.resting_until > actor.now:
        found.append(reason(Reason.RESTING, iso(seen.resting_until)))
    return Standing(unit, crew, also, tuple(found))


def entry_of(kind: EventType, unit: Unit, standing: Standing, actor: Actor, **more: Any) -> log.Entry:
    """What the log says of one unit of a crew."""
    crew = standing.crew
    payload = {
        "unit": unit.call_sign,
        "responder_type": unit.responder_type,
        "agency": unit.agency_id,
        "status": unit.status,
        "crew": list(crew.people) if crew is not None else [],
        "until": iso(crew.ends_at) if crew is not None else None,
        "also": [one.call_sign for one in (standing.unit, *standing.also) if one is not unit],
        "warnings": list(standing.warnings),
        **more,
    }
    return log.Entry(kind, unit.id, actor.now, None, payload)
