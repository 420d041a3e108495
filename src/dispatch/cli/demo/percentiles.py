"""The few statistics that a summary needs."""

import math
from collections.abc import Iterable


def percentile(values: Iterable[float], share: float) -> float | None:
    """The value below or at which that share lies (nearest rank); None for no values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def rounded(value: float | None, digits: int = 1) -> float | None:
    """Rounded where there is one."""
    return None if value is None else round(value, digits)
