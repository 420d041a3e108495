"""A call is passed on: to a desk, a clinician, another agency or an outside party, and back when it must be."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.ids import new_id
from dispatch.db.lookup import get_incident
from dispatch.db.models import Agency, Assignment, Incident, Program, Unit
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.assignment import AssignmentMode, AssignmentStatus, is_taken
from dispatch.domain.classification import SlotRole
from dispatch.domain.errors import Conflict, FieldProblem, Invalid, NotFound
from dispatch.domain.events import EventType
from dispatch.domain.ids import Prefix
from dispatch.domain.nearest import nearest
from dispatch.domain.timers import SHIPPED, TimeLimits
from dispatch.domain.transfer import MAY_TAKE_CALLS, OUTSIDE, AssignmentKind
from dispatch.operations.actor import Actor, tell
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.assignment_steps import ENDED_INCIDENT, StatusStep, take_step
from dispatch.operations.assignments import AssignUnits, Given, give, lock_assignment, lock_units
from dispatch.operations.escalation import Escalated, Help, escalate
from dispatch.operations.queue import wait_for_answer
from dispatch.operations.responsibility import RETURNED
from dispatch.operations.watching import watch_of


@dataclass(frozen=True, slots=True)
class Transfer:
    """Pass the incident on to one of: a unit that is a desk, an agency, an outside party by its name.

    responder_type: what an outside party is, or which of its disciplines an agency is asked for.
    """

    incident_id: str
    unit: str | None = None
    agency: str | None = None
    outside: str | None = None
    responder_type: str | None = None
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Give a call back to 911. who: must come first, the first leads; empty: the plan stays as it is.

    priority: what it is at least; None with somebody in `who`: a life threat, since nobody said otherwise.
    """

    assignment_id: str
    reason: str
    who: Sequence[str] = ()
    priority: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """The assignment that ended, its incident as it stands now, and the alarm's id."""

    assignment: Assignment
    incident: Incident
    alarm: str


@dataclass(frozen=True, slots=True)
class _Party:
    """Whom a call is passed on to, where it is no unit of ours."""

    name: str
    agency_id: str
    responder_type: str


async def transfer(
    session: AsyncSession,
    command: Transfer,
    actor: Actor,
    principal: Principal,
    limits: TimeLimits = SHIPPED,
) -> Given:
    """Whoever was named is asked to take the incident, which waits on the queue until they say yes.

    Raises NotFound; Invalid for a unit that goes there, or an agency of several disciplines of which none was named;
    Conflict when the incident has ended or they were asked already; what assign_units raises when a desk is full.
    """
    incident = await get_incident(session, actor.jurisdiction_id, command.incident_id, lock=True)
    if incident.status in ENDED_INCIDENT:
        raise Conflict(
            f"Incident {incident.number} is {incident.status}.", fix="Reopen it first.", incident_status=incident.status
        )
    if command.unit is not None:
        given = await _to_unit(session, incident, command, command.unit, actor, principal, limits)
    else:
        party = await _party(session, command, actor, principal)
        await _require_not_asked(session, incident, party)
        given = await _to_party(session, incident, party, command, actor, limits)
    await session.flush()
    back = await wait_for_answer(session, incident, actor)
    await tell(session, actor, *given.entries, *back, timing=given.timing)
    return given


async def give_back(
    session: AsyncSession, command: GiveBack, actor: Actor, principal: Principal, limits: TimeLimits = SHIPPED
) -> Returned:
    """The call is 911's again: on the queue unless somebody else comes, those named first in its plan, and an alarm.

    Raises Conflict for one that was not accepted, or for a unit that goes there; NotFound; Refused.
    """
    incident, row = await lock_assignment(session, command.assignment_id, actor, principal)
    await _require_has_call(session, row)
    step = StatusStep(row.id, AssignmentStatus.CLEARED, reason=command.reason, outcome=RETURNED, note=command.note)
    taken = await take_step(session, incident, row, step, actor, limits)
    await session.flush()
    more = await _needed(session, incident, command, actor)
    message = f"{row.call_sign} gives #{incident.number} back: {command.reason}"
    what = Raise(AlarmKind.TRANSFER_RETURNED, message, row.id, incident, row, for_every_agency=True)
    alarm = await raise_alarm(session, what, actor)
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "reason": command.reason,
        "who": list(command.who),
        "priority": incident.priority,
    }
    back = log.Entry(EventType.ASSIGNMENT_RETURNED, row.id, actor.now, incident.id, payload)
    await tell(session, actor, *taken.entries, back, *more.entries, alarm, timing=taken.timing + more.timing)
    return Returned(row, incident, alarm.subject_id)


async def _to_unit(
    session: AsyncSession,
    incident: Incident,
    command: Transfer,
    name: str,
    actor: Actor,
    principal: Principal,
    limits: TimeLimits,
) -> Given:
    (unit,) = await lock_units(session, actor, [name])
    principal.require_agency(unit.agency_id)
    if unit.mobile and unit.responder_type not in ONE_WAY_TYPES:
        raise Invalid(
            f"{unit.call_sign} goes to the scene; a call is passed on to a desk.",
            fix="Assign it with POST /v1/incidents/{id}/assignments, or hand the incident off to it.",
            errors=[FieldProblem("/unit", "not_a_desk", "a unit that travels is assigned, not transferred to")],
        )
    wanted = AssignUnits(incident.id, [unit.id], AssignmentMode.OFFERED, reason=command.reason)
    given = await give(session, incident, [unit], wanted, actor, limits)
    given.assignments[0].note = command.note
    return given


async def _to_party(
    session: AsyncSession, incident: Incident, party: _Party, command: Transfer, actor: Actor, limits: TimeLimits
) -> Given:
    row = Assignment(
        jurisdiction_id=actor.jurisdiction_id,
        id=new_id(Prefix.ASSIGNMENT),
        incident_id=incident.id,
        call_sign=party.name,
        agency_id=party.agency_id,
        responder_type=party.responder_type,
        category=incident.category,
        incident_type=incident.incident_type,
        priority=incident.priority,
        lat=incident.lat,
        lon=incident.lon,
        mode=AssignmentMode.OFFERED.value,
        kind=AssignmentKind.TRANSFER.value,
        status=AssignmentStatus.OFFERED.value,
        exclusive=False,
        decision_id=incident.decision_id,
        assigned_by=actor.subject,
        reason=command.reason,
        note=command.note,
        version=1,
        created_at=actor.now,
        offered_at=actor.now,
    )
    timing = watch_of(row, actor.now, limits, 1)
    session.add(row)
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "outside": row.agency_id == OUTSIDE,
        "reason": row.reason,
    }
    entry = log.Entry(EventType.ASSIGNMENT_TRANSFER_OFFERED, row.id, actor.now, incident.id, payload)
    return Given([row], [entry], timing, {})


async def _party(session: AsyncSession, command: Transfer, actor: Actor, principal: Principal) -> _Party:
    if command.outside is not None:
        principal.require_agency(OUTSIDE)
        return _Party(command.outside, OUTSIDE, _known(command.responder_type or OUTSIDE, MAY_TAKE_CALLS))
    agency = await session.get(Agency, (actor.jurisdiction_id, command.agency))
    disciplines = set() if agency is None else await _disciplines(session, agency)
    shown = disciplines - actor.hidden_types
    if agency is None or (disciplines and not shown):
        raise NotFound(f"There is no agency {command.agency}.", fix="List them with GET /v1/agencies.")
    kinds = sorted(shown - ONE_WAY_TYPES)
    if shown and not kinds:
        raise Conflict(f"{agency.id} is told one way and takes no call over.", fix="Assign one of its units.")
    kind = command.responder_type or (kinds[0] if len(kinds) == 1 else "")
    return _Party(agency.id, agency.id, _known(kind, kinds or MAY_TAKE_CALLS))


def _known(kind: str, kinds: Sequence[str]) -> str:
    if kind not in kinds:
        raise Invalid(
            "Say which discipline is asked to take the call.",
            fix=f"Send `responder_type`, one of: {', '.join(kinds)}.",
            errors=[FieldProblem("/responder_type", "which_discipline", nearest(kind, kinds) if kind else "missing")],
        )
    return kind


async def _disciplines(session: AsyncSession, agency: Agency) -> set[str]:
    rows = await session.scalars(
        union(
            *(
                select(table.responder_type).where(
                    table.jurisdiction_id == agency.jurisdiction_id, table.agency_id == agency.id
                )
                for table in (Unit, Program)
            )
        )
    )
    return set(rows)


async def _require_not_asked(session: AsyncSession, incident: Incident, party: _Party) -> None:
    asked = await session.scalar(
        select(Assignment.status).where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.unit_id.is_(None),
            Assignment.agency_id == party.agency_id,
            Assignment.call_sign == party.name,
            Assignment.is_open,
        )
    )
    if asked is not None:
        raise Conflict(
            f"{party.name} has been asked to take {incident.number}: {asked}.",
            fix="Wait for the answer, or take it back first.",
        )


async def _require_has_call(session: AsyncSession, row: Assignment) -> None:
    status = AssignmentStatus(row.status)
    if not is_taken(status):
        raise Conflict(
            f"{row.call_sign} is {status.value.replace('_', ' ')} and has nothing to give back.",
            fix="An offer is declined with a reason (POST /v1/assignments/{id}/status).",
        )
    unit = None if row.unit_id is None else await session.get_one(Unit, (row.jurisdiction_id, row.unit_id))
    if unit is not None and unit.mobile:
        raise Conflict(
            f"{row.call_sign} goes to the scene; what it has is not given back but handed off.",
            fix="Use POST /v1/assignments/{id}:hand-off, or :backup where it is in danger.",
        )


async def _needed(session: AsyncSession, incident: Incident, command: GiveBack, actor: Actor) -> Escalated:
    if not command.who:
        return Escalated()
    roles = [
        (kind, SlotRole.STAGED if kind == "ems" and number else SlotRole.PRIMARY)
        for number, kind in enumerate(command.who)
    ]
    because = f"Whoever had the call gave it back: {' and '.join(command.who)} must come."
    wanted = Help(RETURNED, because, roles, command.priority is None, priority=command.priority)
    return await escalate(session, incident, wanted, actor)
