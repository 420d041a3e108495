"""Calls that a program was for and did not get, with the reason, and how often each reason was it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Incident, Unserved


@dataclass(frozen=True, slots=True)
class UnservedFilter:
    """What to list; None asks nothing. Times bound the moment of record: from inclusive, to exclusive.

    hidden_types: what the asker may not see, not what they ask for.
    """

    program: str | None = None
    reason: str | None = None
    verdict: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    hidden_types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class UnservedCall:
    """One program and the incident that it did not get."""

    incident_id: str
    incident: str
    category: str
    priority: int
    program: str
    responder_type: str
    verdict: str
    reason: str
    detail: list[str]
    step: int | None
    recorded_at: datetime


async def page(
    session: AsyncSession,
    jurisdiction_id: str,
    wanted: UnservedFilter,
    *,
    after: tuple[datetime, str, str] | None,
    limit: int,
) -> list[UnservedCall]:
    """Up to `limit` rows older than `after`, newest first."""
    query = (
        select(Unserved, Incident.number, Incident.category, Incident.priority)
        .join(Incident, (Incident.jurisdiction_id == Unserved.jurisdiction_id) & (Incident.id == Unserved.incident_id))
        .where(*_wanted(jurisdiction_id, wanted))
    )
    key = (Unserved.recorded_at, Unserved.incident_id, Unserved.program)
    if after is not None:
        query = query.where(tuple_(*key) < tuple_(*after))
    rows = await session.execute(query.order_by(*(column.desc() for column in key)).limit(limit))
    return [
        UnservedCall(
            one.incident_id,
            number,
            category,
            priority,
            one.program,
            one.responder_type,
            one.verdict,
            one.reason,
            one.detail,
            one.step,
            one.recorded_at,
        )
        for one, number, category, priority in rows
    ]


async def totals(session: AsyncSession, jurisdiction_id: str, wanted: UnservedFilter) -> dict[str, int]:
    """How many rows have each reason, the commonest first."""
    count = func.count().label("rows")
    rows = await session.execute(
        select(Unserved.reason, count)
        .where(*_wanted(jurisdiction_id, wanted))
        .group_by(Unserved.reason)
        .order_by(count.desc(), Unserved.reason)
    )
    return {row.reason: row.rows for row in rows}


def _wanted(jurisdiction_id: str, wanted: UnservedFilter) -> Sequence[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = [Unserved.jurisdiction_id == jurisdiction_id]
    for column, value in (
        (Unserved.program, wanted.program),
        (Unserved.reason, wanted.reason),
        (Unserved.verdict, wanted.verdict),
    ):
        if value is not None:
            asked.append(column == value)
    if wanted.from_at is not None:
        asked.append(Unserved.recorded_at >= wanted.from_at)
    if wanted.to_at is not None:
        asked.append(Unserved.recorded_at < wanted.to_at)
    if wanted.hidden_types:
        asked.append(Unserved.responder_type.not_in(sorted(wanted.hidden_types)))
    return asked
