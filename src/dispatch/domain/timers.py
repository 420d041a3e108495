"""What is waited for and how long: the kinds of timers, and their limits as data, first row that fits wins."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dispatch.domain.assignment import AssignmentStatus, is_taken


class TimerKind(StrEnum):
    """What somebody must not wait for in vain. Kinds are kept for ever: rows and alarms name them."""

    UNASSIGNED = "unassigned"
    OFFER = "offer"
    TURNOUT = "turnout"
    TRAVEL = "travel"
    WELFARE_CHECK = "welfare_check"
    HOLD_DUE = "hold_due"
    FEED_SILENT = "feed_silent"
    STEP_WAIT = "step_wait"
    STEP_DECLINED = "step_declined"
    SHIFT_END = "shift_end"
    HAND_OFF = "hand_off"
    APPOINTMENT = "appointment"
    POSITION_SILENT = "position_silent"
    STAGED = "staged"
    TRANSFER = "transfer"


_K, _S = TimerKind, AssignmentStatus

# The only timer that runs while an assignment stands here; reaching another status ends it. A call that was passed on
# goes nowhere: whoever has it is asked what came of it (`transfer`), wherever it stands.
WATCHED_BY: dict[AssignmentStatus, TimerKind] = {
    _S.OFFERED: _K.OFFER,
    _S.ORDERED: _K.TURNOUT,
    _S.ACCEPTED: _K.TURNOUT,
    _S.EN_ROUTE: _K.TRAVEL,
    _S.STAGED: _K.STAGED,
    _S.ON_SCENE: _K.WELFARE_CHECK,
    _S.TRANSPORTING: _K.WELFARE_CHECK,
    _S.AT_DESTINATION: _K.WELFARE_CHECK,
}
# Where a unit is among people and is asked whether it is well.
WELFARE_CHECKED = tuple(status for status, kind in WATCHED_BY.items() if kind is _K.WELFARE_CHECK)
OF_ASSIGNMENT = frozenset(WATCHED_BY.values()) | {_K.TRANSFER}

# Run while nobody has taken the incident.
OF_QUEUE = frozenset({_K.UNASSIGNED, _K.STEP_WAIT, _K.STEP_DECLINED})
OF_INCIDENT = OF_QUEUE | {_K.HOLD_DUE}

# Of an assignment, whatever its status: gone when it has ended.
OF_ENDED = frozenset({_K.HAND_OFF, _K.APPOINTMENT})

# Kinds whose limit a policy sets; hold_due and the steps of a plan carry their own hour.
LIMITED = (
    *(_K.UNASSIGNED, _K.OFFER, _K.TURNOUT, _K.TRAVEL, _K.WELFARE_CHECK, _K.APPOINTMENT, _K.POSITION_SILENT),
    *(_K.STAGED, _K.TRANSFER),
)
# Of these no incident is known, so that no priority can fit.
WITHOUT_INCIDENT = frozenset({_K.POSITION_SILENT})
MISSES_THAT_ESCALATE = 2

# Assumed where a unit went without an estimate, so that a unit that never arrives is missed all the same.
ASSUMED_TRAVEL_S = 20 * 60


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit. priorities, responder_types, statuses: empty means all.

    alone: True only for a crew of one, None for any. statuses: where the assignment stands, of a welfare check.
    limit_s: None means never. Of travel it counts from the estimated arrival, of an appointment back from its hour.
    """

    kind: TimerKind
    limit_s: int | None
    priorities: frozenset[int] = frozenset()
    responder_types: frozenset[str] = frozenset()
    alone: bool | None = None
    statuses: frozenset[AssignmentStatus] = frozenset()

    def fits(
        self, kind: TimerKind, priority: int, responder_type: str | None, crew: int, status: AssignmentStatus | None
    ) -> bool:
        """True when the row speaks of this case."""
        return (
            kind is self.kind
            and (not self.priorities or priority in self.priorities)
            and (not self.responder_types or responder_type in self.responder_types)
            and (self.alone is None or self.alone == (crew <= 1))
            and (not self.statuses or status in self.statuses)
        )


@dataclass(frozen=True, slots=True)
class WatchedFeed:
    """A sender that is expected to send something at least once in so many seconds."""

    source: str
    silent_s: int


def _row(
    kind: TimerKind,
    limit_s: int | None,
    *priorities: int,
    types: str = "",
    alone: bool | None = None,
    status: AssignmentStatus | None = None,
) -> LimitRow:
    statuses = frozenset() if status is None else frozenset({status})
    return LimitRow(kind, limit_s, frozenset(priorities), frozenset(types.split()), alone, statuses)


_ARMED = "police co_responder"
# Whoever takes calls over and goes nowhere.
DESKS = ("report_taker", "crisis_line", "outside")
_DESKS = " ".join(DESKS)

# Turnout: NFPA 1710 (60 s EMS, 80 s fire). Unassigned at priority 0: NFPA 1225, 60 s to process an alarm. The others
# have no published standard: our own judgement, for a city to replace in timers.yaml of its policy.
SHIPPED_LIMITS: tuple[LimitRow, ...] = (
    _row(_K.UNASSIGNED, 60, 0),
    _row(_K.UNASSIGNED, 120, 1),
    _row(_K.UNASSIGNED, 600, 2),
    _row(_K.UNASSIGNED, 1800, 3),
    _row(_K.UNASSIGNED, 3600),
    _row(_K.OFFER, 30, 0, 1),
    _row(_K.OFFER, 300, types=_DESKS),
    _row(_K.OFFER, 90),
    _row(_K.TURNOUT, None, types=_DESKS),
    _row(_K.TURNOUT, 60, types="ems"),
    _row(_K.TURNOUT, 80, types="fire"),
    _row(_K.TURNOUT, 120, types="police"),
    _row(_K.TURNOUT, 300),
    _row(_K.TRAVEL, 120, 0, 1),
    _row(_K.TRAVEL, 300),
    _row(_K.WELFARE_CHECK, None, types=_DESKS),
    _row(_K.WELFARE_CHECK, 1800, types="fire ems", status=_S.TRANSPORTING),
    _row(_K.WELFARE_CHECK, None, types=f"{_ARMED} fire ems", status=_S.AT_DESTINATION),  # a hospital, a jail: staffed
    _row(_K.WELFARE_CHECK, 600, types=_ARMED, alone=True),
    _row(_K.WELFARE_CHECK, 900, types=f"{_ARMED} fire ems"),
    _row(_K.WELFARE_CHECK, 300, alone=True),
    _row(_K.WELFARE_CHECK, 600),
    _row(_K.APPOINTMENT, 300, types=_DESKS),
    _row(_K.APPOINTMENT, 900),
    _row(_K.POSITION_SILENT, None, types=_DESKS),
    _row(_K.POSITION_SILENT, 300, types=f"{_ARMED} fire ems"),
    _row(_K.POSITION_SILENT, 900),
    _row(_K.STAGED, 300, 0, 1),
    _row(_K.STAGED, 600),
    _row(_K.TRANSFER, 900, 0, 1),
    _row(_K.TRANSFER, 4 * 3600, types="report_taker"),
    _row(_K.TRANSFER, 3600),
)


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """The limits of one policy: its own rows, then those that ship, so that nothing is ever without a limit."""

    rows: tuple[LimitRow, ...] = SHIPPED_LIMITS
    feeds: tuple[WatchedFeed, ...] = ()

    @property
    def are_calm_ones_unwatched(self) -> bool:
        """True when something is never waited for at some priorities only, so that a rise must begin a timer."""
        return any(row.limit_s is None and row.priorities and row.kind in OF_ASSIGNMENT for row in self.rows)

    def limit_s(
        self,
        kind: TimerKind,
        priority: int,
        responder_type: str | None = None,
        crew: int = 1,
        status: AssignmentStatus | None = None,
    ) -> int | None:
        """Seconds until the timer is due, None where nobody waits."""
        found = (row.limit_s for row in self.rows if row.fits(kind, priority, responder_type, crew, status))
        return next(found, None)


SHIPPED = TimeLimits()


@dataclass(frozen=True, slots=True)
class Watched:
    """What a timer of an assignment must know of it. eta_s: turnout and travel as estimated when it was sent.

    priority: how urgent the incident has been since, at its worst: a limit that was short does not become long.
    is_passed_on: it was transferred, or is with a desk; nobody goes there.
    """

    status: AssignmentStatus
    priority: int
    responder_type: str
    crew: int = 1
    eta_s: int | None = None
    is_passed_on: bool = False

    @property
    def kind(self) -> TimerKind | None:
        """The timer that runs while it stands here."""
        if self.is_passed_on and is_taken(self.status):
            return TimerKind.TRANSFER
        return WATCHED_BY.get(self.status)

    def limit_s(self, limits: TimeLimits) -> int | None:
        """How long it is waited for; of travel beyond the estimate."""
        kind = self.kind
        if kind is None:
            return None
        return limits.limit_s(kind, self.priority, self.responder_type, self.crew, self.status)


@dataclass(frozen=True, slots=True)
class Due:
    """A timer that should run: of what kind, until when. payload: with the priority that it was set for."""

    kind: TimerKind
    at: datetime
    payload: dict[str, int] = field(default_factory=dict)


def watch(one: Watched, since: datetime, limits: TimeLimits) -> Due | None:
    """The timer of an assignment that has stood in its status since that moment; None when nothing is waited for."""
    kind, limit_s = one.kind, one.limit_s(limits)
    if kind is None or limit_s is None:
        return None
    if kind is TimerKind.TRAVEL:
        limit_s += ASSUMED_TRAVEL_S if one.eta_s is None else one.eta_s
    return Due(kind, since + timedelta(seconds=limit_s), {"priority": one.priority})


def hurried(one: Watched, was: int, due_at: datetime, now: datetime, limits: TimeLimits) -> datetime:
    """When a timer that was set for the priority `was` is due now that the incident is more urgent; never later.

    Whoever is asked something has the whole of the shorter time for the answer from now on.
    """
    limit_s, before_s = one.limit_s(limits), replace(one, priority=was).limit_s(limits)
    if limit_s is None or before_s is None:
        return due_at
    sooner = now + timedelta(seconds=limit_s)
    if one.kind is not TimerKind.OFFER:
        sooner = max(now, due_at - timedelta(seconds=before_s - limit_s))
    return min(due_at, sooner)
