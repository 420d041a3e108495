"""A river with one bridge: roads know it, the straight line does not."""

from typing import Any

import numpy as np
import pytest
from tests.unit.routing.a_roster import NOW, a_context, a_plan, a_slot, a_unit

from dispatch.domain.geo import LatLon
from dispatch.routing.recommend import recommend
from dispatch.routing.roads import OverRoads, RoadGraph, RoadNetwork, main_part
from dispatch.routing.travel import StraightLine


def a_graph(places: list[tuple[float, float]], arcs: list[tuple[int, int, float]]) -> RoadGraph:
    lat, lon = np.array(places, dtype=float).T
    tail, head, seconds = np.array(arcs, dtype=float).T
    return RoadGraph(lat, lon, tail.astype(np.int32), head.astype(np.int32), seconds.astype(np.float32))


def both(a: int, b: int, seconds: float) -> list[tuple[int, int, float]]:
    return [(a, b, seconds), (b, a, seconds)]


# 0 and 1 face each other across the river; the bridge is at 2 - 3. 4 lies on 0's side, further along the bank.
PLACES = [(44.000, -124.90), (44.003, -124.90), (44.000, -124.85), (44.003, -124.85), (44.000, -124.91)]
RIVER = a_graph(PLACES, [*both(0, 2, 300), *both(2, 3, 20), *both(3, 1, 300), *both(0, 4, 60)])


def seconds(network: RoadNetwork, origin: int, scene: int) -> float:
    return float(network.seconds_to(scene)[origin])


def place(number: int) -> LatLon:
    return LatLon(*PLACES[number])


def test_times_follow_the_roads_and_not_the_crow() -> None:
    network = RoadNetwork(RIVER)

    assert seconds(network, 1, 0) == pytest.approx(620)
    assert seconds(network, 4, 0) == pytest.approx(60)


def test_the_unit_across_the_river_is_not_the_first_to_arrive() -> None:
    across = a_unit("P1", position=place(1))
    along = a_unit("P2", position=place(4))
    context = a_context(position=place(0), priority=0)

    straight = recommend(a_plan(a_slot()), [across, along], context)
    roads = recommend(
        a_plan(a_slot()),
        [across, along],
        a_context(position=place(0), priority=0, travel=OverRoads(RoadNetwork(RIVER))),
    )

    assert (straight.picks[0].unit.call_sign, straight.travel) == ("P1", "straight_line")
    assert (roads.picks[0].unit.call_sign, roads.travel) == ("P2", "roads")


def test_a_one_way_street_is_driven_one_way() -> None:
    ring = a_graph(PLACES[:3], [(0, 1, 10), (1, 2, 10), (2, 0, 10)])

    network = RoadNetwork(ring)

    assert (seconds(network, 0, 1), seconds(network, 1, 0)) == (pytest.approx(10), pytest.approx(20))


def test_of_two_roads_between_the_same_places_the_quicker_counts() -> None:
    assert seconds(RoadNetwork(a_graph(PLACES[:2], [*both(0, 1, 50), *both(0, 1, 30)])), 0, 1) == pytest.approx(30)


def test_a_place_from_which_there_is_no_way_back_is_no_part_of_the_network() -> None:
    graph = main_part(a_graph(PLACES[:4], [*both(0, 1, 10), (1, 2, 10)]))

    assert len(graph.lat) == 2
    assert len(graph.tail) == 2


def test_what_lies_off_the_roads_is_told_by_the_straight_line_and_said() -> None:
    roads = OverRoads(RoadNetwork(RIVER))
    away = LatLon(45.0, -124.9)
    straight = StraightLine()

    assert roads.travel_s([place(0)], away, "fire", NOW, True) == pytest.approx(
        straight.travel_s([place(0)], away, "fire", NOW, True)
    )
    assert roads.notes_for(away) == ("off_roads",)
    assert roads.notes_for(place(0)) == ()


def test_a_table_says_what_single_questions_say() -> None:
    units, scenes = [place(n) for n in range(5)], [place(3), place(0)]
    for travel in (StraightLine(), OverRoads(RoadNetwork(RIVER))):
        table = travel.table_s(units, scenes, "ems", NOW, False)
        for column, scene in enumerate(scenes):
            assert table[:, column].tolist() == pytest.approx(travel.travel_s(units, scene, "ems", NOW, False))


def test_a_destination_is_searched_once(monkeypatch: Any) -> None:
    network = RoadNetwork(RIVER)
    first = network.seconds_to(0)

    assert network.seconds_to(0) is first
