"""The life of an assignment: one state table as data, from which code, docs and buttons follow."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from dispatch.domain.errors import FieldProblem, IllegalTransition, Invalid
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


_S = AssignmentStatus

# Holding the unit: a reserved unit is still free for another incident.
ACTIVE = frozenset(
    {
        _S.OFFERED,
        _S.ORDERED,
        _S.ACCEPTED,
        _S.EN_ROUTE,
        _S.STAGED,
        _S.ON_SCENE,
        _S.TRANSPORTING,
        _S.AT_DESTINATION,
    }
)
TERMINAL = frozenset({_S.DECLINED, _S.TIMED_OUT, _S.RESCINDED, _S.CLEARED, _S.CANCELLED})
NEEDS_REASON = frozenset({_S.DECLINED, _S.RESCINDED, _S.CANCELLED})
NEEDS_OUTCOME = frozenset({_S.CLEARED})


# Late radio reports are normal, so a step may be skipped: from ordered straight to on_scene is legal.
_LEGAL: dict[AssignmentStatus, tuple[AssignmentStatus, ...]] = {
    _S.RESERVED: (_S.OFFERED, _S.ORDERED, _S.CANCELLED),
    _S.OFFERED: (_S.ACCEPTED, _S.DECLINED, _S.TIMED_OUT, _S.RESCINDED, _S.EN_ROUTE, _S.STAGED, _S.ON_SCENE),
    _S.ORDERED: (_S.ACCEPTED, _S.EN_ROUTE, _S.STAGED, _S.ON_SCENE, _S.CLEARED, _S.CANCELLED),
    _S.ACCEPTED: (_S.EN_ROUTE, _S.STAGED, _S.ON_SCENE, _S.CLEARED, _S.CANCELLED),
    _S.EN_ROUTE: (_S.STAGED, _S.ON_SCENE, _S.CLEARED, _S.CANCELLED),
    _S.STAGED: (_S.EN_ROUTE, _S.ON_SCENE, _S.CLEARED, _S.CANCELLED),
    _S.ON_SCENE: (_S.STAGED, _S.TRANSPORTING, _S.CLEARED),
    _S.TRANSPORTING: (_S.AT_DESTINATION, _S.CLEARED),
    _S.AT_DESTINATION: (_S.CLEARED,),
    _S.DECLINED: (),
    _S.TIMED_OUT: (),
    _S.RESCINDED: (),
    _S.CLEARED: (),
    _S.CANCELLED: (),
}

_UNIT_AFTER: dict[AssignmentStatus, UnitStatus] = {
    _S.RESERVED: UnitStatus.AVAILABLE,
    _S.OFFERED: UnitStatus.ASSIGNED,
    _S.ORDERED: UnitStatus.ASSIGNED,
    _S.ACCEPTED: UnitStatus.ASSIGNED,
    _S.EN_ROUTE: UnitStatus.EN_ROUTE,
    _S.STAGED: UnitStatus.ON_SCENE,
    _S.ON_SCENE: UnitStatus.ON_SCENE,
    _S.TRANSPORTING: UnitStatus.TRANSPORTING,
    _S.AT_DESTINATION: UnitStatus.AT_DESTINATION,
    **dict.fromkeys(TERMINAL, UnitStatus.AVAILABLE),
}


def legal_moves(status: AssignmentStatus, mode: AssignmentMode) -> tuple[AssignmentStatus, ...]:
    """What an assignment in this status may become. The mode is fixed when the assignment leaves `reserved`."""
    if status is _S.RESERVED:
        return (_S.ORDERED if mode is AssignmentMode.ORDERED else _S.OFFERED, _S.CANCELLED)
    return _LEGAL[status]


def require_move(
    current: AssignmentStatus,
    to: AssignmentStatus,
    mode: AssignmentMode,
    *,
    reason: str | None = None,
    outcome: str | None = None,
) -> None:
    """Returns when the step is legal and says all it must. Raises IllegalTransition or Invalid."""
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
    if to in NEEDS_REASON and not reason:
        raise Invalid(
            f"{to.value} needs a reason.",
            fix="Send `reason`.",
            errors=[FieldProblem("/reason", "missing", f"required for {to.value}")],
        )
    if to in NEEDS_OUTCOME and not outcome:
        raise Invalid(
            f"{to.value} needs an outcome.",
            fix="Send `outcome`, for example handled, contact_made or report_taken.",
            errors=[FieldProblem("/outcome", "missing", f"required for {to.value}")],
        )


def unit_status_after(status: AssignmentStatus) -> UnitStatus:
    """What the unit is while its assignment stands here."""
    return _UNIT_AFTER[status]


def stamp_column(status: AssignmentStatus) -> str:
    """The name of the time stamp that this status sets."""
    return f"{status.value}_at"


# Interval name -> (from, to, what it measures). Start and end are the first stamp present of each list.
INTERVALS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "queue": (("received_at",), ("created_at",), "call received to first given to this unit"),
    "turnout": (("accepted_at", "ordered_at", "offered_at"), ("en_route_at",), "told or accepted to wheels rolling"),
    "travel": (("en_route_at",), ("on_scene_at",), "rolling to arrival"),
    "response": (("received_at",), ("on_scene_at",), "call received to arrival"),
    "scene": (("on_scene_at",), ("transporting_at", "cleared_at"), "arrival to leaving"),
    "total": (("created_at",), ("cleared_at",), "given to clear"),
}


def intervals(stamps: Mapping[str, datetime]) -> dict[str, float | None]:
    """Seconds by interval name; None where a stamp is missing or the order is impossible."""
    return {name: _between(stamps, starts, ends) for name, (starts, ends, _) in INTERVALS.items()}


def _between(stamps: Mapping[str, datetime], starts: tuple[str, ...], ends: tuple[str, ...]) -> float | None:
    start = next((stamps[name] for name in starts if name in stamps), None)
    end = next((stamps[name] for name in ends if name in stamps), None)
    if start is None or end is None or end < start:
        return None
    return (end - start).total_seconds()
