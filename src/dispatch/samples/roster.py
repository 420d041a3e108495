"""A sample city as frozen values: who runs what, what can be assigned, who staffs it and where it stands."""

from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from dispatch.domain.geo import LatLon

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
AGENCY_KINDS = ("city", "county", "contracted", "transit")


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """The city itself. sample_day: the local day for which the dates of the files are right."""

    id: str
    name: str
    time_zone: str
    population: int
    sample_day: date
    call_source: str
    center: LatLon
    south_west: LatLon
    north_east: LatLon
    number_origin: LatLon
    block_lat: float
    block_lon: float


@dataclass(frozen=True, slots=True)
class District:
    """A named part of the city. ring: its outline, closed (the first position again at the end)."""

    id: str
    name: str
    population: int
    character: str
    ring: tuple[LatLon, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A common place. place: a value of the fact `place`."""

    id: str
    name: str
    kind: str
    place: str
    district: str
    address: str
    position: LatLon


@dataclass(frozen=True, slots=True)
class Street:
    """A street of the grid. at: its latitude when it runs west-east, its longitude when it runs south-north."""

    name: str
    is_west_east: bool
    at: float


@dataclass(frozen=True, slots=True)
class SampleProgram:
    """One responder program as the roster knows it; whom it takes is written in the policy."""

    id: str
    name: str
    agency: str
    responder_type: str
    description: str


@dataclass(frozen=True, slots=True)
class SampleAgency:
    """An organisation that fields responders. kind: city, county, contracted or transit."""

    id: str
    name: str
    kind: str
    responder_types: tuple[str, ...]
    contact: str


@dataclass(frozen=True, slots=True)
class SampleUnit:
    """What is assigned. capacity: assignments at once. is_mobile: false for a desk, which never travels."""

    call_sign: str
    responder_type: str
    agency: str
    program: str | None
    home: str
    home_position: LatLon
    capabilities: frozenset[str]
    min_crew: int
    capacity: int
    is_mobile: bool
    vehicle: str | None


@dataclass(frozen=True, slots=True)
class Certification:
    """expires_on: the last day it counts."""

    name: str
    expires_on: date


@dataclass(frozen=True, slots=True)
class SampleResponder:
    """A person. languages: BCP 47 tags."""

    employee_number: str
    name: str
    agency: str
    skills: frozenset[str]
    languages: tuple[str, ...]
    certifications: tuple[Certification, ...]


@dataclass(frozen=True, slots=True)
class SampleShift:
    """A weekly pattern in local time. until at or before starts: the next day; equal: 24 hours."""

    unit: str
    crew: tuple[str, ...]
    days: tuple[str, ...]
    starts: time
    until: time


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything but the calls, in the order of the files, every reference checked."""

    jurisdiction: Jurisdiction
    districts: tuple[District, ...]
    streets: tuple[Street, ...]
    places: tuple[Place, ...]
    agencies: tuple[SampleAgency, ...]
    programs: tuple[SampleProgram, ...]
    units: tuple[SampleUnit, ...]
    responders: tuple[SampleResponder, ...]
    shifts: tuple[SampleShift, ...]

    def moved_to(self, day: date) -> "Roster":
        """The same roster as if `day` were the sample day: certificates run out as many days before or after it."""
        shift_by = day - self.jurisdiction.sample_day
        return replace(
            self,
            jurisdiction=replace(self.jurisdiction, sample_day=day),
            responders=tuple(_with_certificates_moved(responder, shift_by) for responder in self.responders),
        )


def _with_certificates_moved(responder: SampleResponder, shift_by: timedelta) -> SampleResponder:
    moved = tuple(Certification(held.name, held.expires_on + shift_by) for held in responder.certifications)
    return replace(responder, certifications=moved)
