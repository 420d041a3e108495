"""A unit of the roster as the router sees it at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.domain.geo import LatLon
from dispatch.domain.unit import UnitStatus

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """All that decides whether a unit can go and how well.

    capabilities: of the unit and of its crew, certifications in date included. lapsed: what the crew would have if
    nothing had expired. crew: people on it now. on_shift_until: None when it is not on shift.
    capacity: assignments it carries at once (desks stack). incident: where it is, for people to read.
    position_at: when it was seen at `position`; None when that is not known. home: where it waits.
    commands: it leads others and brings no crew of its own, such as a battalion chief's car.
    mobile: False for a desk, which does not travel. area: rings of (lon, lat) it serves, None for everywhere.
    resting_until: not to be sent before this. appointment_at: its next hour elsewhere.
    shares_crew: ids of the other units that its crew staffs in turn.
    crew_with: the one of them (a call sign) that the crew is out with now.
    workload: assignments or busy seconds today, any one measure for all.
    """

    unit_id: str
    call_sign: str
    responder_type: str
    agency: str
    status: UnitStatus
    program: str | None = None
    position: LatLon | None = None
    position_at: datetime | None = None
    home: LatLon | None = None
    capabilities: frozenset[str] = frozenset()
    lapsed: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    crew: int = 1
    min_crew: int = 1
    on_shift_from: datetime | None = None
    on_shift_until: datetime | None = None
    capacity: int = 1
    active_assignments: int = 0
    incident: str | None = None
    commands: bool = False
    mobile: bool = True
    area: tuple[Ring, ...] | None = None
    resting_until: datetime | None = None
    appointment_at: datetime | None = None
    shares_crew: frozenset[str] = frozenset()
    crew_with: str | None = None
    workload: float = 0.0


def crew_of(candidate: Candidate) -> str:
    """One word for the crew, the same for every vehicle that it staffs in turn."""
    return min(candidate.unit_id, *candidate.shares_crew) if candidate.shares_crew else candidate.unit_id


def serves(area: Sequence[Ring] | None, position: LatLon | None) -> bool:
    """True when the position lies in one of the rings (even-odd rule). An unknown position or area excludes nobody."""
    return area is None or position is None or any(_inside(ring, position) for ring in area)


def speaks(candidate: Candidate, language: str | None) -> bool:
    """True when somebody on the unit speaks the caller's language; "es-MX" is understood by "es". None: no wish."""
    if language is None:
        return True
    wanted = language.lower().partition("-")[0]
    return any(known.lower().partition("-")[0] == wanted for known in candidate.languages)


def _inside(ring: Ring, position: LatLon) -> bool:
    inside = False
    previous_lon, previous_lat = ring[-1]
    for lon, lat in ring:
        if (lat > position.lat) != (previous_lat > position.lat):
            crossing = lon + (position.lat - lat) * (previous_lon - lon) / (previous_lat - lat)
            inside ^= position.lon < crossing
        previous_lon, previous_lat = lon, lat
    return inside
