"""A bad field of any command is named, and nothing changes."""

import json
from typing import Any

import pytest
from tests.support.problems import require_problem
from tests.support.service import Service

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


COMMANDS: list[tuple[str, str, dict[str, Any], str]] = [
    ("/v1/incidents/{i}/assignments", "dispatcher", {"units": []}, "/units"),
    ("/v1/incidents/{i}/assignments", "dispatcher", {"units": ["P1"] * 51}, "/units"),
    ("/v1/incidents/{i}/assignments", "dispatcher", {"units": ["a\0b"]}, "/units/0"),
    ("/v1/incidents/{i}/assignments", "dispatcher", {"units": ["P1"], "mode": "begged"}, "/mode"),
    ("/v1/incidents/{i}/assignments", "dispatcher", {"units": ["P1"], "eta_s": {"P1": 2**40}}, "/eta_s/P1"),
    ("/v1/incidents/{i}/assignments", "dispatcher", {"units": ["P1"], "eta_s": {"P1": -1}}, "/eta_s/P1"),
    ("/v1/incidents/{i}/assignments", "dispatcher", {"units": ["P1"], "role": "a\0b"}, "/role"),
    ("/v1/incidents/{i}:override", "dispatcher", {"reason": "because", "priority": 1}, "/reason"),
    ("/v1/incidents/{i}:override", "dispatcher", {"reason": "caller_update", "priority": 5}, "/priority"),
    ("/v1/incidents/{i}:override", "dispatcher", {"reason": "other", "priority": 1}, "/note"),
    ("/v1/incidents/{i}:override", "dispatcher", {"reason": "caller_update"}, "/"),
    ("/v1/incidents/{i}:hold", "dispatcher", {"until": "2026-11-23T13:00:00Z", "reason": "x"}, "/until"),
    ("/v1/incidents/{i}:hold", "dispatcher", {"until": "9999-12-31T23:59:59-14:00", "reason": "x"}, "/until"),
    (
        "/v1/incidents/{i}:hold",
        "dispatcher",
        {"until": "2027-11-23T15:00:00Z", "reason": "a slip of the year"},
        "/until",
    ),
    ("/v1/incidents/{i}:hold", "dispatcher", {"until": "2026-11-23T15:00:00Z", "reason": " "}, "/reason"),
    ("/v1/incidents/{i}:close", "dispatcher", {}, "/disposition"),
    ("/v1/incidents/{i}:close", "dispatcher", {"disposition": "done"}, "/disposition"),
    ("/v1/incidents/{i}:close", "dispatcher", {"disposition": "resolved", "final_type": "NOISY"}, "/final_type"),
    ("/v1/incidents/{i}:override", "dispatcher", {"reason": "caller_update", "incident_type": "X"}, "/incident_type"),
    (
        "/v1/units",
        "administrator",
        {"call_sign": "Z1", "agency_id": "city-care", "responder_type": "comunity_responder"},
        "/responder_type",
    ),
    ("/v1/incidents/{i}:close", "dispatcher", {"disposition": "resolved", "note": "a\0b"}, "/note"),
    ("/v1/incidents/{i}:retriage", "dispatcher", {"answers": {"weapon": "spoon"}}, "/answers"),
    ("/v1/units/P1/status", "dispatcher", {"status": "en_route"}, "/status"),
    (
        "/v1/units/P1/status",
        "dispatcher",
        {"status": "available", "occurred_at": "2030-01-01T00:00:00Z"},
        "/occurred_at",
    ),
    (
        "/v1/units/P1/status",
        "dispatcher",
        {"status": "available", "occurred_at": "0001-01-01T00:00:00+14:00"},
        "/occurred_at",
    ),
    ("/v1/units/P1/positions", "dispatcher", {"positions": []}, "/positions"),
    (
        "/v1/units/P1/positions",
        "dispatcher",
        {"positions": [{"lat": 1, "lon": 1, "at": "2030-01-01T00:00:00Z"}]},
        "/positions",
    ),
    (
        "/v1/units",
        "administrator",
        {"call_sign": "Z1", "agency_id": "nowhere", "responder_type": "police"},
        "/agency_id",
    ),
    (
        "/v1/units",
        "administrator",
        {"call_sign": "Z\0", "agency_id": "city-care", "responder_type": "police"},
        "/call_sign",
    ),
    (
        "/v1/units",
        "administrator",
        {"call_sign": "Z1", "agency_id": "city-care", "responder_type": "police", "home_lat": 1},
        "",
    ),
    ("/v1/agencies", "administrator", {"id": "Not A Slug", "name": "x", "kind": "city"}, "/id"),
    ("/v1/agencies", "administrator", {"id": "good\n", "name": "x", "kind": "city"}, "/id"),
    ("/v1/responders", "administrator", {"employee_number": "1", "name": "\ud800", "agency_id": "city-care"}, "/name"),
    (
        "/v1/responders",
        "administrator",
        {
            "employee_number": "1",
            "name": "x",
            "agency_id": "city-care",
            "certifications": [{"name": "emt"}, {"name": "emt"}],
        },
        "/certifications",
    ),
    ("/v1/tokens", "administrator", {"name": "x", "role": "king"}, "/role"),
    ("/v1/tokens", "administrator", {"name": "x", "role": "integration"}, "/source"),
    ("/v1/tokens", "administrator", {"name": "x", "role": "responder"}, "/unit"),
    ("/v1/tokens", "administrator", {"name": "x", "role": "auditor", "scopes": ["call.write"]}, "/scopes"),
    (
        "/v1/tokens",
        "administrator",
        {"name": "x", "role": "auditor", "expires_at": "9999-12-31T23:59:59-14:00"},
        "/expires_at",
    ),
]


@pytest.mark.parametrize(
    ("path", "by", "body", "pointer"),
    [pytest.param(*row, id=f"{row[0].rpartition('/')[2]} {row[3]} {n}") for n, row in enumerate(COMMANDS)],
)
async def test_a_bad_field_of_any_command_is_named_and_nothing_changes(
    service: Service, path: str, by: str, body: dict[str, Any], pointer: str
) -> None:
    incident = await service.incident()
    before = await service.rows()

    answer = await service.send("POST", path.replace("{i}", incident), by=by, content=json.dumps(body), headers=JSON)

    problem = require_problem(answer, 422)
    assert pointer in [error["pointer"] for error in problem["errors"]], problem
    assert await service.rows() == before
