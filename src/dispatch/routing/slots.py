"""One step of a plan against the roster: who fills which slot, who could besides, and what is missing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dispatch.domain.classification import SlotRole
from dispatch.domain.plan import PlanStep, Slot
from dispatch.domain.unit import COMMAND, UnitStatus
from dispatch.routing.candidates import Candidate, crew_of
from dispatch.routing.cost import Approach, RoutingContext, approaches, ranked
from dispatch.routing.eligibility import is_on_duty, is_on_incident, refusals
from dispatch.routing.reasons import Reason, reason

# Slots are filled in this order, so that a unit which fits two goes where it is needed more.
_ROLE_ORDER = {SlotRole.PRIMARY: 0, SlotRole.STAGED: 1, SlotRole.SUPPORT: 2}


@dataclass(frozen=True, slots=True)
class FilledSlot:
    """A slot and its answer. picks: as many as are still wanted and free. others: the rest that could go, best first.

    on_it: units already on the incident that fill it. been: units that filled it, did their part and left.
    refused: unit id -> reasons, for units of its type and program.
    missing: how many the plan wants and nobody can fill.
    """

    index: int
    slot: Slot
    picks: tuple[Approach, ...]
    others: tuple[Approach, ...]
    on_it: tuple[Candidate, ...]
    been: tuple[Candidate, ...]
    refused: Mapping[str, tuple[str, ...]]
    missing: int


@dataclass(frozen=True, slots=True)
class FilledStep:
    """A step with its slots in the plan's order."""

    step: PlanStep
    slots: tuple[FilledSlot, ...]

    @property
    def is_filled(self) -> bool:
        """True when nobody who must come is missing. Support is welcome, never waited for."""
        return not any(slot.missing for slot in self.slots if slot.slot.role is not SlotRole.SUPPORT)

    @property
    def has_someone(self) -> bool:
        """True when a unit could lead now, is on it already, or has done its part."""
        primary = (slot for slot in self.slots if slot.slot.role is SlotRole.PRIMARY)
        return any(slot.picks or slot.on_it or slot.been for slot in primary)


def fill(
    step: PlanStep,
    by_type: Mapping[str, Sequence[Candidate]],
    context: RoutingContext,
    known: dict[str, Approach] | None = None,
) -> FilledStep:
    """The step with every slot filled as well as it can be; no unit fills two.

    known: unit id -> how it would come, worked out for an earlier step under the same context; grows.
    """
    known = {} if known is None else known
    taken: dict[str, str] = {}
    filled: dict[int, FilledSlot] = {}
    for index, slot in sorted(enumerate(step.slots), key=_most_particular_first):
        one = _fill_slot(index, slot, by_type, taken, known, context)
        for unit in (*(pick.unit for pick in one.picks), *one.on_it):
            taken |= _kept_by(unit)
            taken[unit.unit_id] = Reason.FILLS_ANOTHER_SLOT.value
        taken |= {unit.unit_id: Reason.HAS_BEEN_HERE.value for unit in one.been}
        filled[index] = one
    return FilledStep(step, tuple(filled[index] for index in range(len(step.slots))))


def shortfall_reasons(filled: FilledSlot) -> tuple[str, ...]:
    """Why the slot stays short, in a fixed order: what keeps the units on duty, or that there are none."""
    here = (Reason.ON_THIS_INCIDENT.value, Reason.HAS_BEEN_HERE.value)
    refused = [
        kept for reasons in filled.refused.values() if (kept := tuple(one for one in reasons if one not in here))
    ]
    on_duty = [reasons for reasons in refused if Reason.OFF_DUTY.value not in reasons]
    if on_duty:
        return tuple(_summed_up(on_duty))
    if filled.picks or filled.on_it or filled.been:
        return (Reason.TOO_FEW.value,)
    return (Reason.NONE_ON_DUTY.value if refused else Reason.NONE_ON_ROSTER.value,)


_SUMS: Mapping[str, Reason] = {
    Reason.BUSY.value: Reason.NONE_FREE,
    Reason.AT_CAPACITY.value: Reason.NONE_FREE,
    Reason.CREW_WITH.value: Reason.NONE_FREE,
    Reason.FILLS_ANOTHER_SLOT.value: Reason.TOO_FEW,
    Reason.OUT_OF_SERVICE.value: Reason.NONE_IN_SERVICE,
    Reason.EMERGENCY.value: Reason.NONE_IN_SERVICE,
    Reason.LACKS_CAPABILITY.value: Reason.NONE_WITH,
    Reason.CERTIFICATION_EXPIRED.value: Reason.NONE_IN_DATE,
    Reason.COMMANDS.value: Reason.TOO_FEW,
    Reason.BELOW_MINIMUM_STAFFING.value: Reason.NONE_STAFFED,
    Reason.RESTING.value: Reason.NONE_RESTED,
    Reason.OUTSIDE_AREA.value: Reason.NONE_IN_AREA,
    Reason.SHIFT_ENDS_SOON.value: Reason.NONE_LONG_ENOUGH,
    Reason.APPOINTMENT_SOON.value: Reason.NONE_UNPROMISED,
    Reason.DECLINED_BEFORE.value: Reason.ALL_DECLINED,
    Reason.KEPT.value: Reason.ALL_KEPT,
    Reason.CREW_KEPT.value: Reason.ALL_KEPT,
}
_WITH_DETAIL = frozenset({Reason.NONE_WITH, Reason.NONE_IN_DATE, Reason.ALL_KEPT})


def _summed_up(refused: Iterable[tuple[str, ...]]) -> list[str]:
    """The first reason of each unit, summed up; the commonest first, then by code."""
    counts: Counter[str] = Counter()
    for reasons in refused:
        code, _, detail = reasons[0].partition(":")
        summed = _SUMS[code]
        counts[reason(summed, detail if summed in _WITH_DETAIL else None)] += 1
    return sorted(counts, key=lambda text: (-counts[text], text))


def _most_particular_first(entry: tuple[int, Slot]) -> tuple[int, int, bool, int]:
    index, slot = entry
    return _ROLE_ORDER[slot.role], -len(slot.capabilities), slot.program is None, index


def _kept_by(unit: Candidate) -> dict[str, str]:
    """The units whose crew goes with this one, each with the reason why it cannot go too."""
    return dict.fromkeys(unit.shares_crew, reason(Reason.CREW_WITH, unit.call_sign))


def _fill_slot(
    index: int,
    slot: Slot,
    by_type: Mapping[str, Sequence[Candidate]],
    taken: dict[str, str],
    known: dict[str, Approach],
    context: RoutingContext,
) -> FilledSlot:
    units = by_type.get(slot.responder_type, ())
    free, on_it, refused = _sorted_out(slot, units, taken, context)
    counted = sorted(on_it, key=lambda unit: (unit.call_sign, unit.unit_id))[: slot.count]
    been = _been(slot, units, taken, context)[: slot.count - len(counted)]
    refused |= {unit.unit_id: (Reason.HAS_BEEN_HERE.value,) for unit in been}
    free = [unit for unit in free if unit.unit_id not in refused]
    fresh = [unit for unit in free if unit.unit_id not in known]
    known.update((one.unit.unit_id, one) for one in approaches(fresh, context))
    options = ranked([known[unit.unit_id] for unit in free], context)
    wanted = slot.count - len(counted) - len(been)
    options, kept = _less_the_reserve(options, slot, by_type, taken, context)
    refused.update(kept)
    picks, others, crewless = _picked(options, wanted)
    refused.update(crewless)
    missing = max(0, wanted - len(picks))
    return FilledSlot(index, slot, tuple(picks), tuple(others), tuple(counted), tuple(been), refused, missing)


def _been(slot: Slot, units: Sequence[Candidate], taken: Mapping[str, str], context: RoutingContext) -> list[Candidate]:
    """Units that did the slot's part on this incident and left. Whoever is on it again counts as that."""
    found = [
        unit
        for unit in units
        if unit.unit_id in context.served
        and unit.unit_id not in taken
        and slot.program in (None, unit.program)
        and slot.capabilities <= unit.capabilities
        and (COMMAND in slot.capabilities or not unit.commands)
        and not is_on_incident(unit, context.incident)
    ]
    return sorted(found, key=lambda unit: (unit.call_sign, unit.unit_id))


def _picked(
    options: Sequence[Approach], wanted: int
) -> tuple[Sequence[Approach], Sequence[Approach], dict[str, tuple[str, ...]]]:
    """The best that can go together, the rest, and those whose crew goes with one of the picked, with the reason."""
    if not any(one.unit.shares_crew for one in options):
        return options[:wanted], options[wanted:], {}
    picks: list[Approach] = []
    others: list[Approach] = []
    kept: dict[str, tuple[str, ...]] = {}
    for one in options:
        if one.unit.unit_id in kept:
            continue
        if len(picks) < wanted:
            picks.append(one)
            kept |= {unit_id: (why,) for unit_id, why in _kept_by(one.unit).items()}
        else:
            others.append(one)
    return picks, others, {one.unit.unit_id: kept[one.unit.unit_id] for one in options if one.unit.unit_id in kept}


def _less_the_reserve(
    options: list[Approach],
    slot: Slot,
    by_type: Mapping[str, Sequence[Candidate]],
    taken: Mapping[str, str],
    context: RoutingContext,
) -> tuple[list[Approach], dict[str, tuple[str, ...]]]:
    """Those that a routine call may have, and the rest with the reason: never asked for a life threat.

    Whoever takes one vehicle of a crew takes the crew from the reserve of the types of its other vehicles too.
    """
    if not context.is_routine:
        return options, {}
    kept: dict[str, tuple[str, ...]] = {}
    for kind, keep in sorted(context.reserve.items()):
        idle = {
            crew_of(unit) for unit in by_type.get(kind, ()) if unit.unit_id not in taken and _is_idle(unit, context)
        }
        is_own = kind == slot.responder_type
        mobile = [one for one in options if one.unit.mobile and (is_own or crew_of(one.unit) in idle)]
        crews = dict.fromkeys(crew_of(one.unit) for one in mobile)  # in the order of going
        free = set(list(crews)[: max(0, len(idle) - keep)]) if keep else set(crews)
        why = reason(Reason.KEPT, keep) if is_own else reason(Reason.CREW_KEPT, f"{keep}_{kind}")
        for one in mobile:
            if crew_of(one.unit) not in free:
                kept.setdefault(one.unit.unit_id, (why,))
    return [one for one in options if one.unit.unit_id not in kept], kept


def _is_idle(unit: Candidate, context: RoutingContext) -> bool:
    """True when a life threat could have the unit now. Desks go nowhere, so they are no reserve."""
    free = unit.status is UnitStatus.AVAILABLE and unit.active_assignments < unit.capacity and unit.crew_with is None
    rested = unit.resting_until is None or unit.resting_until <= context.at
    return unit.mobile and free and rested and unit.crew >= unit.min_crew and is_on_duty(unit, context.at)


def _sorted_out(
    slot: Slot, units: Sequence[Candidate], taken: Mapping[str, str], context: RoutingContext
) -> tuple[list[Candidate], list[Candidate], dict[str, tuple[str, ...]]]:
    """The units of the slot's program: free to go, on the incident already, and refused with their reasons."""
    free: list[Candidate] = []
    on_it: list[Candidate] = []
    refused: dict[str, tuple[str, ...]] = {}
    for unit in units:
        if slot.program is not None and unit.program != slot.program:
            continue
        if unit.unit_id in taken:
            refused[unit.unit_id] = (taken[unit.unit_id],)
            continue
        reasons = refusals(unit, slot, context.question)
        if not reasons:
            free.append(unit)
        elif is_on_incident(unit, context.incident) and slot.capabilities <= unit.capabilities:
            on_it.append(unit)
        else:
            refused[unit.unit_id] = reasons
    return free, on_it, refused
