"""An incident needs more help than its plan says: others come first in it, as a decision of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Incident
from dispatch.db.timers import UNTIMED, End, Timing
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.classification import HIGHEST_PRIORITY, SlotRole
from dispatch.domain.events import EventType
from dispatch.domain.timers import OF_INCIDENT
from dispatch.operations.actor import Actor, tell
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.decisions import decision_row, follow, latest_decision, summary
from dispatch.operations.queue import is_off_the_queue, put_back

POLICE_AND_EMS = (("police", SlotRole.PRIMARY), ("ems", SlotRole.STAGED))
# Who asks where it must not be known whose unit is there, nor whether it asked or was missed.
UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class Help:
    """Who must come beside those in the plan, and why. because: a sentence that everybody may read, naming no unit.

    is_life_threat: the incident is of the highest priority from now on. priority: what it is at least, where somebody
    said so. assignment: which one asked; None where that is not for everybody.
    """

    rule: str
    because: str
    who: Sequence[tuple[str, SlotRole]] = POLICE_AND_EMS
    is_life_threat: bool = True
    assignment: str | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Escalated:
    """What to tell of it."""

    entries: Sequence[log.Entry] = ()
    timing: Timing = UNTIMED


async def escalate(session: AsyncSession, incident: Incident, wanted: Help, actor: Actor) -> Escalated:
    """The locked incident has the help as the first step of its plan; the old plan stays behind it.

    Where nobody who comes has it, it is on the queue again. Nothing changes in a plan that begins with this help and
    this urgency already, unless the help has been there since and left: then it is asked for anew.
    """
    back, timing = [], Timing()
    if await is_off_the_queue(session, incident):
        back, timing = [put_back(incident, wanted.rule, actor)], Timing(ends=[End(incident.id, OF_INCIDENT)])
    last = await latest_decision(session, actor.jurisdiction_id, incident.id)
    priority = HIGHEST_PRIORITY if wanted.is_life_threat else min(incident.priority, last.decision["priority"])
    priority = priority if wanted.priority is None else min(priority, wanted.priority)
    first = {entry["responder_type"] for entry in last.decision["plan"] if entry["step"] == 1}
    is_first = first == {kind for kind, _ in wanted.who}
    stands = is_first and incident.priority == priority and incident.decision_id == last.id
    if stands and not await _has_left(session, incident, first, last.decided_at):
        return Escalated(back, timing)
    behind = [{**entry, "step": entry["step"] + 1} for entry in last.decision["plan"]]
    data = {
        **last.decision,
        "priority": priority,
        "reasons": [{"rule": f"escalation:{wanted.rule}", "because": wanted.because}, *last.decision["reasons"]],
        "plan": last.decision["plan"] if is_first else [*_steps(wanted.who), *behind],
    }
    fresh = decision_row(incident.id, last.ordinal + 1, "escalation", last.given, data, actor, note=wanted.because)
    session.add(fresh)
    before = {"priority": incident.priority}
    timing += follow(incident, fresh.id, data, actor.now, restart=True)
    payload = {**summary(fresh.id, data), "before": before}
    if wanted.assignment is not None:
        payload["assignment"] = wanted.assignment
    told = log.Entry(EventType.INCIDENT_ESCALATED, incident.id, actor.now, incident.id, payload)
    return Escalated([*back, told], timing)


async def escalate_for(
    session: AsyncSession, incident: Incident, row: Assignment, wanted: Help, actor: Actor
) -> Escalated:
    """As escalate, because of this assignment. Of a unit that is told one way nobody else learns that it is there.

    Neither its assignment nor what it did is told, nor by whose hand or request; for the others an alarm names the
    incident alone. It is told here already, apart from what its own side reads: nothing is left to tell.
    """
    if row.responder_type not in ONE_WAY_TYPES:
        return await escalate(session, incident, replace(wanted, assignment=row.id), actor)
    unsaid = replace(wanted, rule="help_needed", because="Somebody there needs help at once.")
    nobody = replace(actor, subject=UNNAMED, request_id=None)
    done = await escalate(session, incident, unsaid, nobody)
    message = f"#{incident.number} needs {' and '.join(kind for kind, _ in wanted.who)} now."
    told = await raise_alarm(session, Raise(AlarmKind.RISK_RAISED, message, incident.id, incident), nobody)
    await tell(session, nobody, *done.entries, told, timing=done.timing)
    return Escalated()


async def _has_left(session: AsyncSession, incident: Incident, kinds: set[str], since: datetime) -> bool:
    """True when a unit of these types was there and has cleared since that moment."""
    found = await session.scalar(
        select(Assignment.id)
        .where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.responder_type.in_(sorted(kinds)),
            Assignment.cleared_at > since,
        )
        .limit(1)
    )
    return found is not None


def _steps(who: Sequence[tuple[str, SlotRole]]) -> list[dict[str, Any]]:
    return [
        {
            "step": 1,
            "responder_type": responder_type,
            "program": None,
            "count": 1,
            "role": role.value,
            "capabilities": [],
            "wait_limit_s": None,
        }
        for responder_type, role in who
    ]
