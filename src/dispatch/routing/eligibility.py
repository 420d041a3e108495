"""Why a unit cannot go: every reason, each with a stable code and a sentence."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.domain.plan import Slot
from dispatch.domain.unit import UnitStatus
from dispatch.routing.candidates import Candidate


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason. code: stable, with a detail after a colon where there is one."""

    code: str
    sentence: str


def mismatches(unit: Candidate, slot: Slot) -> list[Obstacle]:
    """Why the unit is not the kind that the slot asks for; these reasons do not pass with time."""
    found = []
    if unit.responder_type != slot.responder_type:
        found.append(Obstacle("wrong_type", f"is {unit.responder_type}, not {slot.responder_type}"))
    if slot.program is not None and unit.program != slot.program:
        found.append(Obstacle("wrong_program", f"serves {unit.program or 'no program'}, not {slot.program}"))
    found.extend(
        Obstacle(f"lacks_capability:{name}", f"has no {name}") for name in sorted(slot.capabilities - unit.capabilities)
    )
    return found


def obstacles(unit: Candidate, at: datetime, expected_job: timedelta) -> list[Obstacle]:
    """Why the unit cannot take a job at this moment, whatever the job."""
    if unit.status is UnitStatus.OFF_DUTY or unit.on_shift_until is None:
        return [Obstacle("off_duty", "is off duty")]
    found = []
    if unit.status is UnitStatus.OUT_OF_SERVICE:
        found.append(Obstacle("out_of_service", "is out of service"))
    if unit.status is UnitStatus.EMERGENCY:
        found.append(Obstacle("emergency", "has declared an emergency"))
    if unit.crew < unit.min_crew:
        found.append(Obstacle("below_minimum_staffing", f"has a crew of {unit.crew}, needs {unit.min_crew}"))
    if unit.active_assignments >= unit.capacity:
        where = f" at #{unit.incident}" if unit.incident else ""
        code, words = (
            ("busy", f"is busy{where}") if unit.capacity == 1 else ("at_capacity", "has all the work it can hold")
        )
        found.append(Obstacle(f"{code}:{unit.incident}" if unit.incident and unit.capacity == 1 else code, words))
    if at + expected_job > unit.on_shift_until and unit.mobile:
        minutes = max(0, round((unit.on_shift_until - at).total_seconds() / 60))
        found.append(Obstacle("shift_ends_soon", f"goes off duty in {minutes} min"))
    return found
