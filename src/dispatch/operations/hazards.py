"""Hazards of places are recorded with who says so and until when."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.ids import new_id
from dispatch.db.lookup import get_incident, no_incident
from dispatch.db.models import Agency, Assignment, Incident, PremiseHazard, Program, Unit
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.assignment import ACTIVE
from dispatch.domain.errors import AlreadyExists, FieldProblem, Invalid, Refused
from dispatch.domain.events import EventType
from dispatch.domain.geo import LatLon
from dispatch.domain.hazard import HazardKinds, Label, Sensitivity, SourceKind, label_of, require_expiry
from dispatch.domain.ids import Prefix
from dispatch.domain.time import iso
from dispatch.linking.grid import cell_of
from dispatch.linking.profile import place_words
from dispatch.operations.actor import Actor, tell


@dataclass(frozen=True, slots=True)
class RecordHazard:
    """What somebody knows of a place. sensitivity, endangers, radius_m: None as its kind has it.

    position and address: at least one. source: the agency's id, the person or the document that says so; of an
    incident it is the number. agency: whose record it is, where that is not clear from who asks.
    """

    kind: str
    words: str
    expires_at: datetime
    source_kind: SourceKind
    source: str
    position: LatLon | None = None
    address: str | None = None
    door: str | None = None
    sensitivity: Sensitivity | None = None
    endangers: bool | None = None
    radius_m: float | None = None
    agency: str | None = None


async def record(
    session: AsyncSession, command: RecordHazard, kinds: HazardKinds, actor: Actor, principal: Principal
) -> PremiseHazard:
    """The hazard is in force until it expires. Raises Invalid without a place, for an expiry beyond the limit of its
    kind and for an agency that is not there; Refused for what this principal could not read; AlreadyExists for the
    same again.
    """
    if principal.unit is not None:
        raise Refused(
            "A unit records what it finds at the incident that it is on.",
            fix="Use POST /v1/incidents/{id}/hazards, or tell the dispatcher.",
        )
    agency = await _whose(session, command, actor, principal)
    await _require_source(session, command, actor)
    label = _label(command, kinds, actor, principal)
    made = _row(command, label, agency, None, actor)
    await _refuse_double(session, made, actor)
    session.add(made)
    await tell(session, actor, hazard_entry(EventType.HAZARD_RECORDED, made, actor))
    return made


async def record_at_incident(
    session: AsyncSession,
    incident_id: str,
    command: RecordHazard,
    kinds: HazardKinds,
    actor: Actor,
    principal: Principal,
) -> PremiseHazard:
    """The hazard is in force at the place of the incident, which is its source. What `record` raises; NotFound for an
    incident that is not there for this principal.
    """
    incident = await get_incident(session, actor.jurisdiction_id, incident_id)
    if not principal.sees_incident(await _units_on(session, incident)):
        raise no_incident(incident_id)
    agency = await _whose(session, command, actor, principal)
    at = _at_incident(command, incident)
    label = _label(at, kinds, actor, principal)
    made = _row(at, label, agency, incident.id, actor)
    await _refuse_double(session, made, actor)
    session.add(made)
    await tell(session, actor, hazard_entry(EventType.HAZARD_RECORDED, made, actor))
    return made


async def record_all(
    session: AsyncSession,
    commands: Sequence[RecordHazard],
    kinds: HazardKinds,
    actor: Actor,
    principal: Principal,
    *,
    dry_run: bool = False,
) -> int:
    """All of them are in force; how many were not before. Raises Invalid with every bad row, by its number from 0.

    dry_run: everything is checked and nothing stored.
    """
    problems: list[FieldProblem] = []
    made: dict[tuple[object, ...], PremiseHazard] = {}
    for number, command in enumerate(commands):
        try:
            agency = await _whose(session, command, actor, principal)
            await _require_source(session, command, actor)
            row = _row(command, _label(command, kinds, actor, principal), agency, None, actor)
        except Invalid as wrong:
            problems += [FieldProblem(f"/{number}{one.pointer}", one.code, one.detail) for one in wrong.errors]
            continue
        if await _same_in_force(session, row, actor) is None:
            made.setdefault(_identity(row), row)
    if problems:
        raise Invalid("Some hazards cannot be recorded.", fix="Correct these rows.", errors=problems)
    if not dry_run:
        session.add_all(made.values())
        await tell(session, actor, *(hazard_entry(EventType.HAZARD_RECORDED, row, actor) for row in made.values()))
    return len(made)


def _label(command: RecordHazard, kinds: HazardKinds, actor: Actor, principal: Principal) -> Label:
    kind = kinds.get(command.kind)
    label = label_of(kind, command.sensitivity, command.endangers, command.radius_m)
    require_expiry(kind, command.expires_at, actor.now)
    if not principal.reads(label.sensitivity):
        raise Refused(
            "This token may not read health records of a place, so that it records none.",
            fix="Record the danger itself, without health detail: for example `violence_towards_responders`.",
        )
    return label


async def _whose(session: AsyncSession, command: RecordHazard, actor: Actor, principal: Principal) -> str | None:
    """The agency whose record it will be; None: the city's."""
    principal.require_two_ways()
    if principal.unit is not None:
        unit = await session.get(Unit, (actor.jurisdiction_id, principal.unit))
        return unit.agency_id if unit is not None else None
    if command.agency is not None:
        principal.require_agency(command.agency)
        await _require_agency(session, command.agency, actor, "/agency")
        return command.agency
    if principal.agencies is not None and len(principal.agencies) > 1:
        raise Invalid(
            "This token speaks for several agencies.",
            fix="Say in `agency` whose record it is.",
            errors=[FieldProblem("/agency", "not_said", f"one of: {', '.join(sorted(principal.agencies))}")],
        )
    return next(iter(principal.agencies)) if principal.agencies else None


async def _require_source(session: AsyncSession, command: RecordHazard, actor: Actor) -> None:
    if command.source_kind is SourceKind.INCIDENT:
        raise Invalid(
            "What was found at an incident is recorded there.",
            fix="Use POST /v1/incidents/{id}/hazards.",
            errors=[FieldProblem("/source/kind", "at_an_incident", "agency, person or document")],
        )
    if command.source_kind is SourceKind.AGENCY:
        await _require_agency(session, command.source, actor, "/source/name")


async def _require_agency(session: AsyncSession, agency: str, actor: Actor, pointer: str) -> None:
    """Raises Invalid for an agency that is not there, or whose people are never told of."""
    j = actor.jurisdiction_id
    types = select(Unit.responder_type).where(Unit.jurisdiction_id == j, Unit.agency_id == agency)
    of_programs = select(Program.responder_type).where(Program.jurisdiction_id == j, Program.agency_id == agency)
    disciplines = set(await session.scalars(types.union(of_programs)))
    is_there = await session.get(Agency, (j, agency)) is not None
    if not is_there or (disciplines and disciplines <= ONE_WAY_TYPES):
        raise Invalid(
            f"There is no agency {agency} that a hazard can be of.",
            fix="List the agencies with GET /v1/agencies; what you know yourself needs no agency.",
            errors=[FieldProblem(pointer, "unknown_agency", "not an agency of this jurisdiction that reports hazards")],
        )


def _at_incident(command: RecordHazard, incident: Incident) -> RecordHazard:
    position = LatLon(incident.lat, incident.lon) if incident.lat is not None and incident.lon is not None else None
    return replace(
        command,
        source_kind=SourceKind.INCIDENT,
        source=incident.number,
        position=position,
        address=incident.address,
        door=command.door or place_words(incident.address)[1],
    )


def _row(
    command: RecordHazard, label: Label, agency: str | None, incident_id: str | None, actor: Actor
) -> PremiseHazard:
    folded, door = place_words(command.address)
    if command.position is None and folded is None:
        raise Invalid(
            "A hazard belongs to a place.",
            fix="Send a position, an address or both; of an incident, say first where it is.",
            errors=[FieldProblem("/place", "place_missing", "neither a position nor an address")],
        )
    return PremiseHazard(
        jurisdiction_id=actor.jurisdiction_id,
        id=new_id(Prefix.HAZARD),
        kind=label.kind.name,
        sensitivity=label.sensitivity.value,
        endangers_responders=label.endangers,
        warning=label.kind.warning,
        words=command.words,
        lat=command.position.lat if command.position else None,
        lon=command.position.lon if command.position else None,
        radius_m=label.radius_m,
        cell=cell_of(command.position) if command.position else None,
        address=command.address,
        address_key=folded,
        door=command.door.lower() if command.door else door,
        source_kind=command.source_kind.value,
        source=command.source,
        incident_id=incident_id,
        agency_id=agency,
        author=actor.subject,
        created_at=actor.now,
        expires_at=command.expires_at,
    )


async def _units_on(session: AsyncSession, incident: Incident) -> list[str]:
    rows = await session.scalars(
        select(Assignment.unit_id).where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.status.in_(sorted(ACTIVE)),
        )
    )
    return [unit for unit in rows if unit is not None]


def _identity(row: PremiseHazard) -> tuple[object, ...]:
    return (
        row.kind,
        row.sensitivity,
        row.words,
        row.address_key,
        row.door,
        row.lat,
        row.lon,
        row.source_kind,
        row.source,
    )


async def _same_in_force(session: AsyncSession, row: PremiseHazard, actor: Actor) -> PremiseHazard | None:
    """The same hazard, said by the same source, that is in force already."""
    near = (
        PremiseHazard.address_key == row.address_key if row.address_key is not None else PremiseHazard.cell == row.cell
    )
    found = await session.scalars(
        select(PremiseHazard).where(
            PremiseHazard.jurisdiction_id == actor.jurisdiction_id,
            near,
            PremiseHazard.kind == row.kind,
            PremiseHazard.expires_at > actor.now,
            PremiseHazard.withdrawn_at.is_(None),
        )
    )
    return next((one for one in found if _identity(one) == _identity(row)), None)


async def _refuse_double(session: AsyncSession, row: PremiseHazard, actor: Actor) -> None:
    same = await _same_in_force(session, row, actor)
    if same is not None:
        raise AlreadyExists(
            "This very hazard is recorded already.",
            fix=f"Ask a supervisor to review {same.id} if it should stand longer.",
            hazard=same.id,
        )


def hazard_entry(kind: EventType, row: PremiseHazard, actor: Actor, **more: str) -> log.Entry:
    """What the log says of it: that it was recorded, reviewed or withdrawn, and never its words."""
    # What it says and where stays in the row, which has its own readers; the log has many.
    payload = {
        "kind": row.kind,
        "sensitivity": row.sensitivity,
        "endangers_responders": row.endangers_responders,
        "expires_at": iso(row.expires_at),
        "agency": row.agency_id,
        **more,
    }
    return log.Entry(kind, row.id, actor.now, row.incident_id, payload)
