"""Steps in the life of a policy over HTTP: drafted, published, and what then decides."""

from typing import Any

import httpx
from tests.support.city_policy import CARE, CASES, city_policy
from tests.support.service import Service

# Welfare checks and noise go to the police instead of the community.
HARSH = CARE.replace(
    "then: {category: type, priority: type, plan: community-first}, because: A knock helps.",
    "then: {category: type, priority: type, plan: police}, because: The police go.",
)
# The case of the policy expects a community responder, so this one fails it.
HARSH_CASES = CASES.replace("responder: community_responder", "responder: police")


def harsh(version: int = 2) -> dict[str, str]:
    """A sound policy that answers otherwise."""
    return city_policy(version, care=HARSH) | {"cases/main.yaml": HARSH_CASES}


async def draft(service: Service, texts: dict[str, str], *, by: str = "analyst", **more: Any) -> httpx.Response:
    return await service.post("/v1/policies", {"id": "test-city", "texts": texts, **more}, by=by)


async def drafted(service: Service, texts: dict[str, str], **more: Any) -> dict[str, Any]:
    answer = await draft(service, texts, **more)
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def publish(service: Service, name: str, *, by: str = "administrator", **more: Any) -> httpx.Response:
    return await service.post(f"/v1/policies/{name}:publish", {"note": "agreed in council", **more}, by=by)


async def first_responder(service: Service) -> str:
    """Who goes first to a welfare check now."""
    return str((await service.call())["triage"]["plan"][0]["responder_type"])


async def events(service: Service, kind: str) -> list[dict[str, Any]]:
    rows = await service.fetch(
        "select subject_id, actor, payload::text from event_log where jurisdiction_id = $1 and type = $2 order by seq",
        service.jurisdiction,
        kind,
    )
    return [dict(row) for row in rows]


async def status_of(service: Service, name: str) -> str:
    return str((await service.get(f"/v1/policies/{name}", by="auditor")).json()["status"])
