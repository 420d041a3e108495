"""Which waiting incident a freed unit takes, and who goes where when several wait."""

from datetime import timedelta

import pytest
from tests.support.city import NOW
from tests.support.one_way import speaks_of
from tests.support.service import Service

from dispatch.domain.access import Role
from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio

SHOOTING = {"call_type": None, "narrative": "shots fired outside"}


async def test_a_freed_unit_is_shown_the_most_urgent_call_first_and_not_the_oldest(service: Service) -> None:
    burglary = {"call_type": None, "narrative": "man with a knife threatens people"}
    old = await service.incident(**burglary, received_at=iso(NOW - timedelta(minutes=5)))
    young = await service.incident(**SHOOTING)

    answer = await service.get("/v1/units/P1/recommendation")

    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert {items[0]["incident_id"], items[1]["incident_id"]} == {old, young}
    assert [one["priority"] for one in items] == sorted(one["priority"] for one in items)
    assert all(one["unit"] == "P1" and one["why"] for one in items)


async def test_waiting_incidents_get_one_unit_each_and_no_unit_goes_twice(service: Service) -> None:
    waiting = {await service.incident(**SHOOTING) for _ in range(2)}
    handled = await service.incident(**SHOOTING)
    await service.assign(handled, "M2")

    items = (await service.get("/v1/recommendations")).json()["items"]

    assert {one["incident_id"] for one in items} == waiting
    assert len({one["unit"] for one in items}) == 2
    assert "M2" not in {one["unit"] for one in items}


async def test_asking_writes_nothing(service: Service) -> None:
    await service.incident(**SHOOTING)
    before = await service.rows()

    await service.get("/v1/recommendations")
    await service.get("/v1/units/P1/recommendation")

    assert await service.rows() == before


async def test_a_unit_that_police_may_not_know_of_does_not_exist_for_them(service: Service) -> None:
    await service.incident(**SHOOTING)
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    assert (await service.get("/v1/units/V1/recommendation", by=police)).status_code == 404
    assert (await service.get("/v1/units/V1/recommendation")).status_code == 200
    seen = (await service.get("/v1/recommendations", by=police)).text
    assert not speaks_of(seen, "V1")


async def test_an_unknown_unit_is_not_found(service: Service) -> None:
    assert (await service.get("/v1/units/NOBODY/recommendation")).status_code == 404
