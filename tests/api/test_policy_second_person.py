"""Whoever wrote a policy does not publish it: a second person does, and two tokens of one person are one."""

import pytest
from tests.support.policy_life import drafted, events, first_responder, harsh, publish
from tests.support.service import Service

from dispatch.db.active_policy import ActivePolicies, PolicyKey
from dispatch.db.session import transaction
from dispatch.domain.access import Role
from dispatch.domain.errors import SecondPersonRequired
from dispatch.operations import policies as operations
from dispatch.operations.actor import Actor

pytestmark = pytest.mark.anyio


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
