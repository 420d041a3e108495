"""What people do to an incident besides deciding: hold it, close it, open it again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.active_policy import ActivePolicies
from dispatch.db.lookup import get_incident
from dispatch.db.models import Assignment, Incident
from dispatch.db.timers import Begin, End, Timing
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.assignment import ACTIVE, AssignmentStatus
from dispatch.domain.errors import Conflict, FieldProblem, IllegalTransition, Invalid
from dispatch.domain.incident import IncidentStatus, legal_incident_moves, require_disposition, require_incident_move
from dispatch.domain.stack import LIFE_AT_STAKE
from dispatch.domain.time import iso
from dispatch.domain.timers import OF_INCIDENT, TimerKind
from dispatch.domain.transfer import AssignmentKind
from dispatch.operations.actor import Actor, tell
from dispatch.operations.ending import end_incident
from dispatch.operations.known_words import require_incident_type
from dispatch.operations.queue import put_back


@dataclass(frozen=True, slots=True)
class Close:
    """End the incident with what came of it. cancel: it never needed anyone."""

    disposition: str
    note: str | None = None
    final_type: str | None = None
    cancel: bool = False


# Longer than this nobody holds a call on purpose: it is a slip in the date, and would hide it.
LONGEST_HOLD = timedelta(days=31)


async def hold(session: AsyncSession, incident_id: str, until: datetime, reason: str, actor: Actor) -> Incident:
    """The incident waits on purpose until a moment, with the reason on it.

    Raises Invalid for a moment that has passed or is more than LONGEST_HOLD away; Conflict while a unit is on it, and
    for a life threat: who thinks that it is none lowers its priority first.
    """
    incident = await get_incident(session, actor.jurisdiction_id, incident_id, lock=True)
    if until <= actor.now:
        raise Invalid(
            "A hold must end in the future.",
            fix="Give a later `until`.",
            errors=[FieldProblem("/until", "not_in_future", f"not later than now ({iso(actor.now)})")],
        )
    if until > actor.now + LONGEST_HOLD:
        latest = iso(actor.now + LONGEST_HOLD)
        raise Invalid(
            f"A call is held for at most {LONGEST_HOLD.days} days.",
            fix="Give an earlier `until`, or make an appointment with a unit for that day.",
            errors=[FieldProblem("/until", "out_of_range", f"later than {latest}")],
        )
    await _require_nobody_on(session, incident)
    if incident.priority <= LIFE_AT_STAKE:
        raise Conflict(
            f"{incident.number} is a life threat (priority {incident.priority}) and is not held.",
            fix="Send a unit; or override its priority first, with the reason why it can wait.",
            priority=incident.priority,
        )
    _move(incident, IncidentStatus.HELD)
    incident.held_until = until
    incident.status_reason = reason
    await tell(
        session,
        actor,
        log.Entry("incident.held", incident.id, actor.now, incident.id, {"until": iso(until), "reason": reason}),
        timing=Timing([Begin(TimerKind.HOLD_DUE, incident.id, incident.id, until)], [End(incident.id, OF_INCIDENT)]),
    )
    return incident


async def close(
    session: AsyncSession, incident_id: str, wish: Close, policies: ActivePolicies, actor: Actor
) -> Incident:
    """The incident is over. Raises Conflict naming the units that are still on it, Invalid for an unknown disposition
    or incident type.

    Units that are told one way go on with their own work. What was kept for a busy unit is dropped with the next look.
    """
    require_disposition(wish.disposition)
    incident = await get_incident(session, actor.jurisdiction_id, incident_id, lock=True)
    if wish.final_type is not None:
        await require_incident_type(session, policies, incident, wish.final_type, "/final_type", actor)
    await _require_nobody_on(session, incident, nor_appointed=True)
    to = IncidentStatus.CANCELLED if wish.cancel else IncidentStatus.CLOSED
    done = await end_incident(
        session, incident, to, wish.disposition, actor, note=wish.note, final_type=wish.final_type
    )
    await tell(session, actor, done.entry, timing=done.timing)
    return incident


async def reopen(session: AsyncSession, incident_id: str, reason: str, actor: Actor) -> Incident:
    """The incident is on the queue again, with its old age and its history; a hold ends the same way.

    Raises IllegalTransition for one that never left: units may be on it.
    """
    incident = await get_incident(session, actor.jurisdiction_id, incident_id, lock=True)
    if incident.status in (IncidentStatus.PENDING.value, IncidentStatus.ACTIVE.value):
        raise IllegalTransition(
            f"Incident {incident.number} is {incident.status}; there is nothing to reopen.",
            fix="Only an incident that is held, closed or cancelled is reopened.",
            current=incident.status,
            requested=IncidentStatus.PENDING.value,
            legal=[move.value for move in legal_incident_moves(IncidentStatus(incident.status))],
        )
    timing = Timing(ends=[End(incident.id, OF_INCIDENT)])
    await tell(session, actor, put_back(incident, reason, actor), timing=timing)
    return incident


async def _require_nobody_on(session: AsyncSession, incident: Incident, *, nor_appointed: bool = False) -> None:
    """nor_appointed: an appointment that is still to come counts too; what is only kept for a busy unit does not."""
    on_it: ColumnElement[bool] = Assignment.status.in_([status.value for status in ACTIVE])
    if nor_appointed:
        is_appointed = Assignment.kind == AssignmentKind.APPOINTMENT.value
        on_it = on_it | (Assignment.status == AssignmentStatus.RESERVED.value) & is_appointed
    still = (
        await session.scalars(
            select(Assignment.call_sign)
            .where(
                Assignment.jurisdiction_id == incident.jurisdiction_id,
                Assignment.incident_id == incident.id,
                on_it,
                Assignment.responder_type.not_in(sorted(ONE_WAY_TYPES)),
            )
            .order_by(Assignment.call_sign)
        )
    ).all()
    if still:
        raise Conflict(
            f"{', '.join(still)} {'is' if len(still) == 1 else 'are'} still on incident {incident.number}.",
            fix="Clear or cancel these units first; each clear asks for an outcome.",
            units=list(still),
        )


def _move(incident: Incident, to: IncidentStatus) -> None:
    require_incident_move(IncidentStatus(incident.status), to)
    incident.status = to.value
    incident.version += 1
