"""A jurisdiction is set up: itself, its roster and its shifts, from plain records, whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from dispatch.db import log
from dispatch.db.ids import new_id
from dispatch.db.models import (
    Agency,
    Certification,
    Jurisdiction,
    Program,
    Responder,
    Unit,
)
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.geo import LatLon
from dispatch.domain.ids import Prefix
from dispatch.domain.unit import UnitStatus
from dispatch.operations.actor import Actor, tell
from dispatch.operations.planned_shifts import ShiftRecord as ShiftRecord
from dispatch.operations.planned_shifts import plan_shifts


@dataclass(frozen=True, slots=True)
class AgencyRecord:
    id: str
    name: str
    kind: str
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class ProgramRecord:
    id: str
    agency: str
    responder_type: str
    name: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A unit by call sign. home None: it has no fixed place."""

    call_sign: str
    agency: str
    program: str | None
    responder_type: str
    capabilities: frozenset[str] = frozenset()
    vehicle: str | None = None
    mobile: bool = True
    min_crew: int = 1
    capacity: int = 1
    home: LatLon | None = None
    status: UnitStatus = UnitStatus.OFF_DUTY


@dataclass(frozen=True, slots=True)
class ResponderRecord:
    """A person by employee number. certifications: name -> last day it counts, None for no end."""

    employee_number: str
    name: str
    agency: str
    skills: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ()
    certifications: dict[str, date | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetUp:
    """All that a jurisdiction starts with."""

    jurisdiction_id: str
    name: str
    time_zone: str
    agencies: Sequence[AgencyRecord] = ()
    programs: Sequence[ProgramRecord] = ()
    units: Sequence[UnitRecord] = ()
    responders: Sequence[ResponderRecord] = ()
    shifts: Sequence[ShiftRecord] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """How many rows are new; those that were there already are left as they are."""

    agencies: int
    programs: int
    units: int
    responders: int
    shifts: int


async def set_up(session: AsyncSession, wanted: SetUp, actor: Actor) -> Added:
    """Everything wanted exists. Rows that exist already, by id, call sign or employee number, are not changed."""
    j = wanted.jurisdiction_id
    await session.execute(
        insert(Jurisdiction).values(id=j, name=wanted.name, time_zone=wanted.time_zone).on_conflict_do_nothing()
    )
    agencies = await _insert(
        session,
        Agency,
        [
            {"jurisdiction_id": j, "id": a.id, "name": a.name, "kind": a.kind, "contact": a.contact}
            for a in wanted.agencies
        ],
    )
    programs = await _insert(
        session,
        Program,
        [
            {
                "jurisdiction_id": j,
                "id": p.id,
                "agency_id": p.agency,
                "responder_type": p.responder_type,
                "name": p.name,
                "description": p.description,
            }
            for p in wanted.programs
        ],
    )
    units = await _insert(
        session, Unit, await _new_names(session, Unit.call_sign, [_unit(j, unit, actor.now) for unit in wanted.units])
    )
    persons = [_person(j, person) for person in wanted.responders]
    responders = await _insert(session, Responder, await _new_names(session, Responder.employee_number, persons))
    people = await _people(session, wanted)
    await _insert(
        session,
        Certification,
        [
            {"jurisdiction_id": j, "responder_id": people[person.employee_number], "name": name, "expires_on": last}
            for person in wanted.responders
            for name, last in person.certifications.items()
        ],
    )
    shifts = await plan_shifts(session, j, wanted.shifts, people)
    added = Added(agencies, programs, units, responders, shifts)
    payload = {"agencies": agencies, "programs": programs, "units": units, "responders": responders, "shifts": shifts}
    if any(payload.values()):
        await tell(session, actor, log.Entry("roster.imported", j, actor.now, None, payload))
    return added


def _unit(j: str, unit: UnitRecord, now: datetime) -> dict[str, object]:
    return {
        "jurisdiction_id": j,
        "id": new_id(Prefix.UNIT),
        "call_sign": unit.call_sign,
        "agency_id": unit.agency,
        "program_id": unit.program,
        "responder_type": unit.responder_type,
        "capabilities": sorted(unit.capabilities),
        "vehicle": unit.vehicle,
        "mobile": unit.mobile,
        "min_crew": unit.min_crew,
        "capacity": unit.capacity,
        "home_lat": unit.home.lat if unit.home else None,
        "home_lon": unit.home.lon if unit.home else None,
        "status": unit.status.value,
        "status_at": now,
    }


def _person(j: str, person: ResponderRecord) -> dict[str, object]:
    return {
        "jurisdiction_id": j,
        "id": new_id(Prefix.RESPONDER),
        "employee_number": person.employee_number,
        "name": person.name,
        "agency_id": person.agency,
        "skills": sorted(person.skills),
        "languages": list(person.languages),
    }


async def _new_names(
    session: AsyncSession, name: InstrumentedAttribute[str], rows: Sequence[dict[str, object]]
) -> list[dict[str, object]]:
    """The first row of each name that nobody has: a file names units and people by it, so it means one of them."""
    known = select(name).where(name.class_.jurisdiction_id.in_({row["jurisdiction_id"] for row in rows}))
    taken: set[object] = set(await session.scalars(known)) if rows else set()
    new: list[dict[str, object]] = []
    for row in rows:
        if row[name.key] not in taken:
            taken.add(row[name.key])
            new.append(row)
    return new


async def _insert(session: AsyncSession, table: type, rows: Sequence[dict[str, object]]) -> int:
    """How many of the rows are new."""
    if not rows:
        return 0
    count = select(func.count()).select_from(table)
    before = await session.scalar(count) or 0
    await session.execute(insert(table).on_conflict_do_nothing(), list(rows))
    return (await session.scalar(count) or 0) - before


async def _people(session: AsyncSession, wanted: SetUp) -> dict[str, str]:
    """Employee number -> id. Raises Invalid for a number that the records name and that people of two agencies have."""
    named = {person.employee_number for person in wanted.responders}.union(*(shift.crew for shift in wanted.shifts))
    found: dict[str, str] = {}
    people = select(Responder.employee_number, Responder.id).where(Responder.jurisdiction_id == wanted.jurisdiction_id)
    for number, person in await session.execute(people):
        if number in found and number in named:
            raise Invalid(
                f"Two people have the employee number {number}.",
                fix="Change one of them with PATCH /v1/responders/{id}, or plan the shift over the API by id.",
                errors=[FieldProblem("/shifts", "ambiguous", number)],
            )
        found[number] = person
    return found
