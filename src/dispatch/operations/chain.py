"""The fallback chain goes on: the next step of a plan is due, with the reason why nobody took the one before."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Incident, Unserved
from dispatch.db.timers import Begin, End, Timing
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.chain import StepOutlook, to_offer
from dispatch.domain.errors import Conflict
from dispatch.domain.events import EventType
from dispatch.domain.timers import TimeLimits, TimerKind
from dispatch.domain.unserved import REASONS
from dispatch.operations.actor import Actor
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.assignment_steps import Taken
from dispatch.operations.assignments import AssignUnits, give, lock_units

_OF_STEP = frozenset({TimerKind.STEP_WAIT, TimerKind.STEP_DECLINED})


async def move_on(
    session: AsyncSession, incident: Incident, outlook: StepOutlook, actor: Actor, limits: TimeLimits
) -> Taken:
    """The incident is at the next step: it says why, its units are offered when the plan says so, somebody is told."""
    why, following = outlook.why_nobody, outlook.following or outlook.step
    incident.plan_step, incident.step_since = following, actor.now
    incident.version += 1
    await _note_unserved(session, incident, outlook, actor)
    limit = outlook.next_limit_passes_at(actor.now)
    wait = [] if limit is None else [Begin(TimerKind.STEP_WAIT, incident.id, incident.id, limit, {"step": following})]
    done = Taken(timing=Timing(wait, [End(incident.id, _OF_STEP)]))
    names = [lead.call_sign for lead in outlook.leads if lead.is_pick]
    payload = {
        "from": outlook.step,
        "to": following,
        "reason": why.value,
        "shortfalls": list(outlook.shortfalls),
        "programs": [program for program, _ in outlook.programs],
        "recommended": names,
    }
    done.entries.append(log.Entry(EventType.INCIDENT_STEP_MOVED_ON, incident.id, actor.now, incident.id, payload))
    offered = await _offer(session, incident, outlook, actor, limits, done)
    message = (
        f"#{incident.number} goes on to step {following} of its plan. {REASONS[why]}. "
        f"{'Offered to' if offered else 'Recommended'}: {', '.join(offered or names) or 'nobody is free'}."
    )
    alarm = Raise(AlarmKind.STEP_MOVED_ON, message, incident.id, incident, None, payload)
    done.entries.append(await raise_alarm(session, alarm, actor))
    return done


async def hear_no(session: AsyncSession, incident: Incident, outlook: StepOutlook, actor: Actor) -> Taken:
    """Whoever was asked said no, and the step is not over: somebody is told who could be asked next."""
    left = f"Next best: {', '.join(outlook.free[:3])}." if outlook.free else f"{REASONS[outlook.why_nobody]}."
    message = f"Nobody who was asked takes #{incident.number}. {left}"
    payload = {"step": outlook.step, "free": list(outlook.free[:3]), "shortfalls": list(outlook.shortfalls)}
    alarm = Raise(AlarmKind.STEP_DECLINED, message, incident.id, incident, None, payload)
    return Taken([await raise_alarm(session, alarm, actor)])


async def _offer(
    session: AsyncSession, incident: Incident, outlook: StepOutlook, actor: Actor, limits: TimeLimits, done: Taken
) -> list[str]:
    """Call signs that were offered the step; none where a person must, or where one was taken a moment ago."""
    chosen = to_offer(outlook)
    if not chosen:
        return []
    command = AssignUnits(
        incident.id,
        [lead.unit_id for lead in chosen],
        step=outlook.following,
        role=chosen[0].role,
        eta_s={lead.call_sign: lead.eta_s for lead in chosen if lead.eta_s is not None},
        recommended=True,
        reason="offered by the plan",
        offer_rule=outlook.offer if len(chosen) > 1 else None,
    )
    units = await lock_units(session, actor, command.units)
    try:
        given = await give(session, incident, units, command, actor, limits)
    except Conflict:
        return []
    done.entries += given.entries
    done.timing += given.timing
    return [row.call_sign for row in given.assignments]


async def _note_unserved(session: AsyncSession, incident: Incident, outlook: StepOutlook, actor: Actor) -> None:
    if not outlook.programs:
        return
    rows = [
        {
            "jurisdiction_id": actor.jurisdiction_id,
            "incident_id": incident.id,
            "program": program,
            "responder_type": responder_type,
            "verdict": "eligible",
            "reason": outlook.why_nobody.value,
            "detail": list(outlook.shortfalls),
            "step": outlook.step,
            "recorded_at": actor.now,
        }
        for program, responder_type in outlook.programs
    ]
    fresh = insert(Unserved).values(rows)
    kept = ("reason", "detail", "step", "recorded_at")
    await session.execute(
        fresh.on_conflict_do_update(
            index_elements=["jurisdiction_id", "incident_id", "program"],
            set_={name: fresh.excluded[name] for name in kept},
        )
    )
