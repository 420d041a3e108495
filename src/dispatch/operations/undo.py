"""A slip is undone within a minute by the one who made it: a step that says so, and nothing is taken out of the log."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, EventRow, Incident, Unit
from dispatch.db.timers import End, Timing
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.assignment import (
    ACTIVE,
    TERMINAL,
    AssignmentMode,
    AssignmentStatus,
    OfferRule,
    is_taken,
    stamp_column,
    unit_status_after,
)
from dispatch.domain.errors import Conflict, Refused
from dispatch.domain.events import EventType, event_of
from dispatch.domain.time import iso
from dispatch.domain.timers import OF_QUEUE, SHIPPED, WELFARE_CHECKED, TimeLimits
from dispatch.domain.transfer import ASKED_FIRST
from dispatch.operations.actor import Actor, tell
from dispatch.operations.assignment_steps import (
    ENDED_INCIDENT,
    StatusStep,
    follow_unit,
    take_step,
)
from dispatch.operations.assignments import lock_assignment, lock_units
from dispatch.operations.care import forget_care
from dispatch.operations.free_units import require_free
from dispatch.operations.queue import make_active
from dispatch.operations.responsibility import is_asked
from dispatch.operations.watching import watched

UNDO_WITHIN = timedelta(seconds=60)
_STEPS = frozenset(event_of(status).value for status in AssignmentStatus)
_MADE = frozenset(
    one.value
    for one in (
        *(EventType.UNIT_ASSIGNED, EventType.ASSIGNMENT_RESERVED),
        *(EventType.ASSIGNMENT_TRANSFER_OFFERED, EventType.ASSIGNMENT_APPOINTED),
    )
)


async def undo(
    session: AsyncSession,
    assignment_id: str,
    actor: Actor,
    principal: Principal | None = None,
    limits: TimeLimits = SHIPPED,
) -> Assignment:
    """The assignment stands as before its last step; a fresh one is cancelled or taken back, as if never made.

    Raises Refused to anybody but the one who took the step, Conflict when that is longer than a minute ago or something
    was built on it since, and what assign_units raises when the unit is no longer free; NotFound.
    """
    incident, row = await lock_assignment(session, assignment_id, actor, principal)
    steps = await _steps(session, row)
    last, earlier = steps[0], steps[1:]
    _require_own_and_fresh(last, row, actor)
    await _require_whole(session, row, last)
    if last.type in _MADE:
        return await _unmade(session, incident, row, last, actor, limits)
    current, before = AssignmentStatus(row.status), AssignmentStatus(last.payload["from"])
    if incident.status in ENDED_INCIDENT:
        raise Conflict(f"Incident {incident.number} is {incident.status}.", fix="Reopen it, then undo.")
    asked_first = row.kind in ASKED_FIRST or is_asked(row) or row.taken_over_at is not None
    if (row.offer_rule == OfferRule.FIRST_OF.value or asked_first) and is_taken(current) and not is_taken(before):
        raise Conflict(
            "The other offers were taken back when this one was accepted."
            if not asked_first
            else f"{row.call_sign} has the incident, and whoever had it knows that.",
            fix="Clear or cancel it, and offer again.",
        )
    if row.unit_id is None:
        raise Conflict(f"{row.call_sign} is no unit of ours.", fix="Take the step that is right, or offer it again.")
    (unit,) = await lock_units(session, actor, [row.unit_id])
    if current in TERMINAL and before in ACTIVE:
        await require_free(session, actor.jurisdiction_id, [unit])
    withdrawn = await forget_care(session, row) if current is AssignmentStatus.CLEARED else []
    _put_back(row, current, before, last, earlier)
    timing = await _follow(session, incident, row, unit, before, actor, limits)
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "from": current.value,
        "to": before.value,
        "undone": last.id,
        **({"follow_ups_withdrawn": withdrawn} if withdrawn else {}),
    }
    entry = log.Entry(EventType.ASSIGNMENT_UNDONE, row.id, actor.now, row.incident_id, payload)
    await tell(session, actor, entry, timing=timing)
    return row


async def _steps(session: AsyncSession, row: Assignment) -> list[Row[Any]]:
    """What the log says of the assignment's way, newest first; corrections of times and check-ins are no steps."""
    found = await session.execute(
        select(EventRow.id, EventRow.type, EventRow.occurred_at, EventRow.recorded_at, EventRow.actor, EventRow.payload)
        .where(
            EventRow.jurisdiction_id == row.jurisdiction_id,
            EventRow.incident_id == row.incident_id,
            EventRow.subject_id == row.id,
            EventRow.type.in_([*_STEPS, *_MADE, EventType.ASSIGNMENT_UNDONE.value]),
        )
        .order_by(EventRow.seq.desc())
    )
    return list(found.all())


def _require_own_and_fresh(last: Row[Any], row: Assignment, actor: Actor) -> None:
    if last.type == EventType.ASSIGNMENT_UNDONE.value:
        raise Conflict("The last step is undone already.", fix="Take the step that is right.", current=row.status)
    if last.actor != actor.subject:
        raise Refused(
            f"The last step of {row.call_sign} was taken by somebody else.",
            fix="Take the step that is right, or ask whoever took it.",
        )
    if actor.now - last.recorded_at > UNDO_WITHIN:
        raise Conflict(
            f"The last step was taken at {iso(last.recorded_at)}; a slip is undone within "
            f"{UNDO_WITHIN.total_seconds():.0f} s.",
            fix="Take the step that is right; a wrong time is corrected by sending the status again.",
        )


async def _require_whole(session: AsyncSession, row: Assignment, last: Row[Any]) -> None:
    """Returns when the step was no half of an exchange, of which the other half would stay. Raises Conflict."""
    found = await session.scalar(
        select(EventRow.payload)
        .where(
            EventRow.jurisdiction_id == row.jurisdiction_id,
            EventRow.incident_id == row.incident_id,
            EventRow.type == EventType.UNIT_EXCHANGED.value,
            EventRow.payload["assignment"].astext == row.id,
            EventRow.recorded_at == last.recorded_at,
        )
        .limit(1)
    )
    if found is not None:
        off, on = found["off"], found["on"]
        raise Conflict(
            f"{off} was exchanged for {on}; half of an exchange is not undone.",
            fix=f'Exchange them back: POST /v1/incidents/{{id}}:exchange with {{"off": "{on}", "on": "{off}"}}.',
        )


async def _unmade(
    session: AsyncSession, incident: Incident, row: Assignment, made: Row[Any], actor: Actor, limits: TimeLimits
) -> Assignment:
    """An assignment that nobody meant: the unit is free, the incident waits again, and the log keeps both."""
    offered = AssignmentMode(row.mode) is AssignmentMode.OFFERED and row.status != AssignmentStatus.RESERVED.value
    to = AssignmentStatus.RESCINDED if offered else AssignmentStatus.CANCELLED
    cause = "assigned_by_mistake" if to is AssignmentStatus.CANCELLED else None
    step = StatusStep(row.id, to, reason="undone: assigned by mistake", cause=cause)
    taken = await take_step(session, incident, row, step, actor, limits)
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "from": made.type,
        "to": to.value,
        "undone": made.id,
    }
    entry = log.Entry(EventType.ASSIGNMENT_UNDONE, row.id, actor.now, row.incident_id, payload)
    await tell(session, actor, *taken.entries, entry, timing=taken.timing)
    return row


def _put_back(
    row: Assignment, current: AssignmentStatus, before: AssignmentStatus, last: Row[Any], earlier: list[Row[Any]]
) -> None:
    """The row says what it said before the step, as far as the log knows."""
    visited = next((one.occurred_at for one in earlier if one.type == event_of(current).value), None)
    setattr(row, stamp_column(current), visited)
    if before is AssignmentStatus.OFFERED and row.accepted_at == last.occurred_at:
        row.accepted_at = None
    row.cause = None
    if last.payload.get("reason") is not None:
        row.reason = next((one.payload["reason"] for one in earlier if one.payload.get("reason") is not None), None)
    row.status = before.value
    row.version += 1


async def _follow(
    session: AsyncSession,
    incident: Incident,
    row: Assignment,
    unit: Unit,
    before: AssignmentStatus,
    actor: Actor,
    limits: TimeLimits,
) -> Timing:
    if row.exclusive:
        follow_unit(unit, unit_status_after(before), actor.now)
    else:
        unit.version += 1
    # Whoever was heard of a moment ago has not been silent since it arrived.
    since = None if before in WELFARE_CHECKED else getattr(row, stamp_column(before))
    timing = await watched(session, row, since or actor.now, limits)
    is_only_asked = before is AssignmentStatus.OFFERED and row.kind in ASKED_FIRST
    if row.responder_type in ONE_WAY_TYPES or before not in ACTIVE or is_only_asked:
        return timing
    timing += make_active(incident)
    return timing + Timing(ends=[End(incident.id, OF_QUEUE)]) if is_taken(before) else timing
