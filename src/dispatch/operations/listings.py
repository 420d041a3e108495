"""A sender tells which calls it lists now: what is gone from its list is noticed, and never taken as handled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import except_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Call, Incident, ListedCall, SenderList, Unit
from dispatch.db.timers import UNTIMED, Timing
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.events import EventType
from dispatch.domain.incident import CLOSED_AT_SOURCE
from dispatch.domain.listing import CloseRule, Difference, LastListed, Listed, compare
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor, tell
from dispatch.operations.call_body import FUTURE_TOLERANCE
from dispatch.operations.closed_at_source import close_absent
from dispatch.operations.queue import put_back

BACK_ON_LIST = "its sender lists it again"


@dataclass(frozen=True, slots=True)
class Listing:
    """The list of one sender at one moment. is_whole: False when rows of it could not be read.

    close: the rule by which what is gone is closed, None for no such rule.
    """

    source: str
    listed_at: datetime
    calls: Sequence[Listed]
    is_whole: bool = True
    close: CloseRule | None = None


@dataclass(frozen=True, slots=True)
class ListingTaken:
    """What came of a list, in numbers of calls.

    unknown: references of no stored call; send these calls, and the next list has them. closed: numbers of incidents.
    is_late: a newer list was known, so that only calls that no list had are noted, as gone. is_repeat: nothing changed.
    """

    new: int = 0
    still: int = 0
    changed: int = 0
    reappeared: int = 0
    vanished: int = 0
    unknown: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()
    doubted: bool = False
    is_late: bool = False
    is_repeat: bool = False


@dataclass(slots=True)
class _Work:
    """A list that is being taken. rows: what is known of its calls and of all that were listed before, by reference.

    stored: call and incident of those that no list had yet. entries, timing, closed, reopened: what came of it so far.
    """

    said: Listing
    of_sender: SenderList
    listed: dict[str, Listed]
    rows: dict[str, ListedCall]
    stored: dict[str, tuple[str, str]]
    actor: Actor
    entries: list[log.Entry] = field(default_factory=list)
    timing: Timing = UNTIMED
    closed: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)


async def take_listing(session: AsyncSession, said: Listing, actor: Actor) -> ListingTaken:
    """Each call is known as listed or not, since when, and each change of that is in the log and on its incident.

    The same list again changes nothing. Raises Invalid for a list from the future.
    """
    _refuse_future(said, actor)
    of_sender = await _lock_list(session, said.source, actor)
    if said.listed_at == of_sender.listed_at:
        return ListingTaken(is_repeat=True)
    work, unknown = await _load(session, said, of_sender, actor)

    if of_sender.listed_at is not None and said.listed_at < of_sender.listed_at:
        await _note_late(session, work)
        await tell(session, actor, *work.entries)
        return ListingTaken(vanished=len(work.stored), unknown=unknown, is_late=True)
    before = [LastListed(ref, tuple(row.units), row.absent_since) for ref, row in work.rows.items()]
    found = compare(before, list(work.listed.values()), is_whole=said.is_whole, was_doubted=of_sender.doubted)

    of_sender.listed_at, of_sender.recorded_at, of_sender.doubted = said.listed_at, actor.now, found.doubted
    is_believed = said.is_whole and not found.doubted
    of_sender.lists += is_believed
    await _record(session, work, found)
    if said.close is not None and is_believed:
        await _close(session, work, said.close)

    await tell(session, actor, *work.entries, timing=work.timing)
    return ListingTaken(
        len(found.new),
        len(found.still),
        len(found.changed),
        len(found.reappeared),
        len(found.vanished),
        unknown,
        tuple(work.closed),
        tuple(work.reopened),
        doubted=found.doubted,
    )


def _refuse_future(said: Listing, actor: Actor) -> None:
    if said.listed_at > actor.now + FUTURE_TOLERANCE:
        problem = FieldProblem("/listed_at", "time_in_future", f"later than the service's clock ({iso(actor.now)})")
        raise Invalid("A list lies in the future.", fix="Check the sender's clock.", errors=[problem])


async def _lock_list(session: AsyncSession, source: str, actor: Actor) -> SenderList:
    key = {"jurisdiction_id": actor.jurisdiction_id, "source": source}
    await session.execute(insert(SenderList).values(**key, recorded_at=actor.now).on_conflict_do_nothing())
    return await session.get_one(SenderList, (actor.jurisdiction_id, source), with_for_update=True)


async def _without_one_way_units(session: AsyncSession, calls: Sequence[Listed], actor: Actor) -> dict[str, Listed]:
    """The list, each reference once, without units that must be known to nobody who reads it.

    A call sign that is also one of the other side means that one. A sender who may not know of such units has named
    none, and would learn from what is missing which they are.
    """
    hidden: frozenset[str] = frozenset()
    if not actor.hidden_types:
        signs = select(Unit.call_sign).where(Unit.jurisdiction_id == actor.jurisdiction_id)
        one_way = Unit.responder_type.in_(sorted(ONE_WAY_TYPES))
        hidden = frozenset(await session.scalars(except_(signs.where(one_way), signs.where(~one_way))))
    return {one.ref: Listed(one.ref, tuple(unit for unit in one.units if unit not in hidden)) for one in calls}


async def _known(session: AsyncSession, source: str, refs: Sequence[str], actor: Actor) -> dict[str, ListedCall]:
    found = await session.scalars(
        select(ListedCall)
        .where(
            ListedCall.jurisdiction_id == actor.jurisdiction_id,
            ListedCall.source == source,
            or_(ListedCall.absent_since.is_(None), ListedCall.source_ref.in_(refs)),
        )
        .order_by(ListedCall.incident_id)
    )
    return {row.source_ref: row for row in found}


async def _stored_calls(
    session: AsyncSession, source: str, refs: Sequence[str], actor: Actor
) -> dict[str, tuple[str, str]]:
    """Reference -> call and incident, of those that are stored."""
    rows = await session.execute(
        select(Call.source_ref, Call.id, Call.incident_id).where(
            Call.jurisdiction_id == actor.jurisdiction_id, Call.source == source, Call.source_ref.in_(refs)
        )
    )
    return {row.source_ref: (row.id, row.incident_id) for row in rows}


async def _load(
    session: AsyncSession, said: Listing, of_sender: SenderList, actor: Actor
) -> tuple[_Work, tuple[str, ...]]:
    """The work, and the references on the list that no stored call has."""
    listed = await _without_one_way_units(session, said.calls, actor)
    rows = await _known(session, said.source, list(listed), actor)
    stored = await _stored_calls(session, said.source, [ref for ref in listed if ref not in rows], actor)
    unknown = tuple(ref for ref in listed if ref not in rows and ref not in stored)
    listed = {ref: one for ref, one in listed.items() if ref in rows or ref in stored}
    return _Work(said, of_sender, listed, rows, stored, actor), unknown


async def _record(session: AsyncSession, work: _Work, found: Difference) -> None:
    said, rows = work.said, work.rows
    session.add_all(_row(work, ref) for ref in found.new)
    incidents = await _locked(
        session, [rows[ref].incident_id for ref in (*found.reappeared, *found.vanished)], work.actor
    )
    for ref in found.vanished:
        row = rows[ref]
        _set_absent(row, incidents[row.incident_id], said.listed_at, work.of_sender.lists)
        work.entries.append(_vanished(row, work))
    for ref in found.reappeared:
        _take_back(rows[ref], incidents[rows[ref].incident_id], work)
    for ref in (*found.still, *found.reappeared):
        row, units = rows[ref], list(work.listed[ref].units)
        row.last_listed_at = said.listed_at
        if set(row.units) != set(units):
            changed = {"units": units, "was": list(row.units)}
            work.entries.append(_entry(EventType.CALL_SENDER_UNITS_CHANGED, row, said, changed))
            row.units = units
    if found.doubted:
        payload = {"listed": len(work.listed), "missing": len(found.missing)}
        work.entries.append(log.Entry(EventType.LIST_DOUBTED, said.source, said.listed_at, None, payload))


def _take_back(row: ListedCall, incident: Incident, work: _Work) -> None:
    """The call is listed again; an incident that the feed's own rule had closed waits again."""
    absent = {"absent_since": iso(row.absent_since) if row.absent_since else None}
    work.entries.append(_entry(EventType.CALL_REAPPEARED, row, work.said, absent))
    row.absent_since = row.absent_from = incident.not_listed_since = None
    incident.version += 1
    if incident.disposition == CLOSED_AT_SOURCE:
        work.entries.append(put_back(incident, BACK_ON_LIST, work.actor))
        work.reopened.append(incident.number)


async def _note_late(session: AsyncSession, work: _Work) -> None:
    """A call that only a late list has was gone when the newer one came: it must count as gone, and not as unlisted."""
    incidents = await _locked(session, [incident for _, incident in work.stored.values()], work.actor)
    for ref in work.stored:
        row = _row(work, ref)
        at = work.of_sender.listed_at or work.said.listed_at
        _set_absent(row, incidents[row.incident_id], at, work.of_sender.lists)
        session.add(row)
        work.entries.append(_vanished(row, work))


async def _close(session: AsyncSession, work: _Work, rule: CloseRule) -> None:
    await session.flush()
    for incident, done in await close_absent(session, work.said.source, rule, work.of_sender.lists, work.actor):
        work.entries.append(done.entry)
        work.timing += done.timing
        work.closed.append(incident.number)


def _set_absent(row: ListedCall, incident: Incident, since: datetime, nth: int) -> None:
    row.absent_since, row.absent_from = since, nth
    incident.not_listed_since = since
    incident.version += 1


async def _locked(session: AsyncSession, ids: Iterable[str], actor: Actor) -> dict[str, Incident]:
    """The incidents, locked in the order of ids, as everybody does."""
    rows = await session.scalars(
        select(Incident)
        .where(Incident.jurisdiction_id == actor.jurisdiction_id, Incident.id.in_(sorted(set(ids))))
        .order_by(Incident.id)
        .with_for_update()
    )
    return {row.id: row for row in rows}


def _row(work: _Work, ref: str) -> ListedCall:
    call_id, incident_id = work.stored[ref]
    return ListedCall(
        jurisdiction_id=work.actor.jurisdiction_id,
        source=work.said.source,
        source_ref=ref,
        call_id=call_id,
        incident_id=incident_id,
        first_listed_at=work.said.listed_at,
        last_listed_at=work.said.listed_at,
        units=list(work.listed[ref].units),
    )


def _vanished(row: ListedCall, work: _Work) -> log.Entry:
    return _entry(EventType.CALL_VANISHED, row, work.said, {"last_listed_at": iso(row.last_listed_at)})


def _entry(kind: EventType, row: ListedCall, said: Listing, payload: dict[str, Any]) -> log.Entry:
    return log.Entry(kind, row.call_id, said.listed_at, row.incident_id, {"source": said.source, **payload})
