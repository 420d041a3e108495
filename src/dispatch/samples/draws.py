"""Random draws that depend on nothing but `Random.random()`, so that a seed means the same day on every Python."""

import math
from collections.abc import Mapping, Sequence
from random import Random
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")
_P90 = NormalDist().inv_cdf(0.9)


def pick(rng: Random, options: Sequence[T]) -> T:
    """One of the options, each as likely as the next."""
    return options[int(rng.random() * len(options))]


def pick_weighted(rng: Random, weights: Mapping[T, float]) -> T:
    """One key, as likely as its weight says."""
    left = rng.random() * sum(weights.values())
    for key, weight in weights.items():
        left -= weight
        if left < 0:
            return key
    return list(weights)[-1]


def whole_between(rng: Random, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return low + int(rng.random() * (high - low + 1))


def lognormal_s(rng: Random, median_s: float, p90_s: float) -> int:
    """Whole seconds of a lognormal time given by its median and 90th percentile, at least 1."""
    sigma = math.log(p90_s / median_s) / _P90
    # Clipped, because a demo that waits for a once-in-a-thousand job tells a reader nothing.
    deviate = NormalDist().inv_cdf(min(0.99, max(0.01, rng.random())))
    return max(1, round(median_s * math.exp(sigma * deviate)))
