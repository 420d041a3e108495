"""One unit takes another's place on an incident: both change, or neither."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from tests.support.service import Service

from dispatch.domain.access import Role

pytestmark = pytest.mark.anyio


async def _exchange(service: Service, incident: str, off: str, on: str, **more: Any) -> httpx.Response:
    by = more.pop("by", "dispatcher")
    return await service.post(f"/v1/incidents/{incident}:exchange", {"off": off, "on": on, **more}, by=by)


async def _status_of(service: Service, *units: str) -> list[str]:
    found = {one["call_sign"]: one["status"] for one in (await service.get("/v1/units")).json()["items"]}
    return [found[unit] for unit in units]


async def _incident(service: Service, incident: str) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(f"/v1/incidents/{incident}")).json()
    return found


async def test_another_unit_has_the_step_and_the_role_and_both_are_in_the_log_with_the_reason(service: Service) -> None:
    incident = await service.incident()
    [old] = await service.assign(incident, "M1", step=2, role="support")
    await service.step(old["id"], "en_route")

    answer = await _exchange(service, incident, "M1", "M2", reason="M1 has a flat tire")

    assert answer.status_code == 200, answer.text
    [ended], [made] = answer.json()["ended"], answer.json()["made"]
    assert (ended["id"], ended["status"], ended["cause"]) == (old["id"], "cancelled", "exchanged")
    assert ended["reason"] == "exchanged for M2: M1 has a flat tire"
    assert (made["unit"], made["status"], made["step"], made["role"]) == ("M2", "ordered", 2, "support")
    assert made["reason"] == "in exchange for M1: M1 has a flat tire"
    assert await _status_of(service, "M1", "M2") == ["available", "assigned"]
    assert (await _incident(service, incident))["incident"]["status"] == "active"
    events = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    told = [event["payload"]["unit"] for event in events if event["type"] == "unit.exchanged"]
    assert told == ["M1", "M2"]
    assert "incident.reopened" not in [event["type"] for event in events]
    watched = await service.fetch("select kind, subject_id from timer where incident_id = $1", incident)
    assert [(row["kind"], row["subject_id"]) for row in watched] == [("turnout", made["id"])]


async def test_an_open_offer_goes_over_with_its_rule_and_the_first_yes_still_ends_the_others(service: Service) -> None:
    incident = await service.incident()
    rows = {row["unit"]: row for row in await service.assign(incident, "CR1", "H1", offer="first_of")}

    done = (await _exchange(service, incident, "CR1", "CR2")).json()

    assert (done["ended"][0]["status"], done["made"][0]["status"]) == ("rescinded", "offered")
    assert done["made"][0]["offer_id"] == rows["H1"]["offer_id"]
    await service.step(done["made"][0]["id"], "accepted")
    by_unit = {one["unit"]: one["status"] for one in (await _incident(service, incident))["assignments"]}
    assert by_unit == {"CR1": "rescinded", "CR2": "accepted", "H1": "rescinded"}


async def test_when_the_other_unit_is_taken_nothing_changes(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "P1")
    await service.assign(await service.incident(), "P2")
    before = await service.rows()

    answer = await _exchange(service, incident, "P1", "P2")

    assert (answer.status_code, answer.json()["code"]) == (409, "unit_already_assigned")
    assert await service.rows() == before
    assert await _status_of(service, "P1", "P2") == ["assigned", "assigned"]


async def test_a_unit_out_of_service_takes_nobodys_place(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "P1")
    await service.post("/v1/units/P2/status", {"status": "out_of_service"})

    answer = await _exchange(service, incident, "P1", "P2")

    assert (answer.status_code, answer.json()["code"]) == (409, "unit_not_available")
    assert await _status_of(service, "P1") == ["assigned"]


async def test_one_that_has_arrived_is_relieved_with_what_came_of_its_work(service: Service) -> None:
    incident = await service.incident()
    [old] = await service.assign(incident, "P1")
    await service.step(old["id"], "on_scene")

    refused = await _exchange(service, incident, "P1", "P2")
    relieved = await _exchange(service, incident, "P1", "P2", outcome="warm_handover")

    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert "cleared" in refused.json()["legal"]
    assert "outcome" in refused.json()["fix"]
    assert relieved.status_code == 200, relieved.text
    assert (relieved.json()["ended"][0]["status"], relieved.json()["ended"][0]["outcome"]) == (
        "cleared",
        "warm_handover",
    )


async def test_nobody_who_carries_somebody_is_exchanged(service: Service) -> None:
    incident = await service.incident()
    [old] = await service.assign(incident, "M1")
    await service.step(old["id"], "on_scene")
    await service.step(old["id"], "transporting")

    answer = await _exchange(service, incident, "M1", "M2", outcome="medical_transport")

    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


async def test_two_units_change_their_incidents(service: Service) -> None:
    here, there = await service.incident(), await service.incident()
    [one] = await service.assign(here, "P1", role="primary")
    [other] = await service.assign(there, "P2", role="support")
    await service.step(other["id"], "en_route")

    answer = await _exchange(service, here, "P1", "P2", swap=True, reason="each is nearer to the other")

    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert [row["id"] for row in done["ended"]] == [one["id"], other["id"]]
    assert [(row["unit"], row["incident_id"], row["role"]) for row in done["made"]] == [
        ("P2", here, "primary"),
        ("P1", there, "support"),
    ]
    assert [(await _incident(service, one))["incident"]["status"] for one in (here, there)] == ["active", "active"]
    assert await _status_of(service, "P1", "P2") == ["assigned", "assigned"]


async def test_a_swap_needs_two_that_are_busy(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "P1")

    answer = await _exchange(service, incident, "P1", "P2", swap=True)

    assert answer.status_code == 409
    assert "swap" in answer.json()["fix"]


@pytest.mark.parametrize("half", ["ended", "made"])
async def test_half_of_an_exchange_is_not_undone_and_how_to_undo_it_is_said(service: Service, half: str) -> None:
    incident = await service.incident()
    await service.assign(incident, "P1")
    done = (await _exchange(service, incident, "P1", "P2")).json()

    refused = await service.post(f"/v1/assignments/{done[half][0]['id']}:undo")
    back = await _exchange(service, incident, "P2", "P1")

    assert refused.status_code == 409
    assert '{"off": "P2", "on": "P1"}' in refused.json()["fix"]
    assert back.status_code == 200, back.text
    assert await _status_of(service, "P1", "P2") == ["assigned", "available"]


async def test_who_is_told_one_way_takes_no_ones_place_and_units_of_others_are_not_exchanged(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "P1", "CR1")
    care = await service.token(Role.DISPATCHER, agencies=["city-care"])

    assert (await _exchange(service, incident, "CR1", "V1")).status_code == 409
    assert (await _exchange(service, incident, "P1", "CR2", by=care)).status_code == 403
    assert (await _exchange(service, incident, "CR1", "P2", by=care)).status_code == 403
    assert (await _exchange(service, incident, "P1", "P1")).status_code == 422
    assert (await _exchange(service, incident, "P2", "M1")).status_code == 409


async def test_of_several_exchanges_for_one_unit_at_once_one_holds(service: Service) -> None:
    incidents = []
    for unit in ("P1", "M1", "M2", "E1"):
        incident = await service.incident()
        await service.assign(incident, unit)
        incidents.append((incident, unit))

    answers = await asyncio.gather(*(_exchange(service, incident, unit, "P2") for incident, unit in incidents))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 3}
    rows = await service.fetch(
        "select count(*) as n from assignment where jurisdiction_id = $1 and is_open", service.jurisdiction
    )
    assert rows[0]["n"] == 4
