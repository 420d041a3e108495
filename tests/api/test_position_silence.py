"""A unit on duty whose positions stop is told of, once; a dead location feed is one alarm; and it clears by itself."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.city_policy import city_policy
from tests.support.service import Service

from dispatch.db.session import transaction
from dispatch.domain.access import Role
from dispatch.domain.time import iso
from dispatch.operations.policies import install_policy

pytestmark = pytest.mark.anyio


async def _seen(service: Service, *units: str, at: Any = None) -> None:
    at = at or service.clock.now()
    positions = [{"unit": unit, "lat": 44.05, "lon": -124.9, "at": iso(at)} for unit in units]
    answer = await service.post("/v1/positions", {"positions": positions})
    assert answer.status_code == 200, answer.text
    assert answer.json()["refused"] == []


async def _standing(service: Service, by: str = "dispatcher") -> list[tuple[str, str | None]]:
    found = await service.alarms(by=by, acknowledged=False)
    return sorted((one["kind"], one["unit"]) for one in found if one["kind"].startswith("position"))


async def _events(service: Service, kind: str, by: str = "dispatcher") -> list[dict[str, Any]]:
    feed = (await service.get("/v1/feed", params={"after": 0, "limit": 1000}, by=by)).json()["items"]
    return [event["payload"] for event in feed if event["type"] == kind]


async def test_a_unit_that_stops_reporting_is_told_of_once_and_cleared_when_it_reports_again(service: Service) -> None:
    await _seen(service, "P1", "P2")
    await service.after(1)
    await service.after(290)
    await _seen(service, "P2")
    assert await _standing(service) == []

    await service.after(20)
    await _seen(service, "P2")
    await service.after(120)

    assert await _standing(service) == [("position_silent", "P1")]
    [alarm] = await service.alarms(kind="position_silent")
    assert (alarm["times"], alarm["severity"], alarm["subject_id"]) == (1, "attention", service.units["P1"])
    await _seen(service, "P1", "P2")
    await service.after(15)

    assert await _standing(service) == []
    [cleared] = await service.alarms(kind="position_silent")
    assert (cleared["acknowledged_by"], cleared["note"]) == (
        "timer",
        "positions come again, or it is no longer on duty",
    )
    assert [one["unit"] for one in await _events(service, "alarm.cleared")] == ["P1"]


async def test_an_alarm_that_a_person_acknowledged_is_not_raised_again_for_the_same_silence(service: Service) -> None:
    await _seen(service, "P1")
    await service.after(1)
    await service.after(310)
    [alarm] = await service.alarms(kind="position_silent")
    await service.post(f"/v1/alarms/{alarm['id']}:acknowledge")

    for _ in range(4):
        await service.after(60)
    assert await _standing(service) == []
    await _seen(service, "P1")
    await service.after(15)
    await service.after(310)

    assert await _standing(service) == [("position_silent", "P1")]


async def test_a_dead_location_feed_is_one_alarm_and_clears_as_one(service: Service) -> None:
    fleet = ("P1", "P2", "M1", "M2", "E1")
    await _seen(service, *fleet)
    await service.after(1)

    await service.after(310)

    assert await _standing(service) == [("positions_silent", None)]
    [alarm] = await service.alarms(kind="positions_silent")
    assert (alarm["severity"], alarm["for_supervisor"], alarm["payload"]) == ("urgent", True, {"silent": 5, "of": 5})
    await _seen(service, *fleet)
    await service.after(15)
    assert await _standing(service) == []


async def test_who_goes_off_duty_is_missed_no_more_and_who_never_reported_never_was(service: Service) -> None:
    await _seen(service, "P1")
    await service.after(1)
    await service.after(310)
    assert await _standing(service) == [("position_silent", "P1")]

    answer = await service.post("/v1/units/P1/status", {"status": "off_duty"})
    assert answer.status_code == 200, answer.text
    await service.after(15)

    assert await _standing(service) == []
    assert (await service.rows())["timer"] == 0


async def test_a_unit_whose_shift_has_just_begun_has_its_time_to_report(service: Service) -> None:
    """What was last seen before its shift is counted from the shift: the city's begins an hour before."""
    await _seen(service, "P1", at=NOW - timedelta(hours=2))

    await service.after(1)

    assert await _standing(service) == [("position_silent", "P1")]
    [alarm] = await service.alarms(kind="position_silent")
    assert alarm["payload"] == {"silent_s": 3601}


async def test_a_citys_own_limit_counts_by_responder_type(service: Service) -> None:
    rows = "timers:\n  - {timer: position_silent, responder_type: police, limit_s: never}\n"
    rows += "  - {timer: position_silent, responder_type: ems, limit_s: 60}\n"
    async with transaction(service.sessions) as session:
        texts = {**city_policy(2), "timers.yaml": rows}
        await install_policy(session, service.jurisdiction, texts, {}, actor="tests", now=NOW)
    await _seen(service, "P1", "M1", "CR1")
    await service.after(1)

    await service.after(61)
    assert await _standing(service) == [("position_silent", "M1")]
    await service.after(840)

    assert await _standing(service) == [("position_silent", "CR1"), ("position_silent", "M1")]


async def test_a_silent_unit_of_violence_intervention_is_known_to_no_police(service: Service) -> None:
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])
    await _seen(service, "V1")
    await service.after(1)

    await service.after(901)

    assert await _standing(service) == [("position_silent", "V1")]
    assert await _standing(service, by=police) == []
    assert [one["kind"] for one in await _events(service, "alarm.raised", by=police)] == []


async def test_another_agencys_silent_unit_is_that_agencys_business(service: Service) -> None:
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])
    await _seen(service, "M1")
    await service.after(1)

    await service.after(301)

    assert await _standing(service) == [("position_silent", "M1")]
    assert await _standing(service, by=police) == []
    assert await _events(service, "alarm.raised", by=police) == []


async def test_two_workers_tell_of_one_silence_once(service: Service) -> None:
    await _seen(service, "P1")
    await service.after(1)
    service.clock.advance(310)

    await asyncio.gather(*[service.worker().tick() for _ in range(4)])

    [alarm] = await service.alarms(kind="position_silent")
    assert alarm["times"] == 1
    assert len(await _events(service, "alarm.raised")) == 1
    assert (await service.rows())["timer"] == 1


async def test_looking_again_and_again_leaves_one_row(service: Service) -> None:
    await _seen(service, "P1")
    for _ in range(12):
        await service.after(15)
        await _seen(service, "P1")

    assert (await service.rows())["timer"] == 1
