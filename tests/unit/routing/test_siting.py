"""Which places cover most, and how busy units are, held against counting every case by hand."""

from itertools import combinations, permutations
from random import Random

import pytest

from dispatch.routing.distances import Metric, mean_to_nearest
from dispatch.routing.hypercube import CallGroup, hypercube
from dispatch.routing.siting import covered_demand, fill_order, most_covering


def a_city(seed: int, places: int = 6, zones: int = 15) -> tuple[list[float], list[list[int]]]:
    draw = Random(seed)
    return (
        [float(draw.randint(1, 9)) for _ in range(zones)],
        [[int(draw.random() < 0.3) for _ in range(zones)] for _ in range(places)],
    )


@pytest.mark.parametrize("seed", range(8))
def test_no_other_choice_of_places_covers_more(seed: int) -> None:
    demand, covers = a_city(seed)

    for units in range(7):
        best = max(covered_demand(demand, covers, chosen) for chosen in combinations(range(6), units))
        found = most_covering(demand, covers, units)
        assert (found.covered, len(found.places)) == (best, units)


@pytest.mark.parametrize("seed", range(5))
def test_no_other_order_of_filling_covers_more(seed: int) -> None:
    demand, covers = a_city(seed, places=4)
    weights = [0.1, 0.4, 0.3, 0.2]

    def worth(order: tuple[int, ...]) -> float:
        return sum(w * covered_demand(demand, covers, order[: k + 1]) for k, w in enumerate(weights))

    order = fill_order(demand, covers, weights)

    assert sorted(order) == [0, 1, 2, 3]
    assert worth(order) == pytest.approx(max(map(worth, permutations(range(4)))))


def test_more_units_than_places_fill_every_place() -> None:
    assert most_covering([1, 1], [[1, 0], [0, 1]], 5).places == (0, 1)


def test_lost_calls_follow_erlangs_formula_whatever_the_preference() -> None:
    # Three units, offered load 2: B = (2**3 / 6) / (1 + 2 + 2 + 8 / 6).
    for orders in permutations([(0, 1, 2), (1, 2, 0), (2, 0, 1)], 2):
        found = hypercube(3, [CallGroup(1.0, orders[0]), CallGroup(1.0, orders[1])], 1.0, queue=False)
        assert found.delayed == pytest.approx((8 / 6) / (5 + 8 / 6))
        assert found.sent.sum() + found.delayed == pytest.approx(1)
        assert found.workload.sum() == pytest.approx(2 * (1 - found.delayed))


def test_waiting_calls_follow_erlangs_other_formula() -> None:
    # One unit at half load: it is busy half of the time, and half of the calls wait.
    found = hypercube(1, [CallGroup(0.5, (0,))], 1.0, queue=True)

    assert (found.delayed, found.workload.tolist()) == (pytest.approx(0.5), pytest.approx([0.5]))
    assert found.states.sum() + found.waiting == pytest.approx(1)


@pytest.mark.parametrize(("units", "rate"), [(0, 0.1), (13, 0.1), (1, 1.0)])
def test_what_has_no_answer_is_refused(units: int, rate: float) -> None:
    with pytest.raises(ValueError, match=r"units|never ends"):
        hypercube(units, [CallGroup(rate, tuple(range(units)))], 1.0, queue=True)


def test_the_nearest_of_many_units_is_as_far_as_the_law_says() -> None:
    draw = Random(11)
    total = 0.0
    for _ in range(400):
        # A hundred units in a square of ten by ten, asked from the middle: one to the unit of area.
        units = [(draw.uniform(0, 10), draw.uniform(0, 10)) for _ in range(100)]
        total += min(((x - 5) ** 2 + (y - 5) ** 2) ** 0.5 for x, y in units)

    assert total / 400 == pytest.approx(mean_to_nearest(1.0), rel=0.06)
    with pytest.raises(ValueError, match="density"):
        mean_to_nearest(0.0, Metric.MANHATTAN)
