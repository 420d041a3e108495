"""What an incident is linked with, what it may be the same as, and what a new call may be the same as."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.call_profiles import near
from dispatch.linking.judge import judge
from dispatch.linking.profile import Profile, profile_of

_LINKS = text(
    """
    select k.incident_id, k.other_id, k.state, k.automatic, k.score, k.parts, k.decided_by, k.decided_at,
           o.id, o.number, o.status, o.priority, o.incident_type, o.linked_to
    from incident_link k
    join incident o on o.jurisdiction_id = k.jurisdiction_id
      and o.id = case when k.incident_id = :incident_id then k.other_id else k.incident_id end
    where k.jurisdiction_id = :jurisdiction_id and (k.incident_id = :incident_id or k.other_id = :incident_id)
    order by k.score desc nulls last, o.id
    """
)

_NUMBERS = text("select id, number from incident where jurisdiction_id = :jurisdiction_id and id = any(:ids)")

_COUNT = text(
    """
    select count(*) from call c
    join incident i on i.jurisdiction_id = c.jurisdiction_id and i.id = c.incident_id
    where c.jurisdiction_id = :jurisdiction_id and (i.id = :leader_id or i.linked_to = :leader_id)
    """
)


@dataclass(frozen=True, slots=True)
class Link:
    """How another incident stands to this one. state: proposed, linked, separate. parts: of the score, with reasons."""

    incident: str
    number: str
    status: str
    priority: int
    incident_type: str
    state: str
    automatic: bool
    score: float | None
    parts: list[dict[str, Any]]
    decided_by: str
    decided_at: datetime


async def links_of(session: AsyncSession, jurisdiction_id: str, incident_id: str) -> list[Link]:
    """Every incident that this one was compared with and found like, or that a person spoke of; likest first."""
    rows = await session.execute(_LINKS, {"jurisdiction_id": jurisdiction_id, "incident_id": incident_id})
    found: dict[str, Link] = {}
    for row in rows:
        link = Link(
            row.id,
            row.number,
            row.status,
            row.priority,
            row.incident_type,
            row.state,
            row.automatic,
            row.score,
            row.parts,
            row.decided_by,
            row.decided_at,
        )
        # Two incidents that were kept apart are said to be so from either side.
        if row.id not in found or row.incident_id == incident_id:
            found[row.id] = link
    return list(found.values())


async def linked_calls(session: AsyncSession, jurisdiction_id: str, leader_id: str) -> int:
    """How many calls there are about what this incident stands for, its own included."""
    return int(await session.scalar(_COUNT, {"jurisdiction_id": jurisdiction_id, "leader_id": leader_id}) or 0)


async def may_be_same(
    session: AsyncSession,
    jurisdiction_id: str,
    call_id: str,
    incident_id: str,
    at: datetime,
    body: dict[str, Any],
    triage: dict[str, Any],
) -> list[dict[str, Any]]:
    """The open incidents that this call may be about, likest first, for the person who took it. Writes nothing."""
    profile: Profile = profile_of(call_id, incident_id, at, body, triage)
    known = (await near(session, jurisdiction_id, [profile]))[call_id]
    matches = judge(profile, known)
    if not matches:
        return []
    ids = [match.leader_id for match in matches]
    rows = await session.execute(_NUMBERS, {"jurisdiction_id": jurisdiction_id, "ids": ids})
    numbers = {row.id: row.number for row in rows}
    return [
        {
            "incident": match.leader_id,
            "number": numbers[match.leader_id],
            "verdict": match.verdict.value,
            "score": round(match.likeness.score, 2),
            "parts": [
                {"name": part.name, "log_odds": round(part.log_odds, 2), "because": part.because}
                for part in match.likeness.parts
            ],
            "reasons": list(match.reasons),
        }
        for match in matches
    ]
