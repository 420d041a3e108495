"""What nobody does in time is done by a timer, or somebody is told."""

import pytest
from tests.support.city_policy import city_policy
from tests.support.service import Service

from dispatch.db.session import transaction
from dispatch.operations.policies import install_policy

pytestmark = pytest.mark.anyio


async def _status(service: Service, assignment: str) -> str:
    [row] = await service.fetch("select status from assignment where id = $1", assignment)
    return str(row["status"])


async def _incident(service: Service, incident: str) -> dict[str, object]:
    found: dict[str, object] = (await service.get(f"/v1/incidents/{incident}")).json()["incident"]
    return found


async def _kinds(service: Service, **wanted: object) -> list[str]:
    return sorted(alarm["kind"] for alarm in await service.alarms(**wanted))


async def test_an_offer_that_nobody_answers_ends_and_the_unit_is_free_again(service: Service) -> None:
    incident = await service.incident()
    [offer] = await service.assign(incident, "CR1")

    assert await service.after(89) == 0
    assert await _status(service, offer["id"]) == "offered"
    assert await service.after(2) >= 1

    assert await _status(service, offer["id"]) == "timed_out"
    [unit] = await service.fetch("select status from unit where id = $1", service.units["CR1"])
    assert unit["status"] == "available"
    assert (await _incident(service, incident))["status"] == "pending"
    assert "offer_unanswered" in await _kinds(service)


async def test_an_offer_says_until_when_it_waits(service: Service) -> None:
    [offer] = await service.assign(await service.incident(), "CR1")

    assert offer["answer_by"] == "2026-11-23T14:01:30Z"


async def test_an_offer_that_was_answered_is_never_timed_out(service: Service) -> None:
    [offer] = await service.assign(await service.incident(), "CR1")
    await service.step(offer["id"], "accepted")

    await service.after(100)

    assert await _status(service, offer["id"]) == "accepted"
    assert await _kinds(service) == []


async def test_a_unit_that_was_sent_and_does_not_move_is_told_of_once(service: Service) -> None:
    [sent] = await service.assign(await service.incident(), "M1")

    await service.after(61)
    await service.after(600)

    [alarm] = await service.alarms(kind="turnout_overdue")
    assert (alarm["unit"], alarm["times"], alarm["subject_id"]) == ("M1", 1, sent["id"])


async def test_a_unit_that_moves_in_time_raises_nothing_until_its_estimate_has_long_passed(service: Service) -> None:
    [sent] = await service.assign(await service.incident(), "M1", eta_s={"M1": 400})
    await service.step(sent["id"], "en_route")

    await service.after(400 + 299)
    assert await _kinds(service) == []

    await service.after(2)
    assert await _kinds(service) == ["travel_overdue"]


async def test_two_missed_welfare_checks_escalate_by_themselves(service: Service) -> None:
    incident = await service.incident()
    [sent] = await service.assign(incident, "CR1")
    await service.step(sent["id"], "on_scene")

    await service.after(301)
    assert await _kinds(service) == ["welfare_missed"]
    assert (await _incident(service, incident))["priority"] == 3

    await service.after(301)
    assert await _kinds(service) == ["welfare_escalated", "welfare_missed"]
    [escalated] = await service.alarms(kind="welfare_escalated")
    assert (escalated["severity"], escalated["for_supervisor"]) == ("urgent", True)
    found = (await service.get(f"/v1/incidents/{incident}")).json()
    assert found["incident"]["priority"] == 0
    assert [(one["step"], one["responder_type"]) for one in found["triage"]["plan"][:2]] == [(1, "police"), (1, "ems")]
    advice = (await service.get(f"/v1/incidents/{incident}/recommendation")).json()
    assert {unit["responder_type"] for unit in advice["units"] if unit["pick"]} == {"police", "ems"}


async def test_checks_that_go_on_being_missed_count_up_and_escalate_only_once(service: Service) -> None:
    incident = await service.incident()
    [sent] = await service.assign(incident, "CR1")
    await service.step(sent["id"], "on_scene")

    for _ in range(4):
        await service.after(301)

    [missed] = await service.alarms(kind="welfare_missed")
    assert missed["times"] == 4
    [escalated] = await service.alarms(kind="welfare_escalated")
    assert escalated["times"] == 1
    decisions = (await service.get(f"/v1/incidents/{incident}/decisions")).json()["items"]
    assert [one["trigger"] for one in decisions] == ["call", "escalation"]


async def test_a_unit_that_checks_in_has_missed_nothing(service: Service) -> None:
    [sent] = await service.assign(await service.incident(), "CR1")
    await service.step(sent["id"], "on_scene")
    await service.after(301)

    answer = await service.post(f"/v1/assignments/{sent['id']}:check-in", {"note": "all well"})
    await service.after(301)

    assert answer.status_code == 200
    [missed] = await service.alarms(kind="welfare_missed")
    assert missed["payload"] == {"misses": 1}
    assert await service.alarms(kind="welfare_escalated") == []


async def test_a_unit_that_is_not_on_scene_has_no_welfare_to_check(service: Service) -> None:
    [sent] = await service.assign(await service.incident(), "CR1")

    answer = await service.post(f"/v1/assignments/{sent['id']}:check-in")

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_an_incident_that_nobody_was_sent_to_raises_an_alarm_at_the_limit_of_its_priority(
    service: Service,
) -> None:
    await service.incident(call_type={"text": "x"}, narrative="not breathing")
    await service.incident()

    await service.after(59)
    assert await _kinds(service) == []
    await service.after(2)
    [alarm] = await service.alarms(kind="unassigned")
    assert (alarm["priority"], alarm["severity"]) == (0, "urgent")

    await service.after(1800)
    assert await _kinds(service, kind="unassigned") == ["unassigned", "unassigned"]


async def test_a_life_threat_that_was_acknowledged_and_forgotten_is_told_of_again(service: Service) -> None:
    incident = await service.incident(call_type={"text": "x"}, narrative="not breathing")
    await service.after(61)
    [alarm] = await service.alarms(kind="unassigned")
    await service.post(f"/v1/alarms/{alarm['id']}:acknowledge", {"note": "I look for a medic"})

    await service.after(61)

    assert len(await service.alarms(kind="unassigned", acknowledged=False)) == 1
    await service.assign(incident, "M1")
    await service.after(61)
    assert [one["times"] for one in await service.alarms(kind="unassigned", acknowledged=False)] == [1]


async def test_a_worker_that_was_away_finds_what_is_overdue(service: Service) -> None:
    """Nothing was written for the timer when the call came in, so nothing can have been lost with it."""
    await service.incident(call_type={"text": "x"}, narrative="not breathing")
    assert (await service.rows())["timer"] == 0

    await service.after(3600)

    assert await _kinds(service) == ["unassigned"]


async def test_an_incident_that_somebody_took_raises_nothing(service: Service) -> None:
    incident = await service.incident(call_type={"text": "x"}, narrative="not breathing")
    await service.after(1)
    [sent] = await service.assign(incident, "M1")
    await service.step(sent["id"], "en_route")

    await service.after(65)

    assert await _kinds(service) == []


async def test_a_file_of_past_calls_raises_no_alarm(service: Service) -> None:
    await service.incident(received_at="2019-03-01T10:00:00Z")

    await service.after(10)

    assert await _kinds(service) == []


async def test_an_incident_is_on_the_queue_again_when_its_hold_ends(service: Service) -> None:
    incident = await service.incident()
    hold = {"until": "2026-11-23T15:00:00Z", "reason": "caller is out until then"}
    await service.post(f"/v1/incidents/{incident}:hold", hold)

    await service.after(3599)
    assert (await _incident(service, incident))["status"] == "held"
    await service.after(2)

    found = await _incident(service, incident)
    assert (found["status"], found["held_until"]) == ("pending", None)
    assert "hold_due" in await _kinds(service)


async def test_a_hold_that_was_ended_by_a_person_ends_only_once(service: Service) -> None:
    incident = await service.incident()
    await service.post(f"/v1/incidents/{incident}:hold", {"until": "2026-11-23T15:00:00Z", "reason": "later"})
    await service.post(f"/v1/incidents/{incident}:reopen", {"reason": "caller is back"})
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    await service.after(7200)

    assert await _kinds(service) == []
    assert (await service.rows())["timer"] == 0


async def test_nothing_is_waited_for_when_an_incident_is_over(service: Service) -> None:
    incident = await service.incident()
    await service.after(1)
    [sent] = await service.assign(incident, "CR1")
    for status, more in (("accepted", {}), ("on_scene", {}), ("cleared", {"outcome": "handled"})):
        await service.step(sent["id"], status, **more)
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    assert (await service.rows())["timer"] == 0


async def test_danger_that_a_retriage_finds_raises_an_alarm(service: Service) -> None:
    incident = await service.incident()

    await service.post(f"/v1/incidents/{incident}:retriage", {"answers": {"weapon": "in_hand"}})

    [alarm] = await service.alarms(kind="risk_raised")
    assert alarm["incident_id"] == incident
    assert alarm["severity"] == "urgent"
    assert alarm["payload"]["risen"] == ["priority 3 became 1", "police must come now"]


async def test_a_retriage_that_finds_no_more_danger_raises_none(service: Service) -> None:
    incident = await service.incident()

    await service.post(f"/v1/incidents/{incident}:retriage", {"answers": {"injury": "no"}})

    assert await service.alarms() == []


async def test_a_correction_of_the_arrival_is_no_sign_that_all_is_well(service: Service) -> None:
    """Whoever puts a time right at a desk has not heard from the unit."""
    [sent] = await service.assign(await service.incident(), "CR1")
    await service.step(sent["id"], "on_scene")
    await service.after(301)

    await service.step(sent["id"], "on_scene", occurred_at="2026-11-23T14:04:00Z", reason="read the wrong clock")
    await service.after(301)

    assert "welfare_escalated" in await _kinds(service)


async def test_a_unit_that_takes_somebody_along_is_asked_on_the_way_and_at_the_end(service: Service) -> None:
    incident = await service.incident()
    [sent] = await service.assign(incident, "CR1")
    await service.step(sent["id"], "on_scene")
    await service.step(sent["id"], "transporting")
    await service.after(301)
    [missed] = await service.alarms(kind="welfare_missed")
    assert "while transporting" in missed["message"]

    answer = await service.post(f"/v1/assignments/{sent['id']}:check-in")
    assert answer.status_code == 200, answer.text
    await service.after(301)
    assert await service.alarms(kind="welfare_escalated") == []

    await service.step(sent["id"], "at_destination")
    await service.after(301)
    await service.after(301)
    assert len(await service.alarms(kind="welfare_escalated")) == 1


async def test_an_ambulance_is_not_asked_at_the_hospital(service: Service) -> None:
    [sent] = await service.assign(await service.incident(), "M1")
    for status in ("on_scene", "transporting"):
        await service.step(sent["id"], status)
    await service.after(1801)
    assert await _kinds(service) == ["welfare_missed"]
    await service.step(sent["id"], "at_destination")

    await service.after(7200)

    [missed] = await service.alarms(kind="welfare_missed")
    assert missed["times"] == 1


async def test_an_offer_for_what_has_become_a_life_threat_waits_no_longer_than_one_for_a_life_threat(
    service: Service,
) -> None:
    incident = await service.incident()
    [offer] = await service.assign(incident, "CR1")
    await service.after(10)

    await service.post(f"/v1/incidents/{incident}:retriage", {"answers": {"weapon": "in_hand"}})
    await service.after(0)

    found = (await service.get("/v1/assignments")).json()["items"][0]
    assert found["answer_by"] == "2026-11-23T14:00:40Z"
    await service.after(29)
    assert await _status(service, offer["id"]) == "offered"
    await service.after(2)
    assert await _status(service, offer["id"]) == "timed_out"


async def test_a_unit_under_way_to_what_has_become_a_life_threat_is_missed_sooner(service: Service) -> None:
    incident = await service.incident()
    [sent] = await service.assign(incident, "M1", eta_s={"M1": 400})
    await service.step(sent["id"], "en_route")
    await service.post(f"/v1/incidents/{incident}:retriage", {"answers": {"weapon": "in_hand"}})
    await service.after(0)

    await service.after(400 + 119)
    assert "travel_overdue" not in await _kinds(service)
    await service.after(2)

    assert "travel_overdue" in await _kinds(service)


async def test_what_a_unit_does_after_the_incident_has_become_a_life_threat_has_the_limits_of_one(
    service: Service,
) -> None:
    incident = await service.incident()
    [sent] = await service.assign(incident, "M1", eta_s={"M1": 400})
    await service.post(f"/v1/incidents/{incident}:retriage", {"answers": {"weapon": "in_hand"}})
    await service.step(sent["id"], "staged")

    await service.after(301)

    assert "staged_unreleased" in await _kinds(service)


async def test_a_life_threat_is_not_held(service: Service) -> None:
    """Who thinks that it is none says so first, with a reason that is kept."""
    incident = await service.incident(call_type={"text": "x"}, narrative="not breathing")
    hold = {"until": "2026-11-23T15:00:00Z", "reason": "nobody is free"}

    answer = await service.post(f"/v1/incidents/{incident}:hold", hold)

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert answer.json()["priority"] == 0
    await service.post(f"/v1/incidents/{incident}:override", {"reason": "caller_update", "priority": 3})
    assert (await service.post(f"/v1/incidents/{incident}:hold", hold)).status_code == 200


async def test_whoever_makes_a_held_incident_a_life_threat_puts_it_on_the_queue(service: Service) -> None:
    incident = await service.incident()
    await service.post(f"/v1/incidents/{incident}:hold", {"until": "2026-11-23T15:00:00Z", "reason": "later"})

    answer = await service.post(f"/v1/incidents/{incident}:override", {"reason": "danger_known", "priority": 0})

    assert answer.status_code == 200, answer.text
    found = await _incident(service, incident)
    assert (found["status"], found["held_until"]) == ("pending", None)
    await service.after(61)
    assert await _kinds(service) == ["unassigned"]


async def test_what_a_policy_never_waits_for_is_waited_for_when_it_has_become_a_life_threat(service: Service) -> None:
    never = "timers:\n  - {timer: offer, priority: [3, 4], limit_s: never}\n"
    async with transaction(service.sessions) as session:
        texts = {**city_policy(2), "timers.yaml": never}
        await install_policy(session, service.jurisdiction, texts, {}, actor="tests", now=service.clock.now())
    await service.after(1)
    incident = await service.incident()
    [offer] = await service.assign(incident, "CR1")
    await service.after(600)
    assert await _status(service, offer["id"]) == "offered"

    await service.post(f"/v1/incidents/{incident}:retriage", {"answers": {"weapon": "in_hand"}})
    await service.after(1)
    await service.after(31)

    assert await _status(service, offer["id"]) == "timed_out"
