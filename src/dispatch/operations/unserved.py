"""When an incident ends, it is on record why a program that it was for did not serve it."""

from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Assignment, Incident, TriageDecisionRow, Unserved
from dispatch.domain import unserved as reasons
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.care import shown_entries
from dispatch.operations.actor import Actor
from dispatch.operations.responsibility import RETURNED

_NO = frozenset({AssignmentStatus.DECLINED.value, AssignmentStatus.TIMED_OUT.value})
_OVERRIDE = "override"


async def settle(session: AsyncSession, incident: Incident, actor: Actor) -> None:
    """One reason stands for each program in scope that did not serve the locked incident; none when one of them did."""
    decision = await session.get_one(TriageDecisionRow, (actor.jurisdiction_id, incident.decision_id))
    of_incident = (Unserved.jurisdiction_id == actor.jurisdiction_id) & (Unserved.incident_id == incident.id)
    left = {row.program: _noted(row) for row in await session.scalars(select(Unserved).where(of_incident))}
    rows = await session.scalars(
        select(Assignment).where(
            Assignment.jurisdiction_id == actor.jurisdiction_id, Assignment.incident_id == incident.id
        )
    )
    judged = [
        reasons.Judged(one["program"], one["responder_type"], one["verdict"], tuple(one["reasons"]))
        for one in decision.decision["programs"]
    ]
    given = list(rows)
    why = partial(
        reasons.unserved,
        planned=frozenset(entry["program"] for entry in decision.decision["plan"] if entry["program"]),
        overridden=decision.trigger == _OVERRIDE,
        needs_human=incident.needs_human,
        left=left,
    )
    # What those did who are told one way is a reason for their own programs alone: others read the rest.
    others = [one for one in judged if one.responder_type not in ONE_WAY_TYPES]
    found = why(others, [_asked(row) for row in given if row.responder_type not in ONE_WAY_TYPES])
    found += [one for one in why(judged, [_asked(row) for row in given]) if one.responder_type in ONE_WAY_TYPES]
    await session.execute(delete(Unserved).where(of_incident))
    if found:
        await session.execute(insert(Unserved).values([_row(one, incident, actor) for one in found]))


def _asked(row: Assignment) -> reasons.Asked:
    return reasons.Asked(
        row.program_id,
        served=row.status == AssignmentStatus.CLEARED.value and _did_something(row),
        declined=row.status in _NO,
        chosen_by_person=row.recommended is False,
        began=row.accepted_at is not None or row.ordered_at is not None,
    )


def _did_something(row: Assignment) -> bool:
    """False for a unit that gave the call back, or says itself that it did nothing about the incident."""
    first = shown_entries(row.outcome, row.outcomes)[0]
    return row.outcome != RETURNED and first.get("handles") is not False


def _noted(row: Unserved) -> reasons.Unserved:
    reason = reasons.UnservedReason(row.reason)
    return reasons.Unserved(row.program, row.responder_type, row.verdict, reason, tuple(row.detail), row.step)


def _row(one: reasons.Unserved, incident: Incident, actor: Actor) -> dict[str, object]:
    return {
        "jurisdiction_id": actor.jurisdiction_id,
        "incident_id": incident.id,
        "program": one.program,
        "responder_type": one.responder_type,
        "verdict": one.verdict,
        "reason": one.reason.value,
        "detail": list(one.detail),
        "step": one.step,
        "recorded_at": actor.now,
    }
