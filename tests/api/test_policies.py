"""The life of a policy: drafted, checked, published, rolled back, never changed."""

from datetime import timedelta

import asyncpg
import pytest
from tests.support.city_policy import city_policy
from tests.support.policy_life import HARSH, draft, drafted, events, first_responder, harsh, publish, status_of
from tests.support.service import Service

from dispatch.domain.access import Role
from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio


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
