"""What a sender no longer lists is noticed, shown and logged, and nobody is taken to be safe because of it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.city_policy import city_policy
from tests.support.one_way import speaks_of
from tests.support.service import Service, a_call

from dispatch.db.session import transaction
from dispatch.domain.access import Role
from dispatch.domain.time import iso
from dispatch.operations.policies import install_policy

pytestmark = pytest.mark.anyio


async def _list(
    service: Service,
    minute: int,
    *refs: str,
    units: dict[str, list[str]] | None = None,
    by: str = "dispatcher",
    **more: Any,
) -> dict[str, Any]:
    """What the service says to a list of that minute, after the calls on it were sent."""
    service.clock.at = max(service.clock.at, NOW + timedelta(minutes=minute))
    body = {
        "source": "cad-east",
        "listed_at": iso(NOW + timedelta(minutes=minute)),
        "calls": [{"source_ref": ref, "units": (units or {}).get(ref, [])} for ref in refs],
        **more,
    }
    answer = await service.post("/v1/listings", body, by=by)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _calls(service: Service, *refs: str, **given: Any) -> list[str]:
    """The incidents of calls with these references."""
    return [await service.incident(source_ref=ref, **given) for ref in refs]


async def _incident(service: Service, incident: str) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(f"/v1/incidents/{incident}")).json()["incident"]
    return found


async def _told(service: Service, incident: str) -> list[str]:
    items = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    return [event["type"] for event in items if event["type"].startswith(("call.", "incident."))]


async def test_a_call_that_is_gone_from_the_list_is_flagged_and_stays_on_the_queue(service: Service) -> None:
    gone, there = await _calls(service, "a", "b")
    first = await _list(service, 0, "a", "b")

    second = await _list(service, 15, "b")

    assert (first["new"], second["still"], second["vanished"]) == (2, 1, 1)
    found = await _incident(service, gone)
    assert (found["status"], found["not_listed_since"]) == ("pending", "2026-11-23T14:15:00Z")
    assert (await _incident(service, there))["not_listed_since"] is None
    assert (await _told(service, gone))[-1] == "call.vanished"
    queue = [one["id"] for one in (await service.get("/v1/incidents", params={"listed": False})).json()["items"]]
    assert queue == [gone]
    rest = [one["id"] for one in (await service.get("/v1/incidents", params={"listed": True})).json()["items"]]
    assert rest == [there]


async def test_a_call_that_is_back_on_the_list_is_noticed(service: Service) -> None:
    one, _ = await _calls(service, "a", "b")
    await _list(service, 0, "a", "b")
    await _list(service, 15, "b")

    back = await _list(service, 30, "a", "b")

    assert (back["reappeared"], back["still"], back["new"]) == (1, 1, 0)
    assert (await _incident(service, one))["not_listed_since"] is None
    assert (await _told(service, one))[-2:] == ["call.vanished", "call.reappeared"]


async def test_the_units_that_a_sender_names_are_told_when_they_change(service: Service) -> None:
    [incident] = await _calls(service, "a")
    await _list(service, 0, "a", units={"a": ["E005"]})

    changed = await _list(service, 15, "a", units={"a": ["E005", "M050"]})
    same = await _list(service, 30, "a", units={"a": ["M050", "E005"]})

    assert (changed["changed"], same["changed"]) == (1, 0)
    items = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    [told] = [event["payload"] for event in items if event["type"] == "call.sender_units_changed"]
    assert told == {"source": "cad-east", "units": ["E005", "M050"], "was": ["E005"]}


async def test_the_same_list_again_changes_nothing(service: Service) -> None:
    await _calls(service, "a", "b")
    await _list(service, 0, "a", "b")
    await _list(service, 15, "b")
    before = await service.rows()

    again = await _list(service, 15, "a")

    assert again["is_repeat"] is True
    assert await service.rows() == before


async def test_a_late_list_brings_nothing_back_and_its_own_calls_count_as_gone(service: Service) -> None:
    one, _ = await _calls(service, "a", "b")
    await _list(service, 0, "a", "b")
    await _list(service, 30, "b")
    [only_late] = await _calls(service, "c")

    late = await _list(service, 15, "a", "b", "c")

    assert (late["is_late"], late["vanished"], late["reappeared"]) == (True, 1, 0)
    assert (await _incident(service, one))["not_listed_since"] == "2026-11-23T14:30:00Z"
    assert (await _incident(service, only_late))["not_listed_since"] == "2026-11-23T14:30:00Z"
    assert (await _list(service, 45, "c"))["reappeared"] == 1


async def test_an_empty_list_after_a_full_one_is_doubted_once(service: Service) -> None:
    [incident, _] = await _calls(service, "a", "b")
    await _list(service, 0, "a", "b")

    first = await _list(service, 15)
    assert (first["doubted"], first["vanished"]) == (True, 0)
    assert (await _incident(service, incident))["not_listed_since"] is None
    second = await _list(service, 30)

    assert (second["doubted"], second["vanished"]) == (False, 2)
    assert (await _incident(service, incident))["not_listed_since"] == "2026-11-23T14:30:00Z"
    feed = (await service.get("/v1/feed", params={"after": 0, "limit": 1000})).json()["items"]
    assert [event["payload"] for event in feed if event["type"] == "list.doubted"] == [{"listed": 0, "missing": 2}]


async def test_nothing_vanishes_from_a_list_that_is_not_whole(service: Service) -> None:
    [incident, _] = await _calls(service, "a", "b")
    await _list(service, 0, "a", "b")

    assert (await _list(service, 15, "b", is_whole=False))["vanished"] == 0
    assert (await _incident(service, incident))["not_listed_since"] is None


async def test_a_call_that_nobody_sent_is_named_and_makes_no_incident(service: Service) -> None:
    await _calls(service, "a")
    before = (await service.rows())["incident"]

    told = await _list(service, 0, "a", "ghost")

    assert (told["new"], told["unknown"]) == (1, ["ghost"])
    assert (await service.rows())["incident"] == before


async def test_without_a_rule_nothing_is_ever_closed(service: Service) -> None:
    [incident] = await _calls(service, "a")
    await _calls(service, "b")
    await _list(service, 0, "a", "b")

    for nth in range(1, 12):
        assert (await _list(service, 15 * nth, "b"))["closed"] == []
    assert (await _incident(service, incident))["status"] == "pending"


CLOSE = {"close_absent": {"after_lists": 3}}


async def test_a_rule_closes_after_so_many_lists_and_a_call_that_is_back_opens_again(service: Service) -> None:
    [incident] = await _calls(service, "a")
    await _calls(service, "b")
    number = (await _incident(service, incident))["number"]
    await _list(service, 0, "a", "b", **CLOSE)
    for minute in (15, 30):
        assert (await _list(service, minute, "b", **CLOSE))["closed"] == []

    assert (await _list(service, 45, "b", **CLOSE))["closed"] == [number]
    found = await _incident(service, incident)
    assert (found["status"], found["disposition"]) == ("closed", "closed_at_source")
    back = await _list(service, 60, "a", "b", **CLOSE)

    assert back["reopened"] == [number]
    found = await _incident(service, incident)
    assert (found["status"], found["not_listed_since"]) == ("pending", None)


async def test_no_rule_closes_a_life_threat_or_what_somebody_was_sent_to_or_is_linked(service: Service) -> None:
    threat = await service.incident(source_ref="threat", call_type={"text": "x"}, narrative="not breathing")
    sent, leader, member, plain, told = await _calls(service, "sent", "leader", "member", "plain", "told")
    await service.assign(sent, "P1")
    await service.assign(told, "V1")  # of whom nobody may learn, also not by what is closed and what is not
    linked = await service.post(f"/v1/incidents/{member}:link", {"do": "link", "incident": leader})
    assert linked.status_code == 200, linked.text
    await _calls(service, "z")
    await _list(service, 0, "threat", "sent", "leader", "member", "plain", "told", "z", **CLOSE)

    for minute in (15, 30, 45, 60):
        await _list(service, minute, "z", **CLOSE)

    ended = {one: (await _incident(service, one))["disposition"] for one in (threat, sent, leader, member, plain, told)}
    # The person who linked it closed the member.
    assert ended == {
        **{threat: None, sent: None, leader: None, member: "duplicate"},
        **{plain: "closed_at_source", told: "closed_at_source"},
    }


async def test_what_a_person_closed_stays_closed_when_it_is_listed_again(service: Service) -> None:
    [incident] = await _calls(service, "a")
    await _calls(service, "b")
    await _list(service, 0, "a", "b")
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})
    await _list(service, 15, "b")

    assert (await _list(service, 30, "a", "b"))["reopened"] == []
    assert (await _incident(service, incident))["status"] == "closed"
    assert (await _told(service, incident))[-1] == "call.reappeared"


async def test_an_integration_lists_its_own_source_and_may_not_close(service: Service) -> None:
    await service.post("/v1/calls", a_call(source_ref="a"), by="integration")
    body = {"source": "cad-east", "listed_at": iso(NOW), "calls": [{"source_ref": "a"}]}

    own = await service.post("/v1/listings", body, by="integration")
    other = await service.post("/v1/listings", {**body, "source": "cad-west"}, by="integration")
    closing = await service.post("/v1/listings", {**body, **CLOSE}, by="integration")

    assert (own.status_code, own.json()["new"]) == (200, 1)
    assert (other.status_code, closing.status_code) == (403, 403)


async def test_a_list_from_the_future_is_refused(service: Service) -> None:
    body = {"source": "cad-east", "listed_at": iso(NOW + timedelta(hours=1)), "calls": []}

    answer = await service.post("/v1/listings", body)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "time_in_future")


async def test_a_unit_of_violence_intervention_on_a_list_is_told_to_nobody(service: Service) -> None:
    [incident] = await _calls(service, "a")
    await _list(service, 0, "a", units={"a": ["E005"]})

    assert (await _list(service, 15, "a", units={"a": ["E005", "V1"]}))["changed"] == 0
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])
    seen = await service.get(f"/v1/incidents/{incident}/timeline", by=police)
    assert not speaks_of(seen.text, "V1")


async def test_a_list_is_a_sign_of_life_of_its_sender(service: Service) -> None:
    """A quiet night has no new calls; the sender that still sends its list is not silent."""
    texts = {**city_policy(2), "timers.yaml": "feeds:\n  - {source: cad-east, silent_s: 1000}\n"}
    async with transaction(service.sessions) as session:
        await install_policy(session, service.jurisdiction, texts, {}, actor="tests", now=NOW)
    await _calls(service, "a")
    await _list(service, 0, "a")
    await service.worker().tick()
    for minute in (15, 30, 45):
        await _list(service, minute, "a")
        await service.worker().tick()
    assert await service.alarms(kind="feed_silent") == []

    await service.after(1001)
    await service.after(1)

    assert [alarm["payload"] for alarm in await service.alarms(kind="feed_silent")] == [{"source": "cad-east"}]


async def test_a_list_that_is_sent_twice_at_once_is_taken_once(service: Service) -> None:
    await _calls(service, "a", "b", "c")
    await _list(service, 0, "a", "b", "c")
    service.clock.advance(900)

    answers = await asyncio.gather(*[_list(service, 15, "c") for _ in range(5)])

    assert sorted(one["vanished"] for one in answers) == [0, 0, 0, 0, 2]
    assert sum(one["is_repeat"] for one in answers) == 4
    feed = (await service.get("/v1/feed", params={"after": 0, "limit": 1000})).json()["items"]
    assert sum(event["type"] == "call.vanished" for event in feed) == 2
