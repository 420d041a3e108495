"""A unit: a crew and vehicle, a desk or an outreach pair, and the states it can be in."""

from enum import StrEnum


class UnitStatus(StrEnum):
    """Where a unit stands. `assigned` covers both ordered and offered; the assignment says which."""

    AVAILABLE = "available"
    ASSIGNED = "assigned"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    TRANSPORTING = "transporting"
    AT_DESTINATION = "at_destination"
    OUT_OF_SERVICE = "out_of_service"
    OFF_DUTY = "off_duty"
    EMERGENCY = "emergency"
