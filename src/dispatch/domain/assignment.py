"""The life of an assignment: one state table as data, from which code, docs and buttons follow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dispatch.domain.errors import FieldProblem, IllegalTransition, Invalid
from dispatch.domain.intervals import INTERVALS as INTERVALS
from dispatch.domain.intervals import intervals as intervals
from dispatch.domain.intervals import time_order_warnings as time_order_warnings
from dispatch.domain.nearest import nearest
from dispatch.domain.unit import UnitStatus


class AssignmentStatus(StrEnum):
    """Where an assignment stands."""

    RESERVED = "reserved"
    OFFERED = "offered"
    ORDERED = "ordered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    RESCINDED = "rescinded"
    EN_ROUTE = "en_route"
    STAGED = "staged"
    ON_SCENE = "on_scene"
    TRANSPORTING = "transporting"
    AT_DESTINATION = "at_destination"
    CLEARED = "cleared"
    CANCELLED = "cancelled"


class AssignmentMode(StrEnum):
    """Ordered units must go; offered units may decline."""

    ORDERED = "ordered"
    OFFERED = "offered"


class OfferRule(StrEnum):
    """How several offers made together end. first_of: the first yes takes it, the others are taken back.

    all_of: every one is wanted; one that says no or nothing leaves the others as they are, and somebody is told.
    """

    FIRST_OF = "first_of"
    ALL_OF = "all_of"


@dataclass(frozen=True, slots=True)
class Move:
    """One legal step and the word on its button. modes: in which kind of assignment it exists."""

    status: AssignmentStatus
    to: AssignmentStatus
    label: str
    modes: frozenset[AssignmentMode] = frozenset(AssignmentMode)


_S = AssignmentStatus
_ORDERED = frozenset({AssignmentMode.ORDERED})
_OFFERED = frozenset({AssignmentMode.OFFERED})

# Holding the unit: a reserved unit is still free for another incident.
ACTIVE = frozenset(
    {_S.OFFERED, _S.ORDERED, _S.ACCEPTED, _S.EN_ROUTE, _S.STAGED, _S.ON_SCENE, _S.TRANSPORTING, _S.AT_DESTINATION}
)
TERMINAL = frozenset({_S.DECLINED, _S.TIMED_OUT, _S.RESCINDED, _S.CLEARED, _S.CANCELLED})
NEEDS_REASON = frozenset({_S.DECLINED, _S.RESCINDED, _S.CANCELLED})
NEEDS_OUTCOME = frozenset({_S.CLEARED})

# The order of the rows is the order of the buttons: what usually comes next first, endings last.
# Late radio reports are normal, so a step may be skipped: ordered -> on_scene is legal, and a status sent in answer to
# an offer accepts it. Transport starts at a scene: a unit that never reported arrival reports it first, however late.
STATE_TABLE: tuple[Move, ...] = (
    Move(_S.RESERVED, _S.ORDERED, "Send now", _ORDERED),
    Move(_S.RESERVED, _S.OFFERED, "Offer now", _OFFERED),
    Move(_S.RESERVED, _S.CANCELLED, "Drop the reservation"),
    Move(_S.OFFERED, _S.ACCEPTED, "Accept", _OFFERED),
    Move(_S.OFFERED, _S.EN_ROUTE, "En route", _OFFERED),
    Move(_S.OFFERED, _S.STAGED, "Staged", _OFFERED),
    Move(_S.OFFERED, _S.ON_SCENE, "On scene", _OFFERED),
    Move(_S.OFFERED, _S.DECLINED, "Decline", _OFFERED),
    Move(_S.OFFERED, _S.TIMED_OUT, "No answer in time", _OFFERED),
    Move(_S.OFFERED, _S.RESCINDED, "Take the offer back", _OFFERED),
    Move(_S.ORDERED, _S.ACCEPTED, "Acknowledge", _ORDERED),
    Move(_S.ORDERED, _S.EN_ROUTE, "En route", _ORDERED),
    Move(_S.ORDERED, _S.STAGED, "Staged", _ORDERED),
    Move(_S.ORDERED, _S.ON_SCENE, "On scene", _ORDERED),
    Move(_S.ORDERED, _S.CLEARED, "Clear", _ORDERED),
    Move(_S.ORDERED, _S.CANCELLED, "Cancel", _ORDERED),
    Move(_S.ACCEPTED, _S.EN_ROUTE, "En route"),
    Move(_S.ACCEPTED, _S.STAGED, "Staged"),
    Move(_S.ACCEPTED, _S.ON_SCENE, "On scene"),
    Move(_S.ACCEPTED, _S.CLEARED, "Clear"),
    Move(_S.ACCEPTED, _S.CANCELLED, "Cancel"),
    Move(_S.EN_ROUTE, _S.STAGED, "Staged"),
    Move(_S.EN_ROUTE, _S.ON_SCENE, "On scene"),
    Move(_S.EN_ROUTE, _S.CLEARED, "Clear"),
    Move(_S.EN_ROUTE, _S.CANCELLED, "Cancel"),
    Move(_S.STAGED, _S.ON_SCENE, "On scene"),
    Move(_S.STAGED, _S.EN_ROUTE, "Move again"),
    Move(_S.STAGED, _S.CLEARED, "Clear"),
    Move(_S.STAGED, _S.CANCELLED, "Cancel"),
    Move(_S.ON_SCENE, _S.TRANSPORTING, "Transporting"),
    Move(_S.ON_SCENE, _S.STAGED, "Pull back to stage"),
    Move(_S.ON_SCENE, _S.CLEARED, "Clear"),
    Move(_S.TRANSPORTING, _S.AT_DESTINATION, "At destination"),
    Move(_S.TRANSPORTING, _S.CLEARED, "Clear"),
    Move(_S.AT_DESTINATION, _S.CLEARED, "Clear"),
)

# Why an assignment is cancelled. Codes are for ever; `other` says the rest in the reason.
CANCEL_CAUSES: Mapping[str, str] = {
    "duplicate": "The incident is the same as another",
    "unfounded": "It did not happen",
    "caller_cancelled": "The caller wants nobody any more",
    "handled_by_another": "Another unit has it",
    "redirected": "The unit is needed more elsewhere",
    "exchanged": "Another unit goes in its place",
    "unit_unavailable": "The unit cannot go on",
    "assigned_by_mistake": "It was never meant",
    "incident_closed": "The incident has ended",
    "other": "Another cause, given in the reason",
}
OTHER_CAUSE = "other"

_LEGAL: Mapping[tuple[AssignmentStatus, AssignmentMode], tuple[AssignmentStatus, ...]] = {
    (status, mode): tuple(move.to for move in STATE_TABLE if move.status is status and mode in move.modes)
    for status in AssignmentStatus
    for mode in AssignmentMode
}

# A staged unit waits short of the scene: it has not arrived, so it counts as under way.
_UNIT_AFTER: Mapping[AssignmentStatus, UnitStatus] = {
    _S.RESERVED: UnitStatus.AVAILABLE,
    _S.OFFERED: UnitStatus.ASSIGNED,
    _S.ORDERED: UnitStatus.ASSIGNED,
    _S.ACCEPTED: UnitStatus.ASSIGNED,
    _S.EN_ROUTE: UnitStatus.EN_ROUTE,
    _S.STAGED: UnitStatus.EN_ROUTE,
    _S.ON_SCENE: UnitStatus.ON_SCENE,
    _S.TRANSPORTING: UnitStatus.TRANSPORTING,
    _S.AT_DESTINATION: UnitStatus.AT_DESTINATION,
    **dict.fromkeys(TERMINAL, UnitStatus.AVAILABLE),
}


# The way of an assignment, as far as it goes; radio reports skip parts of it and come in any order.
_WAY = (_S.ACCEPTED, _S.EN_ROUTE, _S.STAGED, _S.ON_SCENE, _S.TRANSPORTING, _S.AT_DESTINATION)


def first_status(mode: AssignmentMode) -> AssignmentStatus:
    """How a fresh assignment of this mode begins (a reservation begins as `reserved`)."""
    return _S.ORDERED if mode is AssignmentMode.ORDERED else _S.OFFERED


def legal_moves(status: AssignmentStatus, mode: AssignmentMode) -> tuple[AssignmentStatus, ...]:
    """What an assignment in this status may become, likeliest first; empty when it has ended."""
    return _LEGAL[status, mode]


def require_move(
    current: AssignmentStatus,
    to: AssignmentStatus,
    mode: AssignmentMode,
    *,
    reason: str | None = None,
    outcome: str | None = None,
    cause: str | None = None,
) -> None:
    """Returns when the step is legal and says all it must.

    Raises IllegalTransition (facts: current, requested, legal) or Invalid when the reason or the outcome is missing or
    blank.
    """
    legal = legal_moves(current, mode)
    if to not in legal:
        words = ", ".join(move.value for move in legal)
        raise IllegalTransition(
            f"An assignment that is {current.value} cannot become {to.value}.",
            fix=f"From here: {words}." if words else "It has ended; assign the unit again.",
            current=current.value,
            requested=to.value,
            legal=[move.value for move in legal],
        )
    require_cause(to, cause)
    if to in NEEDS_REASON and not (reason or "").strip() and cause in (None, OTHER_CAUSE):
        raise _missing(to, cause)
    if to in NEEDS_OUTCOME and not (outcome or "").strip():
        raise Invalid(
            f"{to.value} needs an outcome.",
            fix="Send `outcome`, for example handled, contact_made or report_taken.",
            errors=[FieldProblem("/outcome", "missing", f"required for {to.value}")],
        )


def require_cause(to: AssignmentStatus, cause: str | None) -> None:
    """Returns when there is none, or it is one of the list and the assignment is cancelled. Raises Invalid."""
    if cause is None:
        return
    if to is not _S.CANCELLED:
        problem = FieldProblem("/cause", "not_cancelled", f"only cancelled has a cause; {to.value} has `reason`")
        raise Invalid(f"{to.value} has no cause.", fix="Send `reason` instead.", errors=[problem])
    if cause not in CANCEL_CAUSES:
        raise Invalid(
            f"There is no cause {cause!r}.",
            fix=f"Use one of: {', '.join(CANCEL_CAUSES)}.",
            errors=[FieldProblem("/cause", "unknown_cause", nearest(cause, CANCEL_CAUSES))],
        )


def cause_of(to: AssignmentStatus, cause: str | None) -> str | None:
    """The cause that is kept: of a cancelled assignment for which only a text was given, `other`."""
    return (cause or OTHER_CAUSE) if to is _S.CANCELLED else None


def passed_before(current: AssignmentStatus) -> tuple[AssignmentStatus, ...]:
    """What an assignment that stands here may have passed, told or not."""
    if current is _S.CANCELLED:
        return _WAY[: _WAY.index(_S.ON_SCENE)]
    if current is _S.CLEARED:
        return _WAY
    return _WAY[: _WAY.index(current)] if current in _WAY else ()


def is_about_the_past(
    current: AssignmentStatus,
    to: AssignmentStatus,
    mode: AssignmentMode,
    *,
    told: datetime,
    known: datetime | None,
    since: datetime | None,
) -> bool:
    """True when a status that is sent with a time is no step, but tells when an earlier or the present one was so.

    known: the time of that status as it stands. since: since when the assignment stands where it does. A unit that
    staged may move on and stage again, so there the time decides: what lies before the present status is about the
    past.
    """
    is_legal, is_passed = to in legal_moves(current, mode), to in passed_before(current)
    if is_legal:
        return is_passed and since is not None and told < since
    if known is not None:
        return True
    return is_passed and since is not None and told <= since


def implies_acceptance(current: AssignmentStatus, to: AssignmentStatus) -> bool:
    """True when this step of an offered unit says yes without saying so: its `accepted_at` is the step's time."""
    return current is _S.OFFERED and to in (_S.EN_ROUTE, _S.STAGED, _S.ON_SCENE)


def is_taken(status: AssignmentStatus) -> bool:
    """True when the unit has the job: it was ordered, or it said yes."""
    return status in ACTIVE and status is not _S.OFFERED


def unit_status_after(status: AssignmentStatus) -> UnitStatus:
    """What a unit that does not stack is while its assignment stands here."""
    return _UNIT_AFTER[status]


def stamp_column(status: AssignmentStatus) -> str:
    """The name of the time stamp that this status sets."""
    return f"{status.value}_at"


def _missing(to: AssignmentStatus, cause: str | None) -> Invalid:
    fix = "Send `reason`."
    if to is _S.CANCELLED:
        fix = f"Send `cause` ({', '.join(CANCEL_CAUSES)}), or `reason` as a text; the cause other needs both."
    field = "reason" if cause is not None or to is not _S.CANCELLED else "cause"
    return Invalid(
        f"{to.value} needs a {'cause' if field == 'cause' else 'reason'}.",
        fix=fix,
        errors=[FieldProblem("/reason", "missing", f"required for {to.value}")],
    )
