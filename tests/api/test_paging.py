"""A page goes on where the last one ended: only with a cursor of this service, and only for the same question."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from tests.support.problems import require_problem
from tests.support.service import Service

from dispatch.web.paging import question_of

pytestmark = pytest.mark.anyio


async def test_a_cursor_holds_for_the_filters_it_was_made_with_and_is_refused_with_others(service: Service) -> None:
    incident = await service.incident()
    for unit in ("P1", "P2", "M1"):
        await service.assign(incident, unit)
    police = "/v1/assignments?responder_type=police&kind=dispatch"
    cursor = (await service.get(f"{police}&limit=1")).json()["next"]

    same = await service.get(f"/v1/assignments?kind=dispatch&cursor={cursor}&responder_type=police&limit=5")
    others = [
        await service.get(f"/v1/assignments?responder_type=ems&kind=dispatch&cursor={cursor}"),
        await service.get(f"/v1/assignments?responder_type=police&cursor={cursor}"),
        await service.get(f"{police}&unit=P1&cursor={cursor}"),
        await service.get(f"/v1/follow-ups?cursor={cursor}", by="supervisor"),
    ]

    assert [item["unit"] for item in same.json()["items"]] == ["P1"]
    assert [answer.status_code for answer in others] == [422] * 4
    assert {answer.json()["errors"][0]["code"] for answer in others} == {"other_question"}
    assert {answer.json()["errors"][0]["pointer"] for answer in others} == {"cursor"}
    assert "filters" in others[0].json()["fix"]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/v1/incidents", [1, 2]),
        ("/v1/incidents", ["x", "2026-11-23T14:00:00Z", "inc"]),
        ("/v1/incidents", [1, "yesterday", "inc"]),
        ("/v1/incidents", [1, "2026-11-23T14:00:00", "inc"]),
        ("/v1/incidents", [1, "2026-11-23T14:00:00Z", "a\0b"]),
        ("/v1/incidents", [10**18, "2026-11-23T14:00:00Z", "inc"]),
        ("/v1/incidents", [True, "2026-11-23T14:00:00Z", "inc"]),
        ("/v1/incidents", [1, "0001-01-01T00:00:00+14:00", "inc"]),
        ("/v1/assignments", ["2026-11-23T14:00:00Z", 7]),
        ("/v1/assignments", {"a": 1}),
        ("/v1/units", [None]),
        ("/v1/units", ["a\0b"]),
    ],
)
async def test_a_cursor_that_this_service_did_not_give_is_refused(service: Service, path: str, values: Any) -> None:
    answer = await service.get(f"{path}?cursor={_cursor(path, values)}")

    problem = require_problem(answer, 422)
    assert problem["errors"][0]["pointer"] == "cursor"


@pytest.mark.parametrize("cursor", ["", "!!!", "%00", "AAAA", "é", "W10", "e30", "a" * 1001])
async def test_a_garbled_cursor_is_refused(service: Service, cursor: str) -> None:
    answer = await service.get("/v1/assignments", params={"cursor": cursor})

    problem = require_problem(answer, 422)
    assert "cursor" in problem["errors"][0]["pointer"]


async def test_the_cursor_of_a_timeline_is_checked_as_well(service: Service) -> None:
    incident = await service.incident()

    for values in (["1"], [10**30], [2**63], [-1], [1.5], [True]):
        path = f"/v1/incidents/{incident}/timeline"
        answer = await service.get(f"{path}?cursor={_cursor(path, values)}")
        require_problem(answer, 422)


def _cursor(path: str, values: Any) -> str:
    """Values as a cursor would hold them that belongs to this path."""
    held = [question_of(path, b""), *values] if isinstance(values, list) else values
    return _base64(json.dumps(held).encode())


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
