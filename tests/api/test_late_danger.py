"""Danger that is told after the call came in: to a closed incident, after an override, out of order, with odd times."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.service import Service, a_call

from dispatch.domain.time import iso
from dispatch.queries import recommendation

pytestmark = pytest.mark.anyio

NULL_DATE = "0001-01-01T00:00:00Z"  # what systems send that have no time


def _later(minutes: float) -> str:
    return iso(NOW - timedelta(minutes=2) + timedelta(minutes=minutes))


async def _sent(service: Service, body: dict[str, Any], **change: Any) -> dict[str, Any]:
    answer = await service.post("/v1/calls", {**body, **change})
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _incident(service: Service, incident: str) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(f"/v1/incidents/{incident}")).json()["incident"]
    return found


async def test_danger_that_is_told_to_a_closed_incident_puts_it_back_on_the_queue(service: Service) -> None:
    body = a_call(narrative="loud music", updated_at=_later(0))
    incident = (await _sent(service, body))["incident"]["id"]
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    answer = await _sent(service, body, narrative="man shot in the chest, not breathing", updated_at=_later(1))

    assert answer["incident"]["status"] == "pending"
    now = await _incident(service, incident)
    assert (now["status"], now["priority"], now["disposition"]) == ("pending", 0, None)
    queue = (await service.get("/v1/incidents")).json()["items"]
    assert incident in [one["id"] for one in queue]
    log = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    assert "incident.reopened" in [event["type"] for event in log]


async def test_danger_that_is_told_when_everybody_has_left_puts_the_incident_back_on_the_queue(
    service: Service,
) -> None:
    incident = await service.incident(narrative="loud music")
    [made] = await service.assign(incident, "P1")
    await service.step(made["id"], "cleared", outcome="advised")

    await service.post(f"/v1/incidents/{incident}:retriage", {"note": "shots fired, man shot"})

    assert (await _incident(service, incident))["status"] == "pending"


async def test_a_closing_remark_leaves_a_closed_incident_closed(service: Service) -> None:
    body = a_call(narrative="loud music", updated_at=_later(0))
    incident = (await _sent(service, body))["incident"]["id"]
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    await _sent(service, body, narrative="loud music, unit spoke with them", updated_at=_later(1))

    assert (await _incident(service, incident))["status"] == "closed"


async def test_danger_told_by_a_call_taker_reopens_an_incident_too(service: Service) -> None:
    incident = await service.incident(narrative="loud music")
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    answer = await service.post(f"/v1/incidents/{incident}:retriage", {"note": "shots fired, man shot"})

    assert answer.json()["incident"]["status"] == "pending"


async def test_an_override_does_not_hold_off_who_is_needed_only_since_then(service: Service) -> None:
    body = a_call(updated_at=_later(0))
    incident = (await _sent(service, body))["incident"]["id"]
    wish = {"reason": "caller_wish", "priority": 0, "responder_type": "community_responder"}
    await service.post(f"/v1/incidents/{incident}:override", wish)

    await _sent(service, body, narrative="he has a knife in his hand now", updated_at=_later(1))

    detail = (await service.get(f"/v1/incidents/{incident}")).json()
    first = {slot["responder_type"] for slot in detail["triage"]["plan"] if slot["step"] == 1}
    assert "police" in first
    assert detail["incident"]["priority"] == 0


async def test_news_that_an_override_outlives_is_shown_to_a_person(service: Service) -> None:
    body = a_call(updated_at=_later(0))
    incident = (await _sent(service, body))["incident"]["id"]
    wish = {"reason": "caller_wish", "priority": 0, "responder_type": "co_responder"}
    await service.post(f"/v1/incidents/{incident}:override", wish)

    await _sent(service, body, narrative="her wallet was stolen yesterday", call_type=None, updated_at=_later(1))

    assert (await _incident(service, incident))["needs_human"] is True


async def test_content_that_was_said_again_later_is_not_overwritten_by_what_was_said_between(service: Service) -> None:
    shot = a_call(narrative="man shot in the chest, not breathing", updated_at=_later(0))
    incident = (await _sent(service, shot))["incident"]["id"]
    await _sent(service, shot, updated_at=_later(3))

    stale = await service.post("/v1/calls", {**shot, "narrative": "noise complaint", "updated_at": _later(2)})

    assert stale.status_code == 409
    assert stale.json()["code"] == "stale_content"
    assert (await _incident(service, incident))["priority"] == 0


@pytest.mark.parametrize("moment", [NULL_DATE, "9999-12-31T23:59:59.999999Z"])
@pytest.mark.parametrize("field", ["received_at", "updated_at"])
async def test_a_time_that_no_call_can_have_is_refused_by_name(service: Service, field: str, moment: str) -> None:
    answer = await service.post("/v1/calls", {**a_call(), field: moment})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"


async def test_a_position_without_a_time_of_this_century_is_refused(service: Service) -> None:
    answer = await service.post("/v1/units/P1/positions", {"lat": 44.05, "lon": -124.93, "at": NULL_DATE})

    assert answer.status_code == 422


async def test_a_call_that_is_stored_is_never_answered_as_if_it_were_not(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise TypeError("a defect of the router")

    monkeypatch.setattr(recommendation, "recommend", broken)

    answer = await _sent(service, a_call(), source_ref="router-fails")

    assert "recommendation_failed" in answer["call"]["flags"]
    assert answer["recommendation"]["units"] == []
    assert (await _incident(service, answer["incident"]["id"]))["status"] == "pending"


async def test_an_incident_shows_what_its_sender_said_last(service: Service) -> None:
    body = a_call(narrative="neighbor not seen for three days", updated_at=_later(0))
    incident = (await _sent(service, body))["incident"]["id"]

    await _sent(service, body, narrative="neighbor found, he has chest pain", updated_at=_later(1))

    call = (await service.get(f"/v1/incidents/{incident}")).json()["calls"][0]
    assert call["narrative"] == "neighbor found, he has chest pain"
    assert call["version"] == 2


async def test_a_new_address_without_a_position_does_not_keep_the_old_position(service: Service) -> None:
    body = a_call(updated_at=_later(0))
    incident = (await _sent(service, body))["incident"]["id"]

    await _sent(service, body, location={"address": "900 Far Away Rd"}, updated_at=_later(1))

    now = await _incident(service, incident)
    assert (now["address"], now["lat"], now["lon"]) == ("900 Far Away Rd", None, None)


async def test_an_update_that_says_nothing_of_the_place_is_answered_with_times_to_it(service: Service) -> None:
    body = a_call(updated_at=_later(0))
    await _sent(service, body)

    answer = await _sent(service, body, narrative="he left on foot", location=None, updated_at=_later(1))

    assert answer["recommendation"]["units"][0]["eta_s"] is not None


async def test_an_incident_with_a_unit_on_it_is_not_held(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "P1")

    answer = await service.post(f"/v1/incidents/{incident}:hold", {"until": "2026-11-23T16:00:00Z", "reason": "day"})

    assert answer.status_code == 409
    assert answer.json()["units"] == ["P1"]
    assert (await _incident(service, incident))["status"] == "active"


async def test_an_emergency_button_pressed_by_mistake_is_taken_back_on_an_assignment(service: Service) -> None:
    await service.assign(await service.incident(), "P1")
    await service.post("/v1/units/P1/status", {"status": "emergency"})

    answer = await service.post("/v1/units/P1/status", {"status": "available", "reason": "pressed by mistake"})

    assert answer.status_code == 200
    assert answer.json()["status"] == "assigned"


async def test_an_update_that_leaves_out_the_answers_lowers_no_danger_that_was_answered_before(
    service: Service,
) -> None:
    body = a_call(narrative="neighbour dispute", answers={"weapon": "in_hand"}, updated_at=_later(0))
    first = await _sent(service, body)
    silent = {name: value for name, value in body.items() if name != "answers"}

    answer = await _sent(service, silent, narrative="neighbour dispute, caller waits outside", updated_at=_later(1))

    assert first["triage"]["priority"] == answer["triage"]["priority"] == 1
    assert answer["triage"]["facts"]["weapon"]["value"] == "in_hand"
    calmed = await _sent(service, body, answers={"weapon": "none"}, updated_at=_later(2))
    assert calmed["triage"]["facts"]["weapon"]["value"] == "none"


async def test_an_answer_of_unknown_takes_back_nothing_that_was_answered_before(service: Service) -> None:
    body = a_call(narrative="neighbour dispute", answers={"weapon": "in_hand"}, updated_at=_later(0))
    await _sent(service, body)

    answer = await _sent(service, body, answers={"weapon": "unknown"}, updated_at=_later(1))

    assert answer["triage"]["facts"]["weapon"]["value"] == "in_hand"


async def test_a_sender_that_repeats_its_old_answer_does_not_undo_what_people_learnt(service: Service) -> None:
    body = a_call(narrative="neighbour dispute", answers={"weapon": "none"}, updated_at=_later(0))
    incident = (await _sent(service, body))["incident"]["id"]
    silent = {name: value for name, value in body.items() if name != "answers"}
    await _sent(service, silent, narrative="neighbour dispute again", updated_at=_later(1))
    await service.post(f"/v1/incidents/{incident}:retriage", {"answers": {"weapon": "in_hand"}})

    answer = await _sent(service, body, updated_at=_later(2), narrative="neighbour dispute, third time")

    assert answer["triage"]["facts"]["weapon"]["value"] == "in_hand"
