"""An incident passes from one discipline to another when the other says yes; until then the first one has it."""

from typing import Any

import httpx
import pytest
from tests.support.service import Service

from dispatch.domain.access import Role

pytestmark = pytest.mark.anyio


async def _on_scene(service: Service, *units: str) -> tuple[str, list[str]]:
    incident = await service.incident(narrative="loud music")
    ids = await _assigned(service, incident, *units)
    for one in ids:
        await service.step(one, "on_scene")
    return incident, ids


async def _assigned(service: Service, incident: str, *units: str) -> list[str]:
    """The assignments in the order of the units."""
    made = {one["unit"]: one["id"] for one in await service.assign(incident, *units)}
    return [made[unit] for unit in units]


async def _ask(service: Service, assignment: str, unit: str, by: str = "dispatcher", **body: Any) -> httpx.Response:
    return await service.post(f"/v1/assignments/{assignment}:hand-off", {"unit": unit, **body}, by=by)


async def _asked(service: Service, assignment: str, unit: str) -> dict[str, Any]:
    answer = await _ask(service, assignment, unit, reason="he wants to press charges")
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def _answer(service: Service, assignment: str, by: str = "dispatcher", **body: Any) -> httpx.Response:
    return await service.post(f"/v1/assignments/{assignment}:take-over", body, by=by)


async def _clear(service: Service, assignment: str, outcome: str) -> httpx.Response:
    return await service.post(f"/v1/assignments/{assignment}/status", {"status": "cleared", "outcome": outcome})


async def _queued(service: Service, incident: str) -> dict[str, Any]:
    [found] = [one for one in (await service.get("/v1/incidents")).json()["items"] if one["id"] == incident]
    return dict(found)


async def test_a_unit_keeps_the_incident_until_the_one_that_it_asked_accepts(service: Service) -> None:
    incident, [mine] = await _on_scene(service, "CR1")

    asked = await _asked(service, mine, "P1")
    service.clock.advance(15)
    waiting = await _queued(service, incident)
    early = await _clear(service, mine, "handled")
    await service.step(asked["id"], "accepted")
    late = await _clear(service, mine, "handed_off_to_police")

    assert (asked["kind"], asked["mode"], asked["status"], asked["takes_over_from"]) == (
        "hand_off",
        "offered",
        "offered",
        mine,
    )
    [one] = waiting["awaiting_transfer"]
    assert (one["kind"], one["to"], one["from_unit"], one["waited_s"]) == ("hand_off", "P1", "CR1", 15)
    assert early.status_code == 409
    assert early.json()["waiting_for"] == ["P1"]
    assert late.status_code == 200
    queued = await _queued(service, incident)
    assert (queued["status"], queued["awaiting_transfer"]) == ("active", [])


async def test_a_unit_that_is_on_the_incident_already_is_asked_where_it_is(service: Service) -> None:
    incident, [mine, theirs] = await _on_scene(service, "CR1", "P1")

    asked = await _asked(service, mine, "P1")
    waiting = await _queued(service, incident)
    answer = await _answer(service, theirs, accept=True)

    assert (asked["id"], asked["status"], asked["kind"]) == (theirs, "on_scene", "dispatch")
    assert [one["to"] for one in waiting["awaiting_transfer"]] == ["P1"]
    assert answer.json()["taken_over_at"] == "2026-11-23T14:00:00Z"
    assert (await _clear(service, mine, "handed_off_to_police")).status_code == 200


async def test_a_unit_that_arrives_has_taken_over(service: Service) -> None:
    incident = await service.incident(narrative="loud music")
    mine, theirs = await _assigned(service, incident, "P1", "CR1")
    await service.step(mine, "on_scene")
    await service.step(theirs, "en_route")
    await _asked(service, mine, "CR1")

    arrived = await service.step(theirs, "on_scene")

    assert arrived["taken_over_at"] is not None
    assert (await _clear(service, mine, "handed_off_to_community_responder")).status_code == 200


async def test_a_no_leaves_the_incident_with_the_first_and_both_agencies_hear_of_it(service: Service) -> None:
    _, [mine, theirs] = await _on_scene(service, "CR1", "P1")
    await _asked(service, mine, "P1")
    care = await service.token(Role.DISPATCHER, agencies=["city-care"])

    blank = await _answer(service, theirs, accept=False)
    answer = await _answer(service, theirs, accept=False, reason="no crime here")

    assert blank.status_code == 422
    assert (answer.status_code, answer.json()["takes_over_from"]) == (200, None)
    [alarm] = await service.alarms(by=care, kind="hand_off_refused")
    assert alarm["message"].startswith("P1 does not take over")
    assert (await _clear(service, mine, "handed_off_to_police")).status_code == 409
    assert (await _clear(service, mine, "handled")).status_code == 200


async def test_a_unit_that_was_offered_it_declines_with_its_status(service: Service) -> None:
    incident, [mine] = await _on_scene(service, "CR1")
    asked = await _asked(service, mine, "P1")

    await service.step(asked["id"], "declined", reason="on the way to a fight")

    assert [one["kind"] for one in await service.alarms()] == ["hand_off_refused"]
    assert (await _queued(service, incident))["status"] == "active"
    [row] = await service.fetch("select status from assignment where id = $1", mine)
    assert row["status"] == "on_scene"


@pytest.mark.parametrize("there", [True, False])
async def test_silence_is_a_no_and_an_alarm(service: Service, there: bool) -> None:
    incident, made = await _on_scene(service, *(("CR1", "P1") if there else ("CR1",)))
    await _asked(service, made[0], "P1")
    before = (await _queued(service, incident))["awaiting_transfer"]

    await service.after(91)

    queued = await _queued(service, incident)
    assert (len(before), queued["awaiting_transfer"], queued["status"]) == (1, [], "active")
    assert [one["kind"] for one in await service.alarms()] == ["hand_off_refused"]
    assert (await _clear(service, made[0], "handled")).status_code == 200


async def test_whoever_took_over_and_is_cancelled_leaves_the_incident_on_the_queue(service: Service) -> None:
    incident, [mine] = await _on_scene(service, "CR1")
    asked = await _asked(service, mine, "P1")
    await service.step(asked["id"], "accepted")
    await _clear(service, mine, "handed_off_to_police")

    await service.step(asked["id"], "cancelled", reason="officer hurt")

    queued = await _queued(service, incident)
    assert (queued["status"], queued["needs_human"]) == ("pending", True)


async def test_whoever_took_over_and_left_first_leaves_nothing_to_wait_for(service: Service) -> None:
    incident, [mine, theirs] = await _on_scene(service, "CR1", "P1")
    await _asked(service, mine, "P1")
    await _answer(service, theirs, accept=True)
    service.clock.advance(60)
    await _clear(service, theirs, "report_taken")
    service.clock.advance(60)

    await _clear(service, mine, "handed_off_to_police")

    assert (await _queued(service, incident))["status"] == "active"


async def test_an_incident_whose_unit_is_cancelled_while_it_asks_waits_for_somebody(service: Service) -> None:
    incident = await service.incident(narrative="loud music")
    [mine] = await service.assign(incident, "P1")
    await _asked(service, mine["id"], "CR1")

    await service.step(mine["id"], "cancelled", reason="needed elsewhere")

    queued = await _queued(service, incident)
    assert (queued["status"], [one["to"] for one in queued["awaiting_transfer"]]) == ("pending", ["CR1"])


async def test_a_hand_off_that_is_taken_back_was_never_a_promise(service: Service) -> None:
    _, [mine] = await _on_scene(service, "CR1")
    asked = await _asked(service, mine, "P1")

    await service.step(asked["id"], "rescinded", reason="settled meanwhile")

    assert (await _clear(service, mine, "handled")).status_code == 200
    assert await service.alarms() == []


async def test_a_responder_asks_whom_it_sees_there_and_a_dispatcher_asks_anybody(service: Service) -> None:
    _, [mine, _] = await _on_scene(service, "CR1", "P1")
    phone = await service.token(Role.RESPONDER, unit_id=service.units["CR1"])

    elsewhere = await _ask(service, mine, "P2", by=phone)
    there = await _ask(service, mine, "P1", by=phone)

    assert (elsewhere.status_code, there.status_code) == (403, 201)


@pytest.mark.parametrize(("to", "status"), [("CR1", 422), ("V1", 422), ("NOBODY", 404)])
async def test_whom_nobody_can_hand_over_to_is_refused(service: Service, to: str, status: int) -> None:
    _, [mine] = await _on_scene(service, "CR1")

    assert (await _ask(service, mine, to)).status_code == status


async def test_police_that_name_a_violence_interrupter_are_told_what_nobody_is_told(service: Service) -> None:
    _, [mine] = await _on_scene(service, "P1")
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    answers = [(await _ask(service, mine, unit, by=police)).json() for unit in ("V1", "V8")]

    assert answers[0]["detail"].replace("V1", "V8") == answers[1]["detail"]


async def test_whoever_has_nothing_hands_nothing_over_and_asks_one_at_a_time(service: Service) -> None:
    incident, [mine] = await _on_scene(service, "CR1")
    [offered] = await service.assign(incident, "CR2")
    [told] = await service.assign(incident, "V1")
    await service.step(told["id"], "accepted")
    await _asked(service, mine, "P1")

    answers = [await _ask(service, one, "P2") for one in (offered["id"], told["id"], mine)]

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert ":backup" in answers[1].json()["fix"]
    assert (await _answer(service, mine, accept=True)).status_code == 409


async def test_history_timeline_and_counts_show_both_as_what_they_are(service: Service) -> None:
    incident, [mine] = await _on_scene(service, "CR1")
    asked = await _asked(service, mine, "P1")
    await service.step(asked["id"], "on_scene")
    await _clear(service, mine, "handed_off_to_police")
    await service.step(asked["id"], "cleared", outcome="citation")
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})
    service.clock.advance(1)

    handed = (await service.get("/v1/assignments", params={"kind": "hand_off"})).json()["items"]
    log = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    counts = (await service.get("/v1/reports/handling", by="supervisor")).json()["items"]

    assert [(one["unit"], one["takes_over_from"]) for one in handed] == [("P1", mine)]
    assert {"assignment.hand_off_offered", "assignment.taken_over"} <= {one["type"] for one in log}
    by_type = {one["responder_type"]: (one["arrived"], one["passed_on"], one["handled"]) for one in counts}
    assert by_type == {"community_responder": (1, 1, 0), "police": (1, 0, 1)}


# --- staged arrival


async def _staged(service: Service, unit: str = "M1") -> tuple[str, str, str]:
    """The incident, the police on scene and the unit that waits short of it."""
    incident = await service.incident(narrative="loud music")
    police, waits = await _assigned(service, incident, "P1", unit)
    await service.step(police, "on_scene")
    await service.step(waits, "staged")
    return incident, police, waits


async def _release(service: Service, assignment: str, by: str = "dispatcher") -> httpx.Response:
    return await service.post(f"/v1/assignments/{assignment}:release", {"reason": "one in custody"}, by=by)


async def test_a_staged_unit_goes_in_when_somebody_says_that_it_is_safe(service: Service) -> None:
    incident, _, waits = await _staged(service)
    service.clock.advance(30)

    answer = await _release(service, waits)
    again = await _release(service, waits, by="supervisor")
    arrived = await service.step(waits, "on_scene")

    assert answer.json()["status"] == "staged"
    assert (answer.json()["released_at"], answer.json()["released_by"]) == (
        "2026-11-23T14:00:30Z",
        service.token_ids["dispatcher"],
    )
    assert again.json()["released_by"] == service.token_ids["dispatcher"]
    assert arrived["warnings"] == []
    log = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    [told] = [one for one in log if one["type"] == "assignment.released"]
    assert (told["subject_id"], told["payload"]["unit"], told["payload"]["reason"]) == (waits, "M1", "one in custody")


async def test_a_unit_on_scene_releases_those_that_wait_for_it_and_no_other_unit_does(service: Service) -> None:
    _, _, waits = await _staged(service)
    there = await service.token(Role.RESPONDER, unit_id=service.units["P1"])
    elsewhere = await service.token(Role.RESPONDER, unit_id=service.units["P2"])
    waiting = await service.token(Role.RESPONDER, unit_id=service.units["M1"])

    answers = [(await _release(service, waits, by=token)).status_code for token in (elsewhere, waiting, there)]

    assert answers == [403, 403, 200]


async def test_dispatchers_release_their_own_units_and_those_that_wait_for_theirs(service: Service) -> None:
    _, _, waits = await _staged(service)

    answers = []
    for agency in ("city-care", "city-police", "city-fire"):
        token = await service.token(Role.DISPATCHER, agencies=[agency])
        answers.append((await _release(service, waits, by=token)).status_code)

    assert answers == [403, 200, 200]


@pytest.mark.parametrize("unit", ["M1", "CR1"])
async def test_a_unit_that_goes_in_unreleased_is_warned_and_never_held_back(service: Service, unit: str) -> None:
    _, _, waits = await _staged(service, unit)

    arrived = await service.step(waits, "on_scene")

    assert arrived["status"] == "on_scene"
    assert [(one["unit"], one["code"]) for one in arrived["warnings"]] == [(unit, "not_released")]
    [alarm] = await service.alarms(kind="arrived_unreleased")
    assert (alarm["severity"], alarm["unit"]) == ("urgent", unit)


async def test_police_go_in_as_they_see_fit(service: Service) -> None:
    _, _, waits = await _staged(service, "P2")

    assert (await service.step(waits, "on_scene"))["warnings"] == []
    assert await service.alarms(kind="arrived_unreleased") == []


async def test_a_unit_that_pulls_back_waits_to_be_released_again(service: Service) -> None:
    _, _, waits = await _staged(service)
    await _release(service, waits)
    await service.step(waits, "on_scene")

    pulled = await service.step(waits, "staged")
    arrived = await service.step(waits, "on_scene")

    assert pulled["released_at"] is None
    assert [one["code"] for one in arrived["warnings"]] == ["not_released"]


async def test_a_staged_unit_that_nobody_releases_is_told_of_again_and_again(service: Service) -> None:
    _, _, waits = await _staged(service)
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    await service.after(601)
    [alarm] = await service.alarms(kind="staged_unreleased", by=police)
    await service.after(601)

    assert (alarm["unit"], alarm["times"]) == ("M1", 1)
    assert [one["times"] for one in await service.alarms(kind="staged_unreleased")] == [2]
    await service.step(waits, "on_scene")
    await service.after(3600)
    assert [one["times"] for one in await service.alarms(kind="staged_unreleased")] == [2]


async def test_a_released_unit_that_does_not_go_in_is_missed_on_scene(service: Service) -> None:
    _, _, waits = await _staged(service)
    service.clock.advance(500)
    await _release(service, waits)

    await service.after(500)
    early = [one["kind"] for one in await service.alarms() if one["unit"] == "M1"]
    await service.after(101)

    assert early == []
    assert [one["kind"] for one in await service.alarms() if one["unit"] == "M1"] == ["travel_overdue"]


async def test_only_a_unit_that_is_staged_is_released(service: Service) -> None:
    _, police, _ = await _staged(service)

    assert (await _release(service, police)).status_code == 409


async def test_a_unit_whose_part_is_to_stage_waits_for_the_word_whether_or_not_it_said_that_it_is_there(
    service: Service,
) -> None:
    incident = await service.incident(narrative="shots fired outside", call_type=None)
    [told] = await service.assign(incident, "M1", role="staged")
    [silent] = await service.assign(incident, "M2", role="staged")
    for one in (told, silent):
        await service.step(one["id"], "en_route")

    released = await _release(service, told["id"])
    await service.step(told["id"], "staged")
    arrived = [await service.step(one["id"], "on_scene") for one in (told, silent)]

    assert released.status_code == 200, released.text
    assert [[one["code"] for one in row["warnings"]] for row in arrived] == [[], ["not_released"]]


async def test_a_unit_that_leaves_before_it_answered_is_told_of_as_a_no(service: Service) -> None:
    _, [mine, other] = await _on_scene(service, "P1", "CR1")
    await _asked(service, mine, "CR1")

    await service.step(other, "cleared", outcome="handled")

    [alarm] = await service.alarms(kind="hand_off_refused")
    assert (alarm["unit"], alarm["severity"]) == ("CR1", "attention")
    assert (await _clear(service, mine, "handed_off_to_community_responder")).status_code == 409


async def test_a_desk_that_hears_of_danger_gives_the_call_back_though_it_has_asked_somebody(service: Service) -> None:
    incident = await service.incident(call_type=None, narrative="I feel suicidal and want to talk to somebody")
    [desk] = await _assigned(service, incident, "LINE")
    await service.step(desk, "accepted")
    asked = await _asked(service, desk, "CR1")

    answer = await service.post(f"/v1/assignments/{desk}:return", {"reason": "he has the gun in his hand"})

    assert (answer.status_code, answer.json()["status"], answer.json()["priority"]) == (200, "pending", 0)
    await service.step(asked["id"], "accepted")
    assert (await _queued(service, incident))["status"] == "active"
