"""What was decided for an incident before: by triage itself, and whether a person decided otherwise."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Incident, TriageDecisionRow


async def was_overridden(session: AsyncSession, incident: Incident) -> bool:
    """True when a person has decided otherwise at least once."""
    found = await session.scalar(
        select(TriageDecisionRow.id)
        .where(
            TriageDecisionRow.jurisdiction_id == incident.jurisdiction_id,
            TriageDecisionRow.incident_id == incident.id,
            TriageDecisionRow.trigger == "override",
        )
        .limit(1)
    )
    return found is not None


async def last_of_triage(session: AsyncSession, incident: Incident) -> dict[str, Any]:
    """What triage itself found last, whatever a person decided since."""
    rows = await session.scalars(
        select(TriageDecisionRow.decision)
        .where(
            TriageDecisionRow.jurisdiction_id == incident.jurisdiction_id,
            TriageDecisionRow.incident_id == incident.id,
            TriageDecisionRow.trigger != "override",
        )
        .order_by(TriageDecisionRow.ordinal.desc())
        .limit(1)
    )
    found: dict[str, Any] = rows.one()  # the first decision of an incident is always triage's
    return found
