"""Stored calls meet policy texts: what another text would have changed, and whether an old decision holds still."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.active_policy import ActivePolicies, PolicyKey
from dispatch.db.lookup import get_incident
from dispatch.db.models import Incident, TriageDecisionRow
from dispatch.domain.errors import Conflict, NotFound
from dispatch.operations.triage_input import from_given, linked_of
from dispatch.triage.decision import as_data
from dispatch.triage.evaluate import evaluate
from dispatch.triage.outcomes import Cell, differences, first_responders, matrix
from dispatch.triage.policy import Policy
from dispatch.triage.whole import evaluate_whole

MOST_CHANGES_LISTED = 200
_ASKED = ("questions", "would_change_if")

# What a reader may see of a decision; the valve of the API, or nothing taken out.
Shown = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ChangedCall:
    """One stored call that the new text decides otherwise, for the people on scene."""

    incident: str
    number: str
    old: str
    new: str
    changes: tuple[str, ...]
    old_priority: int
    new_priority: int
    old_category: str
    new_category: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """calls: how many were decided under both. changed: all that differ; listed: the newest of them."""

    calls: int
    changed: int
    matrix: list[Cell]
    listed: list[ChangedCall]


@dataclass(frozen=True, slots=True)
class Reevaluation:
    """differs: names of the parts that came out otherwise; empty when equal."""

    equal: bool
    differs: tuple[str, ...]
    policy: dict[str, Any]
    stored: dict[str, Any]
    evaluated: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Given:
    incident: str
    number: str
    given: dict[str, Any]
    at: datetime


async def replay(
    session: AsyncSession, jurisdiction_id: str, old: Policy, new: Policy, last: int, shown: Shown
) -> Replay:
    """The decisions of the last stored calls under both texts, as each call came in."""
    rows = await session.execute(
        select(TriageDecisionRow.incident_id, Incident.number, TriageDecisionRow.given, TriageDecisionRow.decided_at)
        .join(
            Incident,
            (Incident.jurisdiction_id == TriageDecisionRow.jurisdiction_id)
            & (Incident.id == TriageDecisionRow.incident_id),
        )
        .where(TriageDecisionRow.jurisdiction_id == jurisdiction_id, TriageDecisionRow.trigger == "call")
        .order_by(TriageDecisionRow.id.desc())
        .limit(last)
    )
    calls = [_Given(*row) for row in rows]
    return await asyncio.to_thread(_compared, calls, old, new, shown)


def _compared(calls: Sequence[_Given], old: Policy, new: Policy, shown: Shown) -> Replay:
    pairs: list[tuple[str, str]] = []
    changed: list[ChangedCall] = []
    for call in calls:
        facts = from_given(call.given)
        before, after = (shown(as_data(evaluate(facts, policy, call.at))) for policy in (old, new))
        pair = first_responders(before), first_responders(after)
        pairs.append(pair)
        changes = differences(before, after)
        if changes:
            rows = tuple(reason["rule"] for reason in after["reasons"])
            priorities, categories = (
                (before["priority"], after["priority"]),
                (before["category"], after["category"]),
            )
            changed.append(ChangedCall(call.incident, call.number, *pair, changes, *priorities, *categories, rows))
    return Replay(len(calls), len(changed), matrix(pairs), changed[:MOST_CHANGES_LISTED])


async def reevaluate(
    session: AsyncSession, jurisdiction_id: str, incident_name: str, decision_id: str, policies: ActivePolicies
) -> Reevaluation:
    """An old decision, decided again from what was given then, under the text of then, at its moment.

    Raises NotFound, and Conflict for what a person decided: there is nothing to evaluate.
    """
    incident = await get_incident(session, jurisdiction_id, incident_name)
    row = await session.get(TriageDecisionRow, (jurisdiction_id, decision_id))
    if row is None or row.incident_id != incident.id:
        raise NotFound(
            f"Incident {incident.number} has no decision {decision_id}.",
            fix="List them with GET /v1/incidents/{id}/decisions.",
        )
    if row.trigger == "override":
        raise Conflict("A person decided this.", fix="Evaluate the decision before it again.", decided_by=row.actor)
    policy = await policies.get(session, PolicyKey(jurisdiction_id, row.policy_id, row.policy_version))
    return await asyncio.to_thread(_again, row.given, row.decision, row.decided_at, policy)


def _again(given: dict[str, Any], stored: dict[str, Any], at: datetime, policy: Policy) -> Reevaluation:
    # Questions were worked out for people only; where none are stored nobody asked.
    asked = any(stored[name] for name in _ASKED)
    decision = evaluate_whole(from_given(given), linked_of(given), policy, at, ask=asked)
    data = as_data(decision)
    differs = tuple(name for name in {**stored, **data} if stored.get(name) != data.get(name))
    return Reevaluation(not differs, differs, stored["policy"], stored, data)
