"""A call is passed on and waits on the queue until somebody has said yes; a no, silence or danger brings it back."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.city import NOW
from tests.support.service import Service, a_call

from dispatch.domain.access import Role
from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio

SUICIDAL: dict[str, Any] = {"call_type": None, "narrative": "I feel suicidal and want to talk to somebody"}
THEFT: dict[str, Any] = {"call_type": {"code": "459R", "text": "BURGLARY REPORT"}, "narrative": "bicycle is gone"}
COUNTY = {"outside": "Lane County 911", "reason": "the address is in their county"}


async def _ask(service: Service, incident: str, by: str = "dispatcher", **body: Any) -> httpx.Response:
    return await service.post(f"/v1/incidents/{incident}:transfer", body, by=by)


async def _transfer(service: Service, incident: str, **body: Any) -> dict[str, Any]:
    answer = await _ask(service, incident, **body)
    assert answer.status_code == 201, answer.text
    [made] = answer.json()["assignments"]
    return dict(made)


async def _queued(service: Service, incident: str) -> dict[str, Any]:
    """The incident as the queue shows it."""
    [found] = [one for one in (await service.get("/v1/incidents")).json()["items"] if one["id"] == incident]
    return dict(found)


async def _plan(service: Service, incident: str) -> list[str]:
    plan = (await service.get(f"/v1/incidents/{incident}")).json()["triage"]["plan"]
    return [entry["responder_type"] for entry in plan if entry["step"] == plan[0]["step"]]


async def _kinds(service: Service) -> list[str]:
    return sorted(one["kind"] for one in await service.alarms())


async def test_a_call_that_is_passed_to_the_clinician_waits_on_the_queue_until_she_accepts(service: Service) -> None:
    incident = await service.incident(**SUICIDAL)

    made = await _transfer(service, incident, unit="LINE")
    service.clock.advance(20)
    waiting = await _queued(service, incident)
    await service.step(made["id"], "accepted")
    taken = await _queued(service, incident)

    assert (made["kind"], made["mode"], made["status"]) == ("transfer", "offered", "offered")
    assert waiting["status"] == "pending"
    [asked] = waiting["awaiting_transfer"]
    assert (asked["to"], asked["party"], asked["waited_s"]) == ("LINE", "unit", 20)
    assert (asked["since"], asked["answer_by"]) == ("2026-11-23T14:00:00Z", "2026-11-23T14:05:00Z")
    assert (taken["status"], taken["awaiting_transfer"]) == ("active", [])


async def test_a_desk_that_is_assigned_as_a_unit_is_asked_in_the_same_way(service: Service) -> None:
    incident = await service.incident(**THEFT)

    [made] = await service.assign(incident, "DESK")

    assert made["kind"] == "transfer"
    assert (await _queued(service, incident))["status"] == "pending"


async def test_whoever_waits_for_an_answer_is_still_offered_to_a_unit_that_is_free(service: Service) -> None:
    incident = await service.incident()
    await _transfer(service, incident, unit="DESK")

    matched = (await service.get("/v1/recommendations")).json()["items"]

    assert incident in [one["incident_id"] for one in matched]


async def test_an_incident_that_a_desk_has_is_offered_to_nobody(service: Service) -> None:
    incident = await service.incident()
    made = await _transfer(service, incident, unit="DESK")
    await service.step(made["id"], "accepted")

    matched = (await service.get("/v1/recommendations")).json()["items"]

    assert incident not in [one["incident_id"] for one in matched]


async def test_a_desk_that_declines_leaves_the_incident_where_it_was_and_its_plan_goes_on(service: Service) -> None:
    incident = await service.incident(**THEFT)
    made = await _transfer(service, incident, unit="DESK")

    await service.step(made["id"], "declined", reason="a suspect is there")
    await service.after(1)

    queued = await _queued(service, incident)
    assert (queued["status"], queued["plan_step"], queued["awaiting_transfer"]) == ("pending", 2, [])
    assert await _kinds(service) == ["step_moved_on"]
    [alarm] = await service.alarms()
    assert "P1" in alarm["message"]


async def test_silence_of_a_desk_is_an_alarm_and_the_next_step_of_the_plan(service: Service) -> None:
    incident = await service.incident(**THEFT)
    made = await _transfer(service, incident, unit="DESK")

    await service.after(299)
    before = await _queued(service, incident)
    await service.after(2)
    await service.after(1)

    assert before["awaiting_transfer"][0]["assignment_id"] == made["id"]
    queued = await _queued(service, incident)
    assert (queued["status"], queued["plan_step"], queued["awaiting_transfer"]) == ("pending", 2, [])
    assert await _kinds(service) == ["offer_unanswered", "step_moved_on"]


async def test_an_incident_that_waits_for_a_desk_is_missed_like_any_other(service: Service) -> None:
    incident = await service.incident(**SUICIDAL)
    await _transfer(service, incident, unit="LINE")
    for _ in range(2):
        await service.after(1)  # a look plants the timers of the queue

    service.clock.advance(-2)
    [timer] = await service.fetch(
        "select due_at from timer where subject_id = $1 and kind = 'unassigned' and fired_at is null", incident
    )
    assert timer["due_at"] == NOW + timedelta(seconds=600)


async def test_a_call_is_passed_to_a_party_that_the_roster_does_not_know(service: Service) -> None:
    incident = await service.incident()

    made = await _transfer(service, incident, **COUNTY, responder_type="police", note="ring +1-555-0100")
    queued = await _queued(service, incident)
    await service.step(made["id"], "accepted")
    await service.step(made["id"], "cleared", outcome="handled_by_phone")
    closed = await service.post(f"/v1/incidents/{incident}:close", {"disposition": "referred"})

    assert (made["unit"], made["unit_id"], made["agency"]) == ("Lane County 911", None, "outside")
    assert [(one["to"], one["party"]) for one in queued["awaiting_transfer"]] == [("Lane County 911", "outside")]
    assert closed.status_code == 200
    [history] = (await service.get("/v1/assignments", params={"kind": "transfer"})).json()["items"]
    assert (history["unit"], history["outcome"], history["note"]) == (
        "Lane County 911",
        "handled_by_phone",
        "ring +1-555-0100",
    )
    log = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    assert [one["type"] for one in log if one["type"].startswith("assignment.")] == [
        "assignment.transfer_offered",
        "assignment.accepted",
        "assignment.cleared",
    ]


async def test_an_outside_party_that_says_nothing_is_told_of_and_nothing_is_lost(service: Service) -> None:
    incident = await service.incident()
    await _transfer(service, incident, **COUNTY)

    await service.after(301)

    assert "offer_unanswered" in await _kinds(service)
    assert (await _queued(service, incident))["status"] == "pending"


async def test_a_party_that_has_the_call_is_not_missed_on_the_road_but_asked_what_came_of_it(service: Service) -> None:
    incident = await service.incident()
    made = await _transfer(service, incident, **COUNTY, responder_type="police")
    await service.step(made["id"], "accepted")

    await service.after(3599)
    early = await _kinds(service)
    await service.after(2)
    await service.after(3601)

    [alarm] = await service.alarms()
    assert early == []
    assert (alarm["kind"], alarm["unit"], alarm["times"]) == ("transfer_silent", "Lane County 911", 2)
    await service.step(made["id"], "cleared", outcome="handled_by_phone")
    await service.after(3601)
    assert [one["times"] for one in await service.alarms()] == [2]


async def test_a_clinician_who_took_a_life_threat_and_falls_silent_is_asked_soon(service: Service) -> None:
    incident = await service.incident(call_type=None, narrative="my father is not breathing")
    made = await _transfer(service, incident, unit="LINE")
    await service.step(made["id"], "accepted")

    await service.after(901)

    [alarm] = await service.alarms(kind="transfer_silent")
    assert (alarm["unit"], alarm["severity"]) == ("LINE", "urgent")


async def test_police_of_another_county_are_police_where_it_is_counted_who_came_without_them(service: Service) -> None:
    incident = await service.incident()
    made = await _transfer(service, incident, **COUNTY, responder_type="police")
    await service.step(made["id"], "accepted")
    [ours] = await service.assign(incident, "CR1")
    await service.step(ours["id"], "on_scene")
    await service.step(ours["id"], "cleared", outcome="de_escalated")
    await service.step(made["id"], "cleared", outcome="handled")
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})
    service.clock.advance(1)

    counts = (await service.get("/v1/reports/handling", by="supervisor")).json()["items"]

    [care] = [one for one in counts if one["responder_type"] == "community_responder"]
    assert (care["handled"], care["handled_police_never_assigned"], care["handled_police_never_sent"]) == (1, 0, 0)


async def test_the_same_party_is_not_asked_twice_at_once(service: Service) -> None:
    incident = await service.incident()
    await _transfer(service, incident, **COUNTY)

    again = await _ask(service, incident, **COUNTY)

    assert again.status_code == 409
    assert "has been asked" in again.json()["detail"]


async def test_the_first_desk_to_accept_has_the_call_and_the_other_is_taken_back(service: Service) -> None:
    incident = await service.incident(**SUICIDAL)
    line = await _transfer(service, incident, unit="LINE")
    county = await _transfer(service, incident, outside="988 Lifeline", responder_type="crisis_line")

    await service.step(county["id"], "accepted")
    late = await service.post(f"/v1/assignments/{line['id']}/status", {"status": "accepted"})

    assert (late.status_code, late.json()["code"]) == (409, "illegal_transition")
    [unit] = [one for one in (await service.get("/v1/units")).json()["items"] if one["call_sign"] == "LINE"]
    assert unit["status"] == "available"


async def test_another_agency_is_asked_and_its_own_dispatcher_accepts(service: Service) -> None:
    incident = await service.incident()
    care = await service.token(Role.DISPATCHER, agencies=["city-care"])
    fire = await service.token(Role.DISPATCHER, agencies=["city-fire"])

    made = await _transfer(service, incident, agency="city-care", responder_type="homeless_outreach")
    refused = await service.post(f"/v1/assignments/{made['id']}/status", {"status": "accepted"}, by=fire)
    accepted = await service.post(f"/v1/assignments/{made['id']}/status", {"status": "accepted"}, by=care)

    assert (made["unit"], made["agency"], made["responder_type"]) == ("city-care", "city-care", "homeless_outreach")
    assert refused.status_code == 403
    assert accepted.status_code == 200
    assert (await _queued(service, incident))["status"] == "active"


async def test_an_agency_of_several_disciplines_is_asked_for_one_of_them(service: Service) -> None:
    incident = await service.incident()

    answer = await _ask(service, incident, agency="city-care")

    assert answer.status_code == 422
    assert "crisis_line" in answer.json()["fix"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"unit": "LINE", "outside": "County"}, 422),
        ({"unit": "P1"}, 422),
        ({"unit": "NOBODY"}, 404),
        ({"agency": "nobody"}, 404),
        ({"outside": "County", "responder_type": "cvi"}, 422),
    ],
)
async def test_whom_a_call_is_passed_to_is_one_that_takes_calls(
    service: Service, body: dict[str, Any], status: int
) -> None:
    assert (await _ask(service, await service.incident(), **body)).status_code == status


async def test_a_token_kept_to_an_agency_asks_others_but_sends_their_desks_nothing(service: Service) -> None:
    incident = await service.incident(**SUICIDAL)
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    to_desk = await _ask(service, incident, by=police, unit="LINE")
    to_outside = await _ask(service, incident, by=police, **COUNTY)
    to_agency = await _ask(service, incident, by=police, agency="city-care", responder_type="crisis_line")

    assert [answer.status_code for answer in (to_desk, to_outside, to_agency)] == [403, 403, 201]


async def test_an_incident_that_is_over_is_not_passed_on(service: Service) -> None:
    incident = await service.incident()
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    assert (await _ask(service, incident, unit="LINE")).status_code == 409


async def test_an_incident_is_not_closed_while_somebody_was_asked_to_take_it(service: Service) -> None:
    incident = await service.incident()
    await _transfer(service, incident, **COUNTY)

    answer = await service.post(f"/v1/incidents/{incident}:close", {"disposition": "referred"})

    assert answer.status_code == 409
    assert answer.json()["units"] == ["Lane County 911"]


@pytest.mark.parametrize("how", ["transfer", "assign"])
async def test_an_incident_that_everybody_has_left_waits_for_the_answer_on_the_queue(
    service: Service, how: str
) -> None:
    incident = await service.incident(**THEFT)
    [made] = await service.assign(incident, "P1")
    await service.step(made["id"], "cleared", outcome="advised")

    if how == "transfer":
        asked = await _transfer(service, incident, unit="DESK")
    else:
        [asked] = await service.assign(incident, "DESK")
    waiting = await _queued(service, incident)
    await service.step(asked["id"], "declined", reason="closing time")

    assert (waiting["status"], waiting["status_reason"]) == ("pending", "passed_on")
    assert (await _queued(service, incident))["status"] == "pending"


# --- back to 911


async def test_a_clinician_who_hears_of_danger_gives_the_call_back_and_police_and_ems_come_first(
    service: Service,
) -> None:
    incident = await service.incident(**SUICIDAL)
    made = await _transfer(service, incident, unit="LINE")
    await service.step(made["id"], "accepted")

    answer = await service.post(f"/v1/assignments/{made['id']}:return", {"reason": "he has the pills in his hand"})

    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["status"], done["priority"], done["assignment"]["outcome"]) == ("pending", 0, "returned_to_911")
    assert await _plan(service, incident) == ["police", "ems"]
    [alarm] = await service.alarms(kind="transfer_returned")
    assert (alarm["severity"], alarm["id"]) == ("urgent", done["alarm"])
    assert "pills" in alarm["message"]
    [unit] = [one for one in (await service.get("/v1/units")).json()["items"] if one["call_sign"] == "LINE"]
    assert unit["status"] == "available"
    advice = (await service.get(f"/v1/incidents/{incident}/recommendation")).json()
    assert {one["responder_type"] for one in advice["units"] if one["pick"]} == {"police", "ems"}


async def test_a_call_comes_back_as_urgent_as_it_is_told_and_never_less_urgent_than_it_was(service: Service) -> None:
    found = []
    for priority in (1, 4):
        incident = await service.incident(**SUICIDAL)
        made = await _transfer(service, incident, outside="988 Lifeline", responder_type="crisis_line")
        await service.step(made["id"], "accepted")
        body = {"reason": "she left the house", "who": ["co_responder"], "priority": priority}
        found.append((await service.post(f"/v1/assignments/{made['id']}:return", body)).json()["priority"])

    assert found == [1, 2]


async def test_a_call_that_comes_back_without_danger_keeps_its_plan(service: Service) -> None:
    incident = await service.incident(**THEFT)
    made = await _transfer(service, incident, unit="DESK")
    await service.step(made["id"], "accepted")
    before = await _plan(service, incident)

    body = {"reason": "wants an officer to come", "who": []}
    answer = await service.post(f"/v1/assignments/{made['id']}:return", body)

    assert (answer.json()["status"], answer.json()["priority"]) == ("pending", 4)
    assert await _plan(service, incident) == before
    assert (await _queued(service, incident))["needs_human"] is True


async def test_a_call_that_comes_back_is_missed_again_when_nobody_is_sent(service: Service) -> None:
    incident = await service.incident(**SUICIDAL)
    made = await _transfer(service, incident, unit="LINE")
    await service.step(made["id"], "accepted")
    await service.post(f"/v1/assignments/{made['id']}:return", {"reason": "he has the pills in his hand"})

    for _ in range(3):
        await service.after(61)

    assert "unassigned" in await _kinds(service)


async def test_a_desk_that_says_so_with_its_status_gives_the_call_back_too(service: Service) -> None:
    incident = await service.incident(**THEFT)
    made = await _transfer(service, incident, unit="DESK")
    await service.step(made["id"], "accepted")

    await service.step(made["id"], "cleared", outcome="returned_to_911")

    queued = await _queued(service, incident)
    assert (queued["status"], queued["status_reason"]) == ("pending", "returned_to_911")


async def test_only_what_was_accepted_is_given_back_and_only_by_who_stays_away(service: Service) -> None:
    incident = await service.incident(**SUICIDAL)
    offered = await _transfer(service, incident, unit="LINE")
    [sent] = await service.assign(incident, "P1")

    early = await service.post(f"/v1/assignments/{offered['id']}:return", {"reason": "x"})
    unit = await service.post(f"/v1/assignments/{sent['id']}:return", {"reason": "x"})

    assert (early.status_code, unit.status_code) == (409, 409)
    assert "hand-off" in unit.json()["fix"]


async def test_a_clinician_who_asks_for_backup_keeps_the_line_and_the_incident_is_on_the_queue(
    service: Service,
) -> None:
    incident = await service.incident(**SUICIDAL)
    made = await _transfer(service, incident, unit="LINE")
    await service.step(made["id"], "accepted")

    await service.post(f"/v1/assignments/{made['id']}:backup", {"who": ["police", "ems"]})

    queued = await _queued(service, incident)
    assert (queued["status"], queued["priority"]) == ("pending", 0)
    [row] = await service.fetch("select status from assignment where id = $1", made["id"])
    assert row["status"] == "accepted"


# --- danger told late


async def test_danger_told_while_a_desk_has_the_call_puts_it_back_on_the_queue(service: Service) -> None:
    body = a_call(**SUICIDAL, updated_at=iso(NOW - timedelta(minutes=1)))
    incident = (await service.post("/v1/calls", body)).json()["incident"]["id"]
    made = await _transfer(service, incident, unit="LINE")
    await service.step(made["id"], "accepted")

    worse = {**body, "narrative": "he has a knife in his hand", "updated_at": iso(NOW)}
    await service.post("/v1/calls", worse)

    queued = await _queued(service, incident)
    assert (queued["status"], queued["priority"]) == ("pending", 1)
    assert "risk_raised" in await _kinds(service)
    matched = (await service.get("/v1/recommendations")).json()["items"]
    assert ("police", incident) in [(one["responder_type"], one["incident_id"]) for one in matched]
    for _ in range(3):
        await service.after(121)
    assert "unassigned" in await _kinds(service)


async def test_a_desk_that_accepts_after_danger_was_told_does_not_take_the_call_off_the_queue(
    service: Service,
) -> None:
    incident = await service.incident(**SUICIDAL)
    made = await _transfer(service, incident, unit="LINE")
    await service.post(f"/v1/incidents/{incident}:retriage", {"note": "he has a knife in his hand"})

    await service.step(made["id"], "accepted")

    queued = await _queued(service, incident)
    assert (queued["status"], queued["needs_human"]) == ("pending", True)
    [sent] = await service.assign(incident, "P1")
    assert sent["status"] == "ordered"
    assert (await _queued(service, incident))["status"] == "active"


async def test_danger_told_while_police_come_leaves_the_incident_with_them(service: Service) -> None:
    incident = await service.incident(**SUICIDAL)
    await service.assign(incident, "P1")

    await service.post(f"/v1/incidents/{incident}:retriage", {"note": "he has a knife in his hand"})

    assert (await _queued(service, incident))["status"] == "active"


async def test_danger_told_while_an_incident_is_held_puts_it_back_on_the_queue(service: Service) -> None:
    incident = await service.incident(narrative="loud music")
    hold = {"until": iso(NOW + timedelta(hours=2)), "reason": "after the match"}
    await service.post(f"/v1/incidents/{incident}:hold", hold)

    await service.post(f"/v1/incidents/{incident}:retriage", {"note": "he has a knife in his hand"})

    queued = await _queued(service, incident)
    assert (queued["status"], queued["held_until"]) == ("pending", None)


async def test_an_incident_that_came_back_to_the_queue_is_missed_when_nobody_is_sent(service: Service) -> None:
    """Whoever was there before is not there now."""
    incident = await service.incident(narrative="loud music")
    [made] = await service.assign(incident, "P1")
    await service.step(made["id"], "cleared", outcome="handled")
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})
    await service.post(f"/v1/incidents/{incident}:reopen", {"reason": "caller rang again"})

    for _ in range(3):
        await service.after(3601)

    assert "unassigned" in await _kinds(service)
