"""Who has an incident in hand: it passes from one unit to another when the other says yes, and not before."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Incident
from dispatch.db.timers import End, Timing
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.assignment import ACTIVE
from dispatch.domain.errors import Conflict
from dispatch.domain.events import EventType
from dispatch.domain.timers import TimerKind
from dispatch.domain.transfer import HANDED_OFF, handed_off_to
from dispatch.operations.alarms import Raise

# The outcome of whoever gives a call back.
RETURNED = "returned_to_911"
WAITS_FOR_ANSWER = frozenset({TimerKind.HAND_OFF})


@dataclass(slots=True)
class TakenOver:
    """What to tell of it; nothing where nobody had asked."""

    entries: list[log.Entry] = field(default_factory=list)
    timing: Timing = field(default_factory=Timing)


def take_over(row: Assignment, at: datetime) -> TakenOver:
    """The unit that was asked to take the incident over has it from now on."""
    if not is_asked(row):
        return TakenOver()
    row.taken_over_at = at if row.take_over_asked_at is None else max(at, row.take_over_asked_at)
    return TakenOver(
        [log.Entry(EventType.ASSIGNMENT_TAKEN_OVER, row.id, at, row.incident_id, told_of(row))],
        Timing(ends=[End(row.id, WAITS_FOR_ANSWER)]),
    )


def is_asked(row: Assignment) -> bool:
    """True while the unit was asked to take over and has not answered."""
    return row.takes_over_from is not None and row.taken_over_at is None


def told_of(row: Assignment) -> dict[str, str | None]:
    """What the log says of the unit that is to take over."""
    return {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "from_assignment": row.takes_over_from,
    }


def refusal_of(incident: Incident, row: Assignment) -> Raise:
    """The alarm that whoever was asked said no or nothing; every agency sees it, since one of them still has it."""
    message = f"{row.call_sign} does not take over #{incident.number}; whoever has it keeps it."
    return Raise(AlarmKind.HAND_OFF_REFUSED, message, row.id, incident, row, for_every_agency=True)


async def require_somebody_left(session: AsyncSession, row: Assignment, outcome: str | None) -> None:
    """Returns when the unit may clear. Raises Conflict while it waits for the answer to a hand-off, and when it says
    that it handed the incident off and nobody of that discipline took it over.

    Whoever gives a call back to 911 waits for nobody: 911 has it, and whoever was asked may still say yes.
    """
    if outcome == RETURNED:
        return
    asked = await session.scalars(
        select(Assignment).where(
            Assignment.jurisdiction_id == row.jurisdiction_id,
            Assignment.incident_id == row.incident_id,
            Assignment.takes_over_from == row.id,
        )
    )
    found = list(asked)
    waiting = [one.call_sign for one in found if is_asked(one) and one.status in ACTIVE]
    if waiting:
        raise Conflict(
            f"{' and '.join(waiting)} has not answered the hand-off yet; {row.call_sign} has the incident until then.",
            fix="Wait for the answer, or take the hand-off back first (status `rescinded`, or `:take-over` with "
            "`accept` false), then clear.",
            waiting_for=waiting,
        )
    if outcome is None or not outcome.startswith(HANDED_OFF):
        return
    took = {handed_off_to(one.responder_type) for one in found if one.taken_over_at is not None}
    if outcome not in took:
        raise Conflict(
            f"Nobody has taken the incident over from {row.call_sign} who would make it {outcome}.",
            fix="Ask with POST /v1/assignments/{id}:hand-off and wait for the answer, or clear with what came of it.",
            taken_over=sorted(took),
        )
