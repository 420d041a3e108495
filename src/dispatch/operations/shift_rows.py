"""The rows of a shift: who is on it from when until when, and how it ends."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Agency, Responder, Shift, ShiftMember, Unit
from dispatch.domain.errors import Conflict
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor

# Whoever logs on this long before a planned shift begins it early.
EARLY = timedelta(hours=1)


async def next_shift(session: AsyncSession, unit: Unit, now: datetime) -> Shift | None:
    """The unit's first shift that has not begun."""
    row: Shift | None = await session.scalar(
        select(Shift)
        .where(
            Shift.jurisdiction_id == unit.jurisdiction_id,
            Shift.unit_id == unit.id,
            Shift.starts_at > now,
            Shift.ends_at > Shift.starts_at,
        )
        .order_by(Shift.starts_at)
        .limit(1)
    )
    return row


async def has_shifts(session: AsyncSession, unit: Unit) -> bool:
    """True when the unit is staffed by shifts, and not by its status alone."""
    query = select(Shift.id).where(Shift.jurisdiction_id == unit.jurisdiction_id, Shift.unit_id == unit.id)
    return await session.scalar(query.order_by(Shift.starts_at).limit(1)) is not None


async def planned(session: AsyncSession, unit: Unit, now: datetime) -> Shift | None:
    """The shift that was planned for this hour, or that begins soon."""
    row: Shift | None = await session.scalar(
        select(Shift)
        .where(
            Shift.jurisdiction_id == unit.jurisdiction_id,
            Shift.unit_id == unit.id,
            Shift.starts_at <= now + EARLY,
            Shift.ends_at > now,
            Shift.ends_at > Shift.starts_at,
        )
        .order_by(Shift.starts_at)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return row


async def require_room(session: AsyncSession, shift: Shift, *, field: str = "until") -> None:
    """Returns when the unit has no other shift in these hours. Raises Conflict naming the hours of the other.

    field: what the command calls the end of the shift.
    """
    with session.no_autoflush:
        other = await session.scalar(
            select(Shift)
            .where(
                Shift.jurisdiction_id == shift.jurisdiction_id,
                Shift.unit_id == shift.unit_id,
                Shift.id != shift.id,
                Shift.starts_at < shift.ends_at,
                Shift.ends_at > shift.starts_at,
                Shift.ends_at > Shift.starts_at,
            )
            .order_by(Shift.starts_at)
            .limit(1)
        )
    if other is not None:
        is_later = other.starts_at > shift.starts_at
        raise Conflict(
            f"The unit has a shift from {iso(other.starts_at)} to {iso(other.ends_at)} already.",
            fix=f"Send `{field}` no later than {iso(other.starts_at)}."
            if is_later
            else f"Begin at {iso(other.ends_at)} or later, or end or cancel that shift first.",
            next_shift_at=iso(other.starts_at),
        )


async def members(session: AsyncSession, shift: Shift) -> list[Responder]:
    """Everybody who is written on the shift."""
    return list(
        await session.scalars(
            select(Responder)
            .join(
                ShiftMember,
                (ShiftMember.jurisdiction_id == Responder.jurisdiction_id) & (ShiftMember.responder_id == Responder.id),
            )
            .where(ShiftMember.jurisdiction_id == shift.jurisdiction_id, ShiftMember.shift_id == shift.id)
            .order_by(Responder.id)
        )
    )


async def put_on(
    session: AsyncSession, shift: Shift, people: Sequence[Responder], since: datetime, until: datetime
) -> None:
    """Hours on the shift; whoever left it at this very moment and comes back was never gone.

    People are taken in one order: the constraint that keeps them from two units waits for whoever comes second, and two
    that wait for each other would be ended by the database after a second, one of them without an answer of ours.
    """
    ids = [person.id for person in people]
    await session.execute(
        select(Responder.id)
        .where(Responder.jurisdiction_id == shift.jurisdiction_id, Responder.id.in_(ids))
        .order_by(Responder.id)
        .with_for_update(key_share=True)
    )
    rows = [
        {
            "jurisdiction_id": shift.jurisdiction_id,
            "shift_id": shift.id,
            "responder_id": person.id,
            "starts_at": since,
            "ends_at": until,
        }
        for person in people
    ]
    if rows:
        fresh = insert(ShiftMember)
        await session.execute(
            fresh.on_conflict_do_update(
                index_elements=["jurisdiction_id", "shift_id", "responder_id", "starts_at"],
                set_={"ends_at": fresh.excluded.ends_at},
            ),
            rows,
        )


async def end_shift(session: AsyncSession, shift_id: str, at: datetime, actor: Actor) -> list[str]:
    """The shift and its people's hours end at that moment, with those of units that its crew staffs too.

    Its people rest from then on as their agency says. Returns the ids of all units concerned.
    """
    of_crew = (Shift.id == shift_id) | (Shift.crew_of == shift_id)
    rows = await session.execute(
        update(Shift)
        .where(Shift.jurisdiction_id == actor.jurisdiction_id, of_crew, Shift.closed_at.is_(None))
        .values(ends_at=at, closed_at=actor.now)
        .returning(Shift.unit_id)
        .execution_options(synchronize_session=False)
    )
    mine = (ShiftMember.jurisdiction_id == actor.jurisdiction_id) & (ShiftMember.shift_id == shift_id)
    await session.execute(delete(ShiftMember).where(mine, ShiftMember.starts_at > at))
    gone = await session.scalars(
        update(ShiftMember)
        .where(mine, ShiftMember.ends_at >= at)
        .values(ends_at=at)
        .returning(ShiftMember.responder_id)
        .execution_options(synchronize_session=False)
    )
    await send_to_rest(session, list(gone), at, actor)
    return list(rows.scalars())


async def send_to_rest(session: AsyncSession, people: Sequence[str], at: datetime, actor: Actor) -> None:
    """These people (ids) rest from that moment on, as long as their agency says; most agencies say nothing."""
    rests = await session.execute(
        select(Responder, Agency.rest_s)
        .join(Agency, (Agency.jurisdiction_id == Responder.jurisdiction_id) & (Agency.id == Responder.agency_id))
        .where(Responder.jurisdiction_id == actor.jurisdiction_id, Responder.id.in_(people), Agency.rest_s > 0)
        .order_by(Responder.id)
        .with_for_update(of=Responder)
    )
    for person, rest_s in rests:
        person.rest_until = at + timedelta(seconds=rest_s)
        person.version += 1
