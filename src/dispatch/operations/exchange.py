"""One unit takes the place of another on an incident, or two units change their incidents: both, or nothing."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.crews import crews_now
from dispatch.db.lookup import get_incident, get_unit
from dispatch.db.models import Assignment, Incident, Unit
from dispatch.db.timers import Timing
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.assignment import ACTIVE, AssignmentMode, AssignmentStatus, legal_moves
from dispatch.domain.errors import Conflict, FieldProblem, IllegalTransition, Invalid
from dispatch.domain.events import EventType
from dispatch.domain.outcome import SHIPPED_OUTCOMES, Catalogue
from dispatch.domain.timers import SHIPPED, TimeLimits
from dispatch.operations.actor import Actor, tell
from dispatch.operations.assignment_steps import StatusStep, take_step
from dispatch.operations.assignments import AssignUnits, Given, give, lock_units


@dataclass(frozen=True, slots=True)
class Exchange:
    """Take `off` from the incident and put `on` there, by call sign or id.

    swap: `on` is at another incident, where `off` goes. outcome: what came of the work of a unit that has arrived.
    """

    incident_id: str
    off: str
    on: str
    reason: str | None = None
    outcome: str | None = None
    swap: bool = False


@dataclass(frozen=True, slots=True)
class Exchanged:
    """ended, made: what was left and what was given, of the incident first and of the other one of a swap after it.

    doubts: unit id -> what speaks against it, as codes.
    """

    ended: tuple[Assignment, ...]
    made: tuple[Assignment, ...]
    doubts: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Place:
    """A unit leaves its assignment here, and another takes its place."""

    incident: Incident
    held: Assignment
    leaves: Unit
    comes: Unit
    step: StatusStep
    reason: str | None


async def exchange(
    session: AsyncSession,
    command: Exchange,
    actor: Actor,
    principal: Principal | None = None,
    limits: TimeLimits = SHIPPED,
    catalogue: Catalogue = SHIPPED_OUTCOMES,
) -> Exchanged:
    """The one unit has left the incident, and the other has its place in the plan, its role and its offer.

    Raises NotFound; Conflict when `off` is not there, or of a swap `on` nowhere; IllegalTransition with the legal steps
    when a unit has arrived and no outcome was said; what assign_units raises of `on`; Refused for another agency's.
    """
    places = await _places(session, command, actor, principal)
    for place in places:
        _require_alike(place)
    leaving_first = command.swap or await _share_crew(session, places[0], actor)
    entries: list[log.Entry] = []
    timing = Timing()
    given: list[Given] = []
    if not leaving_first:
        given = [await _comes(session, place, actor, limits) for place in places]
    for place in places:
        taken = await take_step(session, place.incident, place.held, place.step, actor, limits, catalogue)
        entries += taken.entries
        timing += taken.timing
    await session.flush()
    if leaving_first:
        given = [await _comes(session, place, actor, limits) for place in places]
    made = [one.assignments[0] for one in given]
    for one in given:
        entries += one.entries
        timing += one.timing
    for place, row in zip(places, made, strict=True):
        entries += [_told(place, place.held, actor), _told(place, row, actor)]
    await tell(session, actor, *entries, timing=timing)
    doubts = {unit: codes for one in given for unit, codes in one.doubts.items()}
    return Exchanged(tuple(place.held for place in places), tuple(made), doubts)


async def _places(session: AsyncSession, command: Exchange, actor: Actor, principal: Principal | None) -> list[_Place]:
    """Where who leaves and who comes, everything locked: incidents, then units, then assignments."""
    incident = await get_incident(session, actor.jurisdiction_id, command.incident_id)
    named = [
        await get_unit(session, actor.jurisdiction_id, name, hidden_types=actor.hidden_types)
        for name in (command.off, command.on)
    ]
    if principal is not None:
        for unit in named:
            principal.require_agency(unit.agency_id)
    if named[0].id == named[1].id:
        problem = FieldProblem("/on", "same_unit", "is the unit that would be taken off")
        raise Invalid("A unit is not exchanged for itself.", fix="Name two units.", errors=[problem])
    elsewhere = await _held(session, named[1], None) if command.swap else None
    for name in sorted({incident.id, *([elsewhere.incident_id] if elsewhere is not None else [])}):
        await get_incident(session, actor.jurisdiction_id, name, lock=True)
    locked = {unit.id: unit for unit in await lock_units(session, actor, [unit.id for unit in named])}
    off, on = (locked[unit.id] for unit in named)
    held = await _held(session, off, incident.id, lock=True)
    if held is None:
        raise Conflict(
            f"{off.call_sign} is not on {incident.number}.",
            fix="Assign the other unit with POST /v1/incidents/{id}/assignments.",
        )
    places = [_Place(incident, held, off, on, _leave(held, on, command), command.reason)]
    if command.swap:
        there = await _held(session, on, None, lock=True)
        if there is None or elsewhere is None or there.id != elsewhere.id or there.incident_id == incident.id:
            raise Conflict(
                f"{on.call_sign} is at no other incident that it could change for {incident.number}.",
                fix="Leave `swap` out when the unit is free; else read where it is and send again.",
            )
        other = await session.get_one(Incident, (actor.jurisdiction_id, there.incident_id))
        places.append(_Place(other, there, on, off, _leave(there, off, command), command.reason))
    return places


async def _held(session: AsyncSession, unit: Unit, incident_id: str | None, *, lock: bool = False) -> Assignment | None:
    """The unit's assignment at the incident; with None the one that takes it whole, wherever it is."""
    query = select(Assignment).where(Assignment.jurisdiction_id == unit.jurisdiction_id, Assignment.unit_id == unit.id)
    if incident_id is None:
        query = query.where(Assignment.holds_unit)
    else:
        active = [status.value for status in ACTIVE]
        query = query.where(Assignment.incident_id == incident_id, Assignment.status.in_(active))
    query = query.execution_options(populate_existing=True)
    return (await session.scalars(query.with_for_update() if lock else query)).one_or_none()


def _leave(held: Assignment, instead: Unit, command: Exchange) -> StatusStep:
    """How the unit leaves: an offer is taken back, one on its way is cancelled, one that has arrived clears."""
    status = AssignmentStatus(held.status)
    legal = legal_moves(status, AssignmentMode(held.mode))
    word = f"exchanged for {instead.call_sign}" + (f": {command.reason}" if command.reason else "")
    if AssignmentStatus.RESCINDED in legal:
        return StatusStep(held.id, AssignmentStatus.RESCINDED, reason=word)
    if AssignmentStatus.CANCELLED in legal:
        return StatusStep(held.id, AssignmentStatus.CANCELLED, reason=word, cause="exchanged")
    if command.outcome is not None and status is AssignmentStatus.ON_SCENE:
        return StatusStep(held.id, AssignmentStatus.CLEARED, reason=word, outcome=command.outcome)
    is_there = status is AssignmentStatus.ON_SCENE
    raise IllegalTransition(
        f"{held.call_sign} is {status.value.replace('_', ' ')}, and no longer on its way.",
        fix="It has arrived: send `outcome` (for example warm_handover), and it clears."
        if is_there
        else f"Somebody is with it. From here: {', '.join(move.value for move in legal)}.",
        current=status.value,
        requested=AssignmentStatus.CANCELLED.value,
        legal=[move.value for move in legal],
    )


def _require_alike(place: _Place) -> None:
    """Who is told one way never stands for those who handle the incident, nor they for them."""
    if (place.comes.responder_type in ONE_WAY_TYPES) != (place.leaves.responder_type in ONE_WAY_TYPES):
        raise Conflict(
            f"{place.comes.call_sign} cannot take the place of {place.leaves.call_sign}: one of them is told beside "
            "those who handle the incident.",
            fix="Assign and clear each by itself.",
        )


async def _share_crew(session: AsyncSession, place: _Place, actor: Actor) -> bool:
    """True when the same people staff both units: then they must have left the one before they take the other."""
    crews = await crews_now(session, actor.jurisdiction_id, [place.leaves.id, place.comes.id], actor.now)
    ids = [crews[unit.id].crew_id if unit.id in crews else None for unit in (place.leaves, place.comes)]
    return ids[0] is not None and ids[0] == ids[1]


async def _comes(session: AsyncSession, place: _Place, actor: Actor, limits: TimeLimits) -> Given:
    """The other unit has the place: the step of the plan, the role, and where it was an open offer, that offer."""
    held, unit = place.held, place.comes
    is_same_kind = unit.responder_type == place.leaves.responder_type
    command = AssignUnits(
        place.incident.id,
        [unit.id],
        mode=AssignmentMode(held.mode) if is_same_kind else None,
        step=held.step,
        role=held.role,
        reason=f"in exchange for {held.call_sign}" + (f": {place.reason}" if place.reason else ""),
    )
    given = await give(session, place.incident, [unit], command, actor, limits)
    (row,) = given.assignments
    was_open = held.offered_at is not None and held.accepted_at is None
    if row.status == AssignmentStatus.OFFERED.value and was_open:
        row.offer_id, row.offer_rule = held.offer_id, held.offer_rule
    return given


def _told(place: _Place, row: Assignment, actor: Actor) -> log.Entry:
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "assignment": row.id,
        "off": place.leaves.call_sign,
        "on": place.comes.call_sign,
        "reason": place.step.reason,
    }
    return log.Entry(EventType.UNIT_EXCHANGED, place.comes.id, actor.now, place.incident.id, payload)
