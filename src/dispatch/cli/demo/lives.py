"""When a unit takes each step of a job: from the job's drawn life, or from the times of the file it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dispatch.cli.demo.jobs import Job
from dispatch.cli.demo.outcomes import outcome_code
from dispatch.domain.classification import ORDERED_RESPONDER_TYPES
from dispatch.routing.travel import turnout_s

ANSWER_S = (15, 75)  # an offer is answered between
ORDERED_TURNOUT_LIMIT_S = 240  # who is ordered leaves at once, whatever a desk or an outreach pair would have taken
TRAVEL_UNKNOWN_S = 480.0  # where nobody knows the place or the unit's
TRAVEL_SPREAD = (0.8, 1.3)  # the road is never as expected
STAGED_WAIT_S = 240
RIDE_S = (420, 900)
LONGEST = timedelta(hours=8)  # a file's call that stayed open longer was not worked on all the time


@dataclass(frozen=True, slots=True)
class Step:
    """One status to send, and when."""

    at: datetime
    status: str
    outcome: str | None = None


def declines(job: Job, unit: str) -> bool:
    """True when this unit says no to the offer. Nobody declines on behalf of a job that a file says was done."""
    return job.chance(f"decline {unit}") < job.life.decline_probability


def answer_delay_s(job: Job, unit: str) -> float:
    """How long the unit thinks about an offer."""
    return _between(job, f"answer {unit}", ANSWER_S)


def steps_of(job: Job, pick: Mapping[str, Any], begun: datetime) -> list[Step]:
    """Every step from setting out to clear, in order. begun: when it was ordered or accepted."""
    kind, unit = pick["responder_type"], pick["unit"]
    known = _from_file(job, kind, begun)
    if known is not None:
        return known
    ordered = kind in ORDERED_RESPONDER_TYPES
    turnout = min(job.life.turnout_s, ORDERED_TURNOUT_LIMIT_S) if ordered else job.life.turnout_s
    leaves = begun + timedelta(seconds=turnout)
    steps: list[Step] = []
    if "no_travel" in pick["reasons"]:
        arrives = leaves
    else:
        steps.append(Step(leaves, "en_route"))
        arrives = leaves + timedelta(seconds=_travel_s(job, pick))
    if pick["role"] == "staged":
        steps.append(Step(arrives, "staged"))
        arrives += timedelta(seconds=STAGED_WAIT_S)
    steps.append(Step(arrives, "on_scene"))
    done = arrives + timedelta(seconds=job.life.scene_s)
    if job.life.is_transported and kind == "ems":
        steps.append(Step(done, "transporting"))
        done += timedelta(seconds=_between(job, f"ride {unit}", RIDE_S))
        steps.append(Step(done, "at_destination"))
        done += timedelta(seconds=job.life.hospital_s)
        return [*steps, Step(done, "cleared", "medical_transport")]
    return [*steps, Step(done, "cleared", outcome_code(job.outcome or job.life.outcome, kind))]


def _from_file(job: Job, kind: str, begun: datetime) -> list[Step] | None:
    """The steps at the times that the file has for the call as a whole; None where it lacks the last of them."""
    occurred = job.occurred or {}
    closed = occurred.get("closed_at")
    if closed is None or closed < begun or closed - begun > LONGEST:
        return None
    steps = []
    latest = begun
    for name, status in (("en_route_at", "en_route"), ("on_scene_at", "on_scene")):
        at = occurred.get(name)
        if at is not None and at <= closed:
            latest = max(at, latest)
            steps.append(Step(latest, status))
    return [*steps, Step(max(closed, latest), "cleared", outcome_code(job.outcome or job.life.outcome, kind))]


def _travel_s(job: Job, pick: Mapping[str, Any]) -> float:
    eta = pick["eta_s"]
    expected = TRAVEL_UNKNOWN_S if eta is None else max(30.0, eta - turnout_s(pick["responder_type"]))
    return expected * _between(job, f"travel {pick['unit']}", TRAVEL_SPREAD)


def _between(job: Job, of_what: str, span: tuple[float, float]) -> float:
    return span[0] + (span[1] - span[0]) * job.chance(of_what)
