"""A unit comes or calls at an hour: the incident waits for it in sight, and a miss is an alarm."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio

THEFT: dict[str, Any] = {"call_type": {"code": "459R", "text": "BURGLARY REPORT"}, "narrative": "bicycle is gone"}
HOUR = NOW + timedelta(hours=3)


async def _ask(
    service: Service, incident: str, unit: str, at: datetime = HOUR, minutes: int | None = None
) -> httpx.Response:
    body = {"unit": unit, "scheduled_for": iso(at), "minutes": minutes, "reason": "caller is at work"}
    return await service.post(f"/v1/incidents/{incident}/appointments", body)


async def _appointed(service: Service, unit: str, **call: Any) -> tuple[str, str]:
    incident = await service.incident(**(call or THEFT))
    answer = await _ask(service, incident, unit)
    assert answer.status_code == 201, answer.text
    return incident, str(answer.json()["id"])


async def _queued(service: Service, incident: str) -> dict[str, Any]:
    [found] = [one for one in (await service.get("/v1/incidents")).json()["items"] if one["id"] == incident]
    return dict(found)


async def _kinds(service: Service) -> list[str]:
    return sorted(one["kind"] for one in await service.alarms())


async def _until(service: Service, moment: datetime) -> None:
    await service.after((moment - service.clock.now()).total_seconds())


async def test_an_incident_waits_for_its_appointment_in_sight_and_is_not_missed(service: Service) -> None:
    incident, made = await _appointed(service, "DESK")

    for _ in range(4):
        await service.after(2400)

    queued = await _queued(service, incident)
    assert (queued["status"], queued["held_until"]) == ("held", "2026-11-23T17:00:00Z")
    assert queued["status_reason"] == "appointment with DESK"
    assert queued["appointments"] == [
        {
            "assignment_id": made,
            "unit": "DESK",
            "responder_type": "report_taker",
            "scheduled_for": "2026-11-23T17:00:00Z",
            "scheduled_until": "2026-11-23T17:30:00Z",
            "status": "reserved",
        }
    ]
    assert await _kinds(service) == []
    unserved = (await service.get("/v1/reports/unserved", by="supervisor")).json()
    assert unserved["items"] == []


async def test_a_unit_with_an_appointment_is_free_until_then(service: Service) -> None:
    await _appointed(service, "CR1", narrative="loud music")

    [unit] = [one for one in (await service.get("/v1/units")).json()["items"] if one["call_sign"] == "CR1"]
    assert unit["status"] == "available"
    [other] = await service.assign(await service.incident(), "CR1")
    assert other["status"] == "offered"


@pytest.mark.parametrize("at", [NOW, NOW - timedelta(hours=1), NOW + timedelta(days=400)])
async def test_an_appointment_lies_in_the_future_and_within_a_year(service: Service, at: datetime) -> None:
    answer = await _ask(service, await service.incident(), "DESK", at)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/scheduled_for"


async def test_a_unit_has_as_many_appointments_at_one_hour_as_it_can_take(service: Service) -> None:
    answers = [(await _ask(service, await service.incident(**THEFT), "DESK")).status_code for _ in range(4)]
    other = await _ask(service, await service.incident(**THEFT), "DESK", HOUR + timedelta(minutes=30))

    assert answers == [201, 201, 201, 409]
    assert other.status_code == 201


async def test_an_appointment_takes_its_unit_for_as_long_as_it_lasts(service: Service) -> None:
    incident = await service.incident(**THEFT)

    def after(minutes: int) -> datetime:
        return HOUR + timedelta(minutes=minutes)

    first = await _ask(service, await service.incident(**THEFT), "CR1", minutes=90)
    within = await _ask(service, incident, "CR1", after(60))
    across = await _ask(service, incident, "CR1", after(-20), minutes=45)
    before = await _ask(service, await service.incident(**THEFT), "CR1", after(-30))
    behind = await _ask(service, await service.incident(**THEFT), "CR1", after(90))

    assert first.json()["scheduled_until"] == "2026-11-23T18:30:00Z"
    assert [one.status_code for one in (first, within, across, before, behind)] == [201, 409, 409, 201, 201]
    assert [one["until"] for one in within.json()["taken"]] == [iso(after(90))]


async def test_places_of_a_desk_are_counted_at_each_moment_and_not_over_the_whole_span(service: Service) -> None:
    spans = [(0, 30), (30, 30), (0, 60), (60, 60), (0, 120), (45, 15), (0, 30)]

    answers = [
        (await _ask(service, await service.incident(**THEFT), "DESK", HOUR + timedelta(minutes=at), long)).status_code
        for at, long in spans
    ]

    assert answers == [201, 201, 201, 201, 201, 409, 409]


async def test_a_life_threat_waits_for_no_hour(service: Service) -> None:
    grave = await service.incident(call_type=None, narrative="my father is not breathing")

    refused = await _ask(service, grave, "CR1")
    await service.assign(grave, "M1")
    afterwards = await _ask(service, grave, "CR1")

    assert (refused.status_code, refused.json()["priority"]) == (409, 0)
    assert afterwards.status_code == 201
    assert (await _queued(service, grave))["status"] == "active"


async def test_a_desk_is_asked_shortly_before_the_hour_and_its_yes_is_enough(service: Service) -> None:
    incident, made = await _appointed(service, "DESK")

    await _until(service, HOUR - timedelta(seconds=299))
    [row] = await service.fetch("select status from assignment where id = $1", made)
    held = (await _queued(service, incident))["status"]
    await service.step(made, "accepted")
    await _until(service, HOUR + timedelta(seconds=1))

    assert (row["status"], held) == ("offered", "held")
    assert (await _queued(service, incident))["status"] == "active"
    assert await _kinds(service) == []


async def test_a_unit_that_said_yes_and_is_not_on_its_way_at_the_hour_is_told_of(service: Service) -> None:
    incident, made = await _appointed(service, "CR1", narrative="loud music")
    await _until(service, HOUR - timedelta(seconds=890))
    await service.step(made, "accepted")

    await _until(service, HOUR + timedelta(seconds=1))

    [alarm] = await service.alarms(kind="appointment_missed")
    assert (alarm["unit"], alarm["incident_id"]) == ("CR1", incident)


async def test_a_unit_that_is_on_its_way_by_the_hour_raises_nothing(service: Service) -> None:
    _, made = await _appointed(service, "CR1", narrative="loud music")
    await _until(service, HOUR - timedelta(seconds=890))
    await service.step(made, "en_route")

    await _until(service, HOUR + timedelta(seconds=1))

    assert await _kinds(service) == []
    [row] = (await service.get("/v1/assignments", params={"kind": "appointment"})).json()["items"]
    assert row["responders"] != []


async def test_an_appointment_that_nobody_answers_puts_the_incident_back_on_the_queue(service: Service) -> None:
    incident, _ = await _appointed(service, "CR1", narrative="loud music")

    await _until(service, HOUR - timedelta(seconds=890))
    await service.after(100)
    await service.after(1)

    queued = await _queued(service, incident)
    assert (queued["status"], queued["held_until"], queued["appointments"]) == ("pending", None, [])
    assert {"offer_unanswered", "step_declined"} <= set(await _kinds(service))


async def test_a_unit_that_is_busy_at_its_hour_is_told_of_and_the_incident_waits_on_the_queue(
    service: Service,
) -> None:
    incident, _ = await _appointed(service, "CR1", narrative="loud music")
    [other] = await service.assign(await service.incident(), "CR1")
    await service.step(other["id"], "on_scene")

    await _until(service, HOUR - timedelta(seconds=890))
    early = await service.alarms(kind="appointment_missed")
    await _until(service, HOUR + timedelta(seconds=1))

    assert "cannot be asked" in early[0]["message"]
    [alarm] = await service.alarms(kind="appointment_missed")
    assert alarm["times"] == 2
    queued = await _queued(service, incident)
    assert (queued["status"], queued["status_reason"]) == ("pending", "appointment_missed")


async def test_an_appointment_that_is_cancelled_leaves_nobody_waiting_for_it(service: Service) -> None:
    incident, made = await _appointed(service, "DESK")

    await service.step(made, "cancelled", reason="caller cannot then")

    queued = await _queued(service, incident)
    assert (queued["status"], queued["appointments"]) == ("pending", [])


async def test_danger_told_while_an_appointment_is_waited_for_puts_the_incident_back(service: Service) -> None:
    incident, _ = await _appointed(service, "DESK")

    await service.post(f"/v1/incidents/{incident}:retriage", {"note": "he is back and has a knife in his hand"})

    queued = await _queued(service, incident)
    assert (queued["status"], queued["priority"], len(queued["appointments"])) == ("pending", 1, 1)
    assert "risk_raised" in await _kinds(service)


async def test_an_appointment_is_begun_early_by_hand(service: Service) -> None:
    incident, made = await _appointed(service, "DESK")

    await service.step(made, "offered")
    await service.step(made, "accepted")
    await _until(service, HOUR + timedelta(seconds=1))

    assert (await _queued(service, incident))["status"] == "active"
    assert await _kinds(service) == []


async def test_units_that_are_on_an_incident_go_on_while_an_appointment_is_made(service: Service) -> None:
    incident = await service.incident(**THEFT)
    [sent] = await service.assign(incident, "P1")
    await service.step(sent["id"], "on_scene")

    answer = await _ask(service, incident, "DESK")

    assert answer.status_code == 201
    assert (await _queued(service, incident))["status"] == "active"


async def test_an_appointment_made_by_mistake_is_undone(service: Service) -> None:
    incident, made = await _appointed(service, "DESK")

    answer = await service.post(f"/v1/assignments/{made}:undo")

    assert answer.json()["status"] == "cancelled"
    assert (await _queued(service, incident))["status"] == "pending"


async def test_a_unit_with_an_appointment_soon_is_not_offered_what_it_could_not_finish(service: Service) -> None:
    """The answer to a new call uses a copy of the roster: it knows of the hour, and when it is free again."""
    kept = await service.incident(**THEFT)
    asked = await service.incident()
    [first] = [one for one in (await service.call())["recommendation"]["units"] if one["pick"]][:1]
    made = (await _ask(service, kept, first["unit"], NOW + timedelta(minutes=20))).json()

    advice = (await service.get(f"/v1/incidents/{asked}/recommendation")).json()
    now = (await service.call())["recommendation"]["units"]
    warned = await service.post(f"/v1/incidents/{asked}/assignments", {"units": [first["unit"]]})
    await service.step(warned.json()["assignments"][0]["id"], "rescinded", reason="kept for its appointment")
    await service.step(made["id"], "cancelled", reason="caller does not want it")
    free = (await service.call())["recommendation"]["units"]

    [why] = [one["reasons"] for one in advice["not_offered"] if one["unit"] == first["unit"]]
    assert why[0].startswith("appointment_soon:2026-11-23T14:20")
    assert first["unit"] not in [one["unit"] for one in now]
    assert warned.json()["warnings"][0]["code"].startswith("appointment_soon")
    assert first["unit"] in [one["unit"] for one in free]
