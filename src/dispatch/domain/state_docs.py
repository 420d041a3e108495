"""The state table as a page for people: Markdown with a diagram, made from the data that the service obeys."""

from collections.abc import Sequence

from dispatch.domain.assignment import (
    ACTIVE,
    CANCEL_CAUSES,
    NEEDS_OUTCOME,
    NEEDS_REASON,
    STATE_TABLE,
    TERMINAL,
    AssignmentMode,
    AssignmentStatus,
    Move,
    stamp_column,
    unit_status_after,
)
from dispatch.domain.incident import IncidentStatus, legal_incident_moves
from dispatch.domain.intervals import INTERVALS
from dispatch.domain.outcome import OUTCOMES
from dispatch.domain.timers import WATCHED_BY

_BEGINNINGS = (AssignmentStatus.RESERVED, AssignmentStatus.OFFERED, AssignmentStatus.ORDERED)
_TOP = """# The life of an assignment

Made from `src/dispatch/domain/` by `state_docs.state_table_page()`; do not edit. A test compares the two.

Police, fire and EMS are *ordered*; every other responder type is *offered* the job and may decline with a reason.
An illegal step is refused with `409 illegal_transition`, which lists the legal ones.
"""


_OUTCOMES_NOTE = """A unit clears with one word (`outcome`), or with several and their details (`outcomes`). A word
alone may lack what it needs; the details are then owed (`lacks`) and given later. Police, fire and EMS units have
other words than civilians. A policy adds its own in `outcomes.yaml`.
"""


def state_table_page() -> str:
    """The whole of docs/state-table.md."""
    parts = [_TOP, state_diagram(), _moves(), _statuses(), _incidents(), intervals_table(), _outcomes()]
    return "\n".join(parts)


def state_diagram() -> str:
    """A Mermaid state diagram of every legal step."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {status.value}" for status in _BEGINNINGS]
    lines += [f"    {move.status.value} --> {move.to.value}: {move.label}" for move in STATE_TABLE]
    lines += [f"    {status.value} --> [*]" for status in AssignmentStatus if status in TERMINAL]
    return "\n".join([*lines, "```", ""])


def _moves() -> str:
    rows = [
        (move.status.value, move.to.value, move.label, _modes(move), _needs(move.to), f"`{stamp_column(move.to)}`")
        for move in STATE_TABLE
    ]
    return _section("Legal steps", ("from", "to", "button", "mode", "must say", "stamps"), rows)


def _statuses() -> str:
    rows = [
        (status.value, "yes" if status in ACTIVE else "no", unit_status_after(status).value, WATCHED_BY.get(status, ""))
        for status in AssignmentStatus
    ]
    return _section("What the unit is meanwhile", ("assignment", "holds the unit", "unit status", "timer"), rows)


def _incidents() -> str:
    rows = [(status.value, ", ".join(to.value for to in legal_incident_moves(status))) for status in IncidentStatus]
    note = "An incident closes only with a disposition and no unit on it.\n"
    return _section("Incidents", ("from", "to"), rows) + "\n" + note


def intervals_table() -> str:
    """The section on intervals, for this page and the glossary."""
    rows = [
        (name, _or(interval.starts), _or(interval.ends), interval.definition) for name, interval in INTERVALS.items()
    ]
    return _section("Intervals", ("name", "from", "to", "definition"), rows)


def _outcomes() -> str:
    rows = [
        (
            one.code,
            one.label,
            ", ".join(one.responder_types) or "all",
            ", ".join(one.needs),
            one.apco or "",
            one.nemsis or "",
            (one.neris or "").replace("|", "\\|"),
        )
        for one in OUTCOMES
    ]
    heads = ("code", "says", "responder types", "needs", "APCO 1.111.2", "NEMSIS 3.5.1", "NERIS")
    return _section("Outcomes", heads, rows) + "\n" + _OUTCOMES_NOTE + "\n" + _causes()


def _causes() -> str:
    return _section("Causes of cancelling", ("code", "says"), list(CANCEL_CAUSES.items()))


def _section(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"## {title}", "", _row(heads), _row(tuple("---" for _ in heads)), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _modes(move: Move) -> str:
    return "both" if len(move.modes) == len(AssignmentMode) else ", ".join(sorted(mode.value for mode in move.modes))


def _needs(to: AssignmentStatus) -> str:
    if to is AssignmentStatus.CANCELLED:
        return "cause or reason"
    if to in NEEDS_REASON:
        return "reason"
    return "outcome" if to in NEEDS_OUTCOME else ""


def _or(stamps: tuple[str, ...]) -> str:
    return " or ".join(f"`{stamp}`" for stamp in stamps)
