"""Who was asked to take an incident over and has not answered, and who comes or calls at an hour."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from dispatch.db.models import Assignment
from dispatch.domain.assignment import ACTIVE, AssignmentStatus
from dispatch.domain.transfer import OUTSIDE, AssignmentKind


@dataclass(frozen=True, slots=True)
class Asked:
    """One that has not answered. party: `unit`, `agency` or `outside`. from_unit: who has it, of a hand-off."""

    assignment_id: str
    kind: str
    to: str
    party: str
    responder_type: str
    since: datetime
    answer_by: datetime | None
    from_unit: str | None


@dataclass(frozen=True, slots=True)
class Appointed:
    """One that comes or calls at an hour."""

    assignment_id: str
    unit: str
    responder_type: str
    scheduled_for: datetime
    scheduled_until: datetime | None
    status: str


@dataclass(slots=True)
class Passing:
    """What is on its way to others, of one incident."""

    asked: list[Asked] = field(default_factory=list)
    appointed: list[Appointed] = field(default_factory=list)


async def passing(
    session: AsyncSession, jurisdiction_id: str, incidents: Sequence[str], hidden_types: frozenset[str]
) -> dict[str, Passing]:
    """By incident id, oldest first; incidents of which nothing is passed on are left out."""
    if not incidents:
        return {}
    giver = aliased(Assignment)
    transferred = and_(
        Assignment.kind == AssignmentKind.TRANSFER.value, Assignment.status == AssignmentStatus.OFFERED.value
    )
    handed = and_(
        Assignment.takes_over_from.is_not(None),
        Assignment.taken_over_at.is_(None),
        Assignment.status.in_([status.value for status in ACTIVE]),
    )
    appointed = and_(Assignment.kind == AssignmentKind.APPOINTMENT.value, Assignment.is_open)
    rows = await session.execute(
        select(Assignment, giver.call_sign)
        .outerjoin(
            giver, (giver.jurisdiction_id == Assignment.jurisdiction_id) & (giver.id == Assignment.takes_over_from)
        )
        .where(
            Assignment.jurisdiction_id == jurisdiction_id,
            Assignment.incident_id.in_(list(incidents)),
            Assignment.responder_type.not_in(sorted(hidden_types)),
            or_(transferred, handed, appointed),
        )
        .order_by(Assignment.created_at, Assignment.id)
    )
    found: dict[str, Passing] = {}
    for row, from_unit in rows:
        one = found.setdefault(row.incident_id, Passing())
        if row.kind == AssignmentKind.APPOINTMENT.value and row.scheduled_for is not None:
            one.appointed.append(
                Appointed(row.id, row.call_sign, row.responder_type, row.scheduled_for, row.scheduled_until, row.status)
            )
        else:
            one.asked.append(_asked(row, from_unit))
    return found


def _asked(row: Assignment, from_unit: str | None) -> Asked:
    is_handed = row.takes_over_from is not None
    party = "unit" if row.unit_id is not None else OUTSIDE if row.agency_id == OUTSIDE else "agency"
    kind = AssignmentKind.HAND_OFF if is_handed else AssignmentKind.TRANSFER
    since = row.take_over_asked_at if is_handed and row.take_over_asked_at is not None else row.created_at
    is_offer = row.status == AssignmentStatus.OFFERED.value
    return Asked(
        row.id,
        kind.value,
        row.call_sign,
        party,
        row.responder_type,
        since,
        row.answer_by if is_offer else None,
        from_unit,
    )
