"""A place and what is known near it: how far to look, what that can tell, and which hazards belong to it.

Finding nothing is never the same as there being nothing: an answer says how far it looked and whether it could tell.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from dispatch.domain.geo import EARTH_RADIUS_M, LatLon, distance_m
from dispatch.domain.redaction import BLOCK_DECIMALS

DEFAULT_RADIUS_M = 100.0
LONGEST_SEARCH_M = 2000.0
# Taken where a sender says nothing of how sure its position is.
UNSAID_UNCERTAINTY_M = 75.0
# A position that was cut to the block may be this far from the door, at any latitude.
BLOCK_REACH_M = 80.0
# One street name is in many towns: the same words further apart than this are not one address.
SAME_ADDRESS_WITHIN_M = 2000.0


class Told(StrEnum):
    """What a look at a place could tell. none_on_record says nothing of the place, only of the record."""

    FOUND = "found"
    NONE_ON_RECORD = "none_on_record"
    CANNOT_TELL = "cannot_tell"


class Match(StrEnum):
    """How a hazard belongs to the place, closest first."""

    SAME_DOOR = "same_door"
    SAME_ADDRESS = "same_address"
    OTHER_DOOR = "other_door"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Place:
    """position: None when not known. uncertainty_m: as its sender gave it. address: folded, without the door.

    is_coarse: cut to the block. is_borrowed: the position is that of something else at an address of the same words.
    """

    position: LatLon | None = None
    uncertainty_m: float | None = None
    address: str | None = None
    door: str | None = None
    is_coarse: bool = False
    is_borrowed: bool = False

    def to_the_block(self) -> "Place":
        """The place as somebody may know it who may not know the door: no address, and the position of the block."""
        if self.position is None:
            return Place(is_coarse=True)
        block = LatLon(round(self.position.lat, BLOCK_DECIMALS), round(self.position.lon, BLOCK_DECIMALS))
        return Place(block, self.uncertainty_m, is_coarse=True, is_borrowed=self.is_borrowed)


@dataclass(frozen=True, slots=True)
class Search:
    """How a place is looked at. radius_m: how far around the position; None without one.

    widened, limits: stable codes of why it is wider than was asked, and of what keeps it from telling.
    """

    place: Place
    asked_radius_m: float
    radius_m: float | None
    widened: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    def told(self, found: int, *more_limits: str) -> Told:
        """What so many findings mean; more_limits: of what is on record, besides those of the place."""
        if found:
            return Told.FOUND
        return Told.CANNOT_TELL if self.limits or more_limits else Told.NONE_ON_RECORD


WHY = {
    "uncertain_position": "The position is uncertain, so that the look reaches as far as it may be wrong.",
    "uncertainty_unsaid": "Nobody said how sure the position is; it was taken to be within 75 m.",
    "position_withheld": "The exact position is not shown to this token, so that the look covers the whole block.",
    "position_missing": "There is no position: only the same address was looked for.",
    "position_of_an_earlier_incident": "The position is that of an earlier incident at an address of the same words.",
    "hazards_without_a_position": "Some hazards on record have an address alone, and there is none here to compare.",
    "incidents_without_a_position": "Some incidents on record have no position, and there is no address here.",
    "more_than_shown": "There is more than is shown here.",
    "place_missing": "There is neither a position nor an address, so that nothing could be looked for.",
    "too_uncertain": "The position may be wrong by more than 2 km, which is as far as was looked.",
}


def search_of(place: Place, asked_radius_m: float = DEFAULT_RADIUS_M) -> Search:
    """How far to look at this place: never less than its position may be wrong, never beyond 2 km."""
    if place.position is None:
        return Search(place, asked_radius_m, None, (), ("position_missing" if place.address else "place_missing",))
    widened: list[str] = []
    limits = ["position_of_an_earlier_incident"] if place.is_borrowed else []
    unsure = place.uncertainty_m if place.uncertainty_m is not None else UNSAID_UNCERTAINTY_M
    if place.is_coarse:
        widened.append("position_withheld")
        unsure += BLOCK_REACH_M
    radius = max(asked_radius_m, unsure)
    if radius > asked_radius_m and not place.is_coarse:
        widened.append("uncertain_position" if place.uncertainty_m is not None else "uncertainty_unsaid")
    if unsure > LONGEST_SEARCH_M:
        limits.append("too_uncertain")
    return Search(place, asked_radius_m, min(radius, LONGEST_SEARCH_M), tuple(widened), tuple(limits))


def match_of(search: Search, at: Place, reach_m: float) -> Match | None:
    """How what is at this other place belongs to the place of the search; None when it does not.

    reach_m: how far around its own position it counts.
    """
    here = search.place
    apart = distance_m(here.position, at.position) if here.position and at.position else None
    if here.address and here.address == at.address and (apart is None or apart <= SAME_ADDRESS_WITHIN_M):
        if here.door and at.door:
            return Match.SAME_DOOR if here.door == at.door else Match.OTHER_DOOR
        return Match.SAME_ADDRESS
    if apart is not None and search.radius_m is not None and apart <= search.radius_m + reach_m:
        return Match.NEAR
    return None


def squares(position: LatLon, radius_m: float, per_degree: int) -> tuple[list[float], list[float]]:
    """Rows and columns of the squares of 1/per_degree degrees that hold everything within radius_m.

    Columns wrap around the earth; beyond 84 degrees of latitude some are left out, where nobody dispatches.
    """
    metres = math.pi * EARTH_RADIUS_M / 180
    up = radius_m / metres
    right = up / max(math.cos(math.radians(position.lat)), 0.1)
    low, high = math.floor((position.lat - up) * per_degree), math.floor((position.lat + up) * per_degree)
    west, east = math.floor((position.lon - right) * per_degree), math.floor((position.lon + right) * per_degree)
    half = 180 * per_degree
    columns = {float((column + half) % (2 * half) - half) for column in range(west, east + 1)}
    return [float(row) for row in range(low, high + 1)], sorted(columns)
