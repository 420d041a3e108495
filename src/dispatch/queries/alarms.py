"""Alarms as a list: what must still be looked at, or what was."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Alarm


@dataclass(frozen=True, slots=True)
class AlarmFilter:
    """What to list; None asks nothing. agencies, hidden_types: what the asker may see, not what they ask for."""

    is_acknowledged: bool | None = None
    kind: str | None = None
    severity: str | None = None
    for_supervisor: bool | None = None
    incident: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    agencies: frozenset[str] | None = None
    hidden_types: frozenset[str] = frozenset()


async def page(
    session: AsyncSession,
    jurisdiction_id: str,
    wanted: AlarmFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Alarm]:
    """Up to `limit` alarms older than `after`, newest first."""
    query = select(Alarm).where(Alarm.jurisdiction_id == jurisdiction_id)
    if wanted.is_acknowledged is not None:
        query = query.where(Alarm.acknowledged_at.is_not(None) == wanted.is_acknowledged)
    for column, value in (
        (Alarm.kind, wanted.kind),
        (Alarm.severity, wanted.severity),
        (Alarm.for_supervisor, wanted.for_supervisor),
        (Alarm.incident_id, wanted.incident),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.from_at is not None:
        query = query.where(Alarm.raised_at >= wanted.from_at)
    if wanted.to_at is not None:
        query = query.where(Alarm.raised_at < wanted.to_at)
    if wanted.agencies is not None:
        query = query.where(Alarm.agency_id.is_(None) | Alarm.agency_id.in_(sorted(wanted.agencies)))
    if wanted.hidden_types:
        hidden = sorted(wanted.hidden_types)
        query = query.where(Alarm.responder_type.is_(None) | Alarm.responder_type.not_in(hidden))
    key = (Alarm.raised_at, Alarm.id)
    if after is not None:
        query = query.where(tuple_(*key) < tuple_(*after))
    return list(await session.scalars(query.order_by(*(column.desc() for column in key)).limit(limit)))
