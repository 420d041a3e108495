"""An answer, a withdrawal, the end of the time and danger told at the same moment: one has the call, or it waits."""

import asyncio
from typing import Any

import pytest
from tests.support.service import Service

pytestmark = pytest.mark.anyio

SUICIDAL: dict[str, Any] = {"call_type": None, "narrative": "I feel suicidal and want to talk to somebody"}
ROUNDS = 5


async def _transfer(service: Service, incident: str, **body: Any) -> str:
    answer = await service.post(f"/v1/incidents/{incident}:transfer", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["assignments"][0]["id"])


async def _incident(service: Service, incident: str) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(f"/v1/incidents/{incident}")).json()["incident"]
    return found


async def _statuses(service: Service, incident: str) -> list[str]:
    rows = await service.fetch("select status from assignment where incident_id = $1 order by status", incident)
    return [row["status"] for row in rows]


async def _step(service: Service, assignment: str, status: str, **body: Any) -> int:
    answer = await service.post(f"/v1/assignments/{assignment}/status", {"status": status, **body})
    return answer.status_code


async def test_of_many_parties_that_accept_at_once_one_has_the_call(service: Service) -> None:
    incident = await service.incident(**SUICIDAL)
    asked = [await _transfer(service, incident, outside=f"Centre {n}", responder_type="crisis_line") for n in range(7)]
    asked.append(await _transfer(service, incident, unit="LINE"))

    codes = await asyncio.gather(*(_step(service, one, "accepted") for one in asked))

    assert sorted(codes) == [200] + [409] * 7
    assert await _statuses(service, incident) == ["accepted"] + ["rescinded"] * 7
    assert (await _incident(service, incident))["status"] == "active"


async def test_a_transfer_that_is_accepted_and_taken_back_at_once_is_one_of_the_two(service: Service) -> None:
    for _ in range(ROUNDS):
        incident = await service.incident(**SUICIDAL)
        asked = await _transfer(service, incident, unit="LINE")

        codes = await asyncio.gather(
            _step(service, asked, "accepted"), _step(service, asked, "rescinded", reason="the caller hung up")
        )

        assert sorted(codes) == [200, 409]
        [status] = await _statuses(service, incident)
        assert (await _incident(service, incident))["status"] == {"accepted": "active", "rescinded": "pending"}[status]
        if status == "accepted":
            await service.step(asked, "cleared", outcome="handled_by_phone")


async def test_a_transfer_that_is_accepted_as_its_time_runs_out_is_one_of_the_two(service: Service) -> None:
    for _ in range(ROUNDS):
        incident = await service.incident(**SUICIDAL)
        asked = await _transfer(service, incident, unit="LINE")
        service.clock.advance(301)

        code, _ = await asyncio.gather(_step(service, asked, "accepted"), service.worker().tick())
        await service.worker().tick()

        [status] = await _statuses(service, incident)
        assert (status, code) in {("accepted", 200), ("timed_out", 409)}
        assert (await _incident(service, incident))["status"] == {"accepted": "active", "timed_out": "pending"}[status]
        if status == "accepted":
            await service.step(asked, "cleared", outcome="handled_by_phone")


async def test_danger_told_as_a_desk_accepts_leaves_the_call_on_the_queue_in_either_order(service: Service) -> None:
    for _ in range(ROUNDS):
        incident = await service.incident(**SUICIDAL)
        asked = await _transfer(service, incident, unit="LINE")

        code, told = await asyncio.gather(
            _step(service, asked, "accepted"),
            service.post(f"/v1/incidents/{incident}:retriage", {"note": "he has a knife in his hand"}),
        )

        assert (code, told.status_code) == (200, 200)
        found = await _incident(service, incident)
        assert (found["status"], found["priority"]) == ("pending", 1)
        await service.step(asked, "cleared", outcome="returned_to_911")


async def test_a_unit_that_clears_as_its_hand_off_is_answered_never_leaves_the_incident_alone(service: Service) -> None:
    for _ in range(ROUNDS):
        incident = await service.incident(narrative="loud music")
        [mine] = await service.assign(incident, "CR1")
        await service.step(mine["id"], "on_scene")
        asked = (await service.post(f"/v1/assignments/{mine['id']}:hand-off", {"unit": "P1"})).json()["id"]

        cleared, _ = await asyncio.gather(
            _step(service, mine["id"], "cleared", outcome="handed_off_to_police"),
            _step(service, asked, "declined", reason="on the way to a fight"),
        )

        assert cleared == 409
        assert sorted(await _statuses(service, incident)) == ["declined", "on_scene"]
        await service.step(mine["id"], "cleared", outcome="handled")


async def test_a_unit_that_is_asked_by_two_at_once_takes_over_from_one(service: Service) -> None:
    incident = await service.incident(narrative="loud music")
    made = {one["unit"]: one["id"] for one in await service.assign(incident, "CR1", "CR2", "P1")}
    for one in made.values():
        await service.step(one, "on_scene")

    answers = await asyncio.gather(
        *(service.post(f"/v1/assignments/{made[unit]}:hand-off", {"unit": "P1"}) for unit in ("CR1", "CR2"))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_many_who_want_one_hour_of_a_desk_get_as_many_as_it_can_take(service: Service) -> None:
    incidents = [await service.incident(**SUICIDAL) for _ in range(8)]
    body = {"unit": "DESK", "scheduled_for": "2026-11-23T18:00:00Z"}

    answers = await asyncio.gather(
        *(service.post(f"/v1/incidents/{incident}/appointments", body) for incident in incidents)
    )

    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5


async def test_two_workers_ask_for_an_appointment_once(service: Service) -> None:
    incident = await service.incident(**SUICIDAL)
    body = {"unit": "DESK", "scheduled_for": "2026-11-23T18:00:00Z"}
    made = (await service.post(f"/v1/incidents/{incident}/appointments", body)).json()["id"]
    service.clock.advance(4 * 3600 - 200)

    await asyncio.gather(*(service.worker().tick() for _ in range(4)))
    await service.worker().tick()

    offered = await service.fetch("select 1 from event_log where subject_id = $1 and type = 'assignment.offered'", made)
    assert len(offered) == 1
    assert await _statuses(service, incident) == ["offered"]
