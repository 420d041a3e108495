"""What waits for a busy unit: an incident is kept for it, its place changes, and the next one starts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.lookup import get_incident, get_unit
from dispatch.db.models import Assignment, Incident, Unit
from dispatch.domain.access import Principal
from dispatch.domain.assignment import AssignmentMode, AssignmentStatus
from dispatch.domain.errors import Conflict, FieldProblem, Invalid, UnitAlreadyAssigned, UnitNotAvailable
from dispatch.domain.events import EventType
from dispatch.domain.stack import LIFE_AT_STAKE, MOST_STACKED
from dispatch.domain.transfer import AssignmentKind
from dispatch.operations.actor import Actor, tell
from dispatch.operations.assignment_steps import ENDED_INCIDENT
from dispatch.operations.assignments import AssignUnits, lock_units, reservation
from dispatch.operations.free_units import OUT

_RESERVED = AssignmentStatus.RESERVED.value


@dataclass(frozen=True, slots=True)
class Stack:
    """Keep the incident for this unit (id or call sign), after what is kept for it already."""

    incident_id: str
    unit: str
    mode: AssignmentMode | None = None
    step: int | None = None
    role: str | None = None
    reason: str | None = None


async def stack(session: AsyncSession, command: Stack, actor: Actor, principal: Principal | None = None) -> Assignment:
    """The incident is kept for the unit and stays on the queue for anybody, with its age and its timers.

    Raises Conflict for a life threat, an incident that has ended, a unit that is free or for which enough is kept;
    UnitNotAvailable, UnitAlreadyAssigned, NotFound; Refused for another agency's unit.
    """
    incident = await get_incident(session, actor.jurisdiction_id, command.incident_id, lock=True)
    [unit] = await lock_units(session, actor, [command.unit])
    if principal is not None:
        principal.require_agency(unit.agency_id)
    _require_can_wait(incident)
    place = await _place(session, incident, unit)
    wanted = AssignUnits(incident.id, [unit.id], command.mode, command.step, command.role, reason=command.reason)
    row = reservation(unit, incident, wanted, actor)
    row.stack_position = place
    session.add(row)
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "position": place,
        "reason": command.reason,
    }
    await tell(session, actor, log.Entry(EventType.ASSIGNMENT_RESERVED, row.id, actor.now, incident.id, payload))
    return row


async def reorder(
    session: AsyncSession, name: str, order: Sequence[str], actor: Actor, principal: Principal | None = None
) -> list[Assignment]:
    """What is kept for the unit stands in this order. order: the ids of all its reserved assignments.

    Raises Invalid when one is missing, unknown or named twice; NotFound; Refused for another agency's unit.
    """
    unit = await get_unit(session, actor.jurisdiction_id, name, hidden_types=actor.hidden_types)
    if principal is not None:
        principal.require_agency(unit.agency_id)
    rows = {row.id: row for row in await stacked(session, unit, lock=True)}
    if sorted(order) != sorted(rows):
        problem = FieldProblem("/order", "not_the_stack", f"each of these once: {', '.join(rows) or 'none'}")
        raise Invalid(
            f"The order names not exactly what is kept for {unit.call_sign}.",
            fix="Read it with GET /v1/units/{unit}/stack and send it again.",
            errors=[problem],
        )
    found = [rows[one] for one in order]
    for place, row in enumerate(found, start=1):
        row.stack_position = place
        row.version += 1
    payload = {
        "unit": unit.call_sign,
        "responder_type": unit.responder_type,
        "agency": unit.agency_id,
        "order": list(order),
    }
    await tell(session, actor, log.Entry(EventType.UNIT_STACK_REORDERED, unit.id, actor.now, None, payload))
    return found


async def stacked(session: AsyncSession, unit: Unit, *, lock: bool = False) -> list[Assignment]:
    """What is kept for the unit, the next one first."""
    query = (
        select(Assignment)
        .where(
            Assignment.jurisdiction_id == unit.jurisdiction_id,
            Assignment.unit_id == unit.id,
            Assignment.status == _RESERVED,
            Assignment.kind != AssignmentKind.APPOINTMENT.value,
        )
        .order_by(Assignment.id)
        .execution_options(populate_existing=True)
    )
    rows = await session.scalars(query.with_for_update() if lock else query)
    return sorted(rows, key=lambda row: (row.stack_position or 0, row.id))


def _require_can_wait(incident: Incident) -> None:
    if incident.status in ENDED_INCIDENT:
        raise Conflict(
            f"Incident {incident.number} is {incident.status}.", fix="Reopen it first.", incident_status=incident.status
        )
    if incident.priority <= LIFE_AT_STAKE:
        raise Conflict(
            f"{incident.number} is a life threat (priority {incident.priority}) and waits for no busy unit.",
            fix="Send another unit, or turn this one round with POST /v1/incidents/{id}:redirect.",
            priority=incident.priority,
        )


async def _place(session: AsyncSession, incident: Incident, unit: Unit) -> int:
    """The place after all that is kept for the unit. Raises where nothing should be kept for it."""
    rows = await session.execute(
        select(Assignment.status, Assignment.kind, Assignment.incident_id, Assignment.stack_position).where(
            Assignment.jurisdiction_id == unit.jurisdiction_id, Assignment.unit_id == unit.id, Assignment.is_open
        )
    )
    open_ = rows.all()
    kept = [row for row in open_ if row.status == _RESERVED and row.kind != AssignmentKind.APPOINTMENT.value]
    if any(row.incident_id == incident.id for row in open_):
        raise UnitAlreadyAssigned(
            f"{unit.call_sign} is on {incident.number} already, or it is kept for it.",
            fix="Nothing needs doing; read the incident's assignments.",
            units=[{"unit": unit.call_sign, "unit_id": unit.id, "incident": incident.id, "number": incident.number}],
        )
    if unit.status in OUT:
        raise UnitNotAvailable(
            f"{unit.call_sign} is {unit.status.replace('_', ' ')}.",
            fix="Nothing is kept for a unit that is not in service. Choose another.",
            units=[{"unit": unit.call_sign, "status": unit.status}],
        )
    if sum(row.status != _RESERVED for row in open_) < unit.capacity:
        raise Conflict(
            f"{unit.call_sign} is free.", fix="Assign it with POST /v1/incidents/{id}/assignments.", unit=unit.call_sign
        )
    if len(kept) >= MOST_STACKED:
        raise Conflict(
            f"{len(kept)} incidents are kept for {unit.call_sign} already.",
            fix="Give one to another unit, or drop one (status cancelled).",
        )
    return max((row.stack_position or 0 for row in kept), default=0) + 1
