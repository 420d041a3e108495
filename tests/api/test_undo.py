"""A slip is undone within a minute by the one who made it, and the log keeps both."""

from typing import Any

import httpx
import pytest
from tests.support.service import Service

pytestmark = pytest.mark.anyio


async def _undo(service: Service, assignment: str, by: str = "dispatcher") -> httpx.Response:
    return await service.post(f"/v1/assignments/{assignment}:undo", by=by)


async def _unit(service: Service, call_sign: str) -> dict[str, Any]:
    units = (await service.get("/v1/units")).json()["items"]
    return next(unit for unit in units if unit["call_sign"] == call_sign)


async def test_a_unit_that_was_cleared_by_mistake_is_on_scene_again_as_if_nothing_had_been(service: Service) -> None:
    incident = await service.incident()
    [made] = await service.assign(incident, "P1")
    there = await service.step(made["id"], "on_scene")
    service.clock.advance(30)
    await service.step(made["id"], "cleared", outcome="handled", reason="wrong key")

    answer = await _undo(service, made["id"])

    assert answer.status_code == 200, answer.text
    row = answer.json()
    assert (row["status"], row["cleared_at"], row["outcome"]) == ("on_scene", None, None)
    assert row["on_scene_at"] == there["on_scene_at"]
    assert (await _unit(service, "P1"))["status"] == "on_scene"
    detail = (await service.get(f"/v1/incidents/{incident}")).json()
    assert detail["incident"]["status"] == "active"
    events = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    assert [event["type"] for event in events][-2:] == ["assignment.cleared", "assignment.undone"]
    assert events[-1]["payload"]["undone"] == events[-2]["id"]
    watched = await service.fetch("select kind from timer where subject_id = $1 and fired_at is null", made["id"])
    assert [row["kind"] for row in watched] == ["welfare_check"]


async def test_a_step_that_is_undone_leaves_its_earlier_time_where_there_was_one(service: Service) -> None:
    [made] = await service.assign(await service.incident(), "P1")
    first = await service.step(made["id"], "staged")
    service.clock.advance(60)
    await service.step(made["id"], "en_route")
    await service.step(made["id"], "staged")

    row = (await _undo(service, made["id"])).json()

    assert (row["status"], row["staged_at"]) == ("en_route", first["staged_at"])


async def test_an_assignment_that_nobody_meant_ends_and_the_incident_waits_again(service: Service) -> None:
    incident = await service.incident()
    [ordered] = await service.assign(incident, "P1")
    [offered] = await service.assign(incident, "CR1")

    ended = [(await _undo(service, one["id"])).json()["status"] for one in (ordered, offered)]

    assert ended == ["cancelled", "rescinded"]
    assert (await _unit(service, "P1"))["status"] == "available"
    assert (await service.get(f"/v1/incidents/{incident}")).json()["incident"]["status"] == "pending"


async def test_a_yes_that_was_no_yes_is_an_open_offer_again(service: Service) -> None:
    [made] = await service.assign(await service.incident(), "CR1")
    await service.step(made["id"], "en_route")

    row = (await _undo(service, made["id"])).json()

    assert (row["status"], row["accepted_at"], row["en_route_at"]) == ("offered", None, None)


async def test_after_a_minute_a_step_stands(service: Service) -> None:
    [made] = await service.assign(await service.incident(), "P1")
    await service.step(made["id"], "on_scene")
    service.clock.advance(61)

    answer = await _undo(service, made["id"])

    assert answer.status_code == 409
    assert "60 s" in answer.json()["detail"]


async def test_nobody_undoes_what_somebody_else_did(service: Service) -> None:
    [made] = await service.assign(await service.incident(), "P1")
    await service.step(made["id"], "on_scene")

    answer = await _undo(service, made["id"], by="supervisor")

    assert answer.status_code == 403


async def test_a_unit_that_went_elsewhere_since_is_not_called_back_by_an_undo(service: Service) -> None:
    [made] = await service.assign(await service.incident(), "P1")
    await service.step(made["id"], "cleared", outcome="handled")
    await service.assign(await service.incident(), "P1")

    answer = await _undo(service, made["id"])

    assert (answer.status_code, answer.json()["code"]) == (409, "unit_already_assigned")


async def test_a_closed_incident_is_reopened_before_a_step_on_it_is_undone(service: Service) -> None:
    incident = await service.incident()
    [made] = await service.assign(incident, "P1")
    await service.step(made["id"], "cleared", outcome="handled")
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    answer = await _undo(service, made["id"])

    assert answer.status_code == 409
    assert "Reopen" in answer.json()["fix"]


async def test_what_was_undone_is_not_undone_twice(service: Service) -> None:
    [made] = await service.assign(await service.incident(), "P1")
    await service.step(made["id"], "on_scene")
    await _undo(service, made["id"])

    answer = await _undo(service, made["id"])

    assert answer.status_code == 409
    assert "already" in answer.json()["detail"]


async def test_the_first_yes_of_several_offers_is_not_undone_since_the_others_were_taken_back(service: Service) -> None:
    made = await service.assign(await service.incident(), "CR1", "CR2", offer="first_of")
    await service.step(made[0]["id"], "accepted")

    answer = await _undo(service, made[0]["id"])

    assert answer.status_code == 409
    assert "taken back" in answer.json()["detail"]


async def test_a_unit_that_is_on_scene_again_is_asked_a_whole_interval_later(service: Service) -> None:
    """It was heard of a moment ago, though it arrived long before."""
    [made] = await service.assign(await service.incident(), "CR1")
    await service.step(made["id"], "on_scene")
    service.clock.advance(299)
    await service.step(made["id"], "transporting")
    service.clock.advance(10)
    answer = await service.post(f"/v1/assignments/{made['id']}:undo", {"reason": "wrong button"})
    assert answer.status_code == 200, answer.text

    await service.after(290)
    assert await service.alarms(kind="welfare_missed") == []
    await service.after(11)
    assert len(await service.alarms(kind="welfare_missed")) == 1
