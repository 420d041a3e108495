"""An incident: the thing being handled, and the states it can be in."""

from enum import StrEnum


class IncidentStatus(StrEnum):
    """Where an incident stands. pending waits for units; held waits on purpose; active has or had units."""

    PENDING = "pending"
    HELD = "held"
    ACTIVE = "active"
    CLOSED = "closed"
    CANCELLED = "cancelled"


_LEGAL: dict[IncidentStatus, tuple[IncidentStatus, ...]] = {
    IncidentStatus.PENDING: (
        IncidentStatus.HELD,
        IncidentStatus.ACTIVE,
        IncidentStatus.CLOSED,
        IncidentStatus.CANCELLED,
    ),
    IncidentStatus.HELD: (
        IncidentStatus.PENDING,
        IncidentStatus.HELD,
        IncidentStatus.ACTIVE,
        IncidentStatus.CLOSED,
        IncidentStatus.CANCELLED,
    ),
    IncidentStatus.ACTIVE: (
        IncidentStatus.PENDING,
        IncidentStatus.HELD,
        IncidentStatus.CLOSED,
        IncidentStatus.CANCELLED,
    ),
    IncidentStatus.CLOSED: (IncidentStatus.PENDING,),
    IncidentStatus.CANCELLED: (IncidentStatus.PENDING,),
}


def legal_incident_moves(status: IncidentStatus) -> tuple[IncidentStatus, ...]:
    """What an incident in this status may become."""
    return _LEGAL[status]
