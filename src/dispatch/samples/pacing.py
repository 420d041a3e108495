"""How many calls of each scenario, and in which hour: shares are kept exactly, hours follow the city's curve."""

from collections.abc import Mapping, Sequence
from random import Random

from dispatch.samples.draws import pick_weighted

HOURS = 24
_ROUNDS = 40
_NO_ROOM = 0.02  # a full hour can still happen, rarely


def quotas(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers in proportion to the shares that add up to total (largest remainder)."""
    scale = total / sum(shares.values())
    floors = {name: int(share * scale) for name, share in shares.items()}
    by_remainder = sorted(shares, key=lambda name: (floors[name] - shares[name] * scale, name))
    for name in by_remainder[: total - sum(floors.values())]:
        floors[name] += 1
    return floors


def fit_hours(shapes: Sequence[Sequence[float]], rows: Sequence[float], hourly: Sequence[float]) -> list[list[float]]:
    """Expected calls by row and hour that keep each row's total, and the day's curve, while following the shapes.

    Iterative proportional fitting (Deming and Stephan 1940).
    """
    total = sum(rows)
    columns = [total * share / sum(hourly) for share in hourly]
    table = [[max(weight, 1e-9) for weight in shape] for shape in shapes]
    for _ in range(_ROUNDS):
        for hour in range(HOURS):
            scale = columns[hour] / sum(row[hour] for row in table)
            for row in table:
                row[hour] *= scale
        for index, wanted in enumerate(rows):
            scale = wanted / sum(table[index])
            table[index] = [cell * scale for cell in table[index]]
    return table


def draw_hours(rng: Random, expected: Sequence[float], count: int, room: list[float]) -> list[int]:
    """`count` hours, likely where they are expected and where the day has room left; takes what it uses from room."""
    hours = []
    for _ in range(count):
        weights = {hour: expected[hour] * max(room[hour], _NO_ROOM) for hour in range(HOURS)}
        hours.append(pick_weighted(rng, weights))
        room[hours[-1]] -= 1
    return hours
