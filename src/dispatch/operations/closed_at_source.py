"""What a sender no longer lists is closed where the rule of its feed says so, and nothing speaks against it."""

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from dispatch.db.models import Assignment, Incident, ListedCall
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.incident import CLOSED_AT_SOURCE, IncidentStatus
from dispatch.domain.listing import CloseRule
from dispatch.operations.actor import Actor
from dispatch.operations.ending import Ended, end_incident

LIFE_THREATS = (0, 1)


async def close_absent(
    session: AsyncSession, source: str, rule: CloseRule, lists: int, actor: Actor
) -> list[tuple[Incident, Ended]]:
    """What as many whole lists as the rule says lacked is closed. lists: the number of the newest one.

    Left open for a person: a life threat, what a human must look at, what anybody was ever sent to, and what is linked
    to another incident. An incident that somebody is changing right now is left for the next list.
    """
    other = aliased(Incident)
    assigned = exists().where(
        Assignment.jurisdiction_id == Incident.jurisdiction_id,
        Assignment.incident_id == Incident.id,
        Assignment.responder_type.not_in(sorted(ONE_WAY_TYPES)),
    )
    leads = exists().where(other.jurisdiction_id == Incident.jurisdiction_id, other.linked_to == Incident.id)
    due = await session.scalars(
        select(Incident)
        .join(
            ListedCall,
            (ListedCall.jurisdiction_id == Incident.jurisdiction_id) & (ListedCall.incident_id == Incident.id),
        )
        .where(
            Incident.jurisdiction_id == actor.jurisdiction_id,
            ListedCall.source == source,
            ListedCall.absent_from <= lists - rule.after_lists + 1,
            Incident.status == IncidentStatus.PENDING.value,
            Incident.priority.not_in(LIFE_THREATS),
            Incident.needs_human.is_(False),
            Incident.linked_to.is_(None),
            ~leads,
            ~assigned,
        )
        .order_by(Incident.id)
        .with_for_update(of=Incident, skip_locked=True)
    )
    note = f"Not on the last {rule.after_lists} lists of {source}."
    return [
        (row, await end_incident(session, row, IncidentStatus.CLOSED, CLOSED_AT_SOURCE, actor, note=note))
        for row in due.all()
    ]
