"""A unit did not answer a welfare check: somebody is told, and the second miss in a row sends help by itself."""

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Assignment, Incident
from dispatch.db.timers import Begin, Timing
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.timers import MISSES_THAT_ESCALATE, TimeLimits
from dispatch.operations.actor import Actor
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.assignment_steps import Taken
from dispatch.operations.escalation import Help, escalate_for
from dispatch.operations.watching import watched

# Help is sent to the incident; whoever has left its place may need it elsewhere.
_WHERE = {
    AssignmentStatus.ON_SCENE: "on scene of #{number}",
    AssignmentStatus.TRANSPORTING: "while transporting from #{number}; look where it was last seen",
    AssignmentStatus.AT_DESTINATION: "at its destination, for #{number}; look where it was last seen",
}


async def check_missed(
    session: AsyncSession, incident: Incident, row: Assignment, misses: int, actor: Actor, limits: TimeLimits
) -> Taken:
    """The check is asked again after the same time; the second miss in a row escalates, once."""
    again = [
        Begin(one.kind, one.subject_id, one.incident_id, one.due_at, {**one.payload, "misses": misses})
        for one in (await watched(session, row, actor.now, limits)).begins
    ]
    done = Taken(timing=Timing(again))
    where = _WHERE[AssignmentStatus(row.status)].format(number=incident.number)
    message = f"{row.call_sign} did not answer the welfare check {where} ({misses} missed)."
    missed = Raise(AlarmKind.WELFARE_MISSED, message, row.id, incident, row, {"misses": misses})
    done.entries.append(await raise_alarm(session, missed, actor))
    if misses == MISSES_THAT_ESCALATE:
        because = "A unit did not answer two welfare checks."
        more = await escalate_for(session, incident, row, Help("welfare_missed", because), actor)
        message = f"{row.call_sign} missed {misses} welfare checks {where}: send police and EMS."
        alarm = Raise(AlarmKind.WELFARE_ESCALATED, message, row.id, incident, row, {"misses": misses})
        done.entries += [*more.entries, await raise_alarm(session, alarm, actor)]
        done.timing += more.timing
    return done
