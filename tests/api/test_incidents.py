"""The queue, one incident, its log and decisions, and what people do to it."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.service import Service, a_call

from dispatch.db.session import reading
from dispatch.domain.access import Role
from dispatch.domain.time import iso
from dispatch.operations.decisions import OVERRIDE_REASONS
from dispatch.queries.roster import RosterCopies

pytestmark = pytest.mark.anyio

SHOOTING = {"call_type": None, "narrative": "shots fired outside"}
NOISE = {"call_type": {"text": "Noise complaint"}, "narrative": None}


async def _queue(service: Service, query: str = "") -> list[str]:
    """The incident ids of every page, page by page."""
    found: list[str] = []
    cursor = ""
    while True:
        page = (await service.get(f"/v1/incidents?limit=2{query}{cursor}")).json()
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


async def test_the_queue_is_by_priority_then_age(service: Service) -> None:
    noise = await service.incident(**NOISE)
    young = await service.incident(**SHOOTING)
    old = await service.incident(**SHOOTING, received_at=iso(NOW - timedelta(minutes=3)))

    assert await _queue(service) == [old, young, noise]


async def test_pages_of_the_queue_neither_lose_nor_double_while_calls_come_in(service: Service) -> None:
    first = [await service.incident(received_at=iso(NOW - timedelta(minutes=n))) for n in range(5)]

    page = (await service.get("/v1/incidents?limit=3")).json()
    await service.incident(**SHOOTING)
    await service.incident(received_at=iso(NOW - timedelta(minutes=4, seconds=30)))
    rest = (await service.get(f"/v1/incidents?limit=10&cursor={page['next']}")).json()

    seen = [item["id"] for item in (*page["items"], *rest["items"])]
    assert len(seen) == len(set(seen))
    assert set(first) <= set(seen)


async def test_the_queue_can_be_asked_by_status_category_and_priority(service: Service) -> None:
    noise = await service.incident(**NOISE)
    shooting = await service.incident(**SHOOTING)
    closed = await service.incident()
    await service.post(f"/v1/incidents/{closed}:close", {"disposition": "resolved"})

    assert await _queue(service) == [shooting, noise]
    assert await _queue(service, "&status=closed") == [closed]
    assert await _queue(service, "&status=closed&status=pending") == [shooting, closed, noise]
    assert await _queue(service, "&category=quality_of_life") == [noise]
    assert await _queue(service, "&priority=0") == [shooting]


async def test_an_incident_is_found_by_id_and_by_number(service: Service) -> None:
    got = await service.call()

    by_id = await service.get(f"/v1/incidents/{got['incident']['id']}")
    by_number = await service.get(f"/v1/incidents/{got['incident']['number']}")
    missing = await service.get("/v1/incidents/999999999")

    assert by_id.json() == by_number.json()
    assert by_id.json()["calls"][0]["caller"]["name"] == "Zebulon Quartermain"
    assert missing.status_code == 404


async def test_an_incident_of_another_city_does_not_exist(service: Service) -> None:
    incident = await service.incident()
    await service.fetch("insert into jurisdiction values ('other', 'Other', 'UTC') on conflict do nothing returning id")
    before = service.jurisdiction
    service.jurisdiction = "other"
    stranger = await service.token(Role.SUPERVISOR)
    service.jurisdiction = before

    for path in ("", "/timeline", "/decisions", "/recommendation"):
        assert (await service.get(f"/v1/incidents/{incident}{path}", by=stranger)).status_code == 404
    assert (await service.get("/v1/incidents", by=stranger)).json()["items"] == []
    assert (await service.get("/v1/units", by=stranger)).json()["items"] == []
    told = (await service.get("/v1/feed", by=stranger)).json()["items"]
    assert {event["type"] for event in told} <= {"token.created"}
    refused = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["P1"]}, by=stranger)
    assert refused.status_code == 404


async def test_the_timeline_tells_everything_in_order_and_in_pages(service: Service) -> None:
    incident = await service.incident()
    service.clock.advance(5)
    [assignment] = await service.assign(incident, "P1")
    service.clock.advance(5)
    await service.step(assignment["id"], "en_route")
    await service.step(assignment["id"], "cleared", outcome="handled")
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    events: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        page = (await service.get(f"/v1/incidents/{incident}/timeline?limit=2{cursor and '&cursor=' + cursor}")).json()
        events += page["items"]
        cursor = page["next"]

    assert [event["type"] for event in events] == [
        "call.received",
        "incident.opened",
        "incident.triaged",
        "unit.assigned",
        "assignment.en_route",
        "assignment.cleared",
        "incident.closed",
    ]
    assert [event["seq"] for event in events] == sorted({event["seq"] for event in events})
    assert events[3]["payload"]["unit"] == "P1"
    assert events[5]["payload"]["outcome"] == "handled"
    assert {event["actor"] for event in events} == {service.token_ids["dispatcher"]}


async def test_retriage_adds_what_was_learnt_and_keeps_every_decision(service: Service) -> None:
    incident = await service.incident()
    service.clock.advance(30)

    answer = await service.post(
        f"/v1/incidents/{incident}:retriage", {"answers": {"weapon": "in_hand"}, "note": "caller sees a knife"}
    )

    assert answer.status_code == 200
    assert answer.json()["triage"]["priority"] == 1
    assert answer.json()["incident"]["category"] == "violence"
    decisions = (await service.get(f"/v1/incidents/{incident}/decisions")).json()["items"]
    assert [one["ordinal"] for one in decisions] == [1, 2]
    assert decisions[1]["given"]["answers"] == {"weapon": "in_hand"}
    assert decisions[1]["given"]["narrative"].endswith("\ncaller sees a knife")
    assert decisions[0]["triage"]["priority"] == 3


async def test_an_override_stands_with_its_reason_and_triage_may_then_only_raise_the_urgency(service: Service) -> None:
    incident = await service.incident()

    answer = await service.post(
        f"/v1/incidents/{incident}:override",
        {"reason": "premise_history", "note": "known", "priority": 2, "responder_type": "co_responder"},
    )
    assert answer.status_code == 200
    assert answer.json()["incident"]["priority"] == 2
    assert answer.json()["triage"]["reasons"][0]["rule"] == "override:premise_history"
    assert answer.json()["triage"]["plan"][0]["responder_type"] == "co_responder"
    assert answer.json()["triage"]["plan"][1]["step"] == 2

    same = await service.post(f"/v1/incidents/{incident}:retriage", {})
    assert same.json()["incident"]["priority"] == 2
    worse = await service.post(f"/v1/incidents/{incident}:retriage", {"answers": {"weapon": "used"}})
    assert worse.json()["incident"]["priority"] == 0


@pytest.mark.parametrize("reason", sorted(OVERRIDE_REASONS))
async def test_every_override_reason_is_accepted(service: Service, reason: str) -> None:
    incident = await service.incident()

    answer = await service.post(
        f"/v1/incidents/{incident}:override", {"reason": reason, "note": "why", "category": "police"}
    )

    assert answer.status_code == 200
    assert answer.json()["incident"]["category"] == "police"


async def test_an_override_to_a_responder_nobody_knows_is_refused(service: Service) -> None:
    incident = await service.incident()

    answer = await service.post(
        f"/v1/incidents/{incident}:override", {"reason": "caller_wish", "responder_type": "polcie"}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/responder_type"


async def test_a_recommendation_after_an_override_is_for_what_the_person_decided(service: Service) -> None:
    incident = await service.incident()
    body = {"reason": "caller_wish", "responder_type": "co_responder"}
    await service.post(f"/v1/incidents/{incident}:override", body)

    advice = (await service.get(f"/v1/incidents/{incident}/recommendation")).json()

    assert next(pick["unit"] for pick in advice["units"] if pick["step"] == 1) == "CO1"


async def test_after_a_retriage_that_did_not_win_the_persons_plan_is_still_recommended(service: Service) -> None:
    incident = await service.incident()
    await service.post(
        f"/v1/incidents/{incident}:override", {"reason": "caller_wish", "responder_type": "co_responder"}
    )
    await service.post(f"/v1/incidents/{incident}:retriage", {})

    advice = (await service.get(f"/v1/incidents/{incident}/recommendation")).json()
    detail = (await service.get(f"/v1/incidents/{incident}")).json()

    assert next(pick["unit"] for pick in advice["units"] if pick["step"] == 1) == "CO1"
    assert detail["triage"]["plan"][0]["responder_type"] == "co_responder"


async def test_a_held_incident_waits_until_its_time_and_can_be_held_longer(service: Service) -> None:
    incident = await service.incident()

    held = await service.post(f"/v1/incidents/{incident}:hold", {"until": "2026-11-23T16:00:00+01:00", "reason": "day"})
    longer = await service.post(f"/v1/incidents/{incident}:hold", {"until": "2026-11-23T18:00:00Z", "reason": "day"})

    assert held.json()["status"] == "held"
    assert held.json()["held_until"] == "2026-11-23T15:00:00Z"
    assert longer.json()["held_until"] == "2026-11-23T18:00:00Z"


async def test_assigning_a_unit_ends_a_hold(service: Service) -> None:
    incident = await service.incident()
    await service.post(f"/v1/incidents/{incident}:hold", {"until": "2026-11-23T16:00:00Z", "reason": "day"})

    await service.assign(incident, "CR1")

    now = (await service.get(f"/v1/incidents/{incident}")).json()["incident"]
    assert (now["status"], now["held_until"], now["status_reason"]) == ("active", None, None)


async def test_an_incident_with_a_unit_on_it_cannot_be_closed(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "P1", "CR1")

    answer = await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    assert answer.status_code == 409
    assert answer.json()["units"] == ["CR1", "P1"]


async def test_a_closed_incident_keeps_its_types_and_comes_back_with_its_old_age(service: Service) -> None:
    incident = await service.incident(received_at="2026-11-23T13:00:00Z")
    service.clock.advance(600)

    closed = await service.post(
        f"/v1/incidents/{incident}:close", {"disposition": "resolved", "final_type": "NOISE", "note": "all quiet"}
    )
    again = await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})
    reopened = await service.post(f"/v1/incidents/{incident}:reopen", {"reason": "rang again"})

    assert closed.json()["status"] == "closed"
    assert closed.json()["closed_at"] == "2026-11-23T14:10:00Z"
    assert (closed.json()["initial_type"], closed.json()["triage_type"], closed.json()["final_type"]) == (
        "WELCHK",
        "WELFARE",
        "NOISE",
    )
    assert again.status_code == 409
    assert again.json()["code"] == "illegal_transition"
    assert again.json()["legal"] == ["pending"]
    assert (reopened.json()["status"], reopened.json()["opened_at"]) == ("pending", "2026-11-23T13:00:00Z")
    assert reopened.json()["disposition"] is None


async def test_an_incident_that_never_left_cannot_be_reopened_under_the_units_on_it(service: Service) -> None:
    incident = await service.incident()
    waiting = await service.post(f"/v1/incidents/{incident}:reopen", {"reason": "x"})
    await service.assign(incident, "P1")
    active = await service.post(f"/v1/incidents/{incident}:reopen", {"reason": "x"})

    assert (waiting.status_code, active.status_code) == (409, 409)
    assert (await service.get(f"/v1/incidents/{incident}")).json()["incident"]["status"] == "active"


async def test_a_hold_can_be_ended_early(service: Service) -> None:
    incident = await service.incident()
    await service.post(f"/v1/incidents/{incident}:hold", {"until": "2026-11-23T16:00:00Z", "reason": "day"})

    answer = await service.post(f"/v1/incidents/{incident}:reopen", {"reason": "somebody is free"})

    assert (answer.json()["status"], answer.json()["held_until"]) == ("pending", None)


async def test_a_cancelled_incident_never_needed_anyone(service: Service) -> None:
    incident = await service.incident()

    answer = await service.post(
        f"/v1/incidents/{incident}:close", {"disposition": "cancelled_by_caller", "cancel": True}
    )

    assert answer.json()["status"] == "cancelled"
    assert (await service.get("/v1/incidents")).json()["items"] == []


async def test_a_closed_incident_is_not_assigned_to_nor_triaged_again(service: Service) -> None:
    incident = await service.incident()
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    assigned = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["P1"]})
    held = await service.post(f"/v1/incidents/{incident}:hold", {"until": "2026-11-23T16:00:00Z", "reason": "x"})

    assert assigned.status_code == 409
    assert assigned.json()["incident_status"] == "closed"
    assert held.json()["code"] == "illegal_transition"


async def test_the_recommendation_says_who_could_go_who_is_missing_and_why_others_stay(service: Service) -> None:
    incident = await service.incident(**SHOOTING)
    other = await service.incident()
    await service.assign(other, "P1", "P2")

    advice = (await service.get(f"/v1/incidents/{incident}/recommendation")).json()

    assert {pick["unit"] for pick in advice["units"] if pick["rank"] == 1} == {"M1", "V1"}
    assert all(pick["reasons"] and pick["eta_s"] is not None for pick in advice["units"])
    [short] = advice["shortfalls"]
    assert (short["responder_type"], short["missing"], bool(short["reasons"])) == ("police", 2, True)
    why = {one["unit"]: one["reasons"] for one in advice["not_offered"]}
    assert {"P1", "P2", "CR1", "DESK", "E1"} <= set(why)
    assert all(why.values())
    assert not {pick["unit"] for pick in advice["units"]} & set(why)


async def test_a_recommendation_writes_nothing(service: Service) -> None:
    incident = await service.incident()
    before = await service.rows()

    await service.get(f"/v1/incidents/{incident}/recommendation")

    assert await service.rows() == before


async def test_a_recommended_unit_can_be_posted_straight_to_assignments(service: Service) -> None:
    got = await service.call(**SHOOTING)
    picks = [pick for pick in got["recommendation"]["units"] if pick["rank"] == 1]

    made = await service.assign(
        got["incident"]["id"],
        *(pick["unit"] for pick in picks),
        eta_s={pick["unit"]: pick["eta_s"] for pick in picks},
        step=1,
        recommended=True,
    )

    assert {row["unit"]: row["eta_s"] for row in made} == {pick["unit"]: pick["eta_s"] for pick in picks}
    assert {row["unit_id"] for row in made} == {pick["unit_id"] for pick in picks}


async def test_a_unit_that_went_out_of_service_is_not_recommended_by_the_next_call(service: Service) -> None:
    assert "CR1" in {pick["unit"] for pick in (await service.call())["recommendation"]["units"]}

    await service.post("/v1/units/CR1/status", {"status": "out_of_service", "reason": "flat tyre"})

    assert "CR1" not in {pick["unit"] for pick in (await service.call())["recommendation"]["units"]}


async def test_a_crew_whose_shift_has_ended_is_not_recommended(service: Service) -> None:
    await service.call()
    service.clock.advance(12 * 3600)

    got = await service.call(received_at=iso(service.clock.at))

    assert got["recommendation"]["units"] == []
    assert {short["responder_type"] for short in got["recommendation"]["shortfalls"]} >= {"police"}


async def _certify(service: Service, unit: str, last_day: str) -> None:
    """The unit's responder is certified to that day, and every shift lasts two days longer."""
    for table in ("shift", "shift_member"):
        longer = f"update {table} set ends_at = ends_at + interval '2 days' where jurisdiction_id = $1"
        await service.fetch(longer, service.jurisdiction)
    people = (await service.get("/v1/responders")).json()["items"]
    person = next(one["id"] for one in people if one["employee_number"] == f"R-{unit}")
    body = {"certifications": [{"name": "als", "expires_on": last_day}]}
    changed = await service.send("PATCH", f"/v1/responders/{person}", json=body, by="administrator")
    assert changed.status_code == 200, changed.text


async def _lapsed(service: Service, unit: str) -> frozenset[str]:
    """The certificates of the unit that count no more, as the copy says by which new calls are answered."""
    await service.call(received_at=iso(service.clock.at))
    copies: RosterCopies = service.app.state.services.rosters
    async with reading(service.sessions) as session:
        copy = await copies.get(session, service.jurisdiction, service.clock.now())
    return next(one.lapsed for one in copy.candidates if one.call_sign == unit)


async def test_a_certificate_counts_until_midnight_of_the_city_and_not_a_moment_longer_in_a_roster_read_before(
    service: Service,
) -> None:
    """The city is eight hours behind UTC: 2026-11-23 ends there at 08:00 UTC of the next day."""
    await _certify(service, "CR1", "2026-11-23")
    service.clock.advance(10.5 * 3600)  # 00:30 UTC of the next day, 16:30 in the city
    assert await _lapsed(service, "CR1") == frozenset()

    service.clock.advance(7.5 * 3600 - 1)
    before = await _lapsed(service, "CR1")
    service.clock.advance(1)

    assert (before, await _lapsed(service, "CR1")) == (frozenset(), {"als"})


async def test_two_calls_of_one_reference_are_one_incident(service: Service) -> None:
    body = a_call()
    first = await service.call(**body)
    again = await service.post("/v1/calls", body)

    assert again.json()["incident"] == first["incident"]
    assert len(await _queue(service)) == 1
