"""A unit on its way to something less urgent is turned round: both incidents change, or neither."""

from typing import Any

import httpx
import pytest
from tests.support.service import Service

from dispatch.domain.access import Role

pytestmark = pytest.mark.anyio

CALM: dict[str, Any] = {"call_type": {"text": "NOISE COMPLAINT"}, "narrative": "loud music next door"}
GRAVE: dict[str, Any] = {"call_type": None, "narrative": "my father is not breathing"}


async def _turn_round(service: Service, incident: str, unit: str, **more: Any) -> httpx.Response:
    return await service.post(f"/v1/incidents/{incident}:redirect", {"unit": unit, **more})


async def _incident(service: Service, incident: str) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(f"/v1/incidents/{incident}")).json()
    return found


async def test_a_medic_on_the_way_to_noise_goes_to_the_life_threat_and_the_noise_waits_with_its_old_age(
    service: Service,
) -> None:
    calm = await service.incident(**CALM)
    opened = (await _incident(service, calm))["incident"]["opened_at"]
    [old] = await service.assign(calm, "M1")
    await service.step(old["id"], "en_route")
    grave = await service.incident(**GRAVE)

    answer = await _turn_round(service, grave, "M1", reason="closest by far")

    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["ended"]["id"], done["ended"]["status"]) == (old["id"], "cancelled")
    assert "closest by far" in done["ended"]["reason"]
    assert done["ended"]["cause"] == "redirected"
    assert (done["made"]["status"], done["made"]["unit"]) == ("ordered", "M1")
    left, wanted = await _incident(service, calm), await _incident(service, grave)
    assert (left["incident"]["status"], left["incident"]["opened_at"]) == ("pending", opened)
    assert wanted["incident"]["status"] == "active"
    for one in (calm, grave):
        events = (await service.get(f"/v1/incidents/{one}/timeline")).json()["items"]
        (told,) = [event for event in events if event["type"] == "unit.redirected"]
        assert (told["payload"]["from"], told["payload"]["to"]) == (
            left["incident"]["number"],
            wanted["incident"]["number"],
        )
    unit = next(u for u in (await service.get("/v1/units")).json()["items"] if u["call_sign"] == "M1")
    assert unit["status"] == "assigned"


async def test_the_incident_that_was_left_has_its_timer_again(service: Service) -> None:
    calm = await service.incident(**CALM)
    await service.assign(calm, "M1")
    grave = await service.incident(**GRAVE)

    await _turn_round(service, grave, "M1")
    await service.after(1)

    kinds = await service.fetch("select kind, subject_id from timer where incident_id = $1", calm)
    assert [(row["kind"], row["subject_id"]) for row in kinds if row["kind"] == "unassigned"] == [("unassigned", calm)]
    watched = await service.fetch("select kind from timer where incident_id = $1 and fired_at is null", grave)
    assert {row["kind"] for row in watched} >= {"turnout"}


async def test_an_incident_with_another_unit_on_it_stays_active_when_one_is_turned_round(service: Service) -> None:
    calm = await service.incident(**CALM)
    await service.assign(calm, "M1", "P1")
    grave = await service.incident(**GRAVE)

    done = (await _turn_round(service, grave, "M1")).json()

    assert done["from_status"] == "active"


async def test_a_unit_that_has_arrived_is_not_turned_round_and_the_legal_steps_are_told(service: Service) -> None:
    calm = await service.incident(**CALM)
    [old] = await service.assign(calm, "M1")
    await service.step(old["id"], "on_scene")
    grave = await service.incident(**GRAVE)

    answer = await _turn_round(service, grave, "M1")

    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert "cleared" in answer.json()["legal"]
    assert (await _incident(service, grave))["incident"]["status"] == "pending"
    assert (await _incident(service, calm))["incident"]["status"] == "active"


@pytest.mark.parametrize("first", [GRAVE, CALM])
async def test_a_unit_is_not_turned_round_for_something_that_is_not_more_urgent(
    service: Service, first: dict[str, Any]
) -> None:
    going = await service.incident(**first)
    await service.assign(going, "M1")
    other = await service.incident(**first)

    answer = await _turn_round(service, other, "M1")

    assert answer.status_code == 409
    assert "not more urgent" in answer.json()["detail"]


async def test_a_unit_that_goes_nowhere_is_assigned_and_not_turned_round(service: Service) -> None:
    answer = await _turn_round(service, await service.incident(**GRAVE), "M1")

    assert answer.status_code == 409
    assert "Assign it" in answer.json()["fix"]


async def test_units_of_other_agencies_and_those_that_do_not_exist_for_the_reader_are_not_turned_round(
    service: Service,
) -> None:
    calm = await service.incident(**CALM)
    await service.assign(calm, "M1", "V1")
    grave = await service.incident(**GRAVE)
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    of_others = await service.post(f"/v1/incidents/{grave}:redirect", {"unit": "M1"}, by=police)
    hidden = await service.post(f"/v1/incidents/{grave}:redirect", {"unit": "V1"}, by=police)
    unknown = await service.post(f"/v1/incidents/{grave}:redirect", {"unit": "V9"}, by=police)

    assert of_others.status_code == 403
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert hidden.json()["detail"].replace("V1", "V9") == unknown.json()["detail"]
