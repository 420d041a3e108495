"""Incidents that are one thing: joined under the one that stands for all, decided as a whole, taken apart again."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.active_policy import Standing
from dispatch.db.models import Assignment, Incident
from dispatch.db.session import json_text
from dispatch.db.timers import End, Timing
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.call import CallFacts
from dispatch.domain.events import EventType
from dispatch.domain.incident import IncidentStatus
from dispatch.domain.timers import OF_INCIDENT
from dispatch.operations.actor import Actor, tell
from dispatch.operations.decisions import Redecision, latest_decision, record_redecision
from dispatch.operations.earlier_decisions import last_of_triage
from dispatch.operations.triage_input import as_linked, from_given, linked_of, notes_of
from dispatch.operations.unserved import settle
from dispatch.triage.decision import as_data
from dispatch.triage.whole import LinkedFacts, Told, evaluate_whole, raised

DUPLICATE = "duplicate"
OPEN = (IncidentStatus.PENDING.value, IncidentStatus.HELD.value, IncidentStatus.ACTIVE.value)

_MEMBERS = text(
    """
    select i.id, i.priority, d.given, d.decision
    from incident i
    cross join lateral (
      select given, decision from triage_decision
      where jurisdiction_id = i.jurisdiction_id and incident_id = i.id order by ordinal desc limit 1
    ) d
    where i.jurisdiction_id = :jurisdiction_id and i.linked_to = :leader_id
      and (cast(:only as text[]) is null or i.id = any(cast(:only as text[])))
    order by i.id
    """
)

_SAY = text(
    """
    insert into incident_link (jurisdiction_id, incident_id, other_id, state, automatic, score, parts, decided_by,
                               decided_at)
    select :jurisdiction_id, l.incident_id, l.other_id, l.state, :automatic, l.score, coalesce(l.parts, '[]'),
           :decided_by, :decided_at
    from jsonb_to_recordset(cast(:links as jsonb))
      as l(incident_id text, other_id text, state text, score float8, parts jsonb)
    on conflict (jurisdiction_id, incident_id, other_id) do update
      set state = excluded.state, automatic = excluded.automatic, decided_by = excluded.decided_by,
          decided_at = excluded.decided_at, score = coalesce(excluded.score, incident_link.score),
          parts = case when excluded.score is null then incident_link.parts else excluded.parts end
      where not excluded.automatic or (incident_link.state = 'proposed' and incident_link.automatic)
    """
)


async def say(session: AsyncSession, links: Sequence[dict[str, Any]], actor: Actor, *, automatic: bool) -> None:
    """The links stand as said; what is said automatically never undoes what a person said."""
    if not links:
        return
    values = {
        "jurisdiction_id": actor.jurisdiction_id,
        "automatic": automatic,
        "decided_by": actor.subject,
        "decided_at": actor.now,
        "links": json_text(list(links)),
    }
    await session.execute(_SAY, values)


async def join(
    session: AsyncSession, incident: Incident, leader: Incident, actor: Actor, *, automatic: bool
) -> list[str]:
    """The incident and all joined to it belong to the leader. Returns their ids, for `redecide`, which must follow."""
    members = [incident, *await members_of(session, incident)]
    for member in members:
        member.linked_to = leader.id
        member.version += 1
        payload = {"to": leader.id, "number": leader.number, "automatic": automatic}
        await tell(
            session,
            actor,
            log.Entry(EventType.INCIDENT_LINKED, member.id, actor.now, member.id, payload),
            log.Entry(
                EventType.CALL_LINKED,
                member.id,
                actor.now,
                leader.id,
                {"from": member.id, "number": member.number, "automatic": automatic},
            ),
        )
    return [member.id for member in members]


async def members_of(session: AsyncSession, leader: Incident) -> list[Incident]:
    """The incidents joined to this one, locked, in the order in which they came."""
    return list(
        await session.scalars(
            select(Incident)
            .where(Incident.jurisdiction_id == leader.jurisdiction_id, Incident.linked_to == leader.id)
            .order_by(Incident.id)
            .with_for_update()
        )
    )


async def end_as_duplicate(session: AsyncSession, incident: Incident, leader: Incident, actor: Actor) -> None:
    """The incident has left the queue, since a person said what it is; with units on it, it stays until they clear."""
    if incident.status not in OPEN or await has_units(session, incident):
        return
    incident.status = IncidentStatus.CLOSED.value
    incident.disposition = DUPLICATE
    incident.closed_at = actor.now
    incident.final_type = incident.incident_type
    incident.version += 1
    await settle(session, incident, actor)
    payload = {"disposition": DUPLICATE, "note": f"the same as {leader.number}", "final_type": incident.final_type}
    entry = log.Entry(EventType.INCIDENT_CLOSED, incident.id, actor.now, incident.id, payload)
    await tell(session, actor, entry, timing=Timing(ends=[End(incident.id, OF_INCIDENT)]))


async def has_units(session: AsyncSession, incident: Incident) -> bool:
    """True while any assignment of the incident is open. What only waits for a busy unit is none, and who is told one
    way keeps nothing open.
    """
    found = await session.scalar(
        select(Assignment.id)
        .where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.is_open,
            Assignment.status != AssignmentStatus.RESERVED.value,
            Assignment.responder_type.not_in(sorted(ONE_WAY_TYPES)),
        )
        .limit(1)
    )
    return found is not None


async def redecide(
    session: AsyncSession, leader: Incident, standing: Standing, actor: Actor, *, changed: Collection[str] | None = None
) -> list[str]:
    """The leader's newest decision covers all that belong to it. Returns what is graver now; that is in the log too.

    changed: those that were joined or decided anew since; None: also some that left. Of the calls about one thing those
    are kept with the decision that told something which the ones before them had not.
    A person's override stands unless the whole is more urgent; what is graver is told in either case.
    """
    last = await latest_decision(session, actor.jurisdiction_id, leader.id)
    own, kept = from_given(last.given), linked_of(last.given)
    linked = await _telling(session, leader, own, kept, standing, actor, changed)
    if as_linked(linked) == as_linked(kept):
        return []
    before = await last_of_triage(session, leader)
    decision = evaluate_whole(own, linked, standing.policy, actor.now)
    change = Redecision(leader.id, "linked", own, decision, notes_of(last.given), linked)
    data = await record_redecision(session, change, actor, standing)
    signs = raised(before, data)
    if signs:
        payload = {
            "because": signs,
            "priority": leader.priority,
            "before": before["priority"],
            "linked": [one.incident for one in linked],
        }
        await tell(session, actor, log.Entry(EventType.INCIDENT_RAISED, leader.id, actor.now, leader.id, payload))
    return signs


async def _telling(
    session: AsyncSession,
    leader: Incident,
    own: CallFacts,
    kept: Sequence[LinkedFacts],
    standing: Standing,
    actor: Actor,
    changed: Collection[str] | None,
) -> list[LinkedFacts]:
    """The members whose calls told something new, in the order in which they came to be known."""
    still = [] if changed is None else [one for one in kept if one.incident not in changed]
    decision = evaluate_whole(own, still, standing.policy, actor.now, ask=False)
    told = Told.of(as_data(decision))
    asked = {
        "jurisdiction_id": actor.jurisdiction_id,
        "leader_id": leader.id,
        "only": None if changed is None else sorted(changed),
    }
    rows = await session.execute(_MEMBERS, asked)
    new = [
        LinkedFacts(row.id, row.priority, from_given(row.given))
        for row in rows
        if told.add(Told.of({**row.decision, "priority": min(row.priority, row.decision["priority"])}))
    ]
    return [*still, *new]
