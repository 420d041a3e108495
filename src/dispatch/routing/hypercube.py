"""The hypercube model (Larson 1974): how busy each unit is and who goes where, exactly, for a few units.

Calls of each group come by chance at a steady rate, the first free unit of the group's preference goes, and every job
takes an exponential time of one mean. For a handful of units: the states double with each one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_UNITS = 12
Grid = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CallGroup:
    """Calls of one kind or place. rate: per unit of time. preference: numbers of the units, the first choice first."""

    rate: float
    preference: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hypercube:
    """The steady state. states: probability of each set of busy units, bit n for unit n, nobody waiting.

    waiting: probability that all are busy and somebody waits; 0 where calls that find nobody are lost. workload: share
    of the time that each unit is busy. sent: per unit and group, share of all calls that this unit takes at once.
    """

    states: Grid
    waiting: float
    workload: Grid
    sent: Grid

    @property
    def delayed(self) -> float:
        """The share of calls that find every unit busy: they wait, or are lost."""
        return float(self.states[-1]) + self.waiting


def hypercube(units: int, groups: Sequence[CallGroup], service_rate: float, *, queue: bool) -> Hypercube:
    """The exact answer. queue: calls that find nobody wait, first come first served; else they are lost.

    Raises ValueError for more than 12 units, and for a queue that would grow for ever.
    """
    if not 1 <= units <= MOST_UNITS:
        raise ValueError(f"between 1 and {MOST_UNITS} units, not {units}")
    total = sum(group.rate for group in groups)
    load = total / (units * service_rate)
    if queue and load >= 1:
        raise ValueError(
            f"{total:g} calls find {units * service_rate:g} jobs done in the same time: the queue never ends"
        )
    share = _steady(_rates(units, groups, service_rate))
    # Waiting calls change nothing of who is busy: the states with a queue are a geometric tail behind the last one.
    tail = share[-1] * load / (1 - load) if queue else 0.0
    share, waiting = share / (1 + tail), float(tail / (1 + tail))
    busy = np.array([[state >> unit & 1 for state in range(2**units)] for unit in range(units)], dtype=np.float64)
    sent = np.zeros((units, len(groups)))
    for state in range(2**units - 1):
        for nth, group in enumerate(groups):
            sent[_first_free(state, group), nth] += share[state] * group.rate / total
    return Hypercube(share, waiting, busy @ share + waiting, sent)


def _first_free(state: int, group: CallGroup) -> int:
    return next(unit for unit in group.preference if not state >> unit & 1)


def _rates(units: int, groups: Sequence[CallGroup], service_rate: float) -> Grid:
    """Rate of going from a state (row) to another (column)."""
    states = 2**units
    rates = np.zeros((states, states))
    for state in range(states):
        for unit in range(units):
            if state >> unit & 1:
                rates[state, state ^ 1 << unit] += service_rate
        if state != states - 1:
            for group in groups:
                rates[state, state | 1 << _first_free(state, group)] += group.rate
    return rates


def _steady(rates: Grid) -> Grid:
    """The probabilities that stay as they are: what flows into each state flows out of it, and all sum to one."""
    flow = rates.T - np.diag(rates.sum(axis=1))
    flow[-1] = 1.0
    right = np.zeros(len(flow))
    right[-1] = 1.0
    return np.asarray(np.linalg.solve(flow, right), dtype=np.float64)
