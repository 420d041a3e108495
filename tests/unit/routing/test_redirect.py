"""A unit on its way to something less urgent is proposed for a life threat, and for nothing else."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.unit.routing.a_roster import a_context, a_plan, a_slot, a_unit

from dispatch.domain.unit import UnitStatus
from dispatch.routing.candidates import Candidate
from dispatch.routing.recommend import recommend
from dispatch.routing.redirect import Redirect, redirects

PLAN = a_plan(a_slot())
FAR = a_unit("P1", km=12)


def going(call_sign: str = "P2", km: float = 1.0, incident: str = "77", **changes: Any) -> Candidate:
    return a_unit(
        call_sign,
        km=km,
        **{"status": UnitStatus.EN_ROUTE, "active_assignments": 1, "incident": incident, **changes},
    )


def proposed(units: Sequence[Candidate], priority: int = 0, **priorities: int) -> tuple[Redirect, ...]:
    context = a_context(priority=priority, incident="42")
    advice = recommend(PLAN, units, context)
    return redirects(PLAN.steps[0], advice, units, {"77": 3, **priorities}, context)


def test_a_nearer_unit_on_its_way_to_a_routine_call_is_proposed_with_what_it_gains() -> None:
    (one,) = proposed([FAR, going()])

    assert (one.unit.call_sign, one.incident, one.priority, one.step, one.slot) == ("P2", "77", 3, 1, 0)
    assert one.gain_s is not None
    assert one.gain_s > 600


def test_when_nobody_is_free_the_gain_cannot_be_told_and_the_unit_is_proposed() -> None:
    (one,) = proposed([going()])

    assert one.gain_s is None


@pytest.mark.parametrize(
    "unit",
    [
        going(status=UnitStatus.ON_SCENE),
        going(status=UnitStatus.ASSIGNED),
        going(incident="78"),
        going(incident="42"),
        going(responder_type="fire"),
        going(crew=0),
        going(position=None, position_at=None),
        going(km=11.9),
    ],
    ids=["arrived", "not moving", "life threat", "this one", "other type", "no crew", "nowhere", "gains too little"],
)
def test_others_stay_on_their_way(unit: Candidate) -> None:
    assert proposed([FAR, unit], **{"78": 1}) == ()


@pytest.mark.parametrize("priority", [2, 3, 4])
def test_nothing_is_proposed_for_a_call_that_is_no_life_threat(priority: int) -> None:
    assert proposed([FAR, going()], priority) == ()


def test_the_order_of_the_roster_changes_nothing() -> None:
    units = [FAR, going("P3", 1.0), going("P2", 1.0)]

    assert proposed(units) == proposed(units[::-1])
