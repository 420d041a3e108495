"""Whether a unit can fill a slot now, with every reason why not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.domain.geo import LatLon
from dispatch.domain.plan import Slot
from dispatch.domain.time import iso
from dispatch.domain.unit import BUSY, COMMAND, UnitStatus
from dispatch.routing.candidates import Candidate, serves
from dispatch.routing.reasons import Reason, reason

# Up to this priority the shift's end does not keep a unit from going: somebody may die.
LIFE_THREAT_PRIORITY = 1
STALE_AFTER = timedelta(minutes=30)
# A unit that reports is seen every few seconds; after this long it is said how old its position is.
OLD_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Question:
    """What eligibility is asked about, beside the slot. job_s: None when nobody can say how long it takes."""

    at: datetime
    position: LatLon | None
    priority: int
    job_s: float | None = None
    declined: frozenset[str] = frozenset()
    incident: str | None = None


def refusals(unit: Candidate, slot: Slot, question: Question) -> tuple[str, ...]:
    """Every reason why this unit cannot fill the slot now, the decisive one first. Empty: it can."""
    if unit.responder_type != slot.responder_type:
        return (Reason.WRONG_TYPE.value,)
    if slot.program is not None and unit.program != slot.program:
        return (Reason.WRONG_PROGRAM.value,)
    found: list[str] = []
    _state(unit, question, found)
    _fitness(unit, slot, question, found)
    return tuple(found)


def is_on_duty(unit: Candidate, at: datetime) -> bool:
    """True when the unit has a shift that covers this moment and has not signed off."""
    started = unit.on_shift_from is None or unit.on_shift_from <= at
    on_shift = started and unit.on_shift_until is not None and unit.on_shift_until > at
    return on_shift and unit.status is not UnitStatus.OFF_DUTY


def is_on_incident(unit: Candidate, incident: str | None) -> bool:
    """True when the unit is already on the incident asked about."""
    return incident is not None and unit.incident == incident and unit.active_assignments > 0


def _state(unit: Candidate, question: Question, found: list[str]) -> None:
    """What keeps the unit from any work at this moment."""
    if is_on_incident(unit, question.incident):
        found.append(Reason.ON_THIS_INCIDENT.value)
    elif unit.capacity > 1:
        if unit.active_assignments >= unit.capacity:
            found.append(reason(Reason.AT_CAPACITY, unit.capacity))
    elif unit.active_assignments or unit.status in BUSY:
        found.append(reason(Reason.BUSY, unit.incident))
    elif unit.crew_with is not None:
        found.append(reason(Reason.CREW_WITH, unit.crew_with))
    if not is_on_duty(unit, question.at):
        found.append(Reason.OFF_DUTY.value)
    if unit.status is UnitStatus.OUT_OF_SERVICE:
        found.append(Reason.OUT_OF_SERVICE.value)
    elif unit.status is UnitStatus.EMERGENCY:
        found.append(Reason.EMERGENCY.value)
    if unit.unit_id in question.declined:
        found.append(Reason.DECLINED_BEFORE.value)


def _fitness(unit: Candidate, slot: Slot, question: Question, found: list[str]) -> None:
    """What keeps the unit from this work."""
    if not slot.capabilities <= unit.capabilities:
        for missing in sorted(slot.capabilities - unit.capabilities):
            code = Reason.CERTIFICATION_EXPIRED if missing in unit.lapsed else Reason.LACKS_CAPABILITY
            found.append(reason(code, missing))
    if unit.commands and COMMAND not in slot.capabilities:
        found.append(Reason.COMMANDS.value)
    if unit.crew < unit.min_crew:
        found.append(reason(Reason.BELOW_MINIMUM_STAFFING, f"{unit.crew}/{unit.min_crew}"))
    if unit.resting_until is not None and unit.resting_until > question.at:
        found.append(reason(Reason.RESTING, iso(unit.resting_until)))
    if unit.area is not None and not serves(unit.area, question.position):
        found.append(Reason.OUTSIDE_AREA.value)
    if question.priority > LIFE_THREAT_PRIORITY:
        found.extend(leaves_early(unit, question))


def leaves_early(unit: Candidate, question: Question) -> tuple[str, ...]:
    """What takes the unit away before the job is likely to be over: it keeps it from what can wait, and people must
    know where it goes all the same. A desk that carries several jobs has its appointments beside them.
    """
    ends = (Reason.SHIFT_ENDS_SOON, unit.on_shift_until)
    appointed = (Reason.APPOINTMENT_SOON, unit.appointment_at if unit.capacity == 1 else None)
    if question.job_s is None:
        return ()
    done_at = question.at + timedelta(seconds=question.job_s)
    return tuple(
        reason(code, iso(at)) for code, at in (ends, appointed) if at is not None and question.at < at < done_at
    )


def age_of_position(unit: Candidate, at: datetime) -> timedelta | None:
    """How long ago the unit was seen where it is said to be. None when nobody says when."""
    return None if unit.position is None or unit.position_at is None else at - unit.position_at
