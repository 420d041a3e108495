"""Hazards are reviewed by somebody who looked again, or withdrawn with a reason; none is ever removed."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import PremiseHazard
from dispatch.domain.access import Permission, Principal
from dispatch.domain.errors import Conflict, NotFound
from dispatch.domain.events import EventType
from dispatch.domain.hazard import HazardKinds, Sensitivity, require_expiry
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor, tell
from dispatch.operations.hazards import hazard_entry


async def review(
    session: AsyncSession, hazard_id: str, expires_at: datetime, kinds: HazardKinds, actor: Actor, principal: Principal
) -> PremiseHazard:
    """Somebody looked again: the hazard stands until the new moment, also one that had expired. Raises Conflict for one
    that was withdrawn, Invalid beyond the limit of its kind, NotFound, Refused for another agency's.
    """
    row = await _locked(session, hazard_id, actor, principal)
    principal.require_to_mark(row.agency_id)
    _require_not_withdrawn(row)
    require_expiry(kinds.by_name.get(row.kind) or kinds.get("caution"), expires_at, actor.now)
    before = row.expires_at
    row.expires_at, row.reviewed_at, row.reviewed_by = expires_at, actor.now, actor.subject
    await tell(session, actor, hazard_entry(EventType.HAZARD_REVIEWED, row, actor, before=iso(before)))
    return row


async def withdraw(
    session: AsyncSession, hazard_id: str, reason: str, actor: Actor, principal: Principal
) -> PremiseHazard:
    """The hazard is shown no more and stays on record with the reason. Whoever recorded it takes it back, or who may
    review. Raises Conflict for one that was withdrawn, NotFound, Refused.
    """
    row = await _locked(session, hazard_id, actor, principal)
    principal.require_to_mark(row.agency_id)
    if row.author != actor.subject:
        principal.require(Permission.PREMISE_REVIEW)
    _require_not_withdrawn(row)
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = actor.now, actor.subject, reason
    await tell(session, actor, hazard_entry(EventType.HAZARD_WITHDRAWN, row, actor))
    return row


def no_hazard(hazard_id: str) -> NotFound:
    """The refusal for a hazard that does not exist, or not for whoever asks."""
    return NotFound(f"There is no hazard {hazard_id}.", fix="Find those of a place with GET /v1/premise.")


async def _locked(session: AsyncSession, hazard_id: str, actor: Actor, principal: Principal) -> PremiseHazard:
    row = await session.get(PremiseHazard, (actor.jurisdiction_id, hazard_id), with_for_update=True)
    if row is None or not (row.endangers_responders or principal.reads(Sensitivity(row.sensitivity))):
        raise no_hazard(hazard_id)
    return row


def _require_not_withdrawn(row: PremiseHazard) -> None:
    if row.withdrawn_at is not None:
        raise Conflict(
            f"This hazard was withdrawn at {iso(row.withdrawn_at)}.", fix="Record it anew if it is there after all."
        )
