"""A unit asks for help or declares an emergency: it is in the plan and an alarm, at once, for whoever dispatches."""

from typing import Any

import httpx
import pytest
from tests.support.one_way import speaks_of
from tests.support.service import Service

from dispatch.domain.access import Role

pytestmark = pytest.mark.anyio


async def _on_scene(service: Service, unit: str) -> tuple[str, str]:
    incident = await service.incident(call_type={"text": "NOISE COMPLAINT"}, narrative="loud music next door")
    [made] = await service.assign(incident, unit)
    await service.step(made["id"], "on_scene")
    return incident, made["id"]


async def _ask(service: Service, assignment: str, by: str = "dispatcher", **body: Any) -> httpx.Response:
    return await service.post(f"/v1/assignments/{assignment}:backup", body, by=by)


async def _detail(service: Service, incident: str) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(f"/v1/incidents/{incident}")).json()
    return found


def _first(detail: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["responder_type"], entry["role"]) for entry in detail["triage"]["plan"] if entry["step"] == 1]


async def test_a_responder_who_asks_for_help_with_one_tap_gets_police_as_a_life_threat(service: Service) -> None:
    incident, assignment = await _on_scene(service, "CR1")
    phone = await service.token(Role.RESPONDER, unit_id=service.units["CR1"])

    answer = await _ask(service, assignment, by=phone)

    assert answer.status_code == 200, answer.text
    assert answer.json()["priority"] == 0
    detail = await _detail(service, incident)
    assert _first(detail) == [("police", "primary")]
    assert {entry["responder_type"] for entry in detail["triage"]["plan"]} > {"police"}
    assert detail["incident"]["priority"] == 0
    (alarm,) = [one for one in await service.alarms() if one["kind"] == "backup_requested"]
    assert (alarm["id"], alarm["severity"], alarm["unit"]) == (answer.json()["alarm"], "urgent", "CR1")
    types = [event["type"] for event in (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]]
    assert {"assignment.backup_requested", "incident.escalated"} <= set(types)


async def test_help_that_does_not_hurry_leaves_the_priority_and_the_first_named_leads(service: Service) -> None:
    incident, assignment = await _on_scene(service, "CR1")
    before = (await _detail(service, incident))["incident"]["priority"]

    await _ask(service, assignment, who=["co_responder", "ems"], urgent=False, reason="wants to talk to an officer")

    detail = await _detail(service, incident)
    assert detail["incident"]["priority"] == before
    assert _first(detail) == [("co_responder", "primary"), ("ems", "staged")]


async def test_asked_again_the_alarm_counts_up_and_the_plan_stays(service: Service) -> None:
    incident, assignment = await _on_scene(service, "CR1")
    await _ask(service, assignment)
    once = (await _detail(service, incident))["triage"]["plan"]

    await _ask(service, assignment, reason="where are they")

    assert (await _detail(service, incident))["triage"]["plan"] == once
    (alarm,) = [one for one in await service.alarms() if one["kind"] == "backup_requested"]
    assert alarm["times"] == 2
    assert "where are they" in alarm["message"]


async def test_help_that_came_and_left_is_asked_for_anew(service: Service) -> None:
    incident, assignment = await _on_scene(service, "CR1")
    await _ask(service, assignment)
    once = (await _detail(service, incident))["triage"]["plan"]
    [police] = await service.assign(incident, "P1")
    await service.step(police["id"], "on_scene")
    service.clock.advance(600)
    await service.step(police["id"], "cleared", outcome="handled")

    await _ask(service, assignment, reason="he is back, with a knife")

    assert (await _detail(service, incident))["triage"]["plan"] == once
    advice = (await service.get(f"/v1/incidents/{incident}/recommendation")).json()
    assert [one["unit"] for one in advice["units"] if one["pick"]] == ["P1"]


async def test_help_is_seen_by_the_dispatchers_of_the_agency_that_is_asked(service: Service) -> None:
    _, assignment = await _on_scene(service, "CR1")
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    await _ask(service, assignment)

    assert [one["kind"] for one in await service.alarms(by=police)] == ["backup_requested"]


async def test_a_unit_that_has_left_asks_by_other_means(service: Service) -> None:
    _, assignment = await _on_scene(service, "CR1")
    await service.step(assignment, "cleared", outcome="handled")

    answer = await _ask(service, assignment)

    assert answer.status_code == 409
    assert "emergency" in answer.json()["fix"]


async def test_an_emergency_on_scene_is_an_urgent_alarm_and_police_and_ems_come_first(service: Service) -> None:
    incident, _ = await _on_scene(service, "CR1")
    phone = await service.token(Role.RESPONDER, unit_id=service.units["CR1"])

    answer = await service.post("/v1/units/CR1/status", {"status": "emergency"}, by=phone)

    assert answer.status_code == 200, answer.text
    (alarm,) = [one for one in await service.alarms() if one["kind"] == "unit_emergency"]
    number = (await _detail(service, incident))["incident"]["number"]
    assert (alarm["severity"], alarm["message"]) == ("urgent", f"CR1 declares an emergency at #{number}.")
    detail = await _detail(service, incident)
    assert _first(detail) == [("police", "primary"), ("ems", "staged")]
    assert detail["incident"]["priority"] == 0


async def test_an_emergency_of_a_unit_on_no_incident_is_an_alarm_too(service: Service) -> None:
    await service.post("/v1/units/P1/status", {"status": "emergency", "reason": "shots at the car"})

    (alarm,) = await service.alarms()
    assert (alarm["kind"], alarm["incident_id"]) == ("unit_emergency", None)
    assert "shots at the car" in alarm["message"]


async def test_help_for_violence_intervention_comes_without_a_word_of_who_asked(service: Service) -> None:
    incident = await service.incident(call_type=None, narrative="shots fired outside")
    [told] = await service.assign(incident, "V1")
    await service.step(told["id"], "on_scene")
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    assert (await _ask(service, told["id"])).status_code == 200

    (alarm,) = await service.alarms(by=police)
    assert (alarm["kind"], alarm["unit"]) == ("risk_raised", None)
    seen = (await service.get(f"/v1/incidents/{incident}/timeline", by=police)).text
    seen += (await service.get(f"/v1/incidents/{incident}/decisions", by=police)).text + str(alarm)
    assert not speaks_of(seen, "V1")
    assert told["id"] not in seen
    assert "cvi" not in seen
