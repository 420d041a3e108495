"""A staged unit waits short of the scene until somebody says that it is safe, by name and hour."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Incident
from dispatch.db.timers import Timing
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.errors import Conflict, Refused
from dispatch.domain.events import EventType
from dispatch.domain.timers import SHIPPED, TimeLimits
from dispatch.operations.actor import Actor, tell
from dispatch.operations.arrivals import waits_for_release
from dispatch.operations.assignments import lock_assignment
from dispatch.operations.watching import watched


async def release(
    session: AsyncSession,
    assignment_id: str,
    reason: str | None,
    actor: Actor,
    principal: Principal,
    limits: TimeLimits = SHIPPED,
) -> Assignment:
    """The unit that waits short of the scene, or is on its way to wait there, may go in; the first word stands.

    One that waits there is missed on scene when it does not go in now. A unit may say so that is on that scene itself.
    Raises Conflict when the unit does not wait, NotFound, Refused.
    """
    incident, row = await lock_assignment(session, assignment_id, actor, None)
    by = await _speaks_from_scene(session, incident, row, principal)
    if not waits_for_release(row):
        raise Conflict(
            f"{row.call_sign} is {row.status.replace('_', ' ')} and does not wait to be released.",
            fix="Nothing needs doing, or read the incident's assignments.",
        )
    if row.released_at is not None:
        return row
    row.released_at, row.released_by = actor.now, actor.subject
    row.version += 1
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "by_unit": by,
        "reason": reason,
    }
    entry = log.Entry(EventType.ASSIGNMENT_RELEASED, row.id, actor.now, incident.id, payload)
    is_there = row.status == AssignmentStatus.STAGED.value
    timing = await watched(session, row, actor.now, limits) if is_there else Timing()
    await tell(session, actor, entry, timing=timing)
    return row


async def _speaks_from_scene(
    session: AsyncSession, incident: Incident, row: Assignment, principal: Principal
) -> str | None:
    """The unit on scene for which the principal speaks; None for a dispatcher. Raises Refused for anybody else."""
    if principal.unit is None and principal.may_act_for(row.agency_id):
        return None
    found = await session.execute(
        select(Assignment.call_sign, Assignment.unit_id, Assignment.agency_id)
        .where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.status == AssignmentStatus.ON_SCENE.value,
            Assignment.responder_type.not_in(sorted(ONE_WAY_TYPES)),
        )
        .order_by(Assignment.call_sign)
    )
    for one in found:
        if principal.speaks_for(one.unit_id, one.agency_id):
            return str(one.call_sign)
    raise Refused(
        f"Only a unit that is on scene there, or a dispatcher of {row.agency_id}, says that it is safe.",
        fix="Tell the dispatcher by radio, or report on scene first.",
    )
