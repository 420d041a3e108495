"""An incident escalates by itself: police and EMS come first in its plan, as a decision of its own."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Incident
from dispatch.domain.classification import HIGHEST_PRIORITY, SlotRole
from dispatch.domain.events import EventType
from dispatch.operations.actor import Actor
from dispatch.operations.decisions import decision_row, follow, latest_decision, summary

_HELP = (("police", SlotRole.PRIMARY), ("ems", SlotRole.STAGED))


async def escalate(session: AsyncSession, incident: Incident, row: Assignment, actor: Actor) -> log.Entry:
    """The locked incident is a life threat with police and EMS first; its old plan stays behind them."""
    last = await latest_decision(session, actor.jurisdiction_id, incident.id)
    because = "A unit on scene did not answer two welfare checks."
    data = {
        **last.decision,
        "priority": HIGHEST_PRIORITY,
        "reasons": [{"rule": "escalation:welfare_missed", "because": because}, *last.decision["reasons"]],
        "plan": [*_help(), *({**entry, "step": entry["step"] + 1} for entry in last.decision["plan"])],
    }
    fresh = decision_row(incident.id, last.ordinal + 1, "escalation", last.given, data, actor, note=because)
    session.add(fresh)
    before = {"priority": incident.priority}
    follow(incident, fresh.id, data, actor.now, restart=True)
    # The unit is named in the alarm, which knows who may see it; this row is for everybody.
    payload = {**summary(fresh.id, data), "before": before, "assignment": row.id}
    return log.Entry(EventType.INCIDENT_ESCALATED, incident.id, actor.now, incident.id, payload)


def _help() -> list[dict[str, Any]]:
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
        for responder_type, role in _HELP
    ]
