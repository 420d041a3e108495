"""The roster as lists, in id order, seen through what the asker may see."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Agency, Certification, Program, Responder, Unit
from dispatch.domain.access import Principal

_KINDS: dict[str, Any] = {"agencies": Agency, "programs": Program, "units": Unit, "responders": Responder}


async def page(
    session: AsyncSession, principal: Principal, kind: str, *, agency: str | None, after: str, limit: int
) -> Sequence[Any]:
    """Up to `limit` rows of the kind with an id after `after`. Responders carry their `certifications`."""
    table = _KINDS[kind]
    owner = Agency.id if table is Agency else table.agency_id
    query = select(table).where(table.jurisdiction_id == principal.jurisdiction, table.id > after)
    if agency is not None:
        query = query.where(owner == agency)
    if principal.agencies is not None:
        query = query.where(owner.in_(sorted(principal.agencies)))
    hidden = principal.hidden_responder_types()
    if hidden and table in (Program, Unit):
        query = query.where(table.responder_type.not_in(sorted(hidden)))
    rows = list(await session.scalars(query.order_by(table.id).limit(limit)))
    if table is Responder:
        await _attach_certifications(session, principal.jurisdiction, rows)
    return rows


async def _attach_certifications(session: AsyncSession, jurisdiction_id: str, rows: Sequence[Responder]) -> None:
    found = await session.scalars(
        select(Certification)
        .where(
            Certification.jurisdiction_id == jurisdiction_id,
            Certification.responder_id.in_([row.id for row in rows]),
        )
        .order_by(Certification.name)
    )
    by_person: dict[str, list[Certification]] = {}
    for one in found:
        by_person.setdefault(one.responder_id, []).append(one)
    for row in rows:
        row.certifications = by_person.get(row.id, [])  # type: ignore[attr-defined]
