"""Positions of many units: one batch, any order, nothing lost for a bad one, and how old a position is is said."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.db.session import transaction
from dispatch.domain.access import Role
from dispatch.domain.time import iso
from dispatch.operations.positions import forget_old_tracks
from dispatch.workers.housekeeping import keep_house

pytestmark = pytest.mark.anyio


def _seen(unit: str, lat: float, ago_s: float = 10) -> dict[str, Any]:
    return {"unit": unit, "lat": lat, "lon": -124.9, "at": iso(NOW - timedelta(seconds=ago_s))}


async def _batch(service: Service, *positions: dict[str, Any], by: str = "dispatcher") -> dict[str, Any]:
    answer = await service.post("/v1/positions", {"positions": list(positions)}, by=by)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _unit(service: Service, call_sign: str) -> dict[str, Any]:
    units = (await service.get("/v1/units")).json()["items"]
    return next(unit for unit in units if unit["call_sign"] == call_sign)


async def test_a_batch_puts_every_unit_where_it_was_seen_last(service: Service) -> None:
    done = await _batch(service, _seen("P1", 44.1, 30), _seen("P2", 44.2), _seen("P1", 44.3, 5), _seen("P1", 44.2, 20))

    assert done == {"taken": 4, "moved": 2, "refused": []}
    assert (await _unit(service, "P1"))["lat"] == 44.3
    assert (await _unit(service, "P2"))["lat"] == 44.2


async def test_a_unit_of_violence_intervention_does_not_exist_for_a_feed_of_police(service: Service) -> None:
    feed = await service.token(Role.DISPATCHER, agencies=["city-police"])

    done = await _batch(service, _seen("V1", 44.1), _seen("GHOST", 44.1), by=feed)

    ours, nobody = done["refused"]
    assert {**ours, "unit": "", "index": 0} == {**nobody, "unit": "", "index": 0}
    one = await service.post("/v1/units/V1/positions", {"positions": [_seen("V1", 44.1)]}, by=feed)
    assert one.status_code in (404, 422)


async def test_a_late_batch_moves_nobody_back_and_is_kept_in_the_history(service: Service) -> None:
    await _batch(service, _seen("P1", 44.3, 5))

    late = await _batch(service, _seen("P1", 44.1, 60))

    assert (late["taken"], late["moved"]) == (1, 0)
    assert (await _unit(service, "P1"))["lat"] == 44.3
    since = iso(NOW - timedelta(hours=1))
    track = (await service.get("/v1/units/P1/positions", params={"from": since})).json()
    assert [point["lat"] for point in track["items"]] == [44.1, 44.3]
    assert track["is_whole"] is True


async def test_a_bad_position_holds_nothing_else_back(service: Service) -> None:
    done = await _batch(service, _seen("GHOST", 44.1), _seen("P1", 44.2, -3600), _seen("P2", 44.3))

    assert [(one["index"], one["code"]) for one in done["refused"]] == [(0, "unknown_unit"), (1, "time_in_future")]
    assert done["taken"] == 1
    assert (await _unit(service, "P1"))["lat"] is None
    assert (await _unit(service, "P2"))["lat"] == 44.3


async def test_a_token_speaks_for_its_own_units_only_and_learns_of_no_other(service: Service) -> None:
    feed = await service.token(Role.INTEGRATION, agencies=["city-police"], source="avl")

    done = await _batch(service, _seen("P1", 44.1), _seen("M1", 44.2), _seen("V1", 44.3), by=feed)

    assert done["taken"] == 1
    assert {(one["unit"], one["code"]) for one in done["refused"]} == {("M1", "unknown_unit"), ("V1", "unknown_unit")}
    assert (await _unit(service, "M1"))["lat"] is None


async def test_a_thousand_positions_are_one_row_of_history(service: Service) -> None:
    await _batch(service, *[_seen("P1", 44 + n / 10_000, 1000 - n) for n in range(1000)])

    [row] = await service.fetch("select count(*) from unit_track where jurisdiction_id = $1", service.jurisdiction)
    assert row[0] == 1
    assert (await _unit(service, "P1"))["lat"] == pytest.approx(44.0999)


async def test_batches_that_meet_leave_every_unit_at_its_newest_place(service: Service) -> None:
    units = ("P1", "P2", "M1", "M2", "E1")

    def batch(nth: int) -> list[dict[str, Any]]:
        ordered = units if nth % 2 else units[::-1]
        return [_seen(unit, 44 + nth / 100, 100 - nth) for unit in ordered]

    answers = await asyncio.gather(*[_batch(service, *batch(nth)) for nth in range(12)])

    assert sum(answer["taken"] for answer in answers) == 60
    assert {(await _unit(service, unit))["lat"] for unit in units} == {44.11}


async def test_a_unit_that_moved_is_recommended_from_its_new_place_within_a_second(service: Service) -> None:
    place = {"location": {"lat": 44.05, "lon": -124.9}, "call_type": None, "narrative": "shots fired outside"}
    # P1 waits at the place, so that it comes first while nobody has been seen elsewhere.
    before = await service.call(**place)
    await _batch(service, _seen("P1", 44.5), _seen("P2", 44.05))
    service.clock.advance(0.6)

    after = await service.call(**place)

    first = [
        next(unit["unit"] for unit in answer["recommendation"]["units"] if unit["unit"] in ("P1", "P2"))
        for answer in (before, after)
    ]
    assert first == ["P1", "P2"]


async def test_an_old_position_is_said_to_be_old_wherever_it_is_used(service: Service) -> None:
    await _batch(service, _seen("P1", 44.05, 14 * 60), _seen("P2", 44.06, 40 * 60))
    incident = await service.incident(
        location={"lat": 44.05, "lon": -124.9}, call_type=None, narrative="shots fired outside"
    )

    advice = (await service.get(f"/v1/incidents/{incident}/recommendation")).json()

    said = {unit["unit"]: unit["reasons"] for unit in advice["units"]}
    assert any("14" in reason and reason.startswith("location_old") for reason in said["P1"]), said
    assert any(reason.startswith("location_stale") for reason in said["P2"]), said
    first, second = await _unit(service, "P1"), await _unit(service, "P2")
    assert (first["position_age_s"], first["is_position_stale"]) == (14 * 60, False)
    assert (second["position_age_s"], second["is_position_stale"]) == (40 * 60, True)


async def test_history_that_is_older_than_a_month_is_gone(service: Service) -> None:
    await _batch(service, _seen("P1", 44.1))
    service.clock.advance(31 * 86400)

    await service.post("/v1/positions", {"positions": [{**_seen("P2", 44.1), "at": iso(service.clock.now())}]})

    rows = await service.fetch("select unit_ids from unit_track where jurisdiction_id = $1", service.jurisdiction)
    assert [list(row[0]) for row in rows] == [[service.units["P2"]]]


async def test_history_is_gone_after_a_month_also_when_the_feed_has_ended(service: Service) -> None:
    for nth in range(3):
        await _batch(service, _seen("P1", 44.1, 100 - nth))
    rest = "select count(*) from unit_track where jurisdiction_id = $1"

    service.clock.advance(30 * 86400 - 200)
    async with transaction(service.sessions) as session:
        assert await forget_old_tracks(session, service.jurisdiction, service.clock.now()) == 0
    service.clock.advance(300)
    stopping = asyncio.Event()
    # The service's own housekeeping, without its timers: they would fire for the cities of all other tests.
    keeping = asyncio.create_task(keep_house(service.app.state.services, stopping))
    async with asyncio.timeout(60):
        while (await service.fetch(rest, service.jurisdiction))[0][0]:  # noqa: ASYNC110 - the service tells nobody
            await asyncio.sleep(0.05)
    stopping.set()
    await keeping

    assert (await _unit(service, "P1"))["lat"] == 44.1


async def test_a_track_of_more_than_four_hours_is_refused(service: Service) -> None:
    since = iso(NOW - timedelta(hours=5))

    answer = await service.get("/v1/units/P1/positions", params={"from": since})

    assert answer.status_code == 422
