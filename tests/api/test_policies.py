"""The life of a policy: drafted, checked, tried in shadow, published by a second person, rolled back, never changed."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from tests.support.city_policy import CARE, CASES, city_policy
from tests.support.service import Service, a_call

from dispatch.db.active_policy import ActivePolicies, PolicyKey
from dispatch.db.session import transaction
from dispatch.domain.access import Role
from dispatch.domain.errors import SecondPersonRequired
from dispatch.domain.time import iso
from dispatch.operations import policies as operations
from dispatch.operations.actor import Actor

pytestmark = pytest.mark.anyio

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


async def test_a_draft_is_stored_with_what_the_checks_say(service: Service) -> None:
    answer = await draft(service, harsh(), note="police first")

    assert answer.status_code == 201
    policy, check = answer.json()["policy"], answer.json()["check"]
    assert (policy["status"], policy["written_by"]) == ("draft", service.token_ids["analyst"])
    assert check["passed"] is True
    assert check["contents"]["rows"] == 11
    assert {"no_near_miss_case"} <= {found["code"] for found in check["findings"]}
    assert [event["subject_id"] for event in await events(service, "policy.drafted")] == ["test-city@2"]
    assert await first_responder(service) == "community_responder"


async def test_a_draft_with_errors_is_kept_and_every_error_has_file_and_line(service: Service) -> None:
    broken = harsh() | {"plans.yaml": "plans:\n  - {id: police, stepz: []}\n", "lexicon/main.yaml": "lexicon: [\n"}

    check = (await drafted(service, broken))["check"]

    assert check["passed"] is False
    assert check["contents"] is None
    assert {found["file"] for found in check["findings"]} >= {"plans.yaml", "lexicon/main.yaml"}
    assert all(found["severity"] == "error" and found["line"] >= 1 for found in check["findings"])
    assert (await service.post("/v1/policies/test-city@2:test", by="analyst")).status_code == 422
    assert (await publish(service, "test-city@2")).json()["code"] == "policy_invalid"


async def test_texts_that_do_not_say_which_policy_they_are_are_refused(service: Service) -> None:
    nameless = await draft(service, {"policy.yaml": "title: Mine\n"})
    other = await draft(service, harsh() | {"policy.yaml": "policy: other\nversion: 1\n"})

    assert (nameless.status_code, nameless.json()["code"]) == (422, "policy_invalid")
    assert {one["code"] for one in nameless.json()["errors"]} == {"bad_policy_id", "bad_version"}
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "/id")


async def test_a_writer_replaces_a_draft_and_nobody_else_does(service: Service) -> None:
    first = await drafted(service, harsh())
    again = await draft(service, city_policy(2))
    other = await draft(service, harsh(), by=await service.token(Role.ANALYST))

    assert again.status_code == 200
    assert again.json()["policy"]["sha256"] != first["policy"]["sha256"]
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


async def test_a_version_that_is_published_cannot_be_drafted_again(service: Service) -> None:
    answer = await draft(service, city_policy(1))

    assert answer.status_code == 409
    assert "version" in answer.json()["fix"]


async def test_a_city_pack_stands_on_what_is_stored_here_and_else_on_what_ships(service: Service) -> None:
    pack = {"policy.yaml": "policy: pack\nversion: 1\ntitle: Pack\nowner: Us\nextends: test-city\n"}
    unknown = {"policy.yaml": "policy: pack2\nversion: 1\ntitle: Pack\nowner: Us\nextends: no-such\n"}

    stored = await service.post("/v1/policies", {"id": "pack", "texts": pack}, by="analyst")
    pinned = {"id": "pack", "texts": pack, "extends": {"test-city": 7}}
    missing = await service.post("/v1/policies", pinned, by="analyst")
    orphan = await service.post("/v1/policies", {"id": "pack2", "texts": unknown}, by="analyst")

    assert stored.json()["check"]["contents"]["rows"] == 11
    parents = (await service.get("/v1/policies/pack@1", by="analyst")).json()["parents"]
    assert parents == {"test-city": city_policy()}
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (422, "/extends/test-city")
    assert orphan.json()["check"]["findings"][0]["code"] == "unknown_policy_to_extend"


async def test_whoever_wrote_it_cannot_publish_it_whatever_their_role(service: Service) -> None:
    """No role both writes and publishes; the operation itself refuses too, should that ever change."""
    await drafted(service, harsh())
    key = PolicyKey(service.jurisdiction, "test-city", 2)
    writer = Actor(service.jurisdiction, service.token_ids["analyst"], service.clock.now())

    with pytest.raises(SecondPersonRequired):
        async with transaction(service.sessions) as session:
            await operations.publish(session, key, operations.Publication("mine"), ActivePolicies(), writer)

    assert (await publish(service, "test-city@2", by="supervisor")).json()["status"] == "active"


async def _made(service: Service, by: str, role: Role, person: str | None = None) -> str:
    """A token made with another one."""
    body = {"name": "a test's", "role": role.value} | ({"person": person} if person else {})
    answer = await service.post("/v1/tokens", body, by=by)
    assert answer.status_code == 201, answer.text
    assert answer.json()["person"] == person
    return str(answer.json()["token"])


async def test_whoever_made_the_writers_token_cannot_publish_what_it_wrote(service: Service) -> None:
    deputy = await _made(service, "administrator", Role.ADMINISTRATOR)
    writer = await _made(service, deputy, Role.ANALYST, "Ana Ruiz")
    await drafted(service, harsh(), by=writer)

    for maker in (deputy, "administrator"):
        refused = await publish(service, "test-city@2", by=maker)
        assert (refused.status_code, refused.json()["code"]) == (403, "second_person_required")
        assert "was made with" in refused.json()["detail"]
    assert (await publish(service, "test-city@2", by="supervisor")).status_code == 200


async def test_whose_token_the_writer_made_cannot_publish_it(service: Service) -> None:
    """No role both makes tokens and writes; the operation itself refuses too, should that ever change."""
    publisher = (await service.post("/v1/tokens", {"name": "x", "role": "supervisor"}, by="administrator")).json()["id"]
    await drafted(service, harsh())
    await service.fetch(
        "update policy_version set written_by = $2 where jurisdiction_id = $1 and version = 2",
        service.jurisdiction,
        service.token_ids["administrator"],
    )

    with pytest.raises(SecondPersonRequired, match="was made with"):
        async with transaction(service.sessions) as session:
            await operations.publish(
                session,
                PolicyKey(service.jurisdiction, "test-city", 2),
                operations.Publication("mine"),
                ActivePolicies(),
                Actor(service.jurisdiction, publisher, service.clock.now()),
            )


@pytest.mark.parametrize(
    ("writer", "publisher", "status"),
    [
        (None, None, 403),
        ("Ana Ruiz", None, 403),
        ("Ana Ruiz", "ana  ruiz", 403),
        ("Ana Ruiz", "Bo Lind", 200),
    ],
)
async def test_two_tokens_of_one_maker_are_of_two_people_only_when_each_says_whose_it_is(
    service: Service, writer: str | None, publisher: str | None, status: int
) -> None:
    wrote = await _made(service, "administrator", Role.ANALYST, writer)
    reads = await _made(service, "administrator", Role.SUPERVISOR, publisher)
    await drafted(service, harsh(), by=wrote)

    answer = await publish(service, "test-city@2", by=reads)

    assert answer.status_code == status, answer.text


async def test_one_person_with_two_tokens_of_the_command_line_is_one_person(service: Service) -> None:
    wrote = await service.token(Role.ANALYST, person="Ana Ruiz")
    reads = await service.token(Role.SUPERVISOR, person="Ana Ruiz")
    await drafted(service, harsh(), by=wrote)

    answer = await publish(service, "test-city@2", by=reads)

    assert (answer.status_code, answer.json()["code"]) == (403, "second_person_required")
    assert "Ana Ruiz" in answer.json()["detail"]


async def test_what_was_rolled_back_comes_back_only_with_a_reason_and_by_another_person(service: Service) -> None:
    await drafted(service, harsh())
    await publish(service, "test-city@2")
    service.clock.advance(60)
    body = {"reason": "too many police"}
    await service.post("/v1/policies/test-city@2:rollback", body, by="administrator")

    silent = await publish(service, "test-city@2", by="supervisor")
    alone = await publish(service, "test-city@2", by="administrator", again="more officers now")
    assert await first_responder(service) == "community_responder"
    service.clock.advance(60)
    answer = await publish(service, "test-city@2", by="supervisor", again="more officers now")

    assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (422, "/again")
    assert "too many police" in silent.json()["detail"]
    assert (alone.status_code, alone.json()["code"]) == (403, "second_person_required")
    assert answer.status_code == 200, answer.text
    assert await first_responder(service) == "police"
    assert "more officers now" in (await events(service, "policy.published"))[-1]["payload"]


@pytest.mark.parametrize(
    "name",
    ["../../x", "/etc/passwd", "tables/../../x.yaml", "tables\\x.yaml", ".hidden.yaml", "a/b/c/d/e.yaml", "x.py"],
)
async def test_a_draft_with_a_file_that_no_policy_has_is_refused_by_name(service: Service, name: str) -> None:
    before = await service.rows()

    answer = await draft(service, harsh() | {name: "x"})

    assert (answer.status_code, [one["code"] for one in answer.json()["errors"]]) == (422, ["bad_file_name"])
    assert answer.json()["errors"][0]["pointer"] == "/texts/" + name.replace("/", "~1")
    assert await service.rows() == before


async def test_an_analyst_writes_and_may_not_publish_and_an_auditor_only_reads(service: Service) -> None:
    await drafted(service, harsh())

    assert (await publish(service, "test-city@2", by="analyst")).json()["permission"] == "policy.publish"
    assert (await draft(service, harsh(), by="auditor")).status_code == 403
    assert (await service.post("/v1/policies/test-city@2:shadow", by="auditor")).status_code == 403
    assert (await service.post("/v1/policies/test-city@2:check", by="auditor")).status_code == 200


async def test_publishing_is_refused_while_a_case_fails(service: Service) -> None:
    await drafted(service, city_policy(2, care=HARSH))

    test = (await service.post("/v1/policies/test-city@2:test", by="analyst")).json()
    answer = await publish(service, "test-city@2")

    assert test["passed"] is False
    assert "expected community_responder" in test["cases"][0]["failures"][0]
    assert (answer.status_code, answer.json()["code"]) == (422, "policy_invalid")
    assert [one["code"] for one in answer.json()["errors"]] == ["case_fails"]
    assert await status_of(service, "test-city@2") == "draft"


async def test_a_pack_whose_row_takes_every_call_before_those_of_its_parent_is_not_published(service: Service) -> None:
    texts = {
        "policy.yaml": "policy: pack\nversion: 1\ntitle: Pack\nowner: Us\nextends: test-city\n",
        "tables/01-all.yaml": "table: all\nrows:\n  - {id: ALL-1, when: {}, because: Easy,"
        " then: {category: quality_of_life, priority: 4, plan: police}}\n",
    }
    stored = await service.post("/v1/policies", {"id": "pack", "texts": texts}, by="analyst")
    answer = await publish(service, "pack@1")

    assert stored.status_code == 201
    assert (answer.status_code, answer.json()["code"]) == (422, "policy_invalid")
    assert {"buries_rows"} <= {one["code"] for one in answer.json()["errors"]}
    assert "tables/01-all.yaml:3" in {one["pointer"] for one in answer.json()["errors"]}


async def test_hours_on_another_clock_than_the_citys_are_told_and_not_published(service: Service) -> None:
    """The city lives in Los Angeles; a desk that closes at five by New York's clock would be shut at two."""
    program = "program: desk\nresponder_type: report_taker\ntakes: [{topic: theft}]\nhours: {daily: ['08:00-17:00']}\n"
    texts = harsh() | {"programs/desk.yaml": program}
    eastern = texts["policy.yaml"].replace("America/Los_Angeles", "America/New_York")
    named = {"programs/desk.yaml": program + "time_zone: America/Los_Angeles\n"}

    draft_of_it = await drafted(service, texts | {"policy.yaml": eastern})
    check = (await service.post("/v1/policies/test-city@2:check", by="analyst")).json()
    refused = await publish(service, "test-city@2")
    of_the_program = await drafted(service, texts | {"policy.yaml": eastern} | named)
    await drafted(service, texts)
    published = await publish(service, "test-city@2")

    for one in (draft_of_it["check"], check):
        assert (one["passed"], one["findings"][0]["code"]) == (False, "other_zone")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "other_zone")
    assert "America/Los_Angeles" in refused.json()["errors"][0]["detail"]
    assert of_the_program["check"]["passed"] is True
    assert published.status_code == 200


async def test_a_published_version_decides_at_once_and_the_log_says_who_wrote_and_who_published(
    service: Service,
) -> None:
    await drafted(service, harsh())

    answer = await publish(service, "test-city@2")

    assert answer.status_code == 200
    assert await first_responder(service) == "police"
    assert (await status_of(service, "test-city@1"), await status_of(service, "test-city@2")) == (
        "superseded",
        "active",
    )
    assert (await service.get("/v1/status")).json()["policy"] == "test-city@2"
    said = (await events(service, "policy.published"))[-1]
    assert said["actor"] == service.token_ids["administrator"]
    assert service.token_ids["analyst"] in said["payload"]
    assert (await publish(service, "test-city@2")).status_code == 409


async def test_a_text_that_was_changed_since_it_was_read_is_not_published(service: Service) -> None:
    read = (await drafted(service, harsh()))["policy"]["sha256"]
    await drafted(service, harsh() | {"notes.md": "one more thing"})

    answer = await publish(service, "test-city@2", sha256=read)

    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")


async def test_a_version_begins_to_decide_by_itself_at_its_moment(service: Service) -> None:
    await drafted(service, harsh())
    begins = service.clock.now() + timedelta(hours=1)

    assert (await publish(service, "test-city@2", effective_at=iso(begins))).json()["status"] == "scheduled"
    assert await first_responder(service) == "community_responder"
    service.clock.advance(3599)
    assert await first_responder(service) == "community_responder"
    service.clock.advance(1)

    assert await first_responder(service) == "police"
    assert await status_of(service, "test-city@2") == "active"
    assert (await publish(service, "test-city@2")).status_code == 409


async def test_a_policy_cannot_begin_in_the_past(service: Service) -> None:
    await drafted(service, harsh())

    answer = await publish(service, "test-city@2", effective_at="2026-11-23T13:59:59Z")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "time_in_past"


async def test_a_rollback_lets_the_version_before_decide_again_in_one_step(service: Service) -> None:
    await drafted(service, harsh())
    await publish(service, "test-city@2")
    service.clock.advance(60)

    body = {"reason": "too many police"}
    answer = await service.post("/v1/policies/test-city@2:rollback", body, by="administrator")

    assert answer.status_code == 200
    assert answer.json()["decides"] == "test-city@1"
    assert await first_responder(service) == "community_responder"
    assert await status_of(service, "test-city@2") == "withdrawn"
    assert "too many police" in (await events(service, "policy.rolled_back"))[0]["payload"]
    again = await service.post("/v1/policies/test-city@2:rollback", body, by="administrator")
    assert again.status_code == 409


async def test_a_scheduled_version_is_rolled_back_before_it_begins(service: Service) -> None:
    await drafted(service, harsh())
    await publish(service, "test-city@2", effective_at=iso(service.clock.now() + timedelta(hours=1)))

    answer = await service.post("/v1/policies/test-city@2:rollback", {"reason": "no"}, by="administrator")
    service.clock.advance(7200)

    assert answer.json()["decides"] == "test-city@1"
    assert await first_responder(service) == "community_responder"


async def test_the_only_version_cannot_be_rolled_back(service: Service) -> None:
    answer = await service.post("/v1/policies/test-city@1:rollback", {"reason": "no"}, by="administrator")

    assert answer.status_code == 409
    assert await first_responder(service) == "community_responder"


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


@pytest.mark.parametrize(
    "change",
    ["texts = '{}'", "sha256 = 'x'", "parents = '{\"a\": {}}'", "written_by = 'x'", "version = 9", "status = 'draft'"],
)
async def test_the_database_refuses_to_change_a_published_text(service: Service, change: str) -> None:
    where = f"where jurisdiction_id = '{service.jurisdiction}'"

    with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
        await service.fetch(f"update policy_version set {change} {where}")
    with pytest.raises(asyncpg.RestrictViolationError, match="never removed"):
        await service.fetch(f"delete from policy_version {where}")


async def test_a_text_that_was_edited_in_silence_is_found_out_and_not_used(service: Service) -> None:
    link = await asyncpg.connect(service.database_url.replace("+asyncpg", ""))
    try:
        # As somebody with the rights of the owner could; the trigger is off for this session only.
        await link.execute("set session_replication_role = replica")
        await link.execute(
            "update policy_version set texts = jsonb_set(texts, '{notes.md}', '\"x\"') where jurisdiction_id = $1",
            service.jurisdiction,
        )
    finally:
        await link.close()

    answer = await service.post("/v1/policies/test-city@1:test", by="analyst")

    assert answer.status_code == 503
    assert "hash differs" in answer.json()["detail"]


async def test_a_draft_is_discarded_by_its_writer_and_nothing_else_ever_is(service: Service) -> None:
    await drafted(service, harsh(2))
    await drafted(service, harsh(3), by=await service.token(Role.ANALYST))

    own = await service.send("DELETE", "/v1/policies/test-city@2", by="analyst")
    other = await service.send("DELETE", "/v1/policies/test-city@3", by="analyst")
    published = await service.send("DELETE", "/v1/policies/test-city@1", by="analyst")

    assert (own.status_code, other.status_code, published.status_code) == (200, 409, 409)
    assert (await service.get("/v1/policies/test-city@2", by="analyst")).status_code == 404


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
