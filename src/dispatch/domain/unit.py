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


# On an assignment: cannot be given another unless the unit stacks.
BUSY = frozenset(
    {
        UnitStatus.ASSIGNED,
        UnitStatus.EN_ROUTE,
        UnitStatus.ON_SCENE,
        UnitStatus.TRANSPORTING,
        UnitStatus.AT_DESTINATION,
    }
)

# What a unit (or the roster) says of itself. An assignment's end must not overwrite the last three.
OWN_STATUSES = frozenset({UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE, UnitStatus.OFF_DUTY, UnitStatus.EMERGENCY})
NOT_IN_SERVICE = OWN_STATUSES - {UnitStatus.AVAILABLE}

# What a unit that leads others has, and a slot for one asks for.
COMMAND = "command"
