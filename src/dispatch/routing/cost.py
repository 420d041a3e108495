"""How good a unit is for a slot: its time of arrival, what is not sure about it, and what breaks ties."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from dispatch.domain.geo import LatLon
from dispatch.routing.candidates import Candidate, speaks
from dispatch.routing.eligibility import LIFE_THREAT_PRIORITY, OLD_AFTER, STALE_AFTER, Question, age_of_position
from dispatch.routing.reasons import Reason, reason
from dispatch.routing.travel import Travel, turnout_s

# Units that arrive within this of the first are as good as the first for a call that is no life threat.
SLACK_S = 60.0

# From this priority on a call may wait for the sake of the next life threat.
ROUTINE_PRIORITY = 3

# What the rest of the city loses when this unit leaves (expected coverage, preparedness). Never asked for life threats.
CoverageLoss = Callable[[Candidate], float]

# How long a job is taken to last when a shift is about to end; measured times per type replace it with the planner.
EXPECTED_JOB_S = 30 * 60.0


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """What the router must know beside the plan and the units.

    position: None when the place is not known. language: BCP 47 tag of the caller. at: the moment of the question.
    expected_duration_s: how long the job is likely to take; None asks nothing of the shift's end.
    incident: id or number as candidates carry it; units already on it fill their slots. waiting_since: when the
    active step began to wait, so that the moment of the next step is known. declined: unit ids not to be asked again.
    coverage_loss: what breaks ties first for calls that are no life threat. target_s: a unit that arrives within this
    is on time, so that all on time (and SLACK_S more) count as equal; None: those within SLACK_S of the first do.
    reserve: responder type -> idle units that a routine call leaves to life threats.
    came_before: ids of units that were at this place before. served: ids of units that were on this incident under the
    plan that stands, did their part and left; their slots are not filled again.
    question: what eligibility must know of all this.
    """

    position: LatLon | None
    priority: int
    language: str | None
    at: datetime
    travel: Travel
    expected_duration_s: float | None = None
    incident: str | None = None
    waiting_since: datetime | None = None
    declined: frozenset[str] = frozenset()
    coverage_loss: CoverageLoss | None = None
    target_s: float | None = None
    reserve: Mapping[str, int] = field(default_factory=dict)
    came_before: frozenset[str] = frozenset()
    served: frozenset[str] = frozenset()
    question: Question = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Asked of every unit, so it is put once.
        asked = Question(self.at, self.position, self.priority, self.expected_duration_s, self.declined, self.incident)
        object.__setattr__(self, "question", asked)

    @property
    def is_routine(self) -> bool:
        """True when the call may wait although units are idle."""
        return self.priority >= ROUTINE_PRIORITY

    @property
    def is_life_threat(self) -> bool:
        """True when only the time of arrival counts."""
        return self.priority <= LIFE_THREAT_PRIORITY


class Approach(NamedTuple):
    """A unit and how it would come. eta_s: turnout and travel, None when it cannot be told.

    doubt: 0 none, 1 its position is old, 2 it is not known; a doubtful unit comes after every sure one.
    notes: reasons that go with the figure. (A named tuple, because thousands are made for every call.)
    """

    unit: Candidate
    eta_s: float | None
    doubt: int
    notes: tuple[str, ...]


def approaches(units: Sequence[Candidate], context: RoutingContext) -> list[Approach]:
    """How each unit would come, in the order given. The travel provider is asked once per responder type."""
    seconds = _travel_s(units, context)
    return [_approach(unit, seconds.get(unit.unit_id), context) for unit in units]


def _travel_s(units: Sequence[Candidate], context: RoutingContext) -> Mapping[str, float | None]:
    if context.position is None:
        return {}
    by_type: dict[str, list[tuple[str, LatLon]]] = {}
    for unit in units:
        origin = unit.position or unit.home
        if unit.mobile and origin is not None:
            by_type.setdefault(unit.responder_type, []).append((unit.unit_id, origin))
    found: dict[str, float | None] = {}
    for kind, places in by_type.items():
        origins = [origin for _, origin in places]
        times = context.travel.travel_s(origins, context.position, kind, context.at, context.is_life_threat)
        found.update(zip((unit_id for unit_id, _ in places), times, strict=True))
    return found


def _approach(unit: Candidate, travel_s: float | None, context: RoutingContext) -> Approach:
    if not unit.mobile:
        return Approach(unit, 0.0, 0, (Reason.NO_TRAVEL.value,))
    if context.position is None:
        return Approach(unit, None, 0, (Reason.SCENE_UNKNOWN.value,))
    if travel_s is None:
        return Approach(unit, None, 2, (Reason.LOCATION_UNKNOWN.value,))
    eta_s = turnout_s(unit.responder_type) + travel_s
    age = age_of_position(unit, context.at)
    if age is not None and age > STALE_AFTER:
        return Approach(unit, eta_s, 1, (reason(Reason.LOCATION_STALE, int(age.total_seconds() // 60)),))
    if age is not None and age > OLD_AFTER:
        return Approach(unit, eta_s, 0, (reason(Reason.LOCATION_OLD, int(age.total_seconds() // 60)),))
    return Approach(unit, eta_s, 0, () if unit.position is not None else (Reason.FROM_HOME.value,))


def ranked(options: Sequence[Approach], context: RoutingContext) -> list[Approach]:
    """Best first. The answer does not depend on the order given: every tie ends at the unit's id.

    Life threats: least turnout plus travel. Others: units inside the slack behind the first, or behind the target,
    count as equal, and coverage, language, an earlier visit and workload decide among them. Without a place nobody is
    known to be nearer: language, an earlier visit, workload, call sign.
    """
    if context.is_life_threat:
        return sorted(options, key=lambda one: (one.doubt, _time(one), *_ties(one, context)))
    first: dict[int, float] = {}
    for one in options:
        first[one.doubt] = min(_time(one), first.get(one.doubt, math.inf))
    latest = {doubt: max(eta_s, context.target_s or 0.0) + SLACK_S for doubt, eta_s in first.items()}
    loss = context.coverage_loss

    def key(one: Approach) -> tuple[int, float, float, bool, bool, float, float, str, str]:
        eta_s = _time(one)
        late_s = eta_s if eta_s > latest[one.doubt] else 0.0
        lost = loss(one.unit) if loss is not None and not late_s else 0.0
        stranger, new, workload, name, unit_id = _ties(one, context)
        return one.doubt, late_s, lost, stranger, new, workload, eta_s, name, unit_id

    return sorted(options, key=key)


def why(option: Approach, place: int, best: Approach, context: RoutingContext) -> tuple[str, ...]:
    """The reasons for a unit's place among those who could go. place counts from 0; best: the first to arrive."""
    found = []
    if option.eta_s is not None and option.unit.mobile:
        if option is best:
            found.append(Reason.FIRST_TO_ARRIVE.value)
        elif place == 0:
            found.extend(_preferred(option, best, context))
    if place > 0 and option is not best:
        found.append(Reason.NEXT_BEST.value)
    if context.language is not None and option.unit.languages and speaks(option.unit, context.language):
        found.append(reason(Reason.SPEAKS, context.language))
    if option.unit.unit_id in context.came_before:
        found.append(reason(Reason.CAME_BEFORE, option.unit.call_sign))
    return (*found, *option.notes)


def _preferred(option: Approach, best: Approach, context: RoutingContext) -> list[str]:
    """Why a unit goes that is not the first to arrive."""
    found = [reason(Reason.INSIDE_SLACK, max(int(SLACK_S), round(_time(option) - _time(best))))]
    loss = context.coverage_loss
    if loss is not None and not context.is_life_threat and loss(option.unit) < loss(best.unit):
        found.append(Reason.KEEPS_COVERAGE.value)
    return found


def first_to_arrive(options: Sequence[Approach]) -> Approach:
    """The option with the least time of arrival; the sure before the doubtful. options: at least one."""
    return min(options, key=lambda one: (one.doubt, _time(one), one.unit.call_sign, one.unit.unit_id))


def _ties(one: Approach, context: RoutingContext) -> tuple[bool, bool, float, str, str]:
    workload = one.unit.workload + one.unit.active_assignments
    return (
        context.language is not None and not speaks(one.unit, context.language),
        bool(context.came_before) and one.unit.unit_id not in context.came_before,
        workload,
        one.unit.call_sign,
        one.unit.unit_id,
    )


def _time(one: Approach) -> float:
    return one.eta_s if one.eta_s is not None else 0.0
