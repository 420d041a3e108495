"""A policy in shadow: evaluated on live calls beside the one that decides, recorded, and nobody is sent by it."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.active_policy import Standing
from dispatch.db.models import ShadowDecision, TriageDecisionRow
from dispatch.domain.call import CallFacts
from dispatch.triage.decision import as_data
from dispatch.triage.evaluate import evaluate
from dispatch.triage.outcomes import differences, first_responders


def beside(standing: Standing, call: CallFacts, decided: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """What the version in shadow would have decided, as columns of shadow_decision; empty when none is in shadow."""
    if standing.shadow is None:
        return []
    data = as_data(evaluate(call, standing.shadow, now))
    return [
        {
            "policy_id": standing.shadow.id,
            "policy_version": standing.shadow.version,
            "policy_sha256": standing.shadow.sha256,
            "category": data["category"],
            "priority": data["priority"],
            "first_responder": first_responders(data),
            "active_responder": first_responders(decided),
            "differs": bool(differences(decided, data)),
            "decision": data,
        }
    ]


async def record_shadow(session: AsyncSession, row: TriageDecisionRow, found: list[dict[str, Any]]) -> None:
    """What the version in shadow says stands beside the decision."""
    if not found:
        return
    await session.flush()
    session.add_all(
        ShadowDecision(
            jurisdiction_id=row.jurisdiction_id,
            incident_id=row.incident_id,
            ordinal=row.ordinal,
            decided_at=row.decided_at,
            **columns,
        )
        for columns in found
    )
