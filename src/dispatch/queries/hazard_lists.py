"""Hazards as a list for those who maintain them: what runs out first, first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import PremiseHazard
from dispatch.domain.access import Principal
from dispatch.domain.hazard import Sensitivity


@dataclass(frozen=True, slots=True)
class HazardFilter:
    """What to list; None asks nothing. agencies: whose records alone. unread: sensitivities that are left out."""

    state: str = "in_force"
    before: datetime | None = None
    kind: str | None = None
    agency: str | None = None
    agencies: frozenset[str] | None = None
    unread: tuple[str, ...] = ()


def unread(principal: Principal) -> list[str]:
    """The sensitivities whose words this principal may not read: it maintains none of these."""
    return [one.value for one in Sensitivity if not principal.reads(one)]


async def page(
    session: AsyncSession,
    jurisdiction_id: str,
    wanted: HazardFilter,
    *,
    now: datetime,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[PremiseHazard]:
    """Up to `limit` hazards that expire after `after`, the soonest first."""
    row = PremiseHazard
    query = select(row).where(row.jurisdiction_id == jurisdiction_id)
    if wanted.state == "withdrawn":
        query = query.where(row.withdrawn_at.is_not(None))
    else:
        is_over = row.expires_at <= now if wanted.state == "expired" else row.expires_at > now
        query = query.where(row.withdrawn_at.is_(None), is_over)
    if wanted.before is not None:
        query = query.where(row.expires_at <= wanted.before)
    for column, value in ((row.kind, wanted.kind), (row.agency_id, wanted.agency)):
        if value is not None:
            query = query.where(column == value)
    if wanted.agencies is not None:
        query = query.where(row.agency_id.in_(sorted(wanted.agencies)))
    if wanted.unread:
        query = query.where(row.sensitivity.not_in(wanted.unread))
    key = (row.expires_at, row.id)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return list(await session.scalars(query.order_by(*key).limit(limit)))
