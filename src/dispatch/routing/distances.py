"""How far it is on the average, before any unit or street is known: the square-root laws (Larson and Odoni, chapter 3).

Distances are in the side of the square, or in the root of the area that holds one unit.
"""

from enum import StrEnum
from math import gamma, log, pi, sqrt


class Metric(StrEnum):
    """How one goes: as the crow flies, or along a grid of streets."""

    EUCLID = "euclid"
    MANHATTAN = "manhattan"


def mean_in_square(metric: Metric, side: float = 1.0) -> float:
    """Mean distance between two places anywhere in one square."""
    if metric is Metric.MANHATTAN:
        return side * 2 / 3
    return side * (2 + sqrt(2) + 5 * log(1 + sqrt(2))) / 15


def mean_to_next_square(side: float = 1.0) -> float:
    """Mean distance along the streets from a place in one square to a place in the square beside it."""
    return side * 4 / 3


def mean_to_nearest(density: float, metric: Metric = Metric.EUCLID, nth: int = 1) -> float:
    """Mean distance to the nth nearest of units that stand anywhere, so many to the unit of area."""
    if density <= 0 or nth < 1:
        raise ValueError("density above 0, and the nearest is the first")
    # A circle of radius r holds pi r2, the diamond that the streets reach from its middle 2 r2.
    area = pi if metric is Metric.EUCLID else 2.0
    return gamma(nth + 0.5) / (gamma(nth) * sqrt(area * density))
