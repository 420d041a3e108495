"""Several calls wait: which one a freed unit takes, and who goes where when several units are free."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from dispatch.domain.classification import SlotRole
from dispatch.domain.plan import Plan, PlanStep, Slot
from dispatch.routing.candidates import Candidate
from dispatch.routing.cost import RoutingContext, approaches
from dispatch.routing.eligibility import LIFE_THREAT_PRIORITY, refusals
from dispatch.routing.reasons import Reason, reason

# How long a call of a priority may wait before its age counts, in seconds. Assumed; a city sets its own.
AGE_LIMITS_S: Mapping[int, float] = {0: 60, 1: 120, 2: 15 * 60, 3: 45 * 60, 4: 120 * 60}
# A minute of a more urgent call counts for more.
_MINUTE_WEIGHTS = {0: 16.0, 1: 8.0, 2: 4.0, 3: 2.0, 4: 1.0}


@dataclass(frozen=True, slots=True)
class Waiting:
    """An incident that nobody is on. waited_s: since it came in. context: place, priority and caller as for any call.

    plan: what it needs. Only steps that are due count: a freed police unit does not take what a civilian team may
    still take.
    """

    incident_id: str
    number: str
    plan: Plan
    waited_s: float
    context: RoutingContext

    @property
    def is_over_age(self) -> bool:
        """True when it has waited longer than a call of its priority may."""
        return self.waited_s > AGE_LIMITS_S[self.context.priority]

    @property
    def due_steps(self) -> tuple[PlanStep, ...]:
        """The first step, and each later one when all before it have waited out their limits."""
        due: list[PlanStep] = []
        begins_s = 0.0
        for step in self.plan.steps:
            if begins_s > self.waited_s:
                break
            due.append(step)
            if step.wait_limit_s is None:
                break
            begins_s += step.wait_limit_s
        return tuple(due)


@dataclass(frozen=True, slots=True)
class Fit:
    """A unit for a waiting incident. eta_s: None when it cannot be told. step: of the plan, counted from 1."""

    waiting: Waiting
    unit: Candidate
    step: int
    slot: Slot
    eta_s: float | None
    doubt: int
    reasons: tuple[str, ...]


def freed_unit_takes(unit: Candidate, waiting: Sequence[Waiting]) -> tuple[Fit, ...]:
    """The waiting incidents that this unit could take, the one it should take first.

    Highest priority, then those that have waited beyond their limit, then the nearest: oldest first would double the
    mean wait in a surge. The order given changes nothing.
    """
    fits = [fit for one in waiting if (fit := _fit(unit, one)) is not None]
    return tuple(sorted(fits, key=_by_urgency))


def _by_urgency(fit: Fit) -> tuple[int, bool, int, float, float, str]:
    one = fit.waiting
    eta_s = fit.eta_s if fit.eta_s is not None else float("inf")
    return one.context.priority, not one.is_over_age, fit.doubt, eta_s, -one.waited_s, one.incident_id


def match(waiting: Sequence[Waiting], units: Sequence[Candidate]) -> tuple[Fit, ...]:
    """One unit for each incident, as far as there are units: the least total cost, most urgent first in the answer.

    Life threats are matched before all others, so that no saving elsewhere makes one of them wait. Among the others a
    more urgent call, then one that is over age, is never left out for a less urgent one.
    """
    units = sorted(units, key=lambda one: one.unit_id)
    ordered = sorted(waiting, key=lambda one: (one.context.priority, -one.waited_s, one.incident_id))
    threats = [one for one in ordered if one.context.priority <= LIFE_THREAT_PRIORITY]
    first = _by_crews(threats, units)
    taken = {unit_id for fit in first for unit_id in (fit.unit.unit_id, *fit.unit.shares_crew)}
    rest = _by_crews(
        [one for one in ordered if one.context.priority > LIFE_THREAT_PRIORITY],
        [unit for unit in units if unit.unit_id not in taken],
    )
    return tuple(sorted((*first, *rest), key=_by_urgency))


def least_cost(cost: NDArray[np.float64], unserved: Sequence[float]) -> list[tuple[int, int]]:
    """(row, column) pairs of the least total cost. A row may stay alone, for its price in `unserved`."""
    rows, columns = cost.shape
    whole = np.full((rows, columns + rows), np.inf)
    whole[:, :columns] = cost
    np.fill_diagonal(whole[:, columns:], np.asarray(unserved, dtype=np.float64))
    found = zip(*linear_sum_assignment(whole), strict=True)
    return [(int(row), int(column)) for row, column in found if column < columns]


def _by_crews(waiting: Sequence[Waiting], units: Sequence[Candidate]) -> list[Fit]:
    """The matching in which no crew goes with two of its vehicles: the more urgent call keeps it."""
    while True:
        fits = sorted(_matched(waiting, units), key=_by_urgency)
        gone: set[str] = set()
        for fit in fits:
            if fit.unit.unit_id in gone:
                units = [unit for unit in units if unit.unit_id != fit.unit.unit_id]
                break
            gone |= fit.unit.shares_crew
        else:
            return fits


def _matched(waiting: Sequence[Waiting], units: Sequence[Candidate]) -> list[Fit]:
    if not waiting or not units:
        return []
    fits: dict[tuple[int, int], Fit] = {}
    cost = np.full((len(waiting), len(units)), np.inf)
    for row, one in enumerate(waiting):
        for column, fit in _fits_of(one, units).items():
            fits[row, column] = fit
            # A unit that is not known to be anywhere, or was last seen long ago, is the last that is sent.
            minutes = (fit.eta_s or 0.0) / 60.0 + 240.0 * fit.doubt
            cost[row, column] = minutes * _MINUTE_WEIGHTS[one.context.priority]
    # To leave a call alone costs more than all minutes together, and more again with each rank of urgency.
    rank = 1.0 + float(cost[np.isfinite(cost)].sum())
    unserved = [rank * (2 * (5 - one.context.priority) + one.is_over_age) for one in waiting]
    return [fits[pair] for pair in least_cost(cost, unserved)]


def _fits_of(one: Waiting, units: Sequence[Candidate]) -> dict[int, Fit]:
    """Place of a unit in `units` -> how it would take this incident. Travel is asked once for all of them."""
    places = {id(unit): place for place, unit in enumerate(units)}
    able = [(unit, *found) for unit in units if (found := _place_in_plan(unit, one)) is not None]
    come = approaches([unit for unit, _, _ in able], one.context)
    return {
        places[id(unit)]: Fit(one, unit, step, slot, way.eta_s, way.doubt, (*_why(one), *way.notes))
        for (unit, step, slot), way in zip(able, come, strict=True)
    }


def _fit(unit: Candidate, one: Waiting) -> Fit | None:
    return _fits_of(one, [unit]).get(0)


def _place_in_plan(unit: Candidate, one: Waiting) -> tuple[int, Slot] | None:
    """Where the unit could lead: support alone is no answer to a call that nobody is on."""
    question = one.context.question
    for step in one.due_steps:
        for slot in step.slots:
            if slot.role is SlotRole.PRIMARY and not refusals(unit, slot, question):
                return step.step, slot
    return None


def _why(one: Waiting) -> tuple[str, ...]:
    waited = int(one.waited_s // 60)
    code = Reason.OVER_AGE if one.is_over_age else Reason.WAITED
    return reason(Reason.PRIORITY, one.context.priority), reason(code, waited)
