"""Where an incident stands in its plan: the step that is being tried and the one after it, over the roster of now."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Incident, TriageDecisionRow
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.chain import Lead, StepOutlook
from dispatch.domain.classification import ORDERED_RESPONDER_TYPES, SlotRole
from dispatch.domain.plan import PlanStep, plan_from_data
from dispatch.queries.recommendation import need_of, recommended
from dispatch.queries.roster import Roster, read_roster
from dispatch.routing.answer import Recommendation
from dispatch.routing.candidates import crew_of


async def step_outlook(session: AsyncSession, incident: Incident, now: datetime) -> StepOutlook:
    """How the step that is being tried stands, and who would be next. Reads the roster as it is now.

    Who is told one way leads no step and is named by none: how a plan goes on is told to everybody.
    """
    decision = await session.get_one(TriageDecisionRow, (incident.jurisdiction_id, incident.decision_id))
    plan = plan_from_data(decision.decision["plan"]).without(ONE_WAY_TYPES)
    steps = {step.step: step for step in plan.steps}
    roster = await read_roster(session, incident.jurisdiction_id, now)
    here = steps.get(incident.plan_step)
    later = sorted(number for number in steps if number > incident.plan_step)
    following = steps[later[0]] if later else None
    advice = await _advice(session, incident, incident.plan_step, roster, now)
    ahead = await _advice(session, incident, later[0], roster, now) if later else None
    return StepOutlook(
        step=incident.plan_step,
        programs=() if here is None else _programs(here),
        free=tuple(lead.call_sign for lead in _leads(advice)),
        shortfalls=tuple(code for gap in advice.shortfalls if gap.role is SlotRole.PRIMARY for code in gap.reasons),
        following=None if following is None else following.step,
        wait_limit_s=None if following is None else following.wait_limit_s,
        offer=None if following is None else following.offer,
        leads=() if ahead is None else _leads(ahead),
        has_more=len(later) > 1,
    )


async def _advice(
    session: AsyncSession, incident: Incident, step: int, roster: Roster, now: datetime
) -> Recommendation:
    """What the router says of this one step."""
    need = await need_of(session, incident, ONE_WAY_TYPES, step=step)
    return recommended(need, roster.candidates, roster.zone, now)


def _programs(step: PlanStep) -> tuple[tuple[str, str], ...]:
    return tuple(
        (slot.program, slot.responder_type)
        for slot in step.slots
        if slot.role is SlotRole.PRIMARY and slot.program is not None
    )


def _leads(advice: Recommendation) -> tuple[Lead, ...]:
    return tuple(
        Lead(
            pick.unit.unit_id,
            pick.unit.call_sign,
            pick.role.value,
            pick.unit.responder_type not in ORDERED_RESPONDER_TYPES,
            pick.eta_s,
            pick.is_pick,
            crew_of(pick.unit),
        )
        for pick in advice.units
        if pick.role is SlotRole.PRIMARY
    )
