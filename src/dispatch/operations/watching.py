"""What an assignment waits for where it stands, as a timer: an answer, turnout, arrival, a sign that all is well."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Assignment, AssignmentResponder, Incident
from dispatch.db.timers import Begin, End, Timing
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.timers import (
    DESKS,
    OF_ASSIGNMENT,
    WELFARE_CHECKED,
    TimeLimits,
    TimerKind,
    Watched,
    watch,
)
from dispatch.domain.transfer import AssignmentKind


def watch_of(row: Assignment, since: datetime, limits: TimeLimits, crew: int, *, priority: int | None = None) -> Timing:
    """The timer that runs while the assignment stands in its status, and the end of every other of its timers.

    priority: of its incident now, where that is more urgent than when it was sent.
    """
    due = watch(_seen(row, crew, row.priority if priority is None else priority), since, limits)
    ended = Timing(ends=[End(row.id, OF_ASSIGNMENT)])
    if due is None:
        return ended
    if due.kind is TimerKind.OFFER:
        row.answer_by = due.at
    return Timing([Begin(due.kind, row.id, row.incident_id, due.at, due.payload)], ended.ends)


async def watched(session: AsyncSession, row: Assignment, since: datetime, limits: TimeLimits) -> Timing:
    """As watch_of, as urgent as its incident has become, with the crew counted where it matters: a single responder
    among people is looked after sooner."""
    incident = await session.get_one(Incident, (row.jurisdiction_id, row.incident_id))  # loaded by whoever locked it
    crew = await _crew_of(session, row) if AssignmentStatus(row.status) in WELFARE_CHECKED else 1
    return watch_of(row, since, limits, crew, priority=min(row.priority, incident.priority))


def watched_by(row: Assignment) -> TimerKind | None:
    """The timer that runs while the assignment stands where it does."""
    return _seen(row, 1, row.priority).kind


def _seen(row: Assignment, crew: int, priority: int) -> Watched:
    is_passed_on = row.kind == AssignmentKind.TRANSFER.value or row.responder_type in DESKS
    return Watched(AssignmentStatus(row.status), priority, row.responder_type, crew, row.eta_s, is_passed_on)


async def _crew_of(session: AsyncSession, row: Assignment) -> int:
    count = await session.scalar(
        select(func.count())
        .select_from(AssignmentResponder)
        .where(AssignmentResponder.jurisdiction_id == row.jurisdiction_id, AssignmentResponder.assignment_id == row.id)
    )
    return count or 1
