"""The history of assignments: any supervisor question, a page at a time, newest first."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Numeric, Select, cast, func, literal_column, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import AlsoOutcome, Assignment, AssignmentResponder, Incident
from dispatch.db.models.assignment import OWES
from dispatch.db.session import Sessions, hide_one_way, reading
from dispatch.domain.access import POLICE_TYPES
from dispatch.domain.assignment import AssignmentStatus, intervals, stamp_column
from dispatch.domain.ids import Prefix, is_id
from dispatch.domain.redaction import BLOCK_DECIMALS
from dispatch.domain.transfer import AssignmentKind

Rows = Select[Assignment, str, datetime]


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What to look for; None asks nothing. Times bound the moment of assignment: from inclusive, to exclusive.

    bbox: west, south, east, north in degrees; an assignment whose incident has no position is in no box.
    outcomes: words for one outcome, primary or beside another.
    agencies, only_unit, to_the_block, hidden_types: what the asker may see, not what they ask for.
    owed: details that belong to one of its outcomes are still to come.
    without_health_of_others: what is asked for may be health, which the asker knows of from police units alone.
    """

    unit: str | None = None
    responder: str | None = None
    responder_type: str | None = None
    program: str | None = None
    agency: str | None = None
    category: str | None = None
    outcomes: Sequence[str] | None = None
    kind: str | None = None
    owed: bool = False
    incident: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    bbox: tuple[float, float, float, float] | None = None
    agencies: frozenset[str] | None = None
    only_unit: str | None = None
    to_the_block: bool = False
    hidden_types: frozenset[str] = frozenset()
    without_health_of_others: bool = False


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One assignment with its incident's number and the call's arrival."""

    assignment: Assignment
    incident_number: str
    call_received_at: datetime
    responders: tuple[str, ...]

    def intervals_s(self) -> dict[str, float | None]:
        """Seconds by interval name (definitions in docs/glossary.md); None where a stamp is missing."""
        return intervals({"received_at": self.call_received_at, **stamps_of(self.assignment)})


def stamps_of(row: Assignment) -> dict[str, datetime]:
    """The time stamps that the assignment has, by column name."""
    names = ("created_at", *(stamp_column(status) for status in AssignmentStatus))
    return {name: getattr(row, name) for name in names if getattr(row, name) is not None}


async def page(
    session: AsyncSession,
    jurisdiction_id: str,
    wanted: HistoryFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[HistoryRow]:
    """Up to `limit` assignments older than `after`, newest first."""
    query = _older(_filtered(jurisdiction_id, wanted), after)
    if wanted.outcomes is not None:
        found = _with_outcome(query, wanted.outcomes, after, limit)
        query = _joined(jurisdiction_id).where(Assignment.id.in_(found))
    query = query.order_by(Assignment.created_at.desc(), Assignment.id.desc()).limit(limit)
    rows = (await session.execute(query)).all()
    people = await _responders(session, jurisdiction_id, [row.Assignment.id for row in rows])
    return [
        HistoryRow(row.Assignment, row.number, row.opened_at, tuple(people.get(row.Assignment.id, ()))) for row in rows
    ]


async def every(
    sessions: Sessions, jurisdiction_id: str, wanted: HistoryFilter, *, page_size: int = 1000
) -> AsyncIterator[HistoryRow]:
    """Every matching assignment, newest first, at constant memory; no connection is held between pages."""
    after: tuple[datetime, str] | None = None
    while True:
        async with reading(sessions) as session:
            if wanted.hidden_types:
                await hide_one_way(session)
            rows = await page(session, jurisdiction_id, wanted, after=after, limit=page_size)
        for row in rows:
            yield row
        if len(rows) < page_size:
            return
        after = (rows[-1].assignment.created_at, rows[-1].assignment.id)


def _older(query: Rows, after: tuple[datetime, str] | None) -> Rows:
    return query if after is None else query.where(tuple_(Assignment.created_at, Assignment.id) < tuple_(*after))


def _with_outcome(query: Rows, words: Sequence[str], after: tuple[datetime, str] | None, limit: int) -> Select[str]:
    """The newest ids with one of these outcomes: walks along indexes of their own, and no scan of all that there is."""
    newest = (Assignment.created_at.desc(), Assignment.id.desc())
    ids = query.with_only_columns(Assignment.id)
    beside = ids.join(
        AlsoOutcome,
        (AlsoOutcome.jurisdiction_id == Assignment.jurisdiction_id) & (AlsoOutcome.assignment_id == Assignment.id),
    )
    key = (AlsoOutcome.created_at, AlsoOutcome.assignment_id)
    if after is not None:
        beside = beside.where(tuple_(*key) < tuple_(*after))
    walks = [ids.where(Assignment.outcome == word).order_by(*newest).limit(limit) for word in words]
    walks += [
        beside.where(AlsoOutcome.code == word).order_by(*(column.desc() for column in key)).limit(limit)
        for word in words
    ]
    return select(union_all(*(select(walk.subquery().c.id) for walk in walks)).subquery().c.id)


def _joined(jurisdiction_id: str) -> Rows:
    return (
        select(Assignment, Incident.number, Incident.opened_at)
        .join(
            Incident,
            (Incident.jurisdiction_id == Assignment.jurisdiction_id) & (Incident.id == Assignment.incident_id),
        )
        .where(Assignment.jurisdiction_id == jurisdiction_id)
    )


def _filtered(jurisdiction_id: str, wanted: HistoryFilter) -> Rows:
    query = _joined(jurisdiction_id)
    for column, value in (
        (Assignment.responder_type, wanted.responder_type),
        (Assignment.program_id, wanted.program),
        (Assignment.agency_id, wanted.agency),
        (Assignment.category, wanted.category),
        (Assignment.kind, wanted.kind),
        (Assignment.unit_id, wanted.only_unit),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.kind not in (None, AssignmentKind.DISPATCH.value):
        query = query.where(literal_column("assignment.kind <> 'dispatch'", Boolean))  # as the index says it
    if wanted.owed:
        query = query.where(literal_column(OWES, Boolean))
    if wanted.unit is not None:
        by = Assignment.unit_id if is_id(wanted.unit, Prefix.UNIT) else Assignment.call_sign
        query = query.where(by == wanted.unit)
    if wanted.incident is not None:
        by_incident = Incident.id if is_id(wanted.incident, Prefix.INCIDENT) else Incident.number
        query = query.where(by_incident == wanted.incident)
    if wanted.responder is not None:
        query = query.where(
            Assignment.id.in_(
                select(AssignmentResponder.assignment_id).where(
                    AssignmentResponder.jurisdiction_id == jurisdiction_id,
                    AssignmentResponder.responder_id == wanted.responder,
                )
            )
        )
    if wanted.from_at is not None:
        query = query.where(Assignment.created_at >= wanted.from_at)
    if wanted.to_at is not None:
        query = query.where(Assignment.created_at < wanted.to_at)
    if wanted.bbox is not None:
        west, south, east, north = wanted.bbox
        # Whoever sees positions to the block only must not find the door by asking for ever smaller boxes.
        lat, lon = (
            (func.round(cast(axis, Numeric), BLOCK_DECIMALS) if wanted.to_the_block else axis)
            for axis in (Assignment.lat, Assignment.lon)
        )
        query = query.where(lat.between(south, north), lon.between(west, east))
    if wanted.agencies is not None:
        query = query.where(Assignment.agency_id.in_(sorted(wanted.agencies)))
    if wanted.hidden_types:
        query = query.where(Assignment.responder_type.not_in(sorted(wanted.hidden_types)))
    if wanted.without_health_of_others:
        query = query.where(Assignment.responder_type.in_(sorted(POLICE_TYPES)))
    return query


async def _responders(
    session: AsyncSession, jurisdiction_id: str, assignment_ids: Sequence[str]
) -> dict[str, list[str]]:
    if not assignment_ids:
        return {}
    rows = await session.execute(
        select(AssignmentResponder.assignment_id, AssignmentResponder.responder_id)
        .where(
            AssignmentResponder.jurisdiction_id == jurisdiction_id,
            AssignmentResponder.assignment_id.in_(assignment_ids),
        )
        .order_by(AssignmentResponder.responder_id)
    )
    people: dict[str, list[str]] = {}
    for row in rows:
        people.setdefault(row.assignment_id, []).append(row.responder_id)
    return people
