"""What people say about calls that may be the same thing: they are, they are not, or the service was right."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.active_policy import ActivePolicies
from dispatch.db.lookup import get_incident
from dispatch.db.models import Incident
from dispatch.db.timers import End, Timing
from dispatch.domain.errors import Conflict, FieldProblem, Invalid
from dispatch.domain.events import EventType
from dispatch.domain.incident import IncidentStatus
from dispatch.domain.timers import OF_INCIDENT
from dispatch.operations.actor import Actor, tell
from dispatch.operations.groups import DUPLICATE, OPEN, end_as_duplicate, join, members_of, redecide, say
from dispatch.operations.queue import put_back


@dataclass(frozen=True, slots=True)
class LinkChange:
    """incident: as it stands now. leader: the one that stands for both, or that it was taken from."""

    incident: Incident
    leader: Incident
    raised: list[str]


async def link(
    session: AsyncSession, incident_id: str, other: str, policies: ActivePolicies, actor: Actor
) -> LinkChange:
    """The incident is the same as the other: that one stands for both, is decided as a whole, and may be raised by it.

    The incident itself ends as a duplicate, unless units are on it: they are cleared as always.
    Raises Conflict when the other has ended, Invalid for an incident with itself.
    """
    incident, leader = await _pair(session, incident_id, other, actor)
    if leader.status not in OPEN:
        raise Conflict(
            f"Incident {leader.number} is {leader.status}; a call linked to it would wait for nobody.",
            fix=f"Reopen {leader.number} first, or keep the two separate.",
            current=leader.status,
        )
    standing = await policies.standing(session, actor.jurisdiction_id, actor.now)
    await say(session, [_said(incident, leader, "linked")], actor, automatic=False)
    moved = [incident, *await members_of(session, incident)]
    if incident.linked_to != leader.id:
        before = incident.linked_to
        await join(session, incident, leader, actor, automatic=False)
        if before is not None:
            await _left(session, before, policies, actor)
    for member in moved:
        await end_as_duplicate(session, member, leader, actor)
    changed = [member.id for member in moved]
    return LinkChange(incident, leader, await redecide(session, leader, standing, actor, changed=changed))


async def keep_separate(
    session: AsyncSession, incident_id: str, other: str, policies: ActivePolicies, actor: Actor
) -> LinkChange:
    """The two are different things: taken apart where they were linked, and not proposed again."""
    incident, leader = await _pair(session, incident_id, other, actor)
    await say(
        session, [_said(incident, leader, "separate"), _said(leader, incident, "separate")], actor, automatic=False
    )
    payload = {"from": leader.id, "number": leader.number}
    entry = log.Entry(EventType.INCIDENT_KEPT_SEPARATE, incident.id, actor.now, incident.id, payload)
    await tell(session, actor, entry)
    if incident.linked_to == leader.id:
        await _take_apart(session, incident, leader, policies, actor)
    return LinkChange(incident, leader, [])


async def unlink(session: AsyncSession, incident_id: str, policies: ActivePolicies, actor: Actor) -> LinkChange:
    """The incident stands for itself again, on the queue with its old age. Raises Conflict when it is not linked."""
    incident = await get_incident(session, actor.jurisdiction_id, incident_id)
    if incident.linked_to is None:
        raise Conflict(
            f"Incident {incident.number} is linked to no other.", fix="Only an incident that is linked is unlinked."
        )
    return await keep_separate(session, incident.id, incident.linked_to, policies, actor)


async def confirm(session: AsyncSession, incident_id: str, policies: ActivePolicies, actor: Actor) -> LinkChange:
    """All that the service linked to this incident by itself is right: they leave the queue as duplicates."""
    leader = await get_incident(session, actor.jurisdiction_id, incident_id, lock=True)
    members = await members_of(session, leader)
    if not members:
        raise Conflict(
            f"Nothing is linked to incident {leader.number}.", fix="Confirm the incident that stands for the others."
        )
    standing = await policies.standing(session, actor.jurisdiction_id, actor.now)
    await say(session, [_said(member, leader, "linked") for member in members], actor, automatic=False)
    for member in members:
        await end_as_duplicate(session, member, leader, actor)
    return LinkChange(leader, leader, await redecide(session, leader, standing, actor, changed=()))


async def _pair(session: AsyncSession, incident_id: str, other: str, actor: Actor) -> tuple[Incident, Incident]:
    """Both incidents, locked in the order of their ids; of the other the one that stands for it."""
    first = await get_incident(session, actor.jurisdiction_id, incident_id)
    second = await get_incident(session, actor.jurisdiction_id, other)
    wanted = sorted({first.id, second.linked_to or second.id})
    if first.id in (second.id, second.linked_to):
        raise Invalid(
            "An incident is not linked to itself or to one that it stands for.",
            fix="Name another incident.",
            errors=[FieldProblem("/incident", "same_incident", f"{second.number} belongs to {first.number}")],
        )
    rows = await session.scalars(
        select(Incident)
        .where(Incident.jurisdiction_id == actor.jurisdiction_id, Incident.id.in_(wanted))
        .order_by(Incident.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    locked = {row.id: row for row in rows}
    leader = locked[second.linked_to or second.id]
    if leader.linked_to is not None:
        raise Conflict("The other incident was linked elsewhere just now.", fix="Read both again and repeat.")
    return locked[first.id], leader


async def _take_apart(
    session: AsyncSession, incident: Incident, leader: Incident, policies: ActivePolicies, actor: Actor
) -> None:
    incident.linked_to = None
    incident.version += 1
    back, timing = [], Timing()
    if incident.status == IncidentStatus.CLOSED.value and incident.disposition == DUPLICATE:
        back, timing = [put_back(incident, "not_the_same", actor)], Timing(ends=[End(incident.id, OF_INCIDENT)])
        incident.final_type = None
    payload = {"from": leader.id, "number": leader.number, "status": incident.status}
    await tell(
        session,
        actor,
        log.Entry(EventType.INCIDENT_UNLINKED, incident.id, actor.now, incident.id, payload),
        log.Entry(EventType.INCIDENT_UNLINKED, incident.id, actor.now, leader.id, payload),
        *back,
        timing=timing,
    )
    standing = await policies.standing(session, actor.jurisdiction_id, actor.now)
    await redecide(session, leader, standing, actor)


async def _left(session: AsyncSession, leader_id: str, policies: ActivePolicies, actor: Actor) -> None:
    """An incident went over to another group: the one it left is decided without it."""
    leader = await get_incident(session, actor.jurisdiction_id, leader_id, lock=True)
    await redecide(session, leader, await policies.standing(session, actor.jurisdiction_id, actor.now), actor)


def _said(incident: Incident, other: Incident, state: str) -> dict[str, str]:
    return {"incident_id": incident.id, "other_id": other.id, "state": state}
