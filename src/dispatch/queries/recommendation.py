"""Joins triage and routing, which do not know each other: a decision's plan becomes units with reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Assignment, Incident, TriageDecisionRow
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.errors import NotFound
from dispatch.domain.geo import LatLon
from dispatch.domain.plan import Plan, plan_from_data
from dispatch.queries.roster import RosterCopies, read_roster
from dispatch.routing.answer import Recommendation, as_data, without_types
from dispatch.routing.candidates import Candidate
from dispatch.routing.recommend import RoutingContext, recommend
from dispatch.routing.travel import StraightLine

# How long a job is taken to last when a shift is about to end; measured times per type replace it with the planner.
EXPECTED_JOB_S = 30 * 60.0


@dataclass(frozen=True, slots=True)
class Need:
    """What the router must fill: the plan, how urgent, where, and the caller's language.

    incident: its number, for units that are on it already. declined: ids of units that said no to it.
    """

    plan: Plan
    priority: int
    position: LatLon | None
    language: str | None
    incident: str | None = None
    waiting_since: datetime | None = None
    declined: frozenset[str] = frozenset()


async def advise(
    session: AsyncSession,
    jurisdiction_id: str,
    need: Need,
    rosters: RosterCopies,
    fingerprint: int | None,
    now: datetime,
) -> dict[str, Any]:
    """The `recommendation` object over the nearest free units of the responder types that the plan names.

    The answer to a new call must be quick whatever the size of the roster: units that are further away, taken or of
    another type are left out of `not_offered`; `full_recommendation` lists every one. Where the nearest free units
    cannot fill the plan's first step, all units of its types are looked at, so that a shortfall has its true reasons.
    """
    if fingerprint is None:
        return as_data(recommended(need, [], None, now))
    roster = await rosters.get(session, jurisdiction_id, fingerprint, now)
    types = dict.fromkeys(slot.responder_type for step in need.plan.steps for slot in step.slots)
    advice = recommended(need, roster.shortlist(types, need.position), roster.zone, now)
    if advice.shortfalls or advice.active_step is None:
        advice = recommended(need, roster.of_types(types), roster.zone, now)
    return as_data(advice)


async def full_recommendation(
    session: AsyncSession, incident: Incident, now: datetime, hidden_types: frozenset[str]
) -> dict[str, Any]:
    """The `recommendation` object for an incident as it stands, over every unit of the roster, read now.

    hidden_types: responder types of which no trace may be shown.
    """
    row = await session.scalar(
        select(TriageDecisionRow).where(
            TriageDecisionRow.jurisdiction_id == incident.jurisdiction_id,
            TriageDecisionRow.id == incident.decision_id,
        )
    )
    if row is None:
        raise NotFound(f"Incident {incident.number} has no decision.", fix="Retriage it.")
    need = await need_of(session, incident, _steps_left(row.decision["plan"], incident.plan_step))
    roster = await read_roster(session, incident.jurisdiction_id, now)
    return as_data(without_types(recommended(need, roster.candidates, roster.zone, now), hidden_types))


def _steps_left(plan: list[dict[str, Any]], step: int) -> list[dict[str, Any]]:
    """The plan from the step that is being tried; whole where a newer plan has no such step."""
    return [entry for entry in plan if entry["step"] >= step] or plan


async def need_of(session: AsyncSession, incident: Incident, plan: list[dict[str, Any]]) -> Need:
    """What the router must know of an incident as it stands, for these steps of its plan."""
    position = LatLon(incident.lat, incident.lon) if incident.lat is not None and incident.lon is not None else None
    return Need(
        plan_from_data(plan),
        incident.priority,
        position,
        incident.caller_language,
        incident.number,
        incident.step_since or incident.opened_at,
        await _declined(session, incident),
    )


async def _declined(session: AsyncSession, incident: Incident) -> frozenset[str]:
    rows = await session.scalars(
        select(Assignment.unit_id).where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.status.in_([AssignmentStatus.DECLINED.value, AssignmentStatus.TIMED_OUT.value]),
        )
    )
    return frozenset(rows)


def recommended(need: Need, units: Sequence[Candidate], zone: tzinfo | None, now: datetime) -> Recommendation:
    """What the router answers to this need over these units."""
    context = RoutingContext(
        position=need.position,
        priority=need.priority,
        language=need.language,
        at=now,
        travel=StraightLine(zone=zone),
        expected_duration_s=EXPECTED_JOB_S,
        incident=need.incident,
        waiting_since=need.waiting_since,
        declined=need.declined,
    )
    return recommend(need.plan, units, context)
