"""The OpenAPI document is valid, complete, and true: whatever is sent, the answer is one that it declares."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.test_access import _routes
from tests.support.city import NOW
from tests.support.city_policy import city_policy
from tests.support.service import Service
from tests.support.sockets import Served, served

from dispatch.app import create_app
from dispatch.config import Settings
from dispatch.domain.access import ROLE_PERMISSIONS, Permission, Role
from dispatch.domain.time import iso
from dispatch.web.routes import permission_of

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 20

_app = create_app(
    Settings(data_dir=Path("/nonexistent"), log_level="critical"),
    database_url="postgresql+asyncpg://nobody@127.0.0.1:1/nothing",
)
DOCUMENT: dict[str, Any] = _app.openapi()
OPERATIONS = [
    (method, path)
    for path, entry in DOCUMENT["paths"].items()
    for method in entry
    # The stream never ends; tests/api/test_feed.py reads it.
    if path != "/v1/stream"
]
# What takes no input cannot be given a bad one.
EXCHANGES = [
    (method, path, mode)
    for method, path in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or {"parameters", "requestBody"} & set(DOCUMENT["paths"][path][method])
]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
PERMISSIONS: dict[tuple[str, str], Permission | None] = {
    (method.lower(), path): permission_of(route) for method, path, route in _routes(_app) if "/v1/" in path
}


@dataclass(frozen=True)
class Known:
    """Ids that exist, by the name of the path parameter."""

    ids: dict[str, list[str]]


async def _known(service: Service) -> Known:
    incidents = [await service.incident() for _ in range(3)]
    rows = await service.assign(incidents[0], "P1", "CR1", "DESK")
    people = (await service.get("/v1/responders")).json()["items"]
    token = (await service.post("/v1/tokens", {"name": "x", "role": "auditor"}, by="administrator")).json()["id"]
    decision = (await service.get(f"/v1/incidents/{incidents[0]}/decisions")).json()["items"][0]["id"]
    await service.post(f"/v1/incidents/{incidents[1]}:retriage", {"answers": {"weapon": "in_hand"}})
    alarm = (await service.alarms())[0]["id"]
    [there] = await service.assign(await service.incident(), "H1")
    await service.step(there["id"], "on_scene")
    later = {"due_at": iso(NOW + timedelta(days=1)), "what": "call again"}
    promised = (await service.post(f"/v1/assignments/{there['id']}/follow-ups", later)).json()["id"]
    hazard = {"kind": "dog", "words": "a biting dog", "expires_at": iso(NOW + timedelta(days=90))}
    hazards = [
        (await service.post(f"/v1/incidents/{one}/hazards", hazard | {"door": one[-4:]})).json()["hazard"]["id"]
        for one in incidents
    ]
    hours = {"starts_at": iso(NOW + timedelta(days=2)), "ends_at": iso(NOW + timedelta(days=3))}
    planned = (await service.post("/v1/shifts", {"unit": "E1", **hours})).json()
    draft = {"id": "test-city", "texts": city_policy(2)}
    assert (await service.post("/v1/policies", draft, by="analyst")).status_code == 201
    return Known(
        {
            "incident_id": incidents,
            "assignment_id": [row["id"] for row in rows],
            "unit": ["P1", "P2", service.units["CR2"], "DESK"],
            "agency_id": ["city-care", "city-fire"],
            "program_id": ["street-team"],
            "responder_id": [people[0]["id"]],
            "policy": ["test-city@1", "test-city@2"],
            "old": ["test-city@1"],
            "new": ["test-city@2"],
            "decision_id": [decision],
            "token_id": [token],
            "alarm_id": [alarm],
            "follow_up_id": [promised],
            "hazard_id": hazards,
            "shift_id": [planned["shift"]["id"]],
        }
    )


@pytest.fixture(scope="module")
def running(worker_database_url: str) -> Iterator[tuple[Served, Known]]:
    with served(worker_database_url, _known) as made:
        yield made


def _role(method: str, path: str) -> str:
    """The role to ask as: the widest that may."""
    permission = PERMISSIONS.get((method, path))
    for role in (Role.SUPERVISOR, Role.ADMINISTRATOR, Role.ANALYST, Role.AUDITOR):
        if permission is None or permission in ROLE_PERMISSIONS[role]:
            return role.value
    raise AssertionError(f"nobody may {method} {path}")


@pytest.mark.parametrize(("method", "path", "mode"), EXCHANGES, ids=lambda part: getattr(part, "value", part))
def test_every_answer_is_one_that_the_document_declares(
    running: tuple[Served, Known], method: str, path: str, mode: GenerationMode
) -> None:
    live, known = running
    operation = SCHEMA[path][method.upper()]
    headers = live.headers(_role(method, path))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def exchange(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if data.draw(st.integers(0, 3)):
            for name in case.path_parameters or {}:
                case.path_parameters[name] = data.draw(st.sampled_from(known.ids[name]))
        response = case.call(base_url=live.url, headers=headers)
        case.validate_response(response, checks=list(CHECKS), headers=headers)

    exchange()


def test_the_document_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    validate(DOCUMENT)


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, entry in DOCUMENT["paths"].items():
        for method, operation in entry.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_has_a_summary_a_description_and_a_name() -> None:
    for name, operation in _operations():
        assert operation["summary"], name
        assert operation["description"].strip().endswith((".", ")")), name
        assert operation["operationId"], name
        assert len(operation["tags"]) == 1, name  # or it stands twice on the page that people read
    names = [operation["operationId"] for _, operation in _operations()]
    assert len(names) == len(set(names))


def test_every_closed_operation_declares_its_refusals_as_problem_documents() -> None:
    for name, operation in _operations():
        if "/v1/" not in name:
            continue
        needed = {"400", "401", "403", "422", "503"} | ({"413", "415"} if "requestBody" in operation else set())
        assert needed <= set(operation["responses"]), name
        for status, answer in operation["responses"].items():
            if status >= "400":
                schema = answer["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, f"{name} {status}"


def test_every_operation_that_takes_a_body_shows_an_example_of_it() -> None:
    for name, operation in _operations():
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert _has_example(schema), name


def test_every_operation_that_answers_with_data_shows_an_example_of_it() -> None:
    for name, operation in _operations():
        for status, answer in operation["responses"].items():
            for media, content in answer.get("content", {}).items():
                if status.startswith("2") and media == "application/json":
                    assert _has_example(content.get("schema", {})), f"{name} {status}"


def _has_example(schema: dict[str, Any], depth: int = 0) -> bool:
    if depth > 6:
        return False
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if schema.get("examples") or "example" in schema or "enum" in schema or "const" in schema:
        return True
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", []), *schema.get("allOf", [])]
    inner += [schema["items"]] if "items" in schema else []
    return any(_has_example(one, depth + 1) for one in inner)


def test_every_route_of_the_contract_for_the_main_job_is_there() -> None:
    there = {name for name, _ in _operations()}

    assert there >= {
        "POST /v1/calls",
        "POST /v1/triage:evaluate",
        "GET /v1/incidents",
        "GET /v1/incidents/{incident_id}",
        "GET /v1/incidents/{incident_id}/timeline",
        "GET /v1/incidents/{incident_id}/decisions",
        "GET /v1/incidents/{incident_id}/recommendation",
        "GET /v1/recommendations",
        "GET /v1/units/{unit}/recommendation",
        "POST /v1/incidents/{incident_id}/assignments",
        "POST /v1/incidents/{incident_id}:retriage",
        "POST /v1/incidents/{incident_id}:override",
        "POST /v1/incidents/{incident_id}:hold",
        "POST /v1/incidents/{incident_id}:close",
        "POST /v1/incidents/{incident_id}:reopen",
        "POST /v1/assignments/{assignment_id}/status",
        "GET /v1/assignments",
        "POST /v1/units/{unit}/status",
        "POST /v1/units/{unit}/positions",
        "GET /v1/policies",
        "POST /v1/policies",
        *(f"POST /v1/policies/{{policy}}:{verb}" for verb in ("check", "test", "shadow", "publish", "rollback")),
        "GET /v1/policies/{old}/diff/{new}",
        "GET /v1/feed",
        "GET /v1/stream",
        "GET /v1/status",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
        *(f"{verb} /v1/{kind}" for kind in ("units", "responders", "programs", "agencies") for verb in ("GET", "POST")),
    }
