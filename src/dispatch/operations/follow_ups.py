"""A follow-up is promised when a unit clears or later, and is done once, with what came of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.lookup import get_unit
from dispatch.db.models import Assignment, FollowUp, Unit
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.care import require_outcome
from dispatch.domain.errors import Conflict, FieldProblem, Invalid, NotFound, Refused
from dispatch.domain.events import EventType
from dispatch.domain.outcome import SHIPPED_OUTCOMES, Catalogue
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor, tell
from dispatch.operations.assignments import lock_assignment
from dispatch.operations.care import of_follow_up, promised, require_due

_WAS_THERE = frozenset({AssignmentStatus.CLEARED, AssignmentStatus.ON_SCENE, AssignmentStatus.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Promise:
    """What somebody will do about an assignment, and by when. what: without clinical detail.

    unit: who does it, by call sign or id; None: the unit of the assignment.
    """

    assignment_id: str
    due_at: datetime
    what: str
    unit: str | None = None


async def promise(
    session: AsyncSession, command: Promise, actor: Actor, principal: Principal | None = None
) -> FollowUp:
    """The follow-up is open, and belongs to whoever does it. Raises Invalid for a day that has passed or lies more than
    a year away, and for a unit on the other side of the one-way valve; Conflict where the unit of the assignment was
    never there; NotFound; Refused when the principal may not speak for either unit or its agency.
    """
    _, row = await lock_assignment(session, command.assignment_id, actor, principal)
    if AssignmentStatus(row.status) not in _WAS_THERE:
        raise Conflict(
            f"{row.call_sign} is {row.status.replace('_', ' ')}; a follow-up is promised by whoever took the call.",
            fix="Promise it when the unit is on scene, has accepted or has cleared.",
        )
    if row.unit_id is None:
        raise Conflict(
            f"{row.call_sign} is no unit of ours; what it promises is its own.",
            fix="Promise the follow-up on an assignment of a unit.",
        )
    require_due(command.due_at, actor, "/due_at")
    doer = None if command.unit is None else await _who_does_it(session, row, command.unit, actor, principal)
    made = promised(row, command.due_at, command.what, actor, doer)
    session.add(made)
    await tell(session, actor, of_follow_up(EventType.FOLLOW_UP_PROMISED, made, actor))
    return made


async def _who_does_it(
    session: AsyncSession, row: Assignment, name: str, actor: Actor, principal: Principal | None
) -> Unit:
    """The unit that is named. A phone gives to its own agency alone, others to those for which they act."""
    unit = await get_unit(session, actor.jurisdiction_id, name, hidden_types=actor.hidden_types)
    if principal is not None:
        principal.require_agency(unit.agency_id)
        if principal.unit is not None and unit.agency_id != row.agency_id:
            raise Refused(
                f"{unit.call_sign} is of another agency.", fix="Ask the dispatcher, who can give it to that unit."
            )
    if (unit.responder_type in ONE_WAY_TYPES) != (row.responder_type in ONE_WAY_TYPES):
        raise Invalid(
            f"{unit.call_sign} follows up nothing of {row.call_sign}: one of them is told one way.",
            fix="Name a unit of the same side, or leave `unit` out.",
            errors=[FieldProblem("/unit", "kept_apart", "these units are kept apart")],
        )
    return unit


async def complete(
    session: AsyncSession,
    follow_up_id: str,
    outcome: str,
    note: str | None,
    actor: Actor,
    principal: Principal,
    catalogue: Catalogue = SHIPPED_OUTCOMES,
) -> FollowUp:
    """The follow-up is done, with what came of it. Raises Conflict when it was done before, NotFound (also for one that
    does not exist for the principal), Refused for another agency's or unit's, Invalid for a word that is no outcome.
    """
    row = await session.scalar(
        select(FollowUp)
        .where(
            FollowUp.jurisdiction_id == actor.jurisdiction_id,
            FollowUp.id == follow_up_id,
            FollowUp.responder_type.not_in(sorted(actor.hidden_types)),
        )
        .with_for_update()
    )
    if row is None:
        raise NotFound(f"There is no follow-up {follow_up_id}.", fix="List them with GET /v1/follow-ups.")
    principal.require_unit(row.unit_id)
    principal.require_agency(row.agency_id)
    if row.done_at is not None:
        raise Conflict(
            f"It was done at {iso(row.done_at)}: {row.outcome}.", fix="Promise another one if more is to be done."
        )
    code = require_outcome(outcome, "/outcome", row.responder_type, catalogue)
    row.done_at, row.done_by, row.outcome, row.note = actor.now, actor.subject, code, note
    await tell(session, actor, of_follow_up(EventType.FOLLOW_UP_DONE, row, actor))
    return row
