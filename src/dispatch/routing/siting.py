"""Which places cover most with few units: maximal covering (Church and ReVelle 1974), and an order to fill them in.

Exact, by integer programming. The order is a move-up list: with one free unit fill the first place, with two the first
two, and so on, so that no unit moves back when another becomes free.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

Grid = NDArray[np.float64]
COVERED_ONCE = 0.5  # solvers answer with numbers beside 0 and 1


@dataclass(frozen=True, slots=True)
class Siting:
    """The chosen places, in their order, and the demand that they cover."""

    places: tuple[int, ...]
    covered: float


def most_covering(demand: Sequence[float], covers: Sequence[Sequence[int]], units: int) -> Siting:
    """The places for so many units from which most demand is covered. covers: place by zone, 1 where it is in reach."""
    reach = _reach(demand, covers)
    places, zones = reach.shape
    # First the places, then the zones: a zone counts once when any chosen place reaches it.
    worth = np.concatenate([np.zeros(places), -np.asarray(demand, dtype=np.float64)])
    reached = LinearConstraint(np.hstack([-reach.T, np.eye(zones)]), -np.inf, 0)
    count = LinearConstraint(np.concatenate([np.ones(places), np.zeros(zones)]), min(units, places), min(units, places))
    chosen = _solve(worth, [reached, count])[:places]
    found = tuple(int(place) for place in np.flatnonzero(chosen > COVERED_ONCE))
    return Siting(found, covered_demand(demand, covers, found))


def fill_order(demand: Sequence[float], covers: Sequence[Sequence[int]], weights: Sequence[float]) -> tuple[int, ...]:
    """The order to fill the places in: the best sum over k of weights[k - 1] times what the first k places cover.

    weights: how often so many units are free. One for each place.
    """
    reach = _reach(demand, covers)
    places, zones = reach.shape
    if len(weights) != places:
        raise ValueError(f"{places} places need {places} weights, not {len(weights)}")
    levels = len(weights)
    width = places + zones
    worth = np.concatenate(
        [np.concatenate([np.zeros(places), -weight * np.asarray(demand, dtype=np.float64)]) for weight in weights]
    )
    rows: list[LinearConstraint] = []
    for level in range(levels):
        here = slice(level * width, (level + 1) * width)
        reached = np.zeros((zones, levels * width))
        reached[:, here] = np.hstack([-reach.T, np.eye(zones)])
        count = np.zeros(levels * width)
        count[level * width : level * width + places] = 1
        rows += [LinearConstraint(reached, -np.inf, 0), LinearConstraint(count, level + 1, level + 1)]
        if level:
            stays = np.zeros((places, levels * width))
            stays[:, (level - 1) * width : (level - 1) * width + places] = np.eye(places)
            stays[:, level * width : level * width + places] = -np.eye(places)
            rows.append(LinearConstraint(stays, -np.inf, 0))
    solved = _solve(worth, rows).reshape(levels, width)[:, :places] > COVERED_ONCE
    # A place is filled at the first level that has it: the more levels have it, the earlier it comes.
    return tuple(int(place) for place in np.argsort(-solved.sum(axis=0), kind="stable"))


def covered_demand(demand: Sequence[float], covers: Sequence[Sequence[int]], places: Sequence[int]) -> float:
    """The demand that at least one of these places reaches."""
    reach = _reach(demand, covers)
    return float(np.asarray(demand, dtype=np.float64)[reach[list(places)].any(axis=0)].sum())


def _reach(demand: Sequence[float], covers: Sequence[Sequence[int]]) -> Grid:
    reach = np.asarray(covers, dtype=np.float64)
    if reach.ndim != 2 or reach.shape[1] != len(demand):
        raise ValueError(f"each place needs a word for each of the {len(demand)} zones")
    return reach


def _solve(worth: Grid, rows: Sequence[LinearConstraint]) -> Grid:
    found = milp(worth, constraints=list(rows), integrality=np.ones(len(worth)), bounds=Bounds(0, 1))
    if found.x is None:
        raise ValueError(f"no siting was found: {found.message}")
    return np.asarray(found.x, dtype=np.float64)
