"""Several are asked, a step of a plan finds nobody, and it is on record why a program did not serve."""

from typing import Any

import pytest
from tests.support.city import CENTRE
from tests.support.city_policy import PLANS, city_policy
from tests.support.one_way import speaks_of
from tests.support.service import Service, a_call

from dispatch.db.session import transaction
from dispatch.domain.access import Role
from dispatch.domain.time import iso
from dispatch.operations.policies import install_policy

pytestmark = pytest.mark.anyio


async def _incident(service: Service, incident: str) -> dict[str, object]:
    found: dict[str, object] = (await service.get(f"/v1/incidents/{incident}")).json()["incident"]
    return found


def _by_call_sign(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(made, key=lambda one: str(one["unit"]))


async def _unserved(service: Service, by: str = "supervisor", **wanted: object) -> dict[str, object]:
    answer = await service.get("/v1/reports/unserved", by=by, params=wanted)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_the_first_to_accept_takes_it_and_the_others_are_free(service: Service) -> None:
    first, second = _by_call_sign(await service.assign(await service.incident(), "CR1", "CR2", offer="first_of"))

    await service.step(second["id"], "accepted")

    late = await service.post(f"/v1/assignments/{first['id']}/status", {"status": "accepted"})
    assert (late.status_code, late.json()["code"]) == (409, "illegal_transition")
    [row] = await service.fetch("select status, reason from assignment where id = $1", first["id"])
    assert (row["status"], row["reason"]) == ("rescinded", "CR2 was first to accept")


async def test_one_of_all_who_were_wanted_says_no_and_the_others_stay(service: Service) -> None:
    first, second = _by_call_sign(await service.assign(await service.incident(), "CR1", "CR2", offer="all_of"))
    await service.step(first["id"], "accepted")

    await service.step(second["id"], "declined", reason="off to another job")

    [row] = await service.fetch("select status from assignment where id = $1", first["id"])
    assert row["status"] == "accepted"
    [alarm] = await service.alarms(kind="offer_incomplete")
    assert alarm["unit"] == "CR2"


@pytest.mark.parametrize("units", [["CR1"], ["CR1", "P1"]], ids=["one", "ordered"])
async def test_only_several_offers_can_be_made_together(service: Service, units: list[str]) -> None:
    path = f"/v1/incidents/{await service.incident()}/assignments"

    answer = await service.post(path, {"units": units, "offer": "first_of"})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_several_offers")


async def test_a_step_that_nobody_took_moves_on_and_says_why(service: Service) -> None:
    incident = await service.incident()

    await service.after(899)
    assert (await _incident(service, incident))["plan_step"] == 1
    await service.after(2)

    assert (await _incident(service, incident))["plan_step"] == 2
    [alarm] = await service.alarms(kind="step_moved_on")
    assert alarm["payload"]["reason"] == "wait_too_long"
    advice = (await service.get(f"/v1/incidents/{incident}/recommendation")).json()
    assert advice["active_step"] == 2
    [row] = (await _unserved(service))["items"]
    assert (row["program"], row["reason"], row["step"]) == ("street-team", "wait_too_long", 1)


async def test_a_step_whose_units_all_said_no_moves_on_at_once(service: Service) -> None:
    incident = await service.incident()
    for unit in ("CR1", "CR2"):
        [offer] = await service.assign(incident, unit)
        await service.step(offer["id"], "declined", reason="cannot take it")
        await service.after(1)

    assert (await _incident(service, incident))["plan_step"] == 2
    assert [alarm["payload"]["reason"] for alarm in await service.alarms(kind="step_moved_on")] == ["declined"]
    assert [alarm["payload"]["free"] for alarm in await service.alarms(kind="step_declined")] == [["CR2"]]


async def test_a_step_that_somebody_took_does_not_move_on(service: Service) -> None:
    incident = await service.incident()
    await service.after(1)
    [offer] = await service.assign(incident, "CR1")
    await service.step(offer["id"], "accepted")

    await service.after(1000)

    assert (await _incident(service, incident))["plan_step"] == 1


async def test_a_call_that_its_program_served_has_no_reason_against_it(service: Service) -> None:
    incident = await service.incident()
    await service.after(901)  # the plan went on, and the team came all the same
    [offer] = await service.assign(incident, "CR1")
    await service.step(offer["id"], "on_scene")
    await service.step(offer["id"], "cleared", outcome="handled")
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    assert (await _unserved(service))["items"] == []


async def test_a_program_that_gave_the_call_back_or_turned_round_did_not_serve_it(service: Service) -> None:
    turned, unmet = await service.incident(), await service.incident()
    [first] = await service.assign(turned, "CR1")
    await service.step(first["id"], "en_route")
    await service.step(first["id"], "cleared", outcome="cancelled_en_route")
    [second] = await service.assign(unmet, "CR2")
    await service.step(second["id"], "on_scene")
    await service.step(second["id"], "cleared", outcome="not_found")
    for incident in (turned, unmet):
        await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    rows = (await _unserved(service, program="street-team"))["items"]

    assert [(row["incident_id"], row["reason"]) for row in rows] == [(turned, "not_finished")]


async def test_a_person_who_sends_somebody_else_is_the_reason(service: Service) -> None:
    incident = await service.incident()
    [sent] = await service.assign(incident, "P1", recommended=False, reason="they were next door")
    await service.step(sent["id"], "on_scene")
    await service.step(sent["id"], "cleared", outcome="handled")
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    found = await _unserved(service, verdict="eligible")
    assert {row["reason"] for row in found["items"]} == {"override"}
    assert found["totals"] == {"override": len(found["items"])}


async def test_police_learn_of_no_alarm_and_no_gap_of_community_violence_intervention(service: Service) -> None:
    incident = await service.incident(
        call_type={"text": "x"}, narrative="shots fired", location={"lat": CENTRE.lat, "lon": CENTRE.lon}
    )
    await service.assign(incident, "V1")
    await service.after(400)
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})
    assert "cvi" in {alarm["responder_type"] for alarm in await service.alarms(kind="offer_unanswered")}
    assert "cvi" in {row["responder_type"] for row in (await _unserved(service))["items"]}
    police = await service.token(Role.SUPERVISOR, agencies=["city-police"])

    seen = [*await service.alarms(by=police), *(await _unserved(service, by=police))["items"]]

    assert "cvi" not in {one["responder_type"] for one in seen}
    assert not any(speaks_of(str(one), mark) for one in seen for mark in ("V1", "peacekeepers"))
    [hidden] = await service.alarms(kind="offer_unanswered")
    answer = await service.post(f"/v1/alarms/{hidden['id']}:acknowledge", by=police)
    assert answer.status_code == 404


async def test_an_alarm_is_acknowledged_once_and_the_first_name_stays(service: Service) -> None:
    incident = await service.incident()
    await service.post(f"/v1/incidents/{incident}:retriage", {"answers": {"weapon": "in_hand"}})
    [alarm] = await service.alarms(acknowledged=False)

    first = (await service.post(f"/v1/alarms/{alarm['id']}:acknowledge", {"note": "seen"})).json()
    second = (await service.post(f"/v1/alarms/{alarm['id']}:acknowledge", by="supervisor")).json()

    assert (first["note"], second["acknowledged_by"]) == ("seen", first["acknowledged_by"])
    assert await service.alarms(acknowledged=False) == []
    refused = await service.post(f"/v1/alarms/{alarm['id']}:acknowledge", by="auditor")
    assert refused.status_code == 403


async def test_a_step_that_says_so_is_offered_by_the_plan_itself(service: Service) -> None:
    plans = PLANS.replace(
        "      - {slots: [{eligible: [crisis_line, co_responder]}], wait_limit_s: 600}",
        "      - {slots: [{eligible: [crisis_line, co_responder]}], wait_limit_s: 600, offer: first_of}",
    )
    texts = {**city_policy(2), "plans.yaml": plans}
    async with transaction(service.sessions) as session:
        await install_policy(session, service.jurisdiction, texts, {}, actor="tests", now=service.clock.now())
    service.clock.advance(1)
    call = await service.call(call_type={"text": "x"}, narrative="she says she is suicidal")
    incident = call["incident"]["id"]
    assert [one["program"] for one in call["triage"]["plan"]] == ["crisis-line", "co-response", None]

    await service.after(301)

    [offer] = (await service.get(f"/v1/incidents/{incident}")).json()["assignments"]
    assert (offer["unit"], offer["status"], offer["step"]) == ("CO1", "offered", 2)


async def test_a_watched_sender_that_falls_silent_is_told_of_and_one_that_sends_is_not(service: Service) -> None:
    texts = {**city_policy(2), "timers.yaml": "feeds:\n  - {source: cad-east, silent_s: 100}\n"}
    async with transaction(service.sessions) as session:
        await install_policy(session, service.jurisdiction, texts, {}, actor="tests", now=service.clock.now())
    await service.after(1)
    service.clock.advance(60)
    body = a_call(received_at=None)
    await service.post("/v1/calls", body)

    await service.after(60)
    assert await service.alarms(kind="feed_silent") == []
    # A sender that only revises what it sent is not silent.
    revised = {**body, "narrative": "he is on the porch now", "updated_at": iso(service.clock.now())}
    assert (await service.post("/v1/calls", revised)).status_code == 200
    await service.after(60)
    assert await service.alarms(kind="feed_silent") == []
    await service.after(60)
    [alarm] = await service.alarms(kind="feed_silent")
    assert (alarm["subject_id"], alarm["for_supervisor"]) == ("feed:cad-east", True)
