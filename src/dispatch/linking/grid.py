"""The city as squares of about a kilometre: near calls are found by the square, however many there are elsewhere."""

import math

from dispatch.domain.geo import LatLon
from dispatch.domain.premise import squares

_PER_DEGREE = 100
_ROW = 100_000  # more than the squares around the equator, so that a number names one square only


def cell_of(position: LatLon) -> int:
    """The square that holds the position: 0.01 degrees of latitude by 0.01 of longitude."""
    return _number(math.floor(position.lat * _PER_DEGREE), math.floor(position.lon * _PER_DEGREE))


def cells_around(position: LatLon) -> list[int]:
    """The square and its eight neighbours: everything within some 600 m, up to 60 degrees of latitude."""
    row, column = math.floor(position.lat * _PER_DEGREE), math.floor(position.lon * _PER_DEGREE)
    return [_number(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)]


def cells_within(position: LatLon, radius_m: float) -> list[int]:
    """The squares that hold everything within radius_m of the position."""
    rows, columns = squares(position, radius_m, _PER_DEGREE)
    return [_number(int(row), int(column)) for row in rows for column in columns]


def _number(row: int, column: int) -> int:
    columns = 360 * _PER_DEGREE
    return row * _ROW + (column + columns // 2) % columns
