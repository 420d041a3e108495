"""A unit as the router sees it."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.domain.geo import LatLon
from dispatch.domain.unit import UnitStatus


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that might be sent.

    program: None for units that serve every call (police, fire, EMS). capabilities: of the vehicle and, in date, of
    the crew. crew: how many are on it now. on_shift_until: None when nobody staffs it now. capacity: jobs at once
    (desks: more than one). incident: number of the incident it is on, if any. mobile: False for desks, which answer
    where they are.
    """

    unit_id: str
    call_sign: str
    responder_type: str
    program: str | None
    agency: str
    status: UnitStatus
    position: LatLon | None
    position_at: datetime | None
    home: LatLon | None
    capabilities: frozenset[str]
    languages: frozenset[str]
    crew: int
    min_crew: int
    on_shift_from: datetime | None
    on_shift_until: datetime | None
    capacity: int
    active_assignments: int
    incident: str | None
    mobile: bool

    @property
    def place(self) -> LatLon | None:
        """Where it starts from: where it was last seen, else its home."""
        return self.position or self.home
