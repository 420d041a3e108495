"""A time that was told late, or told wrong, is written where it belongs; where the assignment stands is not changed."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Timer
from dispatch.db.timers import Timing
from dispatch.domain.assignment import ACTIVE, AssignmentMode, AssignmentStatus, is_about_the_past, stamp_column
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.events import EventType
from dispatch.domain.time import iso
from dispatch.domain.timers import TimeLimits, TimerKind
from dispatch.operations.actor import Actor
from dispatch.operations.assignment_steps import StatusStep, Taken
from dispatch.operations.watching import watched


def is_correction(row: Assignment, step: StatusStep) -> bool:
    """True when the step tells of the time of a status that the assignment has passed or is in."""
    if step.occurred_at is None:
        return False
    current = AssignmentStatus(row.status)
    return is_about_the_past(
        current,
        step.status,
        AssignmentMode(row.mode),
        told=step.occurred_at,
        known=_stamp(row, step.status),
        since=_stamp(row, current),
    )


async def correct(session: AsyncSession, row: Assignment, step: StatusStep, actor: Actor, limits: TimeLimits) -> Taken:
    """The time stands as told now, and the log keeps both. Timers of the present status count from the new time.

    Raises Invalid when more than a time, a reason and a note is said. Nothing is told yet.
    """
    if step.outcome is not None or step.said or step.cause is not None:
        problem = FieldProblem(
            "/status", "only_a_time", f"{step.status.value} was reached before; this corrects its time"
        )
        raise Invalid(
            f"{row.call_sign} is {row.status} already; this corrects a time and nothing else.",
            fix="Leave outcome, outcomes and cause out; to say more, POST /v1/assignments/{id}:add-outcomes.",
            errors=[problem],
        )
    told = step.occurred_at or actor.now
    before = _stamp(row, step.status)
    setattr(row, stamp_column(step.status), told)
    row.note = row.note if step.note is None else step.note
    row.version += 1
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "status": step.status.value,
        "before": None if before is None else iso(before),
        "after": iso(told),
        "reason": step.reason,
        "late_s": round((actor.now - told).total_seconds()),
    }
    done = Taken([log.Entry(EventType.ASSIGNMENT_CORRECTED, row.id, told, row.incident_id, payload)])
    if step.status.value == row.status and step.status in ACTIVE:
        done.timing = await _counted_anew(session, row, told, limits)
    return done


async def _counted_anew(session: AsyncSession, row: Assignment, told: datetime, limits: TimeLimits) -> Timing:
    """Nobody heard from a unit because a time was put right: once a check was missed, the checks go on as they do."""
    missed = await session.scalar(
        select(Timer.id).where(
            Timer.jurisdiction_id == row.jurisdiction_id,
            Timer.subject_id == row.id,
            Timer.kind == TimerKind.WELFARE_CHECK.value,
            Timer.fired_at.is_(None),
            Timer.payload.has_key("misses"),
        )
    )
    return await watched(session, row, told, limits) if missed is None else Timing()


def _stamp(row: Assignment, status: AssignmentStatus) -> datetime | None:
    found: datetime | None = getattr(row, stamp_column(status))
    return found
