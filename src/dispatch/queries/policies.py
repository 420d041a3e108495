"""Policies as they stand at a moment: which decides, which waits, which is tried beside it and what it would change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from dispatch.db.active_policy import DECIDING, PUBLISHED, PolicyKey
from dispatch.db.models import Incident, PolicyVersion, ShadowDecision, TriageDecisionRow
from dispatch.triage.outcomes import Cell

MOST_LISTED = 1000
MOST_EXAMPLES = 50
ACTIVE, SCHEDULED, SUPERSEDED = "active", "scheduled", "superseded"


@dataclass(frozen=True, slots=True)
class ShadowExample:
    """A call that the version in shadow would have answered otherwise."""

    incident: str
    number: str
    decided_at: datetime
    old: str
    new: str
    old_priority: int
    new_priority: int
    old_category: str
    new_category: str


@dataclass(frozen=True, slots=True)
class ShadowSummary:
    """What a version in shadow saw and would have done. first_at, last_at: None before the first call."""

    seen: int
    changed: int
    first_at: datetime | None
    last_at: datetime | None
    matrix: list[Cell]
    examples: list[ShadowExample]


async def list_versions(session: AsyncSession, jurisdiction_id: str) -> list[PolicyVersion]:
    """Every version stored, newest first, without its texts."""
    rows = await session.scalars(
        select(PolicyVersion)
        .options(defer(PolicyVersion.texts, raiseload=True), defer(PolicyVersion.parents, raiseload=True))
        .where(PolicyVersion.jurisdiction_id == jurisdiction_id)
        .order_by(PolicyVersion.created_at.desc(), PolicyVersion.id, PolicyVersion.version.desc())
        .limit(MOST_LISTED)
    )
    return list(rows)


async def deciding_key(session: AsyncSession, jurisdiction_id: str, at: datetime) -> PolicyKey | None:
    """Who decides at this moment."""
    row = (await session.execute(DECIDING, {"jurisdiction_id": jurisdiction_id, "at": at})).one_or_none()
    return None if row is None else PolicyKey(jurisdiction_id, row.id, row.version)


def status_at(row: PolicyVersion, deciding: PolicyKey | None, at: datetime) -> str:
    """What the version is at this moment; published ones are active, scheduled or superseded."""
    if row.status != PUBLISHED or row.effective_at is None:
        return row.status
    if deciding == PolicyKey(row.jurisdiction_id, row.id, row.version):
        return ACTIVE
    return SCHEDULED if row.effective_at > at else SUPERSEDED


async def shadow_summary(session: AsyncSession, key: PolicyKey) -> ShadowSummary:
    """What this version would have changed on the calls that it was evaluated on."""
    of = (
        ShadowDecision.jurisdiction_id == key.jurisdiction_id,
        ShadowDecision.policy_id == key.id,
        ShadowDecision.policy_version == key.version,
    )
    counts = (
        await session.execute(
            select(
                func.count(),
                func.count().filter(ShadowDecision.differs),
                func.min(ShadowDecision.decided_at),
                func.max(ShadowDecision.decided_at),
            ).where(*of)
        )
    ).one()
    pair = (ShadowDecision.active_responder, ShadowDecision.first_responder)
    cells = await session.execute(
        select(*pair, func.count()).where(*of).group_by(*pair).order_by(func.count().desc(), *pair)
    )
    return ShadowSummary(*counts, [Cell(*row) for row in cells], await _examples(session, of))


async def _examples(session: AsyncSession, of: tuple[Any, ...]) -> list[ShadowExample]:
    """The newest changed calls with what was decided then; a person's later override does not count."""
    beside = (
        (TriageDecisionRow.jurisdiction_id == ShadowDecision.jurisdiction_id)
        & (TriageDecisionRow.incident_id == ShadowDecision.incident_id)
        & (TriageDecisionRow.ordinal == ShadowDecision.ordinal)
    )
    incident = (Incident.jurisdiction_id == ShadowDecision.jurisdiction_id) & (
        Incident.id == ShadowDecision.incident_id
    )
    rows = await session.execute(
        select(
            ShadowDecision,
            Incident.number,
            text("(triage_decision.decision ->> 'priority')::int as old_priority"),
            text("triage_decision.decision ->> 'category' as old_category"),
        )
        .options(defer(ShadowDecision.decision, raiseload=True))
        .join(TriageDecisionRow, beside)
        .join(Incident, incident)
        .where(*of, ShadowDecision.differs)
        .order_by(ShadowDecision.decided_at.desc(), ShadowDecision.incident_id.desc(), ShadowDecision.ordinal.desc())
        .limit(MOST_EXAMPLES)
    )
    return [_example(row) for row in rows]


def _example(row: Any) -> ShadowExample:
    shadow, number, old_priority, old_category = row
    return ShadowExample(
        incident=shadow.incident_id,
        number=number,
        decided_at=shadow.decided_at,
        old=shadow.active_responder,
        new=shadow.first_responder,
        old_priority=old_priority,
        new_priority=shadow.priority,
        old_category=old_category,
        new_category=shadow.category,
    )
