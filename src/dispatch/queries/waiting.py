"""The incidents that nobody is on, as the router sees them, with who should go to which."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.lookup import two_units
from dispatch.db.models import Assignment, Incident, TriageDecisionRow
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.errors import NotFound
from dispatch.domain.geo import LatLon
from dispatch.domain.incident import IncidentStatus
from dispatch.domain.plan import plan_from_data
from dispatch.domain.transfer import AssignmentKind
from dispatch.queries.recommendation import Need, plain_context, steps_left
from dispatch.queries.roster import Roster, is_free
from dispatch.routing.reasons import sentence
from dispatch.routing.waiting import Fit, Waiting, freed_unit_takes, match

# The most urgent that wait; a queue longer than this is worked from its head.
MOST = 200


async def match_all(
    session: AsyncSession, jurisdiction_id: str, roster: Roster, now: datetime, hidden_types: frozenset[str]
) -> list[dict[str, Any]]:
    """One free unit for each waiting incident, as far as there are units, matched in one go."""
    waiting = await _waiting(session, jurisdiction_id, now, roster.zone, hidden_types)
    free = [unit for unit in roster.candidates if is_free(unit) and unit.responder_type not in hidden_types]
    return _as_data(match(waiting, free))


async def for_unit(
    session: AsyncSession, jurisdiction_id: str, unit: str, roster: Roster, now: datetime, hidden_types: frozenset[str]
) -> list[dict[str, Any]]:
    """What this unit could take, what it should take first. Raises NotFound; a hidden unit does not exist."""
    known = _find(roster, unit, hidden_types)
    waiting = await _waiting(session, jurisdiction_id, now, roster.zone, hidden_types)
    return _as_data(freed_unit_takes(known, waiting))


def _find(roster: Roster, unit: str, hidden_types: frozenset[str]) -> Any:
    same = [
        one
        for one in roster.candidates
        if unit in (one.unit_id, one.call_sign) and one.responder_type not in hidden_types
    ]
    if len(same) > 1:
        raise two_units(unit, (one.unit_id for one in same))
    if same:
        return same[0]
    raise NotFound(f"There is no unit {unit}.", fix="Use its call sign or id; GET /v1/units lists them.")


async def _waiting(
    session: AsyncSession, jurisdiction_id: str, now: datetime, zone: tzinfo, hidden_types: frozenset[str]
) -> list[Waiting]:
    taken = exists().where(
        Assignment.jurisdiction_id == Incident.jurisdiction_id,
        Assignment.incident_id == Incident.id,
        Assignment.is_open,
        # A pending incident that a desk has, or was asked to take, waits for somebody who comes.
        Assignment.kind == AssignmentKind.DISPATCH.value,
        # What is kept for a busy unit waits for anybody who is free sooner.
        Assignment.status != AssignmentStatus.RESERVED.value,
        # Who is hidden from the reader counts for nothing, or its absence from the list would tell of it.
        Assignment.responder_type.not_in(sorted(hidden_types)),
    )
    rows = await session.execute(
        select(Incident, TriageDecisionRow.decision)
        .join(
            TriageDecisionRow,
            (TriageDecisionRow.jurisdiction_id == Incident.jurisdiction_id)
            & (TriageDecisionRow.id == Incident.decision_id),
        )
        .where(Incident.jurisdiction_id == jurisdiction_id, Incident.status == IncidentStatus.PENDING.value, ~taken)
        .order_by(Incident.priority, Incident.opened_at, Incident.id)
        .limit(MOST)
    )
    found = [(incident, decision) for incident, decision in rows]
    declined = await _declined(session, jurisdiction_id, [incident.id for incident, _ in found])
    return [
        _one(incident, decision, declined.get(incident.id, frozenset()), now, zone, hidden_types)
        for incident, decision in found
    ]


async def _declined(session: AsyncSession, jurisdiction_id: str, incidents: Iterable[str]) -> dict[str, frozenset[str]]:
    rows = await session.execute(
        select(Assignment.incident_id, Assignment.unit_id).where(
            Assignment.jurisdiction_id == jurisdiction_id,
            Assignment.incident_id.in_(list(incidents)),
            Assignment.status.in_([AssignmentStatus.DECLINED.value, AssignmentStatus.TIMED_OUT.value]),
        )
    )
    found: dict[str, frozenset[str]] = {}
    for incident_id, unit_id in rows:
        if unit_id is None:
            continue
        found[incident_id] = found.get(incident_id, frozenset()) | {unit_id}
    return found


def _one(
    incident: Incident,
    decision: dict[str, Any],
    declined: frozenset[str],
    now: datetime,
    zone: tzinfo,
    hidden_types: frozenset[str],
) -> Waiting:
    position = LatLon(incident.lat, incident.lon) if incident.lat is not None and incident.lon is not None else None
    plan = plan_from_data(steps_left(decision["plan"], incident.plan_step)).without(hidden_types)
    need = Need(
        plan,
        incident.priority,
        position,
        incident.caller_language,
        incident.number,
        incident.step_since or incident.opened_at,
        declined,
    )
    waited_s = max(0.0, (now - incident.opened_at).total_seconds())
    return Waiting(incident.id, incident.number, plan, waited_s, plain_context(need, zone, now))


def _as_data(fits: Iterable[Fit]) -> list[dict[str, Any]]:
    return [
        {
            "incident_id": fit.waiting.incident_id,
            "incident": fit.waiting.number,
            "priority": fit.waiting.context.priority,
            "waited_s": round(fit.waiting.waited_s),
            "over_age": fit.waiting.is_over_age,
            "unit": fit.unit.call_sign,
            "unit_id": fit.unit.unit_id,
            "responder_type": fit.unit.responder_type,
            "step": fit.step,
            "eta_s": None if fit.eta_s is None else round(fit.eta_s),
            "reasons": list(fit.reasons),
            "why": " ".join(sentence(one) for one in fit.reasons),
        }
        for fit in fits
    ]
