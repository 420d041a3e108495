"""What came of an assignment is stored: the primary outcome, the others, their details, and what they promise."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.ids import new_id
from dispatch.db.models import AlsoOutcome, Assignment, FollowUp, Unit
from dispatch.domain.care import FOLLOW_UP, Care, shown_entries
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.events import EventType
from dispatch.domain.ids import Prefix
from dispatch.domain.outcome import Detail
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor

# Later than this it is a plan of care, which is the program's own record.
LATEST = timedelta(days=366)
_PLAIN_PROMISE = "follow up"
_NUMBER = Detail.REPORT_NUMBER.value


async def keep_care(session: AsyncSession, row: Assignment, care: Care, actor: Actor) -> list[log.Entry]:
    """The assignment says all that came of it, and each due date is a follow-up. Returns what to tell of those.

    Raises Invalid for a day that has passed or lies more than a year away. Nothing is told yet.
    """
    before = set(codes_of(row))
    entries = [dict(entry) for entry in care.entries]
    told = []
    for number, entry in enumerate(entries):
        if Detail.DUE_AT in entry:
            told += await _promise(session, row, entry, f"/outcomes/{number}/due_at", actor)
    row.outcome = care.primary
    row.outcomes = None if care.is_plain else entries
    session.add_all(
        AlsoOutcome(jurisdiction_id=row.jurisdiction_id, assignment_id=row.id, code=code, created_at=row.created_at)
        for code in care.codes
        if code != care.primary and code not in before
    )
    return told


async def _promise(
    session: AsyncSession, row: Assignment, entry: dict[str, Any], pointer: str, actor: Actor
) -> list[log.Entry]:
    """The follow-up of this entry is open, or due when the entry says now. Returns what to tell of a new one."""
    due_at, what = datetime.fromisoformat(entry[Detail.DUE_AT]), entry.get(Detail.WHAT) or _PLAIN_PROMISE
    if FOLLOW_UP not in entry:
        require_due(due_at, actor, pointer)
        made = promised(row, due_at, what, actor)
        session.add(made)
        entry[FOLLOW_UP] = made.id
        return [of_follow_up(EventType.FOLLOW_UP_PROMISED, made, actor)]
    known = await session.get(FollowUp, (row.jurisdiction_id, entry[FOLLOW_UP]), with_for_update=True)
    if known is not None and known.done_at is None and (known.due_at, known.what) != (due_at, what):
        require_due(due_at, actor, pointer)
        known.due_at, known.what = due_at, what
    return []


async def forget_care(session: AsyncSession, row: Assignment) -> list[str]:
    """Nothing came of it yet, as if it had never been said. Returns the follow-ups that are taken back with it."""
    withdrawn = [entry[FOLLOW_UP] for entry in row.outcomes or () if FOLLOW_UP in entry]
    mine = (AlsoOutcome.jurisdiction_id == row.jurisdiction_id) & (AlsoOutcome.assignment_id == row.id)
    await session.execute(delete(AlsoOutcome).where(mine))
    if withdrawn:
        promises = (FollowUp.jurisdiction_id == row.jurisdiction_id) & FollowUp.id.in_(withdrawn)
        await session.execute(delete(FollowUp).where(promises, FollowUp.done_at.is_(None)))
    row.outcome = row.outcomes = None
    return withdrawn


def codes_of(row: Assignment) -> tuple[str, ...]:
    """Every outcome of the assignment, the primary first."""
    return tuple(entry["code"] for entry in shown_entries(row.outcome, row.outcomes))


def told_of(care: Care | None) -> dict[str, Any]:
    """What the log says came of it: the words, whether one is about health, the number of a report; nothing else."""
    if care is None:
        return {"outcome": None}
    return {
        "outcome": care.primary,
        "outcomes": list(care.codes),
        "health": any(entry.get("health", False) for entry in care.entries),
        "report_number": next((entry[_NUMBER] for entry in care.entries if _NUMBER in entry), None),
    }


def left_to(entries: Sequence[dict[str, Any]] | None) -> tuple[str, ...]:
    """The responder types that must still come, as far as the entries say so."""
    return tuple(entry["leaves_to"] for entry in entries or () if "leaves_to" in entry)


def require_due(due_at: datetime, actor: Actor, pointer: str) -> None:
    """Returns when something may be promised for then. Raises Invalid."""
    if not actor.now < due_at <= actor.now + LATEST:
        problem = FieldProblem(pointer, "due_out_of_range", f"after {iso(actor.now)} and within a year")
        raise Invalid("A follow-up is due in the future, within a year.", fix="Send a later time.", errors=[problem])


def promised(row: Assignment, due_at: datetime, what: str, actor: Actor, doer: Unit | None = None) -> FollowUp:
    """An open follow-up of the assignment, not yet added. what: without clinical detail. doer: None: its own unit."""
    who: Assignment | Unit = row if doer is None else doer
    return FollowUp(
        jurisdiction_id=actor.jurisdiction_id,
        id=new_id(Prefix.FOLLOW_UP),
        assignment_id=row.id,
        incident_id=row.incident_id,
        unit_id=row.unit_id if doer is None else doer.id,
        call_sign=who.call_sign,
        agency_id=who.agency_id,
        program_id=who.program_id,
        responder_type=who.responder_type,
        what=what,
        due_at=due_at,
        created_at=actor.now,
        created_by=actor.subject,
    )


def of_follow_up(kind: EventType, row: FollowUp, actor: Actor) -> log.Entry:
    """What the log says of a follow-up. What it is about stays in the row, which has its own readers."""
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "assignment": row.assignment_id,
        "due_at": iso(row.due_at),
        "outcome": row.outcome,
    }
    return log.Entry(kind, row.id, actor.now, row.incident_id, payload)
