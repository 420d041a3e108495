"""What violence intervention is told of an incident: the least, one way, and only when the scene is safe."""

from typing import Any

import pytest
from tests.support.service import Service, a_call

from dispatch.domain.access import Role

pytestmark = pytest.mark.anyio

SHOOTING: dict[str, Any] = {
    "call_type": None,
    "narrative": "shots fired outside, says Marlon did it",
    "location": {"lat": 44.0512345, "lon": -124.9012345, "address": "4217 Grove St"},
}


async def _desk(service: Service) -> str:
    return await service.token(Role.DISPATCHER, agencies=["harbor-alliance"])


async def _notices(service: Service, by: str) -> list[dict[str, Any]]:
    answer = await service.get("/v1/cvi/notices", by=by)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_an_interrupter_is_told_when_the_scene_is_clear_and_not_before(service: Service) -> None:
    incident = await service.incident(**SHOOTING)
    desk = await _desk(service)
    before = await _notices(service, desk)

    await service.post(f"/v1/incidents/{incident}:retriage", {"answers": {"scene_clear": "yes"}})

    assert before == []
    assert await _notices(service, desk) == [
        {
            "incident_id": incident,
            "program": "peacekeepers",
            "category": "violence",
            "lat": 44.051,
            "lon": -124.901,
            "happened_at": "2026-11-23T14:00:00Z",
            "retaliation_risk": "unknown",
        }
    ]
    phone = await service.token(Role.RESPONDER, unit_id=service.units["V1"])
    assert [one["incident_id"] for one in await _notices(service, phone)] == [incident]


async def test_an_incident_that_is_closed_is_told_and_one_that_needed_nobody_is_not(service: Service) -> None:
    over, nothing = await service.incident(**SHOOTING), await service.incident(**SHOOTING)
    desk = await _desk(service)

    await service.post(f"/v1/incidents/{over}:close", {"disposition": "resolved"})
    await service.post(f"/v1/incidents/{nothing}:close", {"disposition": "duplicate", "cancel": True})

    assert [one["incident_id"] for one in await _notices(service, desk)] == [over]


async def test_the_risk_of_revenge_is_told(service: Service) -> None:
    incident = await service.incident(**SHOOTING)
    await service.post(
        f"/v1/incidents/{incident}:retriage", {"answers": {"scene_clear": "yes", "retaliation_risk": "yes"}}
    )

    assert [one["retaliation_risk"] for one in await _notices(service, await _desk(service))] == ["yes"]


async def test_what_is_not_for_an_interrupter_is_not_told(service: Service) -> None:
    incident = await service.incident()
    await service.post(f"/v1/incidents/{incident}:retriage", {"answers": {"scene_clear": "yes"}})

    assert await _notices(service, await _desk(service)) == []


async def test_notices_come_in_pages_newest_first(service: Service) -> None:
    made = []
    for minute in range(5):
        at = f"2026-11-23T13:0{minute}:00Z"
        made.append(await service.incident(**SHOOTING, received_at=at))
        await service.post(f"/v1/incidents/{made[-1]}:retriage", {"answers": {"scene_clear": "yes"}})
    desk = await _desk(service)

    seen: list[str] = []
    path: str | None = "/v1/cvi/notices?limit=2"
    while path is not None:
        page = (await service.get(path, by=desk)).json()
        seen += [one["incident_id"] for one in page["items"]]
        path = f"/v1/cvi/notices?limit=2&cursor={page['next']}" if page["next"] else None

    assert seen == made[::-1]
    late = await service.get("/v1/cvi/notices?from=2026-11-23T13:03:00Z", by=desk)
    assert [one["incident_id"] for one in late.json()["items"]] == made[:2:-1]


async def test_nobody_else_is_told_by_notice(service: Service) -> None:
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    for by in ("dispatcher", "supervisor", police):
        answer = await service.get("/v1/cvi/notices", by=by)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_an_interrupter_reads_no_call_no_incident_and_nothing_of_what_others_did(service: Service) -> None:
    incident = await service.incident(**SHOOTING)
    await service.assign(incident, "P1")
    [row] = await service.assign(incident, "V1")
    tokens = {
        "desk": await _desk(service),
        "supervisor": await service.token(Role.SUPERVISOR, agencies=["harbor-alliance"]),
        "auditor": await service.token(Role.AUDITOR, agencies=["harbor-alliance"]),
        "phone": await service.token(Role.RESPONDER, unit_id=service.units["V1"]),
    }
    paths = [
        path for path, entry in service.app.openapi()["paths"].items() if "get" in entry and path.startswith("/v1")
    ]
    opened = set()
    for who, token in tokens.items():
        for path in paths:
            filled = path.replace("{incident_id}", incident).replace("{unit}", "V1")
            for name in ("{policy}", "{old}", "{new}"):
                filled = filled.replace(name, "test-city@1")
            answer = await service.get(filled, by=token)
            for private in ("Marlon", "4217 Grove", "44.0512345", "Quartermain", "555-0142", '"P1"', "city-police"):
                assert private not in answer.text, f"{who} reads {private} at {path}"
            if answer.status_code == 200:
                opened.add(path)

    own = (await service.get("/v1/assignments", by=tokens["phone"])).json()["items"]
    assert [(one["id"], one["category"], one["lat"], one["incident_type"], one["priority"]) for one in own] == [
        (row["id"], "violence", 44.051, None, None)
    ]
    accepted = await service.post(f"/v1/assignments/{row['id']}/status", {"status": "accepted"}, by=tokens["phone"])
    assert accepted.status_code == 200, accepted.text
    assert opened == {
        *(
            "/v1/cvi/notices",
            "/v1/assignments",
            "/v1/follow-ups",
            "/v1/shifts",
            "/v1/policies",
            "/v1/policies/{policy}",
            "/v1/outcomes",
            "/v1/responders/certifications",
            "/v1/units/{unit}/stack",
            "/v1/incidents/{incident_id}/premise",
            "/v1/hazard-kinds",
        ),
        *(f"/v1/{kind}" for kind in ("agencies", "programs", "units", "responders")),
        "/v1/policies/{old}/diff/{new}",
    }


async def test_numbers_that_anybody_may_read_do_not_count_what_an_interrupter_asks(service: Service) -> None:
    desk = await _desk(service)

    async def counted() -> list[str]:
        lines = (await service.get("/metrics", by=None)).text.splitlines()
        return [line for line in lines if line.startswith("dispatch_") and 'route="/metrics"' not in line]

    before = await counted()
    assert (await service.get("/v1/cvi/notices", by=desk)).status_code == 200
    assert (await service.get("/v1/incidents", by=desk)).status_code == 403

    assert await counted() == before
    await service.get("/v1/incidents")
    assert await counted() != before


async def test_a_unit_of_violence_intervention_shares_no_offer_with_others(service: Service) -> None:
    incident = await service.incident()

    answer = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["V1", "CR1"], "offer": "first_of"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "one_way_shared"


async def test_police_may_take_a_call_sign_that_is_taken_beyond_the_wall(service: Service) -> None:
    admin = await service.token(Role.ADMINISTRATOR, agencies=["city-police"])

    def a_unit(call_sign: str, **more: Any) -> dict[str, Any]:
        unit = {"call_sign": call_sign, "agency_id": "city-police", "responder_type": "police", "status": "available"}
        return {**unit, **more}

    made = await service.post("/v1/units", a_unit("V1"), by=admin)
    own = await service.post("/v1/units", a_unit("P1"), by=admin)
    seeing = await service.post("/v1/units", a_unit("V1"), by="administrator")

    assert made.status_code == 201, made.text
    assert (own.status_code, seeing.status_code) == (409, 409)
    assert own.json()["code"] == "already_exists"
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])
    incident = await service.incident()
    assigned = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["V1"]}, by=police)
    assert assigned.json()["assignments"][0]["unit_id"] == made.json()["id"]


async def test_a_call_sign_that_two_units_have_means_neither_to_whoever_sees_both(service: Service) -> None:
    admin = await service.token(Role.ADMINISTRATOR, agencies=["city-police"])
    body = {"call_sign": "V1", "agency_id": "city-police", "responder_type": "police", "status": "available"}
    twin = (await service.post("/v1/units", body, by=admin)).json()["id"]
    incident = await service.incident()
    at = {"lat": 44.0, "lon": -124.9, "at": "2026-11-23T14:00:00Z"}

    refused = [
        await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["V1"]}),
        await service.post("/v1/units/V1/status", {"status": "out_of_service"}),
        await service.get("/v1/units/V1/recommendation"),
    ]
    batch = await service.post("/v1/positions", {"positions": [{"unit": "V1", **at}]})

    for answer in refused:
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "ambiguous"), answer.text
        assert twin in answer.text
        assert service.units["V1"] in answer.text
    assert [one["code"] for one in batch.json()["refused"]] == ["unknown_unit"]
    await service.assign(incident, service.units["V1"])


async def test_police_may_take_an_employee_number_that_is_taken_beyond_the_wall(service: Service) -> None:
    admin = await service.token(Role.ADMINISTRATOR, agencies=["city-police"])
    body = {"employee_number": "R-V1", "name": "Somebody", "agency_id": "city-police"}

    made = await service.post("/v1/responders", body, by=admin)
    again = await service.post("/v1/responders", body, by=admin)
    seeing = await service.post("/v1/responders", {**body, "agency_id": "city-care"}, by="administrator")
    crew = await service.post("/v1/units/P1:change-crew", {"on": ["R-V1"]})

    assert made.status_code == 201, made.text
    assert (again.status_code, seeing.status_code) == (409, 409)
    assert (crew.status_code, crew.json()["errors"][0]["code"]) == (422, "ambiguous"), crew.text


async def test_no_name_beyond_the_wall_is_told_by_its_refusal(service: Service) -> None:
    """Whoever tries a name that is taken there gets the answer that a free name, or one of nobody, gets."""
    admin = await service.token(Role.ADMINISTRATOR, agencies=["city-police"])
    police = {"agency_id": "city-police", "responder_type": "police"}
    probes: list[tuple[str, dict[str, Any], str, str]] = [
        ("/v1/programs", {"id": "{}", "name": "x", **police}, "peacekeepers", "nobodies"),
        ("/v1/agencies", {"id": "{}", "name": "x", "kind": "city"}, "harbor-alliance", "nobodies"),
        ("/v1/units", {"call_sign": "N1", "program_id": "{}", **police}, "peacekeepers", "nobodies"),
    ]

    for path, body, real, nobody in probes:
        answers = []
        for name in (real, nobody):
            filled = {key: name if value == "{}" else value for key, value in body.items()}
            answer = await service.post(path, filled, by=admin, headers={"X-Request-Id": "r"})
            answers.append((answer.status_code, answer.text.replace(name, "NAME")))
        assert answers[0] == answers[1], path
        assert answers[0][0] in (403, 422)


async def test_a_call_of_a_police_token_is_stored_and_answered_as_before(service: Service) -> None:
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    answer = await service.post("/v1/calls", a_call(**SHOOTING), by=police)

    assert answer.status_code == 201
    assert "peacekeepers" not in answer.text
