"""An incident: the thing being handled, the states it can be in, and how it may end."""

from collections.abc import Mapping
from enum import StrEnum

from dispatch.domain.errors import FieldProblem, IllegalTransition, Invalid
from dispatch.domain.nearest import nearest


class IncidentStatus(StrEnum):
    """Where an incident stands. pending waits for units; held waits on purpose; active has or had units."""

    PENDING = "pending"
    HELD = "held"
    ACTIVE = "active"
    CLOSED = "closed"
    CANCELLED = "cancelled"


_S = IncidentStatus
ENDED = frozenset({_S.CLOSED, _S.CANCELLED})

# held -> held moves the hour of a hold. An ended incident comes back to the queue, never straight to a unit.
_LEGAL: dict[IncidentStatus, tuple[IncidentStatus, ...]] = {
    _S.PENDING: (_S.HELD, _S.ACTIVE, _S.CLOSED, _S.CANCELLED),
    _S.HELD: (_S.PENDING, _S.HELD, _S.ACTIVE, _S.CLOSED, _S.CANCELLED),
    _S.ACTIVE: (_S.PENDING, _S.HELD, _S.CLOSED, _S.CANCELLED),
    _S.CLOSED: (_S.PENDING,),
    _S.CANCELLED: (_S.PENDING,),
}

# What a rule about a sender's list ends an incident with; it comes back by itself when it is listed again.
CLOSED_AT_SOURCE = "closed_at_source"

# Disposition code -> what it says. APCO 1.111.2 codes where one fits are beside the outcomes (domain/outcome.py).
DISPOSITIONS: Mapping[str, str] = {
    "resolved": "Handled; nothing more to do",
    "report_taken": "A report was written",
    "handled_by_phone": "Settled by telephone or online",
    "referred": "Passed on to another agency or service",
    "transported": "Somebody was taken to care",
    "arrest": "Somebody was arrested",
    "no_contact": "Nobody was found or answered",
    "gone_on_arrival": "The people or the trouble had gone",
    "refused": "Help was refused",
    "unfounded": "It did not happen",
    "false_alarm": "An alarm without cause",
    "duplicate": "The same as another incident",
    "cancelled_by_caller": "The caller withdrew it",
    CLOSED_AT_SOURCE: "Its sender no longer lists it, and the rule of that feed closes it then; nobody here saw it end",
    "other": "None of these; the note says what",
}


def legal_incident_moves(status: IncidentStatus) -> tuple[IncidentStatus, ...]:
    """What an incident in this status may become."""
    return _LEGAL[status]


def require_incident_move(current: IncidentStatus, to: IncidentStatus) -> None:
    """Returns when the step is legal. Raises IllegalTransition (facts: current, requested, legal)."""
    legal = legal_incident_moves(current)
    if to not in legal:
        raise IllegalTransition(
            f"An incident that is {current.value} cannot become {to.value}.",
            fix=f"From here: {', '.join(move.value for move in legal)}.",
            current=current.value,
            requested=to.value,
            legal=[move.value for move in legal],
        )


def require_disposition(code: str) -> None:
    """Returns when this is a disposition; the list is closed, since reports count by it. Raises Invalid."""
    if code not in DISPOSITIONS:
        raise Invalid(
            f"There is no disposition {code!r}.",
            fix=f"Use one of: {', '.join(DISPOSITIONS)}.",
            errors=[FieldProblem("/disposition", "unknown_disposition", nearest(code, DISPOSITIONS))],
        )
