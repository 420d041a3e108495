"""The queue and one incident: what is waiting, what is being handled, with its calls, decisions and units."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Assignment, Call, CallUpdate, Incident, TriageDecisionRow

OPEN = ("pending", "held", "active")


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What to list; empty asks nothing. listed: False: those that their sender no longer lists; True: the rest."""

    statuses: Sequence[str] = OPEN
    category: str | None = None
    priority: int | None = None
    listed: bool | None = None


async def queue(
    session: AsyncSession,
    jurisdiction_id: str,
    wanted: QueueFilter,
    *,
    after: tuple[int, datetime, str] | None,
    limit: int,
) -> list[Incident]:
    """Incidents by priority, then age, oldest first: the order in which they should be looked at."""
    query = select(Incident).where(
        Incident.jurisdiction_id == jurisdiction_id, Incident.status.in_(list(wanted.statuses))
    )
    if wanted.category is not None:
        query = query.where(Incident.category == wanted.category)
    if wanted.priority is not None:
        query = query.where(Incident.priority == wanted.priority)
    if wanted.listed is not None:
        gone = Incident.not_listed_since.is_not(None)
        query = query.where(~gone if wanted.listed else gone)
    key = (Incident.priority, Incident.opened_at, Incident.id)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return list(await session.scalars(query.order_by(*key).limit(limit)))


@dataclass(frozen=True, slots=True)
class CallNow:
    """A call as its sender said it last. version: 1 for the first content."""

    call: Call
    version: int
    body: dict[str, Any]
    flags: list[str]


async def calls_of(session: AsyncSession, jurisdiction_id: str, incident_id: str) -> list[CallNow]:
    """The calls of an incident and of those linked to it as they stand, first received first."""
    linked = select(Incident.id).where(Incident.jurisdiction_id == jurisdiction_id, Incident.linked_to == incident_id)
    newest = (
        select(func.max(CallUpdate.version))
        .where(CallUpdate.jurisdiction_id == Call.jurisdiction_id, CallUpdate.call_id == Call.id)
        .correlate(Call)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Call, CallUpdate)
        .outerjoin(
            CallUpdate,
            (CallUpdate.jurisdiction_id == Call.jurisdiction_id)
            & (CallUpdate.call_id == Call.id)
            & (CallUpdate.version == newest),
        )
        .where(
            Call.jurisdiction_id == jurisdiction_id,
            Call.incident_id.in_(linked.union_all(select(literal(incident_id)))),
        )
        .order_by(Call.received_at, Call.id)
    )
    return [
        CallNow(call, 1, call.body, call.flags)
        if update is None
        else CallNow(call, update.version, update.body, update.flags)
        for call, update in rows
    ]


async def decisions_of(session: AsyncSession, jurisdiction_id: str, incident_id: str) -> list[TriageDecisionRow]:
    """Every decision for an incident, in order."""
    return list(
        await session.scalars(
            select(TriageDecisionRow)
            .where(TriageDecisionRow.jurisdiction_id == jurisdiction_id, TriageDecisionRow.incident_id == incident_id)
            .order_by(TriageDecisionRow.ordinal)
        )
    )


async def assignments_of(session: AsyncSession, jurisdiction_id: str, incident_id: str) -> list[Assignment]:
    """Every assignment of an incident, first made first."""
    return list(
        await session.scalars(
            select(Assignment)
            .where(Assignment.jurisdiction_id == jurisdiction_id, Assignment.incident_id == incident_id)
            .order_by(Assignment.created_at, Assignment.id)
        )
    )


_UNMAPPED = text(
    """
    select source, type_code, type_text, count(*) as calls,
           min(recorded_at) as first_seen, max(recorded_at) as last_seen
    from call where jurisdiction_id = :jurisdiction_id and not type_mapped
    group by source, type_code, type_text
    order by count(*) desc, source, type_code, type_text limit :limit
    """
)


@dataclass(frozen=True, slots=True)
class UnmappedType:
    """A sender's call type that the crosswalk lacks, and how often it came."""

    source: str
    type_code: str | None
    type_text: str | None
    calls: int
    first_seen: datetime
    last_seen: datetime


async def unmapped_types(session: AsyncSession, jurisdiction_id: str, limit: int) -> list[UnmappedType]:
    """The types that were read as words because no crosswalk row names them, most frequent first."""
    rows = await session.execute(_UNMAPPED, {"jurisdiction_id": jurisdiction_id, "limit": limit})
    return [UnmappedType(**row) for row in rows.mappings()]
