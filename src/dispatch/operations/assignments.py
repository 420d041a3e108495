"""Units are given to incidents, all or none, and each assignment goes step by step from offer to clear."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.ids import new_id
from dispatch.db.lookup import get_incident
from dispatch.db.models import Assignment, AssignmentResponder, Incident, Shift, ShiftMember, Unit
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.assignment import (
    ACTIVE,
    TERMINAL,
    AssignmentMode,
    AssignmentStatus,
    first_status,
    implies_acceptance,
    require_move,
    stamp_column,
    unit_status_after,
)
from dispatch.domain.classification import ORDERED_RESPONDER_TYPES
from dispatch.domain.errors import (
    Conflict,
    FieldProblem,
    Invalid,
    NotFound,
    UnitAlreadyAssigned,
    UnitNotAvailable,
)
from dispatch.domain.ids import Prefix, is_id
from dispatch.domain.incident import IncidentStatus
from dispatch.domain.outcome import Cleared, still_awaited
from dispatch.domain.time import iso
from dispatch.domain.unit import UnitStatus
from dispatch.operations.actor import Actor, tell
from dispatch.operations.call_body import FUTURE_TOLERANCE
from dispatch.operations.queue import put_back

MAX_UNITS = 50
_OUT = frozenset({UnitStatus.OFF_DUTY.value, UnitStatus.OUT_OF_SERVICE.value, UnitStatus.EMERGENCY.value})
_ENDED = frozenset({IncidentStatus.CLOSED.value, IncidentStatus.CANCELLED.value})


@dataclass(frozen=True, slots=True)
class AssignUnits:
    """Give these units (ids or call signs) to the incident. mode None: each as its responder type is used to."""

    incident_id: str
    units: Sequence[str]
    mode: AssignmentMode | None = None
    step: int | None = None
    role: str | None = None
    eta_s: dict[str, int] | None = None
    recommended: bool | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StatusStep:
    """One step of an assignment. occurred_at None: now; a past time is taken as it is."""

    assignment_id: str
    status: AssignmentStatus
    occurred_at: datetime | None = None
    reason: str | None = None
    outcome: str | None = None
    note: str | None = None


async def assign_units(
    session: AsyncSession, command: AssignUnits, actor: Actor, principal: Principal | None = None
) -> list[Assignment]:
    """Every unit is on the incident, or none is.

    Raises UnitAlreadyAssigned naming the unit and where it is, UnitNotAvailable, NotFound or Invalid; Refused when the
    principal may not act for the agency of one of them.
    """
    names = list(dict.fromkeys(command.units))
    if not 1 <= len(names) <= MAX_UNITS:
        raise Invalid(
            f"Name 1 to {MAX_UNITS} units.",
            fix="Send the units as call signs or ids.",
            errors=[FieldProblem("/units", "bad_length", f"{len(names)} units")],
        )
    incident = await get_incident(session, actor.jurisdiction_id, command.incident_id, lock=True)
    if incident.status in _ENDED:
        raise Conflict(
            f"Incident {incident.number} is {incident.status}.", fix="Reopen it first.", incident_status=incident.status
        )
    units = await _lock_units(session, actor, names)
    if principal is not None:
        for unit in units:
            principal.require_agency(unit.agency_id)
    await _require_free(session, actor.jurisdiction_id, units)
    crews = await _crews(session, actor, units)
    made = [_assignment(unit, incident, command, actor) for unit in units]
    session.add_all(made)
    await session.flush()
    session.add_all(
        AssignmentResponder(jurisdiction_id=actor.jurisdiction_id, assignment_id=row.id, responder_id=person)
        for row in made
        for person in crews.get(row.unit_id, ())
    )
    for unit in units:
        _follow_unit(unit, UnitStatus.ASSIGNED, actor.now)
    if incident.status != IncidentStatus.ACTIVE.value and any(
        unit.responder_type not in ONE_WAY_TYPES for unit in units
    ):
        incident.status = IncidentStatus.ACTIVE.value
        incident.held_until = incident.status_reason = None
        incident.version += 1
    await tell(session, actor, *(_assigned(row) for row in made))
    return made


async def step_assignment(
    session: AsyncSession, command: StatusStep, actor: Actor, principal: Principal | None = None
) -> Assignment:
    """The assignment has taken the step, its time is stamped, and its unit and incident follow.

    Raises IllegalTransition with the legal steps, Invalid where a reason or an outcome is missing or the time lies
    in the future, NotFound; Refused when the principal may not speak for the unit or its agency.
    """
    incident, row, unit = await _lock_assignment(session, actor, command.assignment_id)
    if principal is not None:
        principal.require_unit(row.unit_id)
        principal.require_agency(row.agency_id)
    occurred_at = command.occurred_at or actor.now
    _refuse_future(occurred_at, actor.now)
    before = AssignmentStatus(row.status)
    require_move(before, command.status, AssignmentMode(row.mode), reason=command.reason, outcome=command.outcome)
    if before is AssignmentStatus.RESERVED and command.status in ACTIVE:
        await _require_free(session, actor.jurisdiction_id, [unit])
    row.status = command.status.value
    row.version += 1
    if command.outcome is not None:
        row.outcome = command.outcome
    if command.reason is not None:
        row.reason = command.reason
    if command.note is not None:
        row.note = command.note
    setattr(row, stamp_column(command.status), occurred_at)
    if implies_acceptance(before, command.status) and row.accepted_at is None:
        row.accepted_at = occurred_at
    _after_step(row, unit, command.status, occurred_at)
    waiting = await _back_to_queue_when_nobody_is_left(session, incident, actor) if command.status in TERMINAL else []
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "from": before.value,
        "to": command.status.value,
        "reason": command.reason,
        "outcome": command.outcome,
        "late_s": round((actor.now - occurred_at).total_seconds()),
    }
    await tell(
        session,
        actor,
        log.Entry(f"assignment.{command.status.value}", row.id, occurred_at, row.incident_id, payload),
        *waiting,
    )
    return row


# The most frequent command of all: built once, and two statements rather than one for each row.
_INCIDENT_OF = (
    select(Incident)
    .where(
        Incident.jurisdiction_id == bindparam("jurisdiction_id"),
        Incident.id
        == select(Assignment.incident_id)
        .where(Assignment.jurisdiction_id == bindparam("jurisdiction_id"), Assignment.id == bindparam("assignment_id"))
        .scalar_subquery(),
    )
    .with_for_update()
    .execution_options(populate_existing=True)
)
_ASSIGNMENT_WITH_UNIT = (
    select(Assignment, Unit)
    .join(Unit, (Unit.jurisdiction_id == Assignment.jurisdiction_id) & (Unit.id == Assignment.unit_id))
    .where(Assignment.jurisdiction_id == bindparam("jurisdiction_id"), Assignment.id == bindparam("assignment_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


async def _lock_assignment(
    session: AsyncSession, actor: Actor, assignment_id: str
) -> tuple[Incident, Assignment, Unit]:
    """The assignment and its unit, locked after its incident: locks are always taken in one order. Raises NotFound."""
    missing = NotFound(f"There is no assignment {assignment_id}.", fix="List them with GET /v1/assignments.")
    which = {"jurisdiction_id": actor.jurisdiction_id, "assignment_id": assignment_id}
    incident = await session.scalar(_INCIDENT_OF, which)
    if incident is None:
        raise missing
    row, unit = (await session.execute(_ASSIGNMENT_WITH_UNIT, which)).one()
    if row.responder_type in actor.hidden_types:
        raise missing
    return incident, row, unit


async def _lock_units(session: AsyncSession, actor: Actor, names: Sequence[str]) -> list[Unit]:
    ids = [name for name in names if is_id(name, Prefix.UNIT)]
    signs = [name for name in names if not is_id(name, Prefix.UNIT)]
    rows = await session.scalars(
        select(Unit)
        .where(
            Unit.jurisdiction_id == actor.jurisdiction_id,
            Unit.id.in_(ids) | Unit.call_sign.in_(signs),
            Unit.responder_type.not_in(sorted(actor.hidden_types)),
        )
        .order_by(Unit.id)
        .with_for_update()
    )
    found = list(rows)
    known = {unit.id for unit in found} | {unit.call_sign for unit in found}
    missing = [name for name in names if name not in known]
    if missing:
        raise NotFound(
            f"There is no unit {', '.join(missing)}.", fix="List the roster with GET /v1/units.", units=missing
        )
    return found


async def _require_free(session: AsyncSession, jurisdiction_id: str, units: Sequence[Unit]) -> None:
    out = [unit for unit in units if unit.status in _OUT]
    if out:
        raise UnitNotAvailable(
            "; ".join(f"{unit.call_sign} is {unit.status.replace('_', ' ')}" for unit in out) + ".",
            fix="Choose another unit, or put this one in service first.",
            units=[{"unit": unit.call_sign, "status": unit.status} for unit in out],
        )
    rows = await session.execute(
        select(
            Assignment.unit_id,
            func.count().label("active"),
            func.min(Incident.number).label("number"),
            func.min(Assignment.incident_id).label("incident_id"),
            func.min(Assignment.status).label("status"),
        )
        .join(
            Incident,
            (Incident.jurisdiction_id == Assignment.jurisdiction_id) & (Incident.id == Assignment.incident_id),
        )
        .where(
            Assignment.jurisdiction_id == jurisdiction_id,
            Assignment.unit_id.in_([unit.id for unit in units]),
            Assignment.status.in_([status.value for status in ACTIVE]),
        )
        .group_by(Assignment.unit_id)
    )
    busy = {row.unit_id: row for row in rows}
    taken = [(unit, busy[unit.id]) for unit in units if unit.id in busy and busy[unit.id].active >= unit.capacity]
    if taken:
        raise UnitAlreadyAssigned(
            "; ".join(f"{unit.call_sign} is {row.status.replace('_', ' ')} at #{row.number}" for unit, row in taken)
            + ".",
            fix="Choose a unit that is free, or clear this one first. None of the units was assigned.",
            units=[
                {"unit": unit.call_sign, "unit_id": unit.id, "incident": row.incident_id, "number": row.number}
                for unit, row in taken
            ],
        )


async def _crews(session: AsyncSession, actor: Actor, units: Sequence[Unit]) -> dict[str, list[str]]:
    rows = await session.execute(
        select(Shift.unit_id, ShiftMember.responder_id)
        .join(
            ShiftMember,
            (ShiftMember.jurisdiction_id == Shift.jurisdiction_id) & (ShiftMember.shift_id == Shift.id),
        )
        .where(
            Shift.jurisdiction_id == actor.jurisdiction_id,
            Shift.unit_id.in_([unit.id for unit in units]),
            Shift.starts_at <= actor.now,
            Shift.ends_at > actor.now,
        )
    )
    crews: dict[str, list[str]] = {}
    for row in rows:
        crews.setdefault(row.unit_id, []).append(row.responder_id)
    return {unit: sorted(set(people)) for unit, people in crews.items()}


def _assignment(unit: Unit, incident: Incident, command: AssignUnits, actor: Actor) -> Assignment:
    mode = command.mode or (
        AssignmentMode.ORDERED if unit.responder_type in ORDERED_RESPONDER_TYPES else AssignmentMode.OFFERED
    )
    first = first_status(mode)
    row = Assignment(
        jurisdiction_id=actor.jurisdiction_id,
        id=new_id(Prefix.ASSIGNMENT),
        incident_id=incident.id,
        unit_id=unit.id,
        call_sign=unit.call_sign,
        agency_id=unit.agency_id,
        program_id=unit.program_id,
        responder_type=unit.responder_type,
        category=incident.category,
        incident_type=incident.incident_type,
        priority=incident.priority,
        lat=incident.lat,
        lon=incident.lon,
        mode=mode.value,
        status=first.value,
        exclusive=unit.capacity == 1,
        step=command.step,
        role=command.role,
        eta_s=(command.eta_s or {}).get(unit.call_sign),
        recommended=command.recommended,
        assigned_by=actor.subject,
        reason=command.reason,
        version=1,
        created_at=actor.now,
    )
    setattr(row, stamp_column(first), actor.now)
    return row


def _assigned(row: Assignment) -> log.Entry:
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "program": row.program_id,
        "mode": row.mode,
        "step": row.step,
        "role": row.role,
        "recommended": row.recommended,
        "reason": row.reason,
    }
    return log.Entry("unit.assigned", row.id, row.created_at, row.incident_id, payload)


def _after_step(row: Assignment, unit: Unit, status: AssignmentStatus, occurred_at: datetime) -> None:
    if status not in TERMINAL:
        if row.exclusive:
            _follow_unit(unit, unit_status_after(status), occurred_at)
        return
    if row.exclusive and unit.status not in _OUT:
        _follow_unit(unit, UnitStatus.AVAILABLE, occurred_at)
    else:
        unit.version += 1


async def _back_to_queue_when_nobody_is_left(
    session: AsyncSession, incident: Incident, actor: Actor
) -> list[log.Entry]:
    """An incident whose units all declined or were cancelled waits again, with its old age.

    So does one whose units left it to somebody who never came; then a person must look, told by the reason and the log.
    Units that are told one way do not count, here and where an incident becomes active: they handle nothing of it.
    """
    if incident.status != IncidentStatus.ACTIVE.value:
        return []
    await session.flush()
    rows = await session.execute(
        select(Assignment.status, Assignment.responder_type, Assignment.outcome, Assignment.cleared_at).where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.status.in_([*(status.value for status in ACTIVE), AssignmentStatus.CLEARED.value]),
            Assignment.responder_type.not_in(sorted(ONE_WAY_TYPES)),
        )
    )
    there = rows.all()
    if any(row.status != AssignmentStatus.CLEARED.value for row in there):
        return []
    awaited = still_awaited([Cleared(row.responder_type, row.outcome, row.cleared_at) for row in there])
    if awaited is not None:
        incident.needs_human = True
        return [put_back(incident, awaited, actor)]
    if not there:
        incident.status = IncidentStatus.PENDING.value
        incident.version += 1
    return []


def _follow_unit(unit: Unit, status: UnitStatus, occurred_at: datetime) -> None:
    if unit.capacity == 1 and unit.status != UnitStatus.EMERGENCY.value:
        unit.status = status.value
        unit.status_at = occurred_at
    unit.version += 1


def _refuse_future(occurred_at: datetime, now: datetime) -> None:
    if occurred_at > now + FUTURE_TOLERANCE:
        raise Invalid(
            "The time lies in the future.",
            fix="Check the clock and the zone offset of the sender.",
            errors=[FieldProblem("/occurred_at", "time_in_future", f"later than the service's clock ({iso(now)})")],
        )
