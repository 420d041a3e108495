"""What must not be lost, must not leak, and must be there at once: each of these once failed."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.service import Service, a_call

from dispatch.domain.access import Role
from dispatch.domain.events import EventType
from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio


def _later(minutes: float) -> str:
    return iso(NOW - timedelta(minutes=2) + timedelta(minutes=minutes))


async def test_what_the_call_taker_learnt_survives_an_update_of_the_sender(service: Service) -> None:
    body = a_call(narrative="man shouting", updated_at=_later(0))
    incident = (await service.post("/v1/calls", body)).json()["incident"]["id"]
    learnt = {"answers": {"weapon": "in_hand"}, "note": "he is not breathing"}
    await service.post(f"/v1/incidents/{incident}:retriage", learnt)

    answer = await service.post("/v1/calls", {**body, "narrative": "man shouting at cars", "updated_at": _later(1)})

    facts = answer.json()["triage"]["facts"]
    assert facts["weapon"]["value"] == "in_hand"
    assert facts["medical"]["value"] == "life_threat"
    assert (await service.get(f"/v1/incidents/{incident}")).json()["incident"]["priority"] == 0


async def test_what_the_sender_answers_anew_replaces_what_was_answered_before(service: Service) -> None:
    body = a_call(answers={"weapon": "none"}, updated_at=_later(0))
    await service.post("/v1/calls", body)

    answer = await service.post("/v1/calls", {**body, "answers": {"weapon": "used"}, "updated_at": _later(1)})

    assert answer.json()["triage"]["facts"]["weapon"]["value"] == "used"


async def test_a_place_that_arrives_with_an_update_is_where_units_are_sent(service: Service) -> None:
    body = a_call(location=None, updated_at=_later(0))
    incident = (await service.post("/v1/calls", body)).json()["incident"]["id"]
    place = {"lat": 44.051, "lon": -124.931, "address": "12 Pier St"}

    answer = await service.post("/v1/calls", {**body, "location": place, "updated_at": _later(1)})

    assert answer.json()["recommendation"]["units"][0]["eta_s"] is not None
    moved = (await service.get(f"/v1/incidents/{incident}")).json()["incident"]
    assert (moved["lat"], moved["lon"], moved["address"]) == (44.051, -124.931, "12 Pier St")
    log = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    assert [event["payload"]["address"] for event in log if event["type"] == "incident.moved"] == ["12 Pier St"]


async def test_the_secret_of_a_token_is_stored_nowhere_not_even_for_a_repeat(service: Service) -> None:
    body = {"name": "wall board", "role": "auditor"}
    headers = {"Idempotency-Key": "token-once"}
    first = await service.post("/v1/tokens", body, by="administrator", headers=headers)

    again = await service.post("/v1/tokens", body, by="administrator", headers=headers)

    secret = first.json()["token"]
    assert again.status_code == 201
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["token"] is None
    kept = await service.fetch("select body from idempotency_key")
    assert all(secret.encode() not in bytes(row["body"]) for row in kept)


def _words(value: Any) -> str:
    return str(value).lower()


async def test_a_police_token_finds_no_trace_of_violence_interrupters_in_a_shooting(service: Service) -> None:
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])
    shooting = a_call(call_type=None, narrative="shots fired outside")
    seen = await service.post("/v1/calls", {**shooting, "source_ref": "valve-1"}, by=police)
    everything = await service.post("/v1/calls", {**shooting, "source_ref": "valve-2"})
    incident = seen.json()["incident"]["id"]

    pages = [
        seen.json(),
        (await service.get(f"/v1/incidents/{incident}", by=police)).json(),
        (await service.get(f"/v1/incidents/{incident}/decisions", by=police)).json(),
        (await service.get(f"/v1/incidents/{incident}/recommendation", by=police)).json(),
        (await service.get(f"/v1/incidents/{incident}/timeline", by=police)).json(),
        (await service.post("/v1/triage:evaluate", shooting, by=police)).json(),
        (await service.post(f"/v1/incidents/{incident}:retriage", {}, by=police)).json(),
    ]

    assert "peacekeepers" in _words(everything.json()), "the test means nothing if nobody would send them"
    for page in pages:
        assert "peacekeepers" not in _words(page)
        assert "cvi" not in _words(page)


async def test_every_event_in_the_log_is_of_a_known_type(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "P1")

    types = {event["type"] for event in (await service.get("/v1/feed?limit=1000")).json()["items"]}

    assert types <= {kind.value for kind in EventType}
    assert "roster.imported" in types


async def test_times_are_answered_in_utc_whatever_zone_the_clock_tells(service: Service) -> None:
    service.clock.at = datetime(2026, 11, 23, 6, 0, tzinfo=timezone(timedelta(hours=-8)))

    told = (await service.get("/v1/status")).json()["time"]

    assert datetime.fromisoformat(told).utcoffset() == timedelta(0)
    assert datetime.fromisoformat(told) == datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
