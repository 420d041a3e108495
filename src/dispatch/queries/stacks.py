"""What is kept for busy units, by unit and by incident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Assignment, Incident, Unit
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.transfer import AssignmentKind

_RESERVED = AssignmentStatus.RESERVED.value


@dataclass(frozen=True, slots=True)
class Stacked:
    """One incident that is kept for the unit, as it stands now."""

    row: Assignment
    number: str
    incident_type: str
    priority: int
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class KeptFor:
    """A unit that an incident is kept for."""

    incident_id: str
    unit: str
    assignment_id: str
    position: int
    since: datetime


async def stack_of(session: AsyncSession, unit: Unit) -> list[Stacked]:
    """What is kept for the unit, the next one first."""
    rows = await session.execute(
        select(Assignment, Incident.number, Incident.incident_type, Incident.priority, Incident.opened_at)
        .join(
            Incident,
            (Incident.jurisdiction_id == Assignment.jurisdiction_id) & (Incident.id == Assignment.incident_id),
        )
        .where(
            Assignment.jurisdiction_id == unit.jurisdiction_id,
            Assignment.unit_id == unit.id,
            Assignment.status == _RESERVED,
            Assignment.kind != AssignmentKind.APPOINTMENT.value,
        )
        .order_by(Assignment.stack_position, Assignment.id)
    )
    return [Stacked(*row) for row in rows]


async def kept_for(
    session: AsyncSession, jurisdiction_id: str, incidents: Sequence[str], hidden_types: frozenset[str]
) -> dict[str, list[KeptFor]]:
    """Incident id -> the units that it is kept for, as far as the reader may know of them."""
    rows = await session.execute(
        select(
            Assignment.incident_id,
            Assignment.call_sign,
            Assignment.id,
            Assignment.stack_position,
            Assignment.reserved_at,
            Assignment.created_at,
        )
        .where(
            Assignment.jurisdiction_id == jurisdiction_id,
            Assignment.incident_id.in_(list(incidents)),
            Assignment.status == _RESERVED,
            Assignment.kind != AssignmentKind.APPOINTMENT.value,
            Assignment.responder_type.not_in(sorted(hidden_types)),
        )
        .order_by(Assignment.reserved_at, Assignment.id)
    )
    found: dict[str, list[KeptFor]] = {}
    for row in rows:
        one = KeptFor(
            row.incident_id, row.call_sign, row.id, row.stack_position or 0, row.reserved_at or row.created_at
        )
        found.setdefault(row.incident_id, []).append(one)
    return found
