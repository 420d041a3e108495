"""A follow-up is promised when a unit clears or later, and is done once, with what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.ids import new_id
from dispatch.db.models import Assignment, FollowUp
from dispatch.domain.access import Principal
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.errors import Conflict, FieldProblem, Invalid, NotFound
from dispatch.domain.events import EventType
from dispatch.domain.ids import Prefix
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor, tell
from dispatch.operations.assignments import lock_assignment

# Later than this it is a plan of care, which is the program's own record.
LATEST = timedelta(days=366)
_WAS_THERE = frozenset({AssignmentStatus.CLEARED, AssignmentStatus.ON_SCENE, AssignmentStatus.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Promise:
    """What somebody will do about an assignment, and by when. what: without clinical detail."""

    assignment_id: str
    due_at: datetime
    what: str


async def promise(
    session: AsyncSession, command: Promise, actor: Actor, principal: Principal | None = None
) -> FollowUp:
    """The follow-up is open. Raises Invalid for a day that has passed or lies more than a year away, Conflict where the
    unit was never there, NotFound; Refused when the principal may not speak for the unit or its agency.
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
    if not actor.now < command.due_at <= actor.now + LATEST:
        problem = FieldProblem("/due_at", "due_out_of_range", f"after {iso(actor.now)} and within a year")
        raise Invalid("A follow-up is due in the future, within a year.", fix="Send a later time.", errors=[problem])
    made = _open(row, command, actor)
    session.add(made)
    await tell(session, actor, _entry(EventType.FOLLOW_UP_PROMISED, made, actor))
    return made


async def complete(
    session: AsyncSession,
    follow_up_id: str,
    outcome: str,
    note: str | None,
    actor: Actor,
    principal: Principal,
) -> FollowUp:
    """The follow-up is done, with what came of it. Raises Conflict when it was done before, NotFound (also for one that
    does not exist for the principal), Refused for another agency's or unit's.
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
    row.done_at, row.done_by, row.outcome, row.note = actor.now, actor.subject, outcome, note
    await tell(session, actor, _entry(EventType.FOLLOW_UP_DONE, row, actor))
    return row


def _open(row: Assignment, command: Promise, actor: Actor) -> FollowUp:
    return FollowUp(
        jurisdiction_id=actor.jurisdiction_id,
        id=new_id(Prefix.FOLLOW_UP),
        assignment_id=row.id,
        incident_id=row.incident_id,
        unit_id=row.unit_id,
        call_sign=row.call_sign,
        agency_id=row.agency_id,
        program_id=row.program_id,
        responder_type=row.responder_type,
        what=command.what,
        due_at=command.due_at,
        created_at=actor.now,
        created_by=actor.subject,
    )


def _entry(kind: EventType, row: FollowUp, actor: Actor) -> log.Entry:
    # What it is about stays in the row, which has its own readers; the log of the incident has many.
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "assignment": row.assignment_id,
        "due_at": iso(row.due_at),
        "outcome": row.outcome,
    }
    return log.Entry(kind, row.id, actor.now, row.incident_id, payload)
