"""A policy is tried before it decides and read after it has: in shadow, on stored calls, on one call, and again."""

import pytest
from tests.support.city_policy import city_policy
from tests.support.policy_life import draft, drafted, events, first_responder, harsh, publish
from tests.support.service import Service, a_call

from dispatch.domain.access import Role

pytestmark = pytest.mark.anyio


async def test_a_version_in_shadow_is_recorded_and_changes_nothing(service: Service) -> None:
    without = (await service.call())["triage"]
    await drafted(service, harsh())
    assert (await service.rows())["shadow_decision"] == 0

    shadowed = await service.post("/v1/policies/test-city@2:shadow", by="analyst")
    beside = (await service.call())["triage"]
    await service.call(call_type={"text": "Shooting"}, narrative="shots fired")

    assert shadowed.json()["status"] == "submitted"
    assert {**beside, "questions": []} == {**without, "questions": []}
    summary = (await service.get("/v1/policies/test-city@2/shadow", by="analyst")).json()
    assert (summary["calls"], summary["changed"], summary["share_changed"]) == (2, 1, 0.5)
    assert {"old": "community_responder", "new": "police", "calls": 1} in summary["matrix"]
    assert [(one["old"], one["new"]) for one in summary["examples"]] == [("community_responder", "police")]
    assert await first_responder(service) == "community_responder"


async def test_a_new_decision_of_an_incident_is_tried_in_shadow_too(service: Service) -> None:
    await drafted(service, harsh())
    await service.post("/v1/policies/test-city@2:shadow", by="analyst")
    incident = await service.incident()

    await service.post(f"/v1/incidents/{incident}:retriage", {"note": "still no answer at the door"})

    rows = await service.fetch(
        "select ordinal, differs from shadow_decision where incident_id = $1 order by ordinal", incident
    )
    assert [tuple(row) for row in rows] == [(1, True), (2, True)]


async def test_shadow_freezes_the_draft_and_ends_when_told(service: Service) -> None:
    await drafted(service, harsh())
    await service.post("/v1/policies/test-city@2:shadow", by="analyst")

    assert (await draft(service, city_policy(2))).status_code == 409
    off = await service.post("/v1/policies/test-city@2:shadow", {"on": False}, by="analyst")
    await service.call()

    assert off.json()["shadow_since"] is None
    assert (await service.rows())["shadow_decision"] == 0
    assert len(await events(service, "policy.shadowed")) == 2


async def test_one_version_is_in_shadow_at_a_time_and_never_the_one_that_decides(service: Service) -> None:
    await drafted(service, harsh(2))
    await drafted(service, harsh(3))
    await service.post("/v1/policies/test-city@2:shadow", by="analyst")

    later = await service.post("/v1/policies/test-city@3:shadow", by="analyst")

    assert later.status_code == 200
    assert (await service.get("/v1/policies/test-city@2", by="analyst")).json()["shadow_since"] is None
    assert (await service.post("/v1/policies/test-city@1:shadow", by="analyst")).status_code == 409


async def test_a_diff_shows_what_changed_by_id_and_what_it_does_to_stored_calls(service: Service) -> None:
    await drafted(service, harsh())
    changed = (await service.call())["incident"]["id"]
    await service.call(call_type={"text": "Shooting"}, narrative="shots fired")

    plain = (await service.get("/v1/policies/test-city@1/diff/test-city@2", by="analyst")).json()
    full = await service.get("/v1/policies/test-city@1/diff/test-city@2?replay_last=10", by="analyst")

    rows = [one for one in plain["changes"] if one["kind"] == "row"]
    assert [(one["id"], one["change"]) for one in rows] == [("CA-04", "changed")]
    assert {field["field"] for field in rows[0]["fields"]} == {"then", "because"}
    assert plain["replay"] is None
    replay = full.json()["replay"]
    assert (replay["calls"], replay["changed"]) == (2, 1)
    assert replay["listed"][0]["incident"] == changed
    assert {"old": "community_responder", "new": "police", "calls": 1} in replay["matrix"]


async def test_old_decisions_come_out_the_same_under_the_text_of_then(service: Service) -> None:
    texts = ("person with a knife", "loud music next door", "he is not breathing", "he says he is suicidal")
    incidents = [await service.incident(narrative=text) for text in texts]
    integration = await service.post("/v1/calls", a_call(), by="integration")
    incidents.append(integration.json()["incident"]["id"])
    await service.post(f"/v1/incidents/{incidents[0]}:retriage", {"note": "a gun was fired", "answers": {}})
    await drafted(service, harsh())
    await publish(service, "test-city@2")
    service.clock.advance(86_400)

    for incident in incidents:
        for one in (await service.get(f"/v1/incidents/{incident}/decisions")).json()["items"]:
            again = await service.post(f"/v1/incidents/{incident}/decisions/{one['id']}:reevaluate", by="auditor")
            assert again.status_code == 200, again.text
            assert (again.json()["equal"], again.json()["differs"]) == (True, [])
            assert again.json()["policy"]["version"] == 1


async def test_what_a_person_decided_is_not_evaluated(service: Service) -> None:
    incident = await service.incident()
    await service.post(f"/v1/incidents/{incident}:override", {"reason": "caller_update", "priority": 1})
    made = (await service.get(f"/v1/incidents/{incident}/decisions")).json()["items"]
    override = next(one["id"] for one in made if one["trigger"] == "override")

    answer = await service.post(f"/v1/incidents/{incident}/decisions/{override}:reevaluate", by="auditor")

    assert answer.status_code == 409


async def test_a_draft_can_be_tried_on_one_call(service: Service) -> None:
    await drafted(service, harsh())
    body = {"source": "cad-east", "source_ref": "try", "call_type": {"code": "WELCHK"}}

    answer = await service.post("/v1/triage:evaluate?policy=test-city@2", body, by="analyst")

    assert answer.json()["triage"]["plan"][0]["responder_type"] == "police"


async def test_the_whole_way_to_a_decision_is_told_to_those_who_may_read_policies(service: Service) -> None:
    body = a_call(narrative="a gun and loud music")
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    got = await service.post("/v1/triage:evaluate?explain=full", body, by="analyst")
    plain = await service.post("/v1/triage:evaluate", body, by="analyst")
    feed = await service.token(Role.INTEGRATION, source="cad-east")
    unread = await service.post("/v1/triage:evaluate?explain=full", body, by=feed)
    kept = await service.post("/v1/triage:evaluate?explain=full", body, by=police)

    told = got.json()["explanation"]
    results = {row["row"]: row["result"] for table in told["tables"] for row in table["rows"]}
    assert {rule["rule"] for rule in got.json()["triage"]["reasons"]} <= {
        row for row, result in results.items() if result in ("hit", "added")
    }
    assert {one["program"] for one in told["programs"]} == {p["program"] for p in got.json()["triage"]["programs"]}
    assert "CA-04" in told["text"]
    assert plain.json() == {"triage": got.json()["triage"], "explanation": None}
    assert (unread.status_code, kept.status_code) == (403, 403)
