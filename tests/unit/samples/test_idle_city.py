"""Plan and roster fit: in a city where everybody is free, every call gets all that the policy asks for it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache

from dispatch.domain.plan import Plan
from dispatch.domain.unit import COMMAND, UnitStatus
from dispatch.operations.call_body import CallBody
from dispatch.policies import read_shipped
from dispatch.routing.candidates import Candidate
from dispatch.routing.cost import RoutingContext
from dispatch.routing.recommend import recommend
from dispatch.routing.travel import StraightLine
from dispatch.samples import load_calls, load_roster
from dispatch.triage.decision import TriageDecision
from dispatch.triage.evaluate import evaluate
from dispatch.triage.policy import load_policy

NOON = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


@cache
def everybody() -> tuple[Candidate, ...]:
    """The whole roster on duty and free, with what the people of its shifts may do."""
    roster = load_roster()
    people = {one.employee_number: one for one in roster.responders}
    crews = {
        unit.call_sign: next((s.crew for s in roster.shifts if s.unit == unit.call_sign), ()) for unit in roster.units
    }
    return tuple(
        Candidate(
            unit_id=f"unt_{unit.call_sign}",
            call_sign=unit.call_sign,
            responder_type=unit.responder_type,
            program=unit.program,
            agency=unit.agency,
            status=UnitStatus.AVAILABLE,
            home=unit.home_position,
            capabilities=unit.capabilities
            | {held.name for number in crews[unit.call_sign] for held in people[number].certifications},
            min_crew=0,
            capacity=unit.capacity,
            on_shift_from=NOON - timedelta(hours=4),
            on_shift_until=NOON + timedelta(hours=8),
            commands=unit.capabilities == {COMMAND},
            mobile=unit.is_mobile,
        )
        for unit in roster.units
    )


@cache
def decisions() -> tuple[tuple[str, TriageDecision], ...]:
    policy = load_policy(read_shipped("us-default"))
    calls = [(one.sentence, one.call) for one in policy.cases]
    calls += [(one.scenario, CallBody.model_validate(one.body).facts()) for one in load_calls()]
    return tuple((name, evaluate(call, policy, NOON)) for name, call in calls)


def lacking(plan: Plan, priority: int) -> list[str]:
    context = RoutingContext(None, priority, None, NOON, StraightLine())
    answer = recommend(plan, everybody(), context)
    return [f"{one.missing} {one.responder_type}: {', '.join(one.reasons)}" for one in answer.shortfalls]


def test_an_idle_city_has_everybody_whom_the_policy_asks_for() -> None:
    found = Counter(gap for _, decision in decisions() for gap in lacking(decision.plan, decision.priority))

    assert not found
