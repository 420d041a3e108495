"""A crew takes its break: nobody sends it anything until it is over, unless somebody calls it back."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Unit
from dispatch.domain.access import Principal
from dispatch.domain.errors import Conflict, FieldProblem, Invalid
from dispatch.domain.events import EventType
from dispatch.domain.time import iso
from dispatch.domain.unit import UnitStatus
from dispatch.operations.actor import Actor, tell
from dispatch.operations.crews import lock_crew, require_at_no_work

LONGEST = timedelta(hours=12)


async def start_break(
    session: AsyncSession, unit: str, until: datetime, reason: str | None, actor: Actor, principal: Principal
) -> Unit:
    """The unit, with every other that its crew staffs, is not offered until then. It stays available: it can be sent.

    Raises Conflict while one of them is at work or the unit is not available, Invalid for an end that has passed or
    lies more than twelve hours away, NotFound; Refused for another's unit.
    """
    units, row, _ = await lock_crew(session, unit, actor, principal)
    if not actor.now < until <= actor.now + LONGEST:
        problem = FieldProblem("/until", "end_out_of_range", f"after {iso(actor.now)} and within 12 hours")
        raise Invalid("A break ends in the future, within twelve hours.", fix="Send another end.", errors=[problem])
    await require_at_no_work(session, actor.jurisdiction_id, [one.id for one in units], "take a break")
    if row.status != UnitStatus.AVAILABLE.value:
        raise Conflict(
            f"{row.call_sign} is {row.status.replace('_', ' ')}.", fix="Only a unit that is available takes a break."
        )
    for one in units:
        one.break_until, one.break_reason = until, reason
        one.version += 1
    payload = {"until": iso(until), "reason": reason}
    await tell(session, actor, *[break_entry(EventType.UNIT_BREAK_STARTED, one, actor, **payload) for one in units])
    return row


async def end_break(session: AsyncSession, unit: str, reason: str | None, actor: Actor, principal: Principal) -> Unit:
    """The break is over before its time. Raises Conflict when there is none, NotFound; Refused for another's unit."""
    units, row, _ = await lock_crew(session, unit, actor, principal)
    if row.break_until is None or row.break_until <= actor.now:
        raise Conflict(f"{row.call_sign} is not on a break.", fix="Nothing needs doing.")
    for one in units:
        one.break_until = one.break_reason = None
        one.version += 1
    await tell(session, actor, *[break_entry(EventType.UNIT_BREAK_ENDED, one, actor, reason=reason) for one in units])
    return row


def break_entry(kind: EventType, unit: Unit, actor: Actor, **more: str | None) -> log.Entry:
    """What the log says of a break."""
    payload = {"unit": unit.call_sign, "responder_type": unit.responder_type, "agency": unit.agency_id, **more}
    return log.Entry(kind, unit.id, actor.now, None, payload)
