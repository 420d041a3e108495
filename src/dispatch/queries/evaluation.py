"""Triage of a call that is not stored: the console's "try it", an integrator's dry run, an analyst's question."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.active_policy import ActivePolicies, PolicyKey
from dispatch.domain.call import CallFacts
from dispatch.triage.decision import as_data
from dispatch.triage.evaluate import evaluate
from dispatch.triage.explain import explain
from dispatch.triage.explain_text import whole_text
from dispatch.triage.questions import with_questions


async def evaluate_call(
    session: AsyncSession,
    jurisdiction_id: str,
    call: CallFacts,
    policies: ActivePolicies,
    key: PolicyKey | None,
    now: datetime,
    *,
    with_trace: bool = False,
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The `triage` object under the policy that decides now, or under the version asked for; and how it came about,
    as data and as a text, when that is wanted.
    """
    policy = await policies.get(session, key) if key else await policies.active(session, jurisdiction_id, now)
    triage = as_data(with_questions(evaluate(call, policy, now), call, policy, now))
    if not with_trace:
        return triage, None
    trace = explain(call, policy, now)
    data = trace.as_data()
    return triage, {"tables": data["tables"], "programs": data["programs"], "text": whole_text(trace)}
