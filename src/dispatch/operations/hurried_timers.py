"""An incident has become more urgent: what its units are waited for is waited for no longer than that allows."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.timers import Begin
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.timers import DESKS, OF_ASSIGNMENT, TimeLimits, TimerKind, Watched, hurried, watch
from dispatch.domain.transfer import AssignmentKind
from dispatch.operations.actor import Actor

# Both rows are taken or left for the next look: a command that holds one may wait for nobody who holds the other.
_SET_FOR_LESS = text(
    """
    select t.kind, t.subject_id, t.incident_id, t.due_at, t.payload, a.status, a.responder_type, i.priority,
           coalesce((t.payload ->> 'priority')::int, a.priority) as was,
           (select count(*) from assignment_responder r
            where r.jurisdiction_id = a.jurisdiction_id and r.assignment_id = a.id) as crew
    from timer t
    join assignment a on a.jurisdiction_id = t.jurisdiction_id and a.id = t.subject_id
    join incident i on i.jurisdiction_id = t.jurisdiction_id and i.id = t.incident_id
    where t.jurisdiction_id = :jurisdiction_id and t.fired_at is null and t.kind in :kinds
      and i.priority < coalesce((t.payload ->> 'priority')::int, a.priority)
    order by t.id
    for update of t, a skip locked
    """
).bindparams(bindparam("kinds", [kind.value for kind in sorted(OF_ASSIGNMENT)], expanding=True))

# Where a policy waits for nothing of calm incidents, there is no timer that could hurry.
_NEVER_SET = text(
    """
    select a.id, a.incident_id, a.status, a.responder_type, a.kind, a.eta_s, i.priority,
           (select count(*) from assignment_responder r
            where r.jurisdiction_id = a.jurisdiction_id and r.assignment_id = a.id) as crew
    from assignment a
    join incident i on i.jurisdiction_id = a.jurisdiction_id and i.id = a.incident_id
    where a.jurisdiction_id = :jurisdiction_id and a.is_open and a.status <> 'reserved' and i.priority < a.priority
      and not exists (select 1 from timer t where t.jurisdiction_id = a.jurisdiction_id and t.subject_id = a.id
                                              and t.kind in :kinds)
    order by a.id
    for update of a skip locked
    """
).bindparams(bindparam("kinds", [kind.value for kind in sorted(OF_ASSIGNMENT)], expanding=True))

_ANSWER_BY = text("update assignment set answer_by = :due_at where jurisdiction_id = :jurisdiction_id and id = :id")


async def hurried_timers(session: AsyncSession, limits: TimeLimits, actor: Actor) -> list[Begin]:
    """The timers of assignments whose incident is more urgent than they were set for, with their new hours."""
    key = {"jurisdiction_id": actor.jurisdiction_id}
    begins = [_anew(row, limits, actor.now) for row in (await session.execute(_SET_FOR_LESS, key)).all()]
    if limits.are_calm_ones_unwatched:
        begins += [one for row in await session.execute(_NEVER_SET, key) if (one := _begun(row, limits, actor.now))]
    for one in begins:
        if one.kind is TimerKind.OFFER:
            await session.execute(_ANSWER_BY, {**key, "id": one.subject_id, "due_at": one.due_at})
    return begins


def _begun(row: Any, limits: TimeLimits, now: datetime) -> Begin | None:
    is_passed_on = row.kind == AssignmentKind.TRANSFER.value or row.responder_type in DESKS
    crew = row.crew or 1
    one = Watched(AssignmentStatus(row.status), row.priority, row.responder_type, crew, row.eta_s, is_passed_on)
    due = watch(one, now, limits)
    return None if due is None else Begin(due.kind, row.id, row.incident_id, due.at, due.payload)


def _anew(row: Any, limits: TimeLimits, now: datetime) -> Begin:
    kind = TimerKind(row.kind)
    # A transfer is watched wherever it stands.
    one = Watched(
        AssignmentStatus(row.status),
        row.priority,
        row.responder_type,
        row.crew or 1,
        is_passed_on=kind is TimerKind.TRANSFER,
    )
    due_at = hurried(one, row.was, row.due_at, now, limits)
    return Begin(kind, row.subject_id, row.incident_id, due_at, {**row.payload, "priority": row.priority})
