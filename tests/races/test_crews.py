"""Many log on at once, over real connections: the database is the referee of who is where."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from tests.support.city import NOW
from tests.support.service import Service, a_service

from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio

LATER = iso(NOW + timedelta(hours=8))


async def test_one_person_who_logs_on_everywhere_at_once_is_on_one_unit(worker_database_url: str) -> None:
    async with a_service(worker_database_url, extra_units=8) as service:
        units = [f"X{n}" for n in range(1, 9)]
        for unit in (*units, "P1"):
            assert (await service.post(f"/v1/units/{unit}:log-off")).status_code == 200

        body = {"crew": ["R-P1"], "until": LATER}
        answers = await asyncio.gather(*(service.post(f"/v1/units/{unit}:log-on", body) for unit in units))

        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}
        assert all("unit" in answer.json()["detail"] for answer in answers if answer.status_code == 409)
        on = await service.fetch(
            "select call_sign from unit where jurisdiction_id = $1 and status = 'available' and call_sign like 'X%'",
            service.jurisdiction,
        )
        assert len(on) == 1


async def test_one_unit_that_is_logged_on_by_many_at_once_has_one_shift(service: Service) -> None:
    await service.post("/v1/units/P1:log-off")

    body = {"crew": ["R-P1"], "until": LATER}
    answers = await asyncio.gather(*(service.post("/v1/units/P1:log-on", body) for _ in range(8)))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}
    assert len((await service.get("/v1/shifts", params={"unit": "P1"})).json()["items"]) == 1
