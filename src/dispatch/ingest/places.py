"""Reading where a call was: the ways files write a position, and the positions that are not to be believed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.domain.geo import LatLon

_NUMBER = r"([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"
_WKT_POINT = re.compile(
    rf"^\s*(?:SRID=\d+\s*;)?\s*POINT\s*Z?\s*\(\s*{_NUMBER}\s+{_NUMBER}(?:\s+{_NUMBER})?\s*\)\s*$", re.I
)
_PAIR = re.compile(rf"^\s*[(\[]?\s*{_NUMBER}\s*,\s*{_NUMBER}\s*[)\]]?\s*$")

ZERO = "position_zero"
OFF_MAP = "position_off_map"
UNREADABLE = "position_unreadable"


@dataclass(frozen=True, slots=True)
class Box:
    """The part of the earth where a position of this file is believed."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, lat: float, lon: float) -> bool:
        """True when the position lies inside or on the edge."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east


EARTH = Box(-90.0, -180.0, 90.0, 180.0)


def read_point(text: str) -> tuple[float, float] | None:
    """(lat, lon) from `POINT (lon lat)` or `(lat, lon)`; None when it is neither."""
    if wkt := _WKT_POINT.match(text):
        return float(wkt.group(2)), float(wkt.group(1))
    if pair := _PAIR.match(text):
        return float(pair.group(1)), float(pair.group(2))
    return None


def read_position(lat: str, lon: str, box: Box) -> tuple[LatLon | None, str | None]:
    """The position, or None and why it is not believed. Two empty cells are no position and no problem."""
    if not lat and not lon:
        return None, None
    try:
        return believe(float(lat), float(lon), box)
    except ValueError:
        return None, UNREADABLE


def believe(lat: float, lon: float, box: Box) -> tuple[LatLon | None, str | None]:
    """The position when it lies inside the box; 0,0 is how geocoders say that they found nothing."""
    if lat == 0 and lon == 0:
        return None, ZERO
    if not (EARTH.holds(lat, lon) and box.holds(lat, lon)):
        return None, OFF_MAP
    return LatLon(lat, lon), None


def join_address(parts: Sequence[Sequence[str]], *, drop: Sequence[str], between: str, city: str | None) -> str | None:
    """One line out of several cells: words of a part by spaces, parts by `between`. None when nothing is left.

    drop: cells that stand for nothing, such as the house number 0 of an intersection.
    """
    lines = [" ".join(cell for cell in part if cell and cell not in drop) for part in parts]
    line = between.join(line for line in lines if line)
    if not line:
        return None
    return f"{line}, {city}" if city else line
