"""A shift ends by itself: its unit goes off duty, or somebody hears that it is still at work."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.domain.access import Role
from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio

HOUR = 3600


async def _unit(service: Service, call_sign: str) -> dict[str, Any]:
    [found] = [one for one in (await service.get("/v1/units")).json()["items"] if one["call_sign"] == call_sign]
    return dict(found)


async def _crew_until(service: Service, unit: str, hours: float, *crew: str) -> None:
    """The unit's shift ends so long from the city's first moment."""
    assert (await service.post(f"/v1/units/{unit}:log-off")).status_code == 200
    until = iso(NOW + timedelta(hours=hours))
    on = await service.post(f"/v1/units/{unit}:log-on", {"crew": list(crew or (f"R-{unit}",)), "until": until})
    assert on.status_code == 200, on.text


async def _told(service: Service, unit: str, by: str = "dispatcher") -> list[dict[str, Any]]:
    rows = (await service.get("/v1/feed?limit=1000", by=by)).json()["items"]
    return [row for row in rows if row["type"] == "unit.shift_ended" and row["payload"]["unit"] == unit]


async def test_a_free_unit_goes_off_duty_when_its_shift_ends_and_the_log_says_so_once(service: Service) -> None:
    await _crew_until(service, "P1", 1)

    await service.after(HOUR - 1)
    before = (await _unit(service, "P1"))["status"]
    await service.after(2)
    await service.after(600)

    assert (before, (await _unit(service, "P1"))["status"]) == ("available", "off_duty")
    assert [row["occurred_at"][:19] for row in await _told(service, "P1")] == [iso(NOW + timedelta(hours=1))[:19]]
    assert await service.alarms(kind="shift_overrun") == []
    assert (await _unit(service, "P2"))["status"] == "available"


async def test_its_people_rest_from_the_end_of_the_shift(service: Service) -> None:
    rest = await service.send("PATCH", "/v1/agencies/city-police", by="administrator", json={"rest_s": 8 * HOUR})
    await _crew_until(service, "P1", 1)
    await service.after(HOUR + 60)
    await service.send("PATCH", "/v1/agencies/city-police", by="administrator", json={"rest_s": 0})

    assert rest.status_code == 200, rest.text
    people = (await service.get("/v1/responders?limit=1000")).json()["items"]
    [rested] = [one["rest_until"] for one in people if one["employee_number"] == "R-P1"]
    assert rested[:19] == iso(NOW + timedelta(hours=9))[:19]


async def test_a_unit_at_work_is_told_of_once_stays_there_and_goes_home_when_it_clears(service: Service) -> None:
    await _crew_until(service, "P1", 1)
    [sent] = await service.assign(await service.incident(), "P1")
    await service.step(sent["id"], "on_scene")

    await service.after(HOUR + 1)
    await service.after(1200)
    at_work = await _unit(service, "P1")
    [alarm] = await service.alarms(kind="shift_overrun")
    await service.step(sent["id"], "cleared", outcome="handled")
    home = await _unit(service, "P1")

    assert (at_work["status"], at_work["due_off_at"][:19]) == ("on_scene", iso(NOW + timedelta(hours=1))[:19])
    assert (alarm["unit"], alarm["times"], alarm["for_supervisor"]) == ("P1", 1, True)
    assert (home["status"], home["due_off_at"]) == ("off_duty", None)


async def test_an_emergency_is_not_sent_home(service: Service) -> None:
    await _crew_until(service, "P1", 1)
    await service.post("/v1/units/P1/status", {"status": "emergency"})

    await service.after(HOUR + 1)

    assert (await _unit(service, "P1"))["status"] == "emergency"
    assert len(await service.alarms(kind="shift_overrun")) == 1


async def test_a_desk_with_open_jobs_is_off_duty_when_the_last_of_them_is_done(service: Service) -> None:
    await _crew_until(service, "DESK", 1)
    [job] = await service.assign(await service.incident(), "DESK")
    await service.step(job["id"], "accepted")

    await service.after(HOUR + 1)
    await service.after(301)
    busy = (await _unit(service, "DESK"))["status"]
    await service.step(job["id"], "cleared", outcome="handled_by_phone")
    await service.after(301)

    assert busy == "available"
    assert (await _unit(service, "DESK"))["status"] == "off_duty"
    [alarm] = await service.alarms(kind="shift_overrun")
    assert alarm["times"] == 1


async def test_a_unit_whose_next_shift_runs_already_stays_on_duty(service: Service) -> None:
    await _crew_until(service, "P1", 1)
    await service.fetch(
        "insert into shift (jurisdiction_id, id, unit_id, starts_at, ends_at) values ($1, 'sft_next', $2, $3, $4)",
        service.jurisdiction,
        service.units["P1"],
        NOW + timedelta(hours=1),
        NOW + timedelta(hours=9),
    )

    await service.after(HOUR + 1)

    assert (await _unit(service, "P1"))["status"] == "available"
    assert len(await _told(service, "P1")) == 1


async def test_a_shift_that_was_made_longer_ends_at_its_new_end(service: Service) -> None:
    await _crew_until(service, "P1", 1)
    longer = await service.post("/v1/units/P1:change-crew", {"until": iso(NOW + timedelta(hours=2))})

    await service.after(HOUR + 1)
    meanwhile = (await _unit(service, "P1"))["status"]
    await service.after(HOUR)

    assert longer.status_code == 200, longer.text
    assert (meanwhile, (await _unit(service, "P1"))["status"]) == ("available", "off_duty")


async def test_police_hear_nothing_of_the_shifts_of_violence_intervention(service: Service) -> None:
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])
    await _crew_until(service, "V1", 1)
    [sent] = await service.assign(await service.incident(), "V1")
    await service.step(sent["id"], "accepted")

    await service.after(HOUR + 1)

    assert len(await service.alarms(kind="shift_overrun")) == 1
    assert await service.alarms(by=police, kind="shift_overrun") == []
    await service.step(sent["id"], "cleared", outcome="contact_made")
    assert (len(await _told(service, "V1")), await _told(service, "V1", by=police)) == (1, [])
