"""Shifts as a list: who is, was or will be on which unit, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Responder, Shift, ShiftMember, Unit
from dispatch.domain.access import Principal


@dataclass(frozen=True, slots=True)
class Hours:
    """One person on a shift."""

    id: str
    employee_number: str
    name: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift with the people who are written on it, and the call signs of units with the same crew."""

    id: str
    unit: str
    agency: str
    starts_at: datetime
    ends_at: datetime
    closed_at: datetime | None
    crew: tuple[Hours, ...]
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShiftFilter:
    """What to list; None asks nothing. Shifts that have an hour at or after `from_at` and before `to_at`."""

    unit: str | None = None
    responder: str | None = None
    agency: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


async def page(
    session: AsyncSession,
    principal: Principal,
    wanted: ShiftFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[ShiftRow]:
    """Up to `limit` shifts by when they begin. Units that do not exist for the asker have none."""
    query = select(Shift, Unit.call_sign, Unit.agency_id).join(
        Unit, (Unit.jurisdiction_id == Shift.jurisdiction_id) & (Unit.id == Shift.unit_id)
    )
    query = query.where(
        Shift.jurisdiction_id == principal.jurisdiction,
        Shift.ends_at > Shift.starts_at,
        Unit.responder_type.not_in(sorted(principal.hidden_responder_types())),
    )
    if principal.agencies is not None:
        query = query.where(Unit.agency_id.in_(sorted(principal.agencies)))
    if wanted.unit is not None:
        query = query.where((Unit.id == wanted.unit) | (Unit.call_sign == wanted.unit))
    if wanted.agency is not None:
        query = query.where(Unit.agency_id == wanted.agency)
    if wanted.from_at is not None:
        query = query.where(Shift.ends_at > wanted.from_at)
    if wanted.to_at is not None:
        query = query.where(Shift.starts_at < wanted.to_at)
    if wanted.responder is not None:
        query = query.where(_has(wanted.responder))
    key = (Shift.starts_at, Shift.id)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    rows = (await session.execute(query.order_by(*key).limit(limit))).all()
    crews = await _crews(session, principal.jurisdiction, [row.Shift.crew_of or row.Shift.id for row in rows])
    also = await _also(session, principal, [row.Shift for row in rows])
    return [
        ShiftRow(
            row.Shift.id,
            row.call_sign,
            row.agency_id,
            row.Shift.starts_at,
            row.Shift.ends_at,
            row.Shift.closed_at,
            tuple(crews.get(row.Shift.crew_of or row.Shift.id, ())),
            tuple(sign for sign in also.get(row.Shift.crew_of or row.Shift.id, ()) if sign != row.call_sign),
        )
        for row in rows
    ]


def _has(responder: str) -> ColumnElement[bool]:
    """True of a shift that this person (id or employee number) is written on."""
    return (
        select(ShiftMember.shift_id)
        .join(
            Responder,
            (Responder.jurisdiction_id == ShiftMember.jurisdiction_id) & (Responder.id == ShiftMember.responder_id),
        )
        .where(
            ShiftMember.jurisdiction_id == Shift.jurisdiction_id,
            (ShiftMember.shift_id == Shift.id) | (ShiftMember.shift_id == Shift.crew_of),
            (Responder.id == responder) | (Responder.employee_number == responder),
        )
        .exists()
    )


async def _crews(session: AsyncSession, jurisdiction_id: str, shifts: Sequence[str]) -> dict[str, list[Hours]]:
    rows = await session.execute(
        select(ShiftMember, Responder.employee_number, Responder.name)
        .join(
            Responder,
            (Responder.jurisdiction_id == ShiftMember.jurisdiction_id) & (Responder.id == ShiftMember.responder_id),
        )
        .where(
            ShiftMember.jurisdiction_id == jurisdiction_id,
            ShiftMember.shift_id.in_(shifts),
            ShiftMember.ends_at > ShiftMember.starts_at,
        )
        .order_by(ShiftMember.starts_at, Responder.employee_number)
    )
    found: dict[str, list[Hours]] = {}
    for member, number, name in rows:
        hours = Hours(member.responder_id, number, name, member.starts_at, member.ends_at)
        found.setdefault(member.shift_id, []).append(hours)
    return found


async def _also(session: AsyncSession, principal: Principal, shifts: Sequence[Shift]) -> dict[str, list[str]]:
    """Id of the shift whose crew it is -> call signs of the units that the crew staffs."""
    crews = sorted({shift.crew_of or shift.id for shift in shifts})
    rows = await session.execute(
        select(Shift.id, Shift.crew_of, Unit.call_sign)
        .join(Unit, (Unit.jurisdiction_id == Shift.jurisdiction_id) & (Unit.id == Shift.unit_id))
        .where(
            Shift.jurisdiction_id == principal.jurisdiction,
            Shift.id.in_(crews) | Shift.crew_of.in_(crews),
            Unit.responder_type.not_in(sorted(principal.hidden_responder_types())),
        )
        .order_by(Unit.call_sign)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.crew_of or row.id, []).append(row.call_sign)
    return found
