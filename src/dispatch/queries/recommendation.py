"""Joins triage and routing, which do not know each other: a decision's plan becomes units with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Assignment, Incident, TriageDecisionRow
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.assignment import ACTIVE, AssignmentStatus
from dispatch.domain.errors import NotFound
from dispatch.domain.geo import LatLon
from dispatch.domain.outcome import PASSED_ON
from dispatch.domain.plan import Plan, PlanStep, plan_from_data
from dispatch.domain.unit import UnitStatus
from dispatch.queries.earlier import came_before, with_workload
from dispatch.queries.roster import Roster, RosterCopies, is_free
from dispatch.queries.travel import TravelChoice
from dispatch.queries.zones import read_zones
from dispatch.routing.answer import Recommendation, as_data
from dispatch.routing.candidates import Candidate
from dispatch.routing.cost import EXPECTED_JOB_S
from dispatch.routing.coverage import Coverage, CoverageRule
from dispatch.routing.recommend import RoutingContext, recommend
from dispatch.routing.redirect import as_data as redirect_data
from dispatch.routing.redirect import redirects
from dispatch.routing.travel import StraightLine


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """What the operation has set: who tells travel times, how coverage counts, what is kept for life threats."""

    travel: TravelChoice = field(default_factory=TravelChoice)
    coverage: CoverageRule = field(default_factory=CoverageRule)
    reserve: Mapping[str, int] = field(default_factory=dict)


DEFAULT_RULES = RoutingRules()
_ON_IT = [status.value for status in ACTIVE - {AssignmentStatus.OFFERED}]


@dataclass(frozen=True, slots=True)
class Need:
    """What the router must fill: the plan, how urgent, where, and the caller's language.

    incident: its number, for units that are on it already. declined: ids of units that said no to it. served: ids of
    units that did their part while others are still on it.
    """

    plan: Plan
    priority: int
    position: LatLon | None
    language: str | None
    incident: str | None = None
    waiting_since: datetime | None = None
    declined: frozenset[str] = frozenset()
    served: frozenset[str] = frozenset()


async def advise(
    session: AsyncSession,
    jurisdiction_id: str,
    need: Need,
    rosters: RosterCopies,
    fingerprint: int | None,
    now: datetime,
) -> dict[str, Any]:
    """The `recommendation` object over the nearest free units of the responder types that the plan names.

    The answer to a new call must be quick whatever the size of the roster: units that are further away, taken, of
    another type or wanted by a later step are left out of `not_offered`; `full_recommendation` lists every one. Where
    the nearest free units cannot fill the plan's first step, all units of the plan's types are looked at, so that a
    shortfall has its true reasons.
    """
    if fingerprint is None:
        return as_data(recommended(need, [], None, now))
    roster = await rosters.get(session, jurisdiction_id, now, fingerprint=fingerprint)
    steps = need.plan.steps
    advice = recommended(need, roster.shortlist(_types(steps[:1]), need.position), roster.zone, now)
    if advice.shortfalls or advice.active_step is None:
        advice = recommended(need, roster.of_types(_types(steps)), roster.zone, now)
    return as_data(advice)


def _types(steps: Sequence[PlanStep]) -> dict[str, None]:
    return dict.fromkeys(slot.responder_type for step in steps for slot in step.slots)


def no_advice(now: datetime) -> dict[str, Any]:
    """The `recommendation` object that says nothing: for an answer that must be given although the router failed."""
    return as_data(Recommendation((), (), (), None, None, now))


async def full_recommendation(
    session: AsyncSession,
    incident: Incident,
    roster: Roster,
    now: datetime,
    hidden_types: frozenset[str],
    rules: RoutingRules = DEFAULT_RULES,
) -> dict[str, Any]:
    """The `recommendation` object for an incident as it stands, over every unit of the roster.

    hidden_types: responder types that do not exist for the reader, neither in the plan nor on the roster.
    """
    need = await need_of(session, incident, hidden_types)
    units = [unit for unit in roster.candidates if unit.responder_type not in hidden_types]
    context = plain_context(need, roster.zone, now)
    context = replace(context, travel=await rules.travel.for_scene(_origins(need, units), need.position, roster.zone))
    if context.is_life_threat:
        advice = recommend(need.plan, units, context)
        return as_data(advice) | {"redirects": await _redirects(session, incident, need, advice, units, context)}
    context = replace(
        context,
        reserve=rules.reserve,
        coverage_loss=await _coverage(session, incident.jurisdiction_id, units, context, roster.zone, rules),
        came_before=await came_before(session, incident, now),
    )
    wanted = _types(need.plan.steps)
    units = await with_workload(session, incident.jurisdiction_id, units, wanted, now)
    return as_data(recommend(need.plan, units, context))


async def need_of(
    session: AsyncSession, incident: Incident, hidden_types: frozenset[str] = frozenset(), *, step: int | None = None
) -> Need:
    """What an incident needs as it stands, by the decision that stands: from the step that is being tried on.

    step: of this step of the plan alone.
    """
    row = await session.scalar(
        select(TriageDecisionRow).where(
            TriageDecisionRow.jurisdiction_id == incident.jurisdiction_id,
            TriageDecisionRow.id == incident.decision_id,
        )
    )
    if row is None:
        raise NotFound(f"Incident {incident.number} has no decision.", fix="Retriage it.")
    plan: list[dict[str, Any]] = row.decision["plan"]
    asked = steps_left(plan, incident.plan_step) if step is None else [one for one in plan if one["step"] == step]
    position = LatLon(incident.lat, incident.lon) if incident.lat is not None and incident.lon is not None else None
    return Need(
        plan_from_data(asked).without(hidden_types),
        incident.priority,
        position,
        incident.caller_language,
        incident.number,
        incident.step_since or incident.opened_at,
        await _declined(session, incident),
        await _served(session, incident, row.decided_at),
    )


def steps_left(plan: list[dict[str, Any]], step: int) -> list[dict[str, Any]]:
    """The plan from the step that is being tried; whole where a newer plan has no such step."""
    return [entry for entry in plan if entry["step"] >= step] or plan


def _origins(need: Need, units: Sequence[Candidate]) -> list[LatLon]:
    """Where the units are that the plan could want, each with its turn by id so that the answer has one order."""
    wanted = _types(need.plan.steps)
    places = (unit.position or unit.home for unit in units if unit.responder_type in wanted and unit.mobile)
    return [place for place in places if place is not None]


async def _coverage(
    session: AsyncSession,
    jurisdiction_id: str,
    units: Sequence[Candidate],
    context: RoutingContext,
    zone: tzinfo,
    rules: RoutingRules,
) -> Coverage | None:
    zones = await read_zones(session, jurisdiction_id)
    if not zones:
        return None
    idle = [unit for unit in units if is_free(unit)]
    # By the straight line: hundreds of searches over a city's roads would keep every other request waiting.
    straight = StraightLine(zone=zone)
    return Coverage(zones, idle, straight, context.at, rules.coverage)


async def _redirects(
    session: AsyncSession,
    incident: Incident,
    need: Need,
    advice: Recommendation,
    units: Sequence[Candidate],
    context: RoutingContext,
) -> list[dict[str, Any]]:
    step = next((one for one in need.plan.steps if one.step == advice.active_step), None)
    moving = {unit.incident for unit in units if unit.status is UnitStatus.EN_ROUTE and unit.incident is not None}
    if step is None or not moving:
        return []
    rows = await session.execute(
        select(Incident.number, Incident.priority).where(
            Incident.jurisdiction_id == incident.jurisdiction_id, Incident.number.in_(sorted(moving))
        )
    )
    priorities = {row.number: row.priority for row in rows}
    return [redirect_data(one) for one in redirects(step, advice, units, priorities, context)]


async def _declined(session: AsyncSession, incident: Incident) -> frozenset[str]:
    rows = await session.scalars(
        select(Assignment.unit_id).where(
            Assignment.jurisdiction_id == incident.jurisdiction_id,
            Assignment.incident_id == incident.id,
            Assignment.status.in_([AssignmentStatus.DECLINED.value, AssignmentStatus.TIMED_OUT.value]),
        )
    )
    return frozenset(unit for unit in rows if unit is not None)


async def _served(session: AsyncSession, incident: Incident, decided_at: datetime) -> frozenset[str]:
    """Units that were there, did their part under the decision that stands, and left while somebody stayed.

    A newer decision asks for everybody anew, and so does an incident with nobody on it: what is needed there is for a
    person to say.
    """
    mine = (Assignment.jurisdiction_id == incident.jurisdiction_id) & (Assignment.incident_id == incident.id)
    handling = Assignment.responder_type.not_in(sorted(ONE_WAY_TYPES))
    arrived = (Assignment.status == AssignmentStatus.CLEARED.value) & Assignment.on_scene_at.is_not(None)
    rows = await session.scalars(
        select(Assignment.unit_id).where(
            mine,
            arrived & (Assignment.cleared_at > decided_at) & Assignment.outcome.not_in(PASSED_ON),
            select(Assignment.id).where(mine, handling, Assignment.status.in_(_ON_IT)).exists(),
        )
    )
    return frozenset(unit for unit in rows if unit is not None)


def recommended(need: Need, units: Sequence[Candidate], zone: tzinfo | None, now: datetime) -> Recommendation:
    """What the router answers to this need over these units."""
    return recommend(need.plan, units, plain_context(need, zone, now))


def plain_context(need: Need, zone: tzinfo | None, now: datetime) -> RoutingContext:
    """The plain question: straight line, and nothing that only calls which can wait are asked."""
    return RoutingContext(
        position=need.position,
        priority=need.priority,
        language=need.language,
        at=now,
        travel=StraightLine(zone=zone),
        expected_duration_s=EXPECTED_JOB_S,
        incident=need.incident,
        waiting_since=need.waiting_since,
        declined=need.declined,
        served=need.served,
    )
