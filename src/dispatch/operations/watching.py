"""What an assignment waits for where it stands, as a timer: an answer, turnout, arrival, a sign that all is well."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Assignment, AssignmentResponder
from dispatch.db.timers import Begin, End, Timing
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.timers import DESKS, OF_ASSIGNMENT, TimeLimits, TimerKind, Watched, watch
from dispatch.domain.transfer import AssignmentKind


def watch_of(row: Assignment, since: datetime, limits: TimeLimits, crew: int) -> Timing:
    """The timer that runs while the assignment stands in its status, and the end of every other of its timers."""
    due = watch(_seen(row, crew), since, limits)
    ended = Timing(ends=[End(row.id, OF_ASSIGNMENT)])
    if due is None:
        return ended
    if due.kind is TimerKind.OFFER:
        row.answer_by = due.at
    return Timing([Begin(due.kind, row.id, row.incident_id, due.at, due.payload)], ended.ends)


async def watched(session: AsyncSession, row: Assignment, since: datetime, limits: TimeLimits) -> Timing:
    """As watch_of, with the crew counted where it matters: a single responder on scene is looked after sooner."""
    crew = await _crew_of(session, row) if row.status == AssignmentStatus.ON_SCENE.value else 1
    return watch_of(row, since, limits, crew)


def watched_by(row: Assignment) -> TimerKind | None:
    """The timer that runs while the assignment stands where it does."""
    return _seen(row, 1).kind


def _seen(row: Assignment, crew: int) -> Watched:
    is_passed_on = row.kind == AssignmentKind.TRANSFER.value or row.responder_type in DESKS
    return Watched(AssignmentStatus(row.status), row.priority, row.responder_type, crew, row.eta_s, is_passed_on)


async def _crew_of(session: AsyncSession, row: Assignment) -> int:
    count = await session.scalar(
        select(func.count())
        .select_from(AssignmentResponder)
        .where(AssignmentResponder.jurisdiction_id == row.jurisdiction_id, AssignmentResponder.assignment_id == row.id)
    )
    return count or 1
