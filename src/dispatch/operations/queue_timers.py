"""What waits gets its timers from a look at it, and not from whoever takes the call or plans the shift."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.timers import Begin, Timing
from dispatch.domain.timers import TimeLimits, TimerKind
from dispatch.operations.actor import Actor, tell
from dispatch.operations.hurried_timers import hurried_timers
from dispatch.operations.position_silence import position_look
from dispatch.operations.shift_ends import shift_end_timers

PLANTED_AT_ONCE = 500
FEED = "feed:"

# A file of past calls that is read in now is nobody's emergency: such incidents are on the queue without timers.
_UNWATCHED = text(
    """
    select i.id, i.priority, i.opened_at, i.plan_step, coalesce(i.step_since, i.opened_at) as since,
           p.wait_limit_s, p.last_step
    from (
      select * from incident
      where jurisdiction_id = :jurisdiction_id and status = 'pending' and recorded_at < opened_at + interval '1 day'
        and not exists (select 1 from timer t where t.jurisdiction_id = incident.jurisdiction_id
                                                and t.subject_id = incident.id and t.kind = 'unassigned')
      order by priority, opened_at limit :limit
    ) i
    join triage_decision d on d.jurisdiction_id = i.jurisdiction_id and d.id = i.decision_id
    cross join lateral (
      select min((e ->> 'wait_limit_s')::int) filter (where (e ->> 'step')::int = i.plan_step) as wait_limit_s,
             max((e ->> 'step')::int) as last_step
      from jsonb_array_elements(d.decision -> 'plan') e
    ) p
    order by i.priority, i.opened_at
    """
)

# One worker plants at a time, so that none plants again what another has planted and fired since it looked.
_MY_TURN = text("select pg_try_advisory_xact_lock(hashtextextended('dispatch timers ' || :jurisdiction_id, 0))")

_FEEDS_WATCHED = text(
    """
    select subject_id from timer
    where jurisdiction_id = :jurisdiction_id and kind = 'feed_silent' and fired_at is null
    """
)


async def plant(session: AsyncSession, limits: TimeLimits, actor: Actor) -> int:
    """Pending incidents, watched feeds, ended shifts and positions have their timers, and those of assignments are as
    short as their incident has become urgent. Returns how many were planted."""
    key = {"jurisdiction_id": actor.jurisdiction_id}
    if not (await session.execute(_MY_TURN, key)).scalar_one():
        return 0
    waiting = (await session.execute(_UNWATCHED, {**key, "limit": PLANTED_AT_ONCE})).all()
    begins = [begin for row in waiting for begin in _of_incident(row, limits)]
    if limits.feeds:
        watched = set(await session.scalars(_FEEDS_WATCHED, key))
        begins += [
            Begin(
                TimerKind.FEED_SILENT,
                FEED + feed.source,
                None,
                actor.now + timedelta(seconds=feed.silent_s),
            )
            for feed in limits.feeds
            if FEED + feed.source not in watched
        ]
    begins += await shift_end_timers(session, actor.now, actor.jurisdiction_id, PLANTED_AT_ONCE)
    begins += await hurried_timers(session, limits, actor)
    begins += await position_look(session, actor.now, actor.jurisdiction_id)
    await tell(session, actor, timing=Timing(begins))
    return len(begins)


def _of_incident(row: Any, limits: TimeLimits) -> list[Begin]:
    limit_s = limits.limit_s(TimerKind.UNASSIGNED, row.priority)
    due_at = row.opened_at + timedelta(seconds=limit_s or 0)
    begins = [Begin(TimerKind.UNASSIGNED, row.id, row.id, due_at)]
    if row.wait_limit_s is not None and row.plan_step < row.last_step:
        passes_at: datetime = row.since + timedelta(seconds=row.wait_limit_s)
        begins.append(Begin(TimerKind.STEP_WAIT, row.id, row.id, passes_at, {"step": row.plan_step}))
    return begins
