"""New calls are compared with those on record, after they were stored: nothing that a sender waits for."""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.active_policy import ActivePolicies
from dispatch.db.call_profiles import forget, keep, near
from dispatch.db.lookup import get_incident
from dispatch.db.models import IncidentLink
from dispatch.linking.judge import Match, Verdict, judge
from dispatch.linking.profile import Profile, profile_of
from dispatch.operations.actor import Actor
from dispatch.operations.groups import OPEN, join, redecide, say

BATCH = 100
LINKER = "service:linking"

_BEGIN = text("insert into link_cursor (jurisdiction_id, seq) values (:jurisdiction_id, 0) on conflict do nothing")
_TURN = text("select seq from link_cursor where jurisdiction_id = :jurisdiction_id for update skip locked")
_DONE = text("update link_cursor set seq = :seq where jurisdiction_id = :jurisdiction_id")

# The last place of the log below which nobody can still commit a row; asked before the rows are read (queries/feed.py).
_HORIZON = text("select event_log_horizon()")
_NEWS = text(
    """
    select seq, type, incident_id from event_log
    where jurisdiction_id = :jurisdiction_id and seq > :after and seq <= :horizon
    order by seq limit :limit
    """
)
_OF_CALLS = ("call.received", "call.updated")
_OF_DECISIONS = ("incident.retriaged", "incident.overridden")

_CALLS = text(
    """
    select c.id, c.incident_id, c.received_at, coalesce(u.body, c.body) as body, d.decision, i.status, i.linked_to,
           exists (select 1 from incident m
                    where m.jurisdiction_id = i.jurisdiction_id and m.linked_to = i.id) as leads
    from call c
    join incident i on i.jurisdiction_id = c.jurisdiction_id and i.id = c.incident_id
    join triage_decision d on d.jurisdiction_id = i.jurisdiction_id and d.id = i.decision_id
    left join lateral (
      select body from call_update
      where jurisdiction_id = c.jurisdiction_id and call_id = c.id order by version desc limit 1
    ) u on true
    where c.jurisdiction_id = :jurisdiction_id and c.incident_id = any(:incidents)
    order by c.id
    """
)

_LEADERS_OF = text(
    """
    select id, linked_to from incident
    where jurisdiction_id = :jurisdiction_id and id = any(:incidents) and linked_to is not null
    """
)


@dataclass(frozen=True, slots=True)
class Pass:
    """What one turn did. read: rows of the log; 0 when all is compared. raised: incidents that are graver now."""

    read: int
    proposed: int = 0
    linked: int = 0
    raised: int = 0


@dataclass(frozen=True, slots=True)
class _New:
    profile: Profile
    may_link: bool


async def compare_new(
    session: AsyncSession, policies: ActivePolicies, actor: Actor, *, limit: int = BATCH, skip: bool = False
) -> Pass:
    """The next calls of the log are compared: likely doubles are proposed, sure ones are linked and decided as a whole.

    A call that is linked stays on the queue until a person confirms; what was linked by anybody is decided anew when
    one of its calls was. One worker at a time: the others find nothing to do. skip: only move on, past what fails.
    """
    j = actor.jurisdiction_id
    await session.execute(_BEGIN, {"jurisdiction_id": j})
    after = await session.scalar(_TURN, {"jurisdiction_id": j})
    if after is None:
        return Pass(0)
    horizon = (await session.execute(_HORIZON)).scalar_one()
    span = {"jurisdiction_id": j, "after": after, "horizon": horizon, "limit": limit}
    news = (await session.execute(_NEWS, span)).all()
    if not news:
        return Pass(0)
    await session.execute(_DONE, {"jurisdiction_id": j, "seq": news[-1].seq})
    if skip:
        return Pass(len(news))
    touched = list(dict.fromkeys(row.incident_id for row in news if row.type in _OF_CALLS))
    calls = await _calls(session, j, touched)
    await keep(session, j, [call.profile for call in calls], actor.now)
    await forget(session, actor.now)
    matches, same_as = await _judged(session, j, calls)
    changed = list(dict.fromkeys(row.incident_id for row in news if row.type in (*_OF_CALLS, *_OF_DECISIONS)))
    members = {
        row.id: row.linked_to
        for row in await session.execute(_LEADERS_OF, {"jurisdiction_id": j, "incidents": changed})
    }
    joined_to, raised = await _join_all(session, same_as, members, policies, actor)
    await _record(session, matches, joined_to, actor)
    return Pass(len(news), sum(map(len, matches.values())), len(joined_to), raised)


async def _calls(session: AsyncSession, jurisdiction_id: str, incidents: list[str]) -> list[_New]:
    if not incidents:
        return []
    rows = await session.execute(_CALLS, {"jurisdiction_id": jurisdiction_id, "incidents": incidents})
    return [
        _New(
            profile_of(row.id, row.incident_id, row.received_at, row.body, row.decision),
            may_link=row.status in OPEN and row.linked_to is None and not row.leads,
        )
        for row in rows
    ]


async def _judged(
    session: AsyncSession, jurisdiction_id: str, calls: list[_New]
) -> tuple[dict[str, list[Match]], dict[str, str]]:
    """Incident id -> what its call may be the same as, and incident id -> the one that it is surely the same as.

    One call after the other, so that those of one batch find each other joined already, as if they had come apart.
    What a person kept separate is not asked again.
    """
    asking = [call.profile for call in calls if call.may_link]
    if not asking:
        return {}, {}
    around = await near(session, jurisdiction_id, asking)
    kept_apart = await _kept_apart(session, jurisdiction_id, [profile.incident_id for profile in asking])
    found: dict[str, list[Match]] = {}
    same_as: dict[str, str] = {}
    for profile in sorted(asking, key=lambda profile: profile.incident_id):
        known = []
        for one in around[profile.call_id]:
            leader = same_as.get(one.leader_id, one.leader_id)
            # The older one is asked about nothing: what comes later is compared with it.
            is_older = leader < profile.incident_id and one.leader_id < profile.incident_id
            if is_older and not {(profile.incident_id, leader), (profile.incident_id, one.leader_id)} & kept_apart:
                known.append(replace(one, leader_id=leader))
        matches = judge(profile, known)
        if matches:
            found[profile.incident_id] = list(matches)
        if matches and matches[0].verdict is Verdict.LINK:
            same_as[profile.incident_id] = matches[0].leader_id
    return found, same_as


async def _kept_apart(session: AsyncSession, jurisdiction_id: str, incidents: list[str]) -> set[tuple[str, str]]:
    rows = await session.execute(
        select(IncidentLink.incident_id, IncidentLink.other_id).where(
            IncidentLink.jurisdiction_id == jurisdiction_id,
            IncidentLink.incident_id.in_(incidents),
            IncidentLink.state == "separate",
        )
    )
    return {(row.incident_id, row.other_id) for row in rows}


async def _record(
    session: AsyncSession, matches: dict[str, list[Match]], joined_to: dict[str, str], actor: Actor
) -> None:
    links = [_link(incident, match, joined_to) for incident, found in matches.items() for match in found]
    await say(session, links, actor, automatic=True)


def _link(incident: str, match: Match, joined_to: dict[str, str]) -> dict[str, Any]:
    return {
        "incident_id": incident,
        "other_id": match.leader_id,
        "state": "linked" if joined_to.get(incident) == match.leader_id else "proposed",
        "score": round(match.likeness.score, 2),
        "parts": [
            {"name": part.name, "log_odds": round(part.log_odds, 2), "because": part.because}
            for part in match.likeness.parts
        ],
    }


async def _join_all(
    session: AsyncSession, wished: dict[str, str], members: dict[str, str], policies: ActivePolicies, actor: Actor
) -> tuple[dict[str, str], int]:
    """What was joined, and how many incidents are graver now. All is locked in the order of ids, as everybody does.

    members: incident -> the one it belongs to, of those that were decided anew.
    """
    names = sorted({*wished, *wished.values(), *members.values()})
    if not names:
        return {}, 0
    rows = {name: await get_incident(session, actor.jurisdiction_id, name, lock=True) for name in names}
    done: dict[str, str] = {}
    changed: dict[str, set[str]] = defaultdict(set)
    for incident, leader in members.items():
        changed[leader].add(incident)
    for incident, leader in sorted(wished.items()):
        if rows[leader].status in OPEN and rows[leader].linked_to is None and rows[incident].linked_to is None:
            changed[leader] |= set(await join(session, rows[incident], rows[leader], actor, automatic=True))
            done[incident] = leader
    standing = await policies.standing(session, actor.jurisdiction_id, actor.now)
    signs = [
        await redecide(session, rows[leader], standing, actor, changed=whom) for leader, whom in sorted(changed.items())
    ]
    return done, sum(1 for one in signs if one)
