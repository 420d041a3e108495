"""Alarms are raised for somebody, and somebody says that they have seen them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.ids import new_id
from dispatch.db.models import Alarm, Assignment, Incident, Unit
from dispatch.domain.access import Principal
from dispatch.domain.alarm import FOR_SUPERVISOR, AlarmKind, severity_of
from dispatch.domain.errors import NotFound
from dispatch.domain.events import EventType
from dispatch.domain.ids import Prefix
from dispatch.operations.actor import Actor, tell


@dataclass(frozen=True, slots=True)
class Raise:
    """What is wrong, with what it is about, in a sentence. unit: the one in question, or its assignment.

    for_every_agency: shown to readers kept to other agencies too. agency_id, responder_type, named (id and call sign):
    who alone may know of it, and the unit, where no row of one is at hand.
    """

    kind: AlarmKind
    message: str
    subject_id: str
    incident: Incident | None = None
    unit: Assignment | Unit | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    for_every_agency: bool = False
    agency_id: str | None = None
    responder_type: str | None = None
    named: tuple[str, str] | None = None

    def whose(self) -> dict[str, str | None]:
        """The columns that say which unit it is about, and who may know of it."""
        unit = self.unit
        if unit is None:
            unit_id, call_sign = self.named or (None, None)
            return {
                "unit_id": unit_id,
                "call_sign": call_sign,
                "agency_id": self.agency_id,
                "responder_type": self.responder_type,
            }
        return {
            "unit_id": unit.id if isinstance(unit, Unit) else unit.unit_id,
            "call_sign": unit.call_sign,
            "agency_id": None if self.for_every_agency else unit.agency_id,
            "responder_type": unit.responder_type,
        }


async def raise_alarm(session: AsyncSession, what: Raise, actor: Actor) -> log.Entry:
    """The alarm stands until somebody acknowledges it; one that stands already counts up. The entry is for the log."""
    priority = what.incident.priority if what.incident is not None else None
    severity = severity_of(what.kind, priority)
    values = {
        "jurisdiction_id": actor.jurisdiction_id,
        "id": new_id(Prefix.ALARM),
        "kind": what.kind.value,
        "severity": severity.value,
        "for_supervisor": what.kind in FOR_SUPERVISOR,
        "raised_at": actor.now,
        "last_raised_at": actor.now,
        "subject_id": what.subject_id,
        "incident_id": what.incident.id if what.incident is not None else None,
        "priority": priority,
        **what.whose(),
        "message": what.message,
        "payload": dict(what.payload),
    }
    fresh = insert(Alarm).values(values)
    kept = ("severity", "last_raised_at", "priority", "message", "payload")
    row = await session.execute(
        fresh.on_conflict_do_update(
            index_elements=["jurisdiction_id", "subject_id", "kind"],
            index_where=Alarm.acknowledged_at.is_(None),
            set_={**{name: fresh.excluded[name] for name in kept}, "times": Alarm.times + 1},
        ).returning(Alarm.id, Alarm.times)
    )
    alarm_id, times = row.one()
    payload = {
        "kind": what.kind.value,
        "severity": severity.value,
        "message": what.message,
        "unit": values["call_sign"],
        "responder_type": values["responder_type"],
        "subject": what.subject_id,
        "times": times,
    }
    if what.incident is None and values["agency_id"] is not None:
        payload["agency"] = values["agency_id"]  # what is not about an incident is its agency's business alone
    return log.Entry(EventType.ALARM_RAISED, alarm_id, actor.now, str(values["incident_id"] or "") or None, payload)


async def acknowledge(
    session: AsyncSession, alarm_id: str, note: str | None, actor: Actor, principal: Principal
) -> Alarm:
    """Somebody has seen it and says so; who was first stays. Raises NotFound, also for what must not be known of."""
    row = await session.scalar(
        select(Alarm).where(Alarm.jurisdiction_id == actor.jurisdiction_id, Alarm.id == alarm_id).with_for_update()
    )
    if row is None or not may_see(row, principal):
        raise NotFound(f"There is no alarm {alarm_id}.", fix="List them with GET /v1/alarms.")
    if row.acknowledged_at is not None:
        return row
    row.acknowledged_at, row.acknowledged_by, row.note = actor.now, actor.subject, note
    payload = {"kind": row.kind, "unit": row.call_sign, "responder_type": row.responder_type, "note": note}
    await tell(session, actor, log.Entry(EventType.ALARM_ACKNOWLEDGED, row.id, actor.now, row.incident_id, payload))
    return row


def may_see(row: Alarm, principal: Principal) -> bool:
    """True when the alarm is about no unit, or about one that the principal may know of."""
    if row.responder_type is not None and not principal.sees_responder_type(row.responder_type):
        return False
    return row.agency_id is None or principal.sees_agency(row.agency_id)
