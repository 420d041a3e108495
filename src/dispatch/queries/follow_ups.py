"""Follow-ups as a list: what is still to be done, the most urgent first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import FollowUp


@dataclass(frozen=True, slots=True)
class FollowUpFilter:
    """What to list; None asks nothing. agencies, only_unit, hidden_types: what the asker may see."""

    is_open: bool | None = True
    due_before: datetime | None = None
    agency: str | None = None
    program: str | None = None
    incident: str | None = None
    agencies: frozenset[str] | None = None
    only_unit: str | None = None
    hidden_types: frozenset[str] = frozenset()


async def page(
    session: AsyncSession,
    jurisdiction_id: str,
    wanted: FollowUpFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[FollowUp]:
    """Up to `limit` follow-ups due after `after`, soonest due first."""
    query = select(FollowUp).where(FollowUp.jurisdiction_id == jurisdiction_id)
    if wanted.is_open is not None:
        query = query.where(FollowUp.done_at.is_(None) if wanted.is_open else FollowUp.done_at.is_not(None))
    if wanted.due_before is not None:
        query = query.where(FollowUp.due_at < wanted.due_before)
    for column, value in (
        (FollowUp.agency_id, wanted.agency),
        (FollowUp.program_id, wanted.program),
        (FollowUp.incident_id, wanted.incident),
        (FollowUp.unit_id, wanted.only_unit),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.agencies is not None:
        query = query.where(FollowUp.agency_id.in_(sorted(wanted.agencies)))
    if wanted.hidden_types:
        query = query.where(FollowUp.responder_type.not_in(sorted(wanted.hidden_types)))
    key = (FollowUp.due_at, FollowUp.id)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return list(await session.scalars(query.order_by(*key).limit(limit)))
