"""An outside engine answers inside its time limit, or the straight line answers and says so."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from tests.unit.routing.a_roster import NOW, SCENE, km_north

from dispatch.queries.travel import OutsideEngine, TravelChoice
from dispatch.routing.travel import StraightLine, Travel

PLACES = [km_north(1), km_north(2)]
STRAIGHT = StraightLine().travel_s(PLACES, SCENE, "fire", NOW, True)
START_S = 2.28 * 60
Handler = Callable[[httpx.Request], httpx.Response]


def answered(handler: object, url: str = "http://engine/table/v1/driving", limit_s: float = 1.0) -> Travel:
    client = httpx.AsyncClient(transport=httpx.MockTransport(handler))  # type: ignore[arg-type]
    choice = TravelChoice(engine=OutsideEngine(url, limit_s, client))
    return asyncio.run(choice.for_scene(PLACES, SCENE, None))


def test_an_osrm_table_is_asked_once_for_all_units_and_its_times_are_used() -> None:
    asked: list[httpx.URL] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={"code": "Ok", "durations": [[100.0], [300.0]]})

    travel = answered(handler)

    assert (travel.provider, travel.notes) == ("engine", ())
    assert travel.travel_s(PLACES, SCENE, "fire", NOW, True) == pytest.approx([START_S + 100, START_S + 300])
    assert len(asked) == 1
    assert asked[0].path.startswith("/table/v1/driving/-124.900000,44.05")
    assert dict(asked[0].params) == {"sources": "0;1", "destinations": "2"}


def test_a_valhalla_matrix_is_understood_and_who_has_no_way_is_told_by_the_straight_line() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/sources_to_targets"
        return httpx.Response(200, json={"sources_to_targets": [[{"time": 100}], [{"time": None}]]})

    travel = answered(handler, "http://valhalla:8002")

    assert travel.travel_s(PLACES, SCENE, "fire", NOW, True) == pytest.approx([START_S + 100, STRAIGHT[1]])


async def _slow(request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(30)
    return httpx.Response(200, json={"durations": [[1.0], [1.0]]})


def _refuses(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    ("handler", "why"),
    [
        (_slow, "engine_silent:time limit"),
        (_refuses, "engine_silent:no usable answer"),
        (lambda _: httpx.Response(500), "engine_silent:no usable answer"),
        (lambda _: httpx.Response(200, text="no json"), "engine_silent:no usable answer"),
        (lambda _: httpx.Response(200, json=[]), "engine_silent:no usable answer"),
        (lambda _: httpx.Response(200, json={"durations": [[1.0]]}), "engine_silent:no usable answer"),
        (lambda _: httpx.Response(200, json={"durations": [["soon"], [2.0]]}), "engine_silent:no usable answer"),
    ],
    ids=["slow", "away", "failing", "not json", "a list", "too short", "words"],
)
def test_an_engine_that_gives_no_times_is_replaced_and_the_reason_said(handler: object, why: str) -> None:
    travel = answered(handler, limit_s=0.05)

    assert (travel.provider, travel.notes) == ("straight_line", (why,))
    assert travel.travel_s(PLACES, SCENE, "fire", NOW, True) == STRAIGHT


def test_without_roads_and_engine_the_straight_line_answers_without_a_word() -> None:
    travel = asyncio.run(TravelChoice().for_scene(PLACES, SCENE, None))

    assert (travel.provider, travel.notes) == ("straight_line", ())
