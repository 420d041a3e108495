"""Why an eligible call was not served by its eligible program: one reason for each program, from what is on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class UnservedReason(StrEnum):
    """The answer to "why did they not go?". Codes are kept for ever."""

    OUTSIDE_HOURS = "outside_hours"
    OUTSIDE_AREA = "outside_area"
    DISQUALIFIER = "disqualifier"
    NOT_FOR_THIS_CALLER = "not_for_this_caller"
    NOT_TOLD = "not_told"
    NONE_ON_DUTY = "none_on_duty"
    NONE_FREE = "none_free"
    DECLINED = "declined"
    WAIT_TOO_LONG = "wait_too_long"
    OVERRIDE = "override"
    NOT_TRIAGED = "not_triaged"
    NOT_IN_PLAN = "not_in_plan"
    NOT_ASKED = "not_asked"
    ENDED_BEFORE = "ended_before"
    NOT_FINISHED = "not_finished"


_R = UnservedReason

REASONS: Mapping[UnservedReason, str] = {
    _R.OUTSIDE_HOURS: "The program was closed",
    _R.OUTSIDE_AREA: "The place lies outside the program's area",
    _R.DISQUALIFIER: "Something that the program does not take was said or could not be ruled out",
    _R.NOT_FOR_THIS_CALLER: "The program takes no calls of this place, age, channel or wish",
    _R.NOT_TOLD: "What the program must know was never asked or answered",
    _R.NONE_ON_DUTY: "No unit of the program was on duty",
    _R.NONE_FREE: "All units of the program were busy or could not go",
    _R.DECLINED: "Those who were asked declined or did not answer",
    _R.WAIT_TOO_LONG: "Nobody took it before the plan's wait limit",
    _R.OVERRIDE: "A person chose somebody else",
    _R.NOT_TRIAGED: "Triage could not decide, and nobody decided after it",
    _R.NOT_IN_PLAN: "The plan did not ask for the program",
    _R.NOT_ASKED: "The plan asked for the program and nobody offered it the call",
    _R.ENDED_BEFORE: "The incident ended before anybody was asked",
    _R.NOT_FINISHED: "A unit of the program took it and turned round, was cancelled or gave it back",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What triage said of one program, with its reason codes."""

    program: str
    responder_type: str
    verdict: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A unit that was given the incident. served: it took the job and did something about it.

    began: it took the job, whatever came of it. chosen_by_person: True when it was not the recommended one.
    """

    program: str | None
    served: bool
    declined: bool
    chosen_by_person: bool
    began: bool = False


@dataclass(frozen=True, slots=True)
class Unserved:
    """One program that the call was for and that did not serve it. detail: codes of triage or of the router."""

    program: str
    responder_type: str
    verdict: str
    reason: UnservedReason
    detail: tuple[str, ...] = ()
    step: int | None = None


def in_scope(judged: Sequence[Judged]) -> list[Judged]:
    """The programs that are for such calls, whether or not they may take this one; those on trial take none."""
    return [one for one in judged if "not_in_scope" not in one.reasons and "shadow" not in one.reasons]


def reason_of_step(shortfalls: Sequence[str]) -> UnservedReason:
    """Why a step of the plan that was left had nobody, from the router's reasons for its empty slots."""
    codes = {code.partition(":")[0] for code in shortfalls}
    if not codes:
        return _R.WAIT_TOO_LONG
    if codes == {"all_declined"}:
        return _R.DECLINED
    if codes <= {"none_on_duty", "none_on_roster"}:
        return _R.NONE_ON_DUTY
    return _R.NONE_FREE


def unserved(
    judged: Sequence[Judged],
    asked: Sequence[Asked],
    *,
    planned: frozenset[str],
    overridden: bool,
    needs_human: bool,
    left: Mapping[str, Unserved],
) -> list[Unserved]:
    """A reason for every program of an ended incident that no program in scope has served; none when one has.

    planned: programs that the plan names. left: what was noted when the plan went past a program's step.
    """
    scope = in_scope(judged)
    if {one.program for one in scope} & {one.program for one in asked if one.served}:
        return []
    return [left.get(one.program) or _unserved(one, asked, planned, overridden, needs_human) for one in scope]


def _unserved(
    one: Judged, asked: Sequence[Asked], planned: frozenset[str], overridden: bool, needs_human: bool
) -> Unserved:
    def because(reason: UnservedReason, detail: tuple[str, ...] = ()) -> Unserved:
        return Unserved(one.program, one.responder_type, one.verdict, reason, detail)

    if one.verdict == "ineligible":
        return because(_refusal(one.reasons), one.reasons)
    if one.verdict == "cannot_tell":
        return because(_R.NOT_TRIAGED if needs_human else _R.NOT_TOLD, one.reasons)
    if any(given.program == one.program and given.declined for given in asked):
        return because(_R.DECLINED)
    if any(given.program == one.program and given.began for given in asked):
        return because(_R.NOT_FINISHED)
    if overridden or any(given.chosen_by_person for given in asked):
        return because(_R.OVERRIDE)
    if one.program not in planned:
        return because(_R.NOT_IN_PLAN)
    return because(_R.NOT_ASKED if asked else _R.ENDED_BEFORE)


def _refusal(codes: Sequence[str]) -> UnservedReason:
    """What a person would change first: danger, then hours and area, then who called from where."""
    if any(code.startswith("disqualifier:") for code in codes):
        return _R.DISQUALIFIER
    for code, reason in (("outside_hours", _R.OUTSIDE_HOURS), ("outside_area", _R.OUTSIDE_AREA)):
        if code in codes:
            return reason
    return _R.NOT_FOR_THIS_CALLER
