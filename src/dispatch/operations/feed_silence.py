"""A sender that is expected to send something has sent nothing: somebody is told, and it is looked at again."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.timers import Begin, Timing
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.timers import TimeLimits, TimerKind
from dispatch.operations.actor import Actor
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.assignment_steps import Taken
from dispatch.operations.queue_timers import FEED

_LAST_OF_FEED = text(
    """
    select greatest(
      (select max(c.recorded_at) from incident i
       join call c on c.jurisdiction_id = i.jurisdiction_id and c.incident_id = i.id
       where i.jurisdiction_id = :jurisdiction_id and c.source = :source
         and i.opened_at > cast(:since as timestamptz) - interval '1 day'
         and c.recorded_at > cast(:since as timestamptz)),
      (select max(u.recorded_at) from incident i
       join call c on c.jurisdiction_id = i.jurisdiction_id and c.incident_id = i.id
       join call_update u on u.jurisdiction_id = c.jurisdiction_id and u.call_id = c.id
       where i.jurisdiction_id = :jurisdiction_id and c.source = :source
         and i.opened_at > cast(:since as timestamptz) - interval '1 day'
         and u.recorded_at > cast(:since as timestamptz)),
      (select recorded_at from sender_list
       where jurisdiction_id = :jurisdiction_id and source = :source
         and recorded_at > cast(:since as timestamptz)))
    """
)


async def look_at_feed(session: AsyncSession, subject_id: str, limits: TimeLimits, actor: Actor) -> Taken | None:
    """A feed is looked at again when its newest call, update or list is as old as its limit: a call costs it nothing.

    None where nobody expects anything of it any more.
    """
    source = subject_id.removeprefix(FEED)
    silent_s = next((feed.silent_s for feed in limits.feeds if feed.source == source), None)
    if silent_s is None:
        return None
    limit = timedelta(seconds=silent_s)
    values = {"jurisdiction_id": actor.jurisdiction_id, "source": source, "since": actor.now - limit}
    last = await session.scalar(_LAST_OF_FEED, values)
    again = Begin(TimerKind.FEED_SILENT, subject_id, None, (last or actor.now) + limit)
    if last is not None:
        return Taken(timing=Timing([again]))
    message = f"{source} has sent nothing for {silent_s} s."
    alarm = Raise(AlarmKind.FEED_SILENT, message, subject_id, payload={"source": source})
    return Taken([await raise_alarm(session, alarm, actor)], Timing([again]))
