"""Shifts are planned ahead and called off: nobody is promised to two units, and too short a rest is said."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.domain.access import Role
from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio

TOMORROW = NOW + timedelta(days=1)


async def _plan(
    service: Service, unit: str, *crew: str, begins_h: float = 0, hours: float = 8, by: str = "dispatcher"
) -> httpx.Response:
    begins = TOMORROW + timedelta(hours=begins_h)
    body = {"unit": unit, "crew": list(crew), "starts_at": iso(begins), "ends_at": iso(begins + timedelta(hours=hours))}
    return await service.post("/v1/shifts", body, by=by)


async def _listed(service: Service, unit: str) -> list[dict[str, Any]]:
    asked = {"unit": unit, "from": iso(TOMORROW)}
    return list((await service.get("/v1/shifts", params=asked)).json()["items"])


async def test_a_crew_logs_on_to_the_shift_that_was_planned_for_it(service: Service) -> None:
    made = await _plan(service, "P1", "R-P1")
    service.clock.advance(24 * 3600 - 600)
    await service.worker().tick()
    on = await service.post("/v1/units/P1:log-on")

    assert (made.status_code, made.json()["warnings"]) == (201, [])
    assert (on.status_code, on.json()["status"]) == (200, "available"), on.text
    assert on.json()["shift"]["id"] == made.json()["shift"]["id"]
    assert [one["employee_number"] for one in on.json()["shift"]["crew"]] == ["R-P1"]


async def test_nobody_is_promised_to_two_units_and_no_unit_to_two_crews(service: Service) -> None:
    assert (await _plan(service, "P1", "R-P1")).status_code == 201

    person = await _plan(service, "P2", "R-P1", begins_h=4)
    unit = await _plan(service, "P1", "R-P2", begins_h=4)

    assert person.status_code == unit.status_code == 409
    assert person.json()["people"][0]["unit"] == "P1"
    assert unit.json()["next_shift_at"].startswith(iso(TOMORROW)[:19])
    assert "Begin at" in unit.json()["fix"]  # one that begins before cannot be avoided by ending sooner
    before = await _plan(service, "P1", "R-P2", begins_h=-1)
    assert (before.status_code, before.json()["fix"][:14]) == (409, "Send `ends_at`")
    assert await _listed(service, "P2") == []


async def test_a_shift_that_was_called_off_never_was_and_its_people_are_free(service: Service) -> None:
    made = (await _plan(service, "P1", "R-P1")).json()["shift"]["id"]

    gone = await service.post(f"/v1/shifts/{made}:cancel", {"reason": "vehicle to the workshop"})
    again = await service.post(f"/v1/shifts/{made}:cancel")
    other = await _plan(service, "P2", "R-P1")
    anew = await _plan(service, "P1", "R-P2", begins_h=-1)

    assert (gone.status_code, gone.json()["unit"], again.status_code) == (200, "P1", 409)
    assert (other.status_code, anew.status_code) == (201, 201), anew.text
    assert [one["id"] for one in await _listed(service, "P1")] == [anew.json()["shift"]["id"]]
    rows = await service.fetch(
        "select type, payload from event_log where jurisdiction_id = $1 and subject_id = $2 order by seq",
        *(service.jurisdiction, service.units["P1"]),
    )
    assert [row["type"] for row in rows] == ["unit.shift_planned", "unit.shift_cancelled", "unit.shift_planned"]


async def test_a_shift_that_was_called_off_is_not_begun_by_whoever_logs_on_in_its_hour(service: Service) -> None:
    made = (await _plan(service, "P1", "R-P1")).json()["shift"]["id"]
    await service.post(f"/v1/shifts/{made}:cancel")
    service.clock.advance(24 * 3600 - 600)
    await service.worker().tick()

    silent = await service.post("/v1/units/P1:log-on")

    assert (silent.status_code, {one["code"] for one in silent.json()["errors"]}) == (422, {"missing"})


async def test_too_few_people_and_too_short_a_rest_are_said_and_forbid_nothing(service: Service) -> None:
    await service.send("PATCH", "/v1/agencies/city-police", json={"rest_s": 10 * 3600}, by="administrator")
    first = await _plan(service, "P1", "R-P1")

    soon = await _plan(service, "P1", "R-P1", begins_h=12)
    before = await _plan(service, "P2", "R-P1", begins_h=-6, hours=4)
    late = await _plan(service, "P1", begins_h=40)

    assert first.json()["warnings"] == []
    rested = iso(TOMORROW + timedelta(hours=18))
    assert [one["code"] for one in soon.json()["warnings"]] == [f"resting:{rested}"]
    assert [one["code"] for one in before.json()["warnings"]] == [f"resting:{iso(TOMORROW + timedelta(hours=8))}"]
    assert [one["code"] for one in late.json()["warnings"]] == ["below_minimum_staffing:0/1"]


async def test_hours_that_have_begun_or_are_too_many_or_too_far_are_refused(service: Service) -> None:
    asked = [
        await _plan(service, "P1", begins_h=-24),
        await _plan(service, "P1", hours=73),
        await _plan(service, "P1", hours=-1),
        await _plan(service, "P1", begins_h=366 * 24),
    ]

    named = [answer.json()["errors"][0]["pointer"] for answer in asked]
    assert named == ["/starts_at", "/ends_at", "/ends_at", "/starts_at"]
    running = (await service.get("/v1/shifts", params={"unit": "P1"})).json()["items"][0]["id"]
    assert (await service.post(f"/v1/shifts/{running}:cancel")).status_code == 409


async def test_a_shift_of_violence_intervention_is_planned_and_called_off_unseen_by_police(service: Service) -> None:
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])
    made = (await _plan(service, "V1", "R-V1")).json()["shift"]["id"]

    asked = [
        await _plan(service, "V1", by=police),
        await service.post(f"/v1/shifts/{made}:cancel", by=police),
        await service.post("/v1/shifts/sft_00000000000000000000000000:cancel", by=police),
    ]

    assert [answer.status_code for answer in asked] == [404, 404, 404]
    assert [answer.json()["code"] for answer in asked] == ["not_found"] * 3
    assert len(await _listed(service, "V1")) == 1
