"""Calls about the same thing: compared after they came in, linked or proposed, confirmed or kept apart, never lost."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.domain.time import iso
from dispatch.workers.linker import Linker

pytestmark = pytest.mark.anyio

PARTY = {
    "call_type": {"text": "Noise complaint"},
    "narrative": "loud music from a backyard party, people shouting, a red honda blocks the road",
    "location": {"lat": 44.0610, "lon": -124.9010, "uncertainty_m": 30, "address": "5th Ave & Grove St"},
    "caller": {"name": "Ada", "phone": "+1-555-0111"},
}
SAME_PARTY = {
    **PARTY,
    "narrative": "loud music and shouting, backyard party, a red honda blocks the driveway",
    "location": {"lat": 44.06115, "lon": -124.90105, "uncertainty_m": 30},
    "caller": {"name": "Ben", "phone": "+1-555-0122"},
    "received_at": iso(NOW - timedelta(minutes=1)),
}


_BEHIND = """
    select max(seq) > (select coalesce(max(seq), 0) from link_cursor where jurisdiction_id = $1)
    from event_log where jurisdiction_id = $1
"""


async def _compared(service: Service) -> None:
    """Other tests' transactions hold the log back for a moment, as they would in life."""
    services = service.app.state.services
    linker = Linker(services.sessions, services.policies, services.clock)
    while (await service.fetch(_BEHIND, service.jurisdiction))[0][0]:
        await linker.turn(service.jurisdiction)


async def _detail(service: Service, incident: str) -> dict[str, Any]:
    answer = await service.get(f"/v1/incidents/{incident}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _link(service: Service, one: str, **body: Any) -> dict[str, Any]:
    answer = await service.post(f"/v1/incidents/{one}:link", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _types(service: Service, incident: str) -> list[str]:
    timeline = (await service.get(f"/v1/incidents/{incident}/timeline")).json()
    return [event["type"] for event in timeline["items"]]


async def test_a_second_call_about_a_party_is_linked_by_itself_and_stays_on_the_queue(service: Service) -> None:
    first = await service.incident(**PARTY)
    second = await service.incident(**SAME_PARTY)

    await _compared(service)

    leader = await _detail(service, first)
    assert leader["linked_calls"] == 2
    assert {call["incident_id"] for call in leader["calls"]} == {first, second}
    (link,) = leader["links"]
    assert (link["incident"], link["state"], link["automatic"]) == (second, "linked", True)
    assert {"distance", "time", "type", "words"} <= {part["name"] for part in link["parts"]}
    member = await _detail(service, second)
    assert (member["incident"]["linked_to"], member["incident"]["status"]) == (first, "pending")
    assert member["linked_calls"] == 2
    queue = (await service.get("/v1/incidents")).json()["items"]
    assert {item["id"] for item in queue} == {first, second}


async def test_whoever_takes_a_call_is_told_at_once_what_it_may_be(service: Service) -> None:
    first = await service.call(**PARTY)
    await _compared(service)

    answer = await service.call(**SAME_PARTY)

    assert first["same_as"] == []
    (candidate,) = answer["same_as"]
    assert candidate["incident"] == first["incident"]["id"]
    assert candidate["verdict"] == "link"
    assert candidate["score"] == pytest.approx(sum(part["log_odds"] for part in candidate["parts"]), abs=0.1)
    assert len(candidate["reasons"]) == len(candidate["parts"]) - 1


async def test_danger_in_a_linked_call_raises_the_incident_and_is_told(service: Service) -> None:
    first = await service.incident(**PARTY)
    before = (await _detail(service, first))["incident"]["priority"]
    graver = {**SAME_PARTY, "narrative": SAME_PARTY["narrative"] + ". a man by the pool is not breathing"}
    second = await service.incident(**graver)

    await _compared(service)

    leader = await _detail(service, first)
    assert leader["incident"]["linked_to"] is None
    assert leader["incident"]["priority"] < before
    assert "ems" in {entry["responder_type"] for entry in leader["triage"]["plan"]}
    timeline = (await service.get(f"/v1/incidents/{first}/timeline")).json()["items"]
    (raised,) = [event for event in timeline if event["type"] == "incident.raised"]
    assert raised["payload"]["linked"] == [second]
    assert any("priority" in sign for sign in raised["payload"]["because"])
    decisions = (await service.get(f"/v1/incidents/{second}/decisions")).json()["items"]
    assert [one["trigger"] for one in decisions] == ["call"]
    (alarm,) = [one for one in await service.alarms() if one["incident_id"] == first]
    assert alarm["kind"] == "risk_raised"
    assert "ems must come now" in alarm["message"]


async def test_a_weapon_told_by_a_linked_caller_is_an_alarm_even_where_urgency_and_responders_stay(
    service: Service,
) -> None:
    fight = {**PARTY, "call_type": {"text": "Fight"}, "narrative": "two men punching each other, both bleeding"}
    first = await service.incident(**fight)
    second = await service.incident(**fight, received_at=iso(NOW - timedelta(minutes=1)))
    await _link(service, second, incident=first)
    third = await service.incident(**{**fight, "narrative": "two men fighting, one has a knife in his hand"})
    before = await service.alarms()

    await _link(service, third, incident=first)

    (alarm,) = [one for one in await service.alarms() if one not in before]
    assert "weapon: unknown became in_hand" in alarm["message"]


async def test_a_hundred_calls_that_tell_nothing_new_are_one_decision_and_a_late_danger_is_another(
    service: Service,
) -> None:
    first = await service.incident(**PARTY)
    for number in range(40):
        await service.incident(
            **{**SAME_PARTY, "caller": {"name": f"Caller {number}", "phone": f"+1-555-1{number:03}"}}
        )
    await _compared(service)
    many = (await service.get(f"/v1/incidents/{first}/decisions")).json()["items"]

    graver = {**SAME_PARTY, "narrative": SAME_PARTY["narrative"] + ". a man by the pool is not breathing"}
    last = await service.incident(**graver)
    await _compared(service)

    assert (await _detail(service, first))["linked_calls"] == 42
    assert len(many) <= 2
    decisions = (await service.get(f"/v1/incidents/{first}/decisions")).json()["items"]
    assert len(decisions) == len(many) + 1
    assert "ems" in {entry["responder_type"] for entry in decisions[-1]["triage"]["plan"]}
    assert (await _detail(service, last))["incident"]["linked_to"] == first


async def test_a_duplicate_that_left_the_queue_keeps_no_timer_and_waits_again_when_taken_apart(
    service: Service,
) -> None:
    first = await service.incident(**PARTY)
    second = await service.incident(**SAME_PARTY)
    await service.after(1)
    await _link(service, second, incident=first)

    gone = await service.fetch("select kind from timer where incident_id = $1", second)
    await _link(service, second, do="unlink")
    await service.after(1)

    back = await service.fetch("select kind from timer where incident_id = $1", second)
    assert gone == []
    assert "unassigned" in {row["kind"] for row in back}
    assert "incident.reopened" in await _types(service, second)


async def test_evidence_names_nobody_to_those_who_may_not_know_who_called(service: Service) -> None:
    named = {"narrative": "my brother Zebulon Quartermain left on foot, plate 7ABC123", "call_type": None}
    first = await service.incident(**{**PARTY, **named})
    await service.incident(**{**SAME_PARTY, **named})
    await _compared(service)

    open_to_all = str((await _detail(service, first))["links"])
    answer = await service.get(f"/v1/incidents/{first}", by="analyst")

    assert "7abc123" in open_to_all.lower()
    assert "7abc123" not in str(answer.json()["links"]).lower()
    assert [part["name"] for part in answer.json()["links"][0]["parts"]]


async def test_danger_told_later_by_a_linked_caller_raises_the_incident_too(service: Service) -> None:
    first = await service.incident(**PARTY)
    second = await service.call(**SAME_PARTY)
    await _compared(service)
    calm = (await _detail(service, first))["incident"]["priority"]

    await service.post(
        f"/v1/incidents/{second['incident']['id']}:retriage", {"note": "a man by the pool is not breathing"}
    )
    await _compared(service)

    assert (await _detail(service, first))["incident"]["priority"] < calm
    assert "incident.raised" in await _types(service, first)


async def test_a_person_confirms_and_the_duplicate_leaves_the_queue(service: Service) -> None:
    first = await service.incident(**PARTY)
    second = await service.incident(**SAME_PARTY)
    await _compared(service)

    await _link(service, first, do="confirm")

    member = await _detail(service, second)
    assert (member["incident"]["status"], member["incident"]["disposition"]) == ("closed", "duplicate")
    queue = (await service.get("/v1/incidents")).json()["items"]
    assert [item["id"] for item in queue] == [first]
    assert (await _detail(service, first))["linked_calls"] == 2


async def test_what_a_person_keeps_separate_is_not_linked_again(service: Service) -> None:
    first = await service.incident(**PARTY)
    second = await service.call(**SAME_PARTY)
    other = second["incident"]["id"]
    await _compared(service)

    await _link(service, other, do="keep_separate", incident=first)
    await service.post(
        "/v1/calls",
        {
            **SAME_PARTY,
            "source": "cad-east",
            "source_ref": (await _detail(service, other))["calls"][0]["source_ref"],
            "channel": "911",
            "updated_at": iso(NOW),
            "narrative": SAME_PARTY["narrative"] + " still there",
        },
    )
    await _compared(service)

    member = await _detail(service, other)
    assert member["incident"]["linked_to"] is None
    assert [(link["incident"], link["state"]) for link in member["links"]] == [(first, "separate")]
    assert (await _detail(service, first))["linked_calls"] == 1


async def test_unlinking_brings_a_confirmed_duplicate_back_to_the_queue(service: Service) -> None:
    first = await service.incident(**PARTY)
    graver = {**SAME_PARTY, "narrative": SAME_PARTY["narrative"] + ". a man by the pool is not breathing"}
    second = await service.incident(**graver)
    before = (await _detail(service, first))["incident"]["priority"]
    await _link(service, second, incident=first)

    done = await _link(service, second, do="unlink")

    assert (done["incident"]["status"], done["incident"]["linked_to"]) == ("pending", None)
    assert done["leader"]["priority"] == before
    assert (await _detail(service, first))["linked_calls"] == 1


async def test_a_linked_incident_with_a_unit_on_it_stays_until_the_unit_is_clear(service: Service) -> None:
    first = await service.incident(**PARTY)
    second = await service.incident(**SAME_PARTY)
    await service.assign(second, "P1")

    done = await _link(service, second, incident=first)

    assert done["incident"]["status"] == "active"
    assert done["incident"]["linked_to"] == first


async def test_calls_are_not_linked_to_what_has_ended(service: Service) -> None:
    first = await service.incident(**PARTY)
    await service.post(f"/v1/incidents/{first}:close", {"disposition": "resolved"})
    second = await service.incident(**SAME_PARTY)

    await _compared(service)
    refused = await service.post(f"/v1/incidents/{second}:link", {"incident": first})

    member = await _detail(service, second)
    assert member["incident"]["linked_to"] is None
    assert [(link["incident"], link["state"]) for link in member["links"]] == [(first, "proposed")]
    assert refused.status_code == 409
    assert "Reopen" in refused.json()["fix"]


async def test_two_patients_in_one_building_are_two_incidents(service: Service) -> None:
    place = {"lat": 44.0610, "lon": -124.9010, "uncertainty_m": 10}
    sick = {"call_type": None, "received_at": iso(NOW - timedelta(minutes=2))}
    first = await service.incident(
        **sick, narrative="78 year old female cannot breathe", location={**place, "address": "80 Pine St Apt 3"}
    )
    second = await service.incident(
        **sick, narrative="52 year old male cannot breathe", location={**place, "address": "80 Pine St Apt 12"}
    )

    await _compared(service)

    assert (await _detail(service, second))["incident"]["linked_to"] is None
    assert (await _detail(service, first))["linked_calls"] == 1


async def test_a_group_that_is_linked_moves_as_a_whole(service: Service) -> None:
    first = await service.incident(**PARTY)
    far = {**SAME_PARTY, "location": {"lat": 44.08, "lon": -124.93}}
    second, third = await service.incident(**far), await service.incident(**far)
    await _link(service, third, incident=second)

    await _link(service, second, incident=first)

    assert (await _detail(service, third))["incident"]["linked_to"] == first
    assert (await _detail(service, first))["linked_calls"] == 3


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"do": "unlink", "incident": "1"}, 422), ({"do": "unlink"}, 409), ({"do": "confirm"}, 409)],
)
async def test_a_link_that_says_nothing_is_refused(service: Service, body: dict[str, Any], status: int) -> None:
    incident = await service.incident(**PARTY)

    assert (await service.post(f"/v1/incidents/{incident}:link", body)).status_code == status


async def test_an_incident_is_not_linked_to_itself(service: Service) -> None:
    incident = await service.incident(**PARTY)

    answer = await service.post(f"/v1/incidents/{incident}:link", {"incident": incident})

    assert answer.status_code == 422
