"""A unit on its way to something less urgent is turned round: off the one incident and on the other, at once."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.lookup import get_incident, get_unit
from dispatch.db.models import Assignment, Incident, Unit
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.assignment import AssignmentMode, AssignmentStatus, legal_moves
from dispatch.domain.errors import Conflict, IllegalTransition
from dispatch.domain.events import EventType
from dispatch.domain.timers import SHIPPED, TimeLimits
from dispatch.operations.actor import Actor, tell
from dispatch.operations.assignment_steps import ENDED_INCIDENT, StatusStep, take_step
from dispatch.operations.assignments import AssignUnits, give, lock_units

# Whoever has arrived is needed where it is: that is a hand-off between people, not a redirect.
_ON_THE_WAY = frozenset(
    {AssignmentStatus.ORDERED, AssignmentStatus.ACCEPTED, AssignmentStatus.EN_ROUTE, AssignmentStatus.STAGED}
)


@dataclass(frozen=True, slots=True)
class Redirected:
    """ended: the assignment that the unit left. made: the one that it has now. left: where it was going.

    doubts: what speaks against the unit there, as codes.
    """

    ended: Assignment
    made: Assignment
    left: Incident
    doubts: tuple[str, ...]


async def redirect(
    session: AsyncSession,
    incident_id: str,
    unit: str,
    reason: str | None,
    actor: Actor,
    principal: Principal | None = None,
    limits: TimeLimits = SHIPPED,
) -> Redirected:
    """The unit goes to this incident instead of a less urgent one, which waits again with its old age.

    Both or nothing. Raises NotFound; Conflict when the unit is on nothing, or on something as urgent;
    IllegalTransition with the legal steps when it has arrived; Refused when the principal may not act for its agency.
    """
    wanted = await get_incident(session, actor.jurisdiction_id, incident_id)
    found = await get_unit(session, actor.jurisdiction_id, unit, hidden_types=actor.hidden_types)
    if principal is not None:
        principal.require_agency(found.agency_id)
    held = await _held_by(session, found)
    # Incidents first and in the order of their ids, as everybody locks them; then what was read is read again.
    for name in sorted({wanted.id, *([held.incident_id] if held is not None else [])}):
        await get_incident(session, actor.jurisdiction_id, name, lock=True)
    (row,) = await lock_units(session, actor, [found.id])
    now_held = await _held_by(session, found, lock=True)
    if held is None or now_held is None or now_held.id != held.id:
        raise _elsewhere(found, now_held)
    left = await session.get_one(Incident, (actor.jurisdiction_id, held.incident_id))
    _require_worth(wanted, left, now_held)
    word = f"redirected to {wanted.number}" + (f": {reason}" if reason else "")
    step = StatusStep(now_held.id, AssignmentStatus.CANCELLED, reason=word, cause="redirected")
    taken = await take_step(session, left, now_held, step, actor, limits)
    await session.flush()
    command = AssignUnits(
        wanted.id, [row.id], reason=f"redirected from {left.number}" + (f": {reason}" if reason else "")
    )
    given = await give(session, wanted, [row], command, actor, limits)
    entries = [_told(one, row, left, wanted, reason, actor) for one in (left, wanted)]
    await tell(session, actor, *taken.entries, *given.entries, *entries, timing=taken.timing + given.timing)
    return Redirected(now_held, given.assignments[0], left, given.doubts.get(row.id, ()))


async def _held_by(session: AsyncSession, unit: Unit, *, lock: bool = False) -> Assignment | None:
    """The one open assignment that takes the unit whole; none for a unit that stacks."""
    query = select(Assignment).where(
        Assignment.jurisdiction_id == unit.jurisdiction_id, Assignment.unit_id == unit.id, Assignment.holds_unit
    )
    query = query.execution_options(populate_existing=True)
    return (await session.scalars(query.with_for_update() if lock else query)).one_or_none()


def _require_worth(wanted: Incident, left: Incident, held: Assignment) -> None:
    if wanted.status in ENDED_INCIDENT:
        raise Conflict(
            f"Incident {wanted.number} is {wanted.status}.", fix="Reopen it first.", incident_status=wanted.status
        )
    if wanted.id == left.id:
        raise Conflict(f"{held.call_sign} is on {wanted.number} already.", fix="Nothing needs doing.")
    status = AssignmentStatus(held.status)
    if status not in _ON_THE_WAY or held.responder_type in ONE_WAY_TYPES:
        legal = legal_moves(status, AssignmentMode(held.mode))
        raise IllegalTransition(
            f"{held.call_sign} is {status.value.replace('_', ' ')} at {left.number}, and no longer on its way.",
            fix=f"Clear it first, or send another unit. From here: {', '.join(move.value for move in legal)}.",
            current=status.value,
            requested=AssignmentStatus.CANCELLED.value,
            legal=[move.value for move in legal],
        )
    if wanted.priority >= left.priority:
        raise Conflict(
            f"{wanted.number} (priority {wanted.priority}) is not more urgent than {left.number} "
            f"(priority {left.priority}), where {held.call_sign} is going.",
            fix="Cancel its assignment with the reason and assign it, if it must go all the same.",
            incident=left.number,
            priority=left.priority,
        )


def _elsewhere(unit: Unit, held: Assignment | None) -> Conflict:
    if held is None:
        return Conflict(
            f"{unit.call_sign} is on its way to nothing.", fix="Assign it with POST /v1/incidents/{id}/assignments."
        )
    return Conflict(
        f"{unit.call_sign} was sent elsewhere at this moment.",
        fix="Read the recommendation again; somebody else was quicker.",
    )


def _told(
    subject: Incident, unit: Unit, left: Incident, wanted: Incident, reason: str | None, actor: Actor
) -> log.Entry:
    payload = {
        "unit": unit.call_sign,
        "responder_type": unit.responder_type,
        "agency": unit.agency_id,
        "from": left.number,
        "to": wanted.number,
        "reason": reason,
    }
    return log.Entry(EventType.UNIT_REDIRECTED, unit.id, actor.now, subject.id, payload)
