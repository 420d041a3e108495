"""Crews log on and off: nobody is on two units at once, and a unit on duty has the people who staff it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.city import NOW, a_city
from tests.support.service import Service

from dispatch.db.session import transaction
from dispatch.domain.access import Role
from dispatch.domain.errors import Conflict
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor
from dispatch.operations.setup import SetUp, ShiftRecord, set_up

pytestmark = pytest.mark.anyio

GASPING: dict[str, Any] = {"call_type": None, "narrative": "my father is not breathing"}
LATER = iso(NOW + timedelta(hours=8))


async def _off(service: Service, *units: str) -> None:
    for unit in units:
        answer = await service.post(f"/v1/units/{unit}:log-off")
        assert answer.status_code == 200, answer.text


async def _on(service: Service, unit: str, *crew: str, by: str = "dispatcher", **body: Any) -> httpx.Response:
    return await service.post(f"/v1/units/{unit}:log-on", {"crew": list(crew), "until": LATER, **body}, by=by)


async def _unit(service: Service, call_sign: str) -> dict[str, Any]:
    [found] = [one for one in (await service.get("/v1/units")).json()["items"] if one["call_sign"] == call_sign]
    return dict(found)


async def _why_not(service: Service, incident: str, call_sign: str) -> list[str]:
    advice = (await service.get(f"/v1/incidents/{incident}/recommendation")).json()
    [found] = [one["reasons"] for one in advice["not_offered"] if one["unit"] == call_sign] or [[]]
    return list(found)


async def test_a_crew_that_logs_off_is_off_duty_and_one_that_logs_on_is_available(service: Service) -> None:
    off = await service.post("/v1/units/P1:log-off", {"reason": "early finish"})
    again = await service.post("/v1/units/P1:log-off")
    on = await _on(service, "P1", "R-P1")

    assert (off.status_code, off.json()["status"], off.json()["shift"]) == (200, "off_duty", None)
    assert again.status_code == 409
    assert (on.status_code, on.json()["status"], on.json()["warnings"]) == (200, "available", [])
    assert [one["employee_number"] for one in on.json()["shift"]["crew"]] == ["R-P1"]
    assert on.json()["shift"]["ends_at"].startswith(LATER[:19])


async def test_the_log_says_who_logged_on_and_off(service: Service) -> None:
    await _off(service, "P1")
    await _on(service, "P1", "R-P1")

    rows = await service.fetch(
        "select type, payload from event_log where jurisdiction_id = $1 and subject_id = $2 order by seq",
        *(service.jurisdiction, service.units["P1"]),
    )
    assert [row["type"] for row in rows] == ["unit.logged_off", "unit.logged_on"]


async def test_a_unit_that_is_logged_on_is_not_logged_on_again(service: Service) -> None:
    answer = await _on(service, "P1", "R-P1")

    assert answer.status_code == 409
    assert "logged on until" in answer.json()["detail"]


async def test_nobody_is_on_two_units_and_the_refusal_names_the_unit_they_are_on(service: Service) -> None:
    await _off(service, "P1")

    answer = await _on(service, "P1", "R-P1", "R-M1")

    assert answer.status_code == 409
    assert answer.json()["people"][0]["unit"] == "M1"
    assert (await _unit(service, "P1"))["status"] == "off_duty"


async def test_a_person_who_was_taken_off_one_unit_can_log_on_to_another(service: Service) -> None:
    await _off(service, "P1")
    left = await service.post("/v1/units/M1:change-crew", {"off": ["R-M1"]})

    answer = await _on(service, "P1", "R-M1")

    assert left.json()["warnings"][0]["code"] == "below_minimum_staffing:0/1"
    assert (answer.status_code, answer.json()["status"]) == (200, "available")


async def test_a_unit_at_work_does_not_log_off_and_the_refusal_names_its_incident(service: Service) -> None:
    incident = await service.call()
    await service.assign(incident["incident"]["id"], "P1")

    answer = await service.post("/v1/units/P1:log-off")

    assert answer.status_code == 409
    assert answer.json()["assignments"][0]["number"] == incident["incident"]["number"]


async def test_whoever_joins_a_unit_at_work_is_on_its_incident(service: Service) -> None:
    await _off(service, "P2")
    [made] = await service.assign(await service.incident(), "P1")

    answer = await service.post("/v1/units/P1:change-crew", {"on": ["R-P2"], "off": ["R-P1"]})

    assert answer.status_code == 200, answer.text
    assert [one["employee_number"] for one in answer.json()["shift"]["crew"]] == ["R-P1", "R-P2"]
    people = await service.fetch(
        "select employee_number from assignment_responder a join responder r on r.id = a.responder_id "
        "and r.jurisdiction_id = a.jurisdiction_id where assignment_id = $1 order by 1",
        made["id"],
    )
    assert [row["employee_number"] for row in people] == ["R-P1", "R-P2"]


async def test_a_log_on_begins_the_shift_that_was_planned_with_whoever_came(service: Service) -> None:
    await service.post("/v1/units/P1:log-off")
    planned = NOW + timedelta(minutes=30), NOW + timedelta(hours=10)
    await service.fetch(
        "insert into shift (jurisdiction_id, id, unit_id, starts_at, ends_at) values ($1, $2, $3, $4, $5)",
        *(service.jurisdiction, "sft_planned", service.units["P1"], *planned),
    )

    answer = await service.post("/v1/units/P1:log-on", {"crew": ["R-P1"]})

    assert answer.status_code == 200, answer.text
    assert (answer.json()["shift"]["id"], answer.json()["shift"]["starts_at"][:16]) == ("sft_planned", iso(NOW)[:16])


async def test_without_a_planned_shift_crew_and_end_must_be_said(service: Service) -> None:
    await _off(service, "P1")

    answer = await service.post("/v1/units/P1:log-on", {})

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/crew", "/until"]


@pytest.mark.parametrize("hours", [-1, 0, 100])
async def test_a_shift_ends_after_it_begins_and_within_three_days(service: Service, hours: int) -> None:
    await _off(service, "P1")

    answer = await _on(service, "P1", "R-P1", until=iso(NOW + timedelta(hours=hours)))

    assert answer.status_code == 422


async def test_a_phone_logs_its_own_unit_on_and_no_other(service: Service) -> None:
    phone = await service.token(Role.RESPONDER, unit_id=service.units["CR1"])
    own = await service.post("/v1/units/CR1:log-off", by=phone)
    other = await service.post("/v1/units/CR2:log-off", by=phone)

    assert (own.status_code, other.status_code) == (200, 403)
    assert (await _on(service, "CR1", "R-CR1", by=phone)).status_code == 200


async def test_shifts_are_listed_by_unit_and_by_person(service: Service) -> None:
    by_unit = (await service.get("/v1/shifts", params={"unit": "P1"})).json()["items"]
    by_person = (await service.get("/v1/shifts", params={"responder": "R-P1"})).json()["items"]

    assert [(one["unit"], [two["employee_number"] for two in one["crew"]]) for one in by_unit] == [("P1", ["R-P1"])]
    assert by_person == by_unit


async def test_shifts_of_violence_intervention_do_not_exist_for_police(service: Service) -> None:
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    assert (await service.get("/v1/shifts", by=police, params={"unit": "V1"})).json()["items"] == []
    assert (await service.post("/v1/units/V1:log-off", by=police)).status_code == 404
    assert len((await service.get("/v1/shifts", params={"unit": "V1"})).json()["items"]) == 1


async def test_planned_shifts_that_put_somebody_on_two_units_are_refused_whole(service: Service) -> None:
    day = NOW + timedelta(days=3)
    early, late = day, day + timedelta(hours=4)
    plan = SetUp(
        service.jurisdiction,
        "Test city",
        "America/Los_Angeles",
        shifts=[
            ShiftRecord("P1", ("R-P1",), early, early + timedelta(hours=8)),
            ShiftRecord("P2", ("R-P2", "R-P1"), late, late + timedelta(hours=8)),
        ],
    )
    actor = Actor(service.jurisdiction, "tests", NOW)

    with pytest.raises(Conflict, match=r"R-P1 from .* and from"):
        async with transaction(service.sessions) as session:
            await set_up(session, plan, actor)

    assert len((await service.get("/v1/shifts", params={"unit": "P1"})).json()["items"]) == 1


async def test_a_shift_that_was_begun_or_ended_early_is_not_planned_again_by_the_same_file(service: Service) -> None:
    await _off(service, "P1")

    async with transaction(service.sessions) as session:
        added = await set_up(session, a_city(service.jurisdiction), Actor(service.jurisdiction, "tests", NOW))

    assert added.shifts == 0


async def test_a_unit_that_says_it_is_off_duty_has_ended_its_shift_and_needs_a_crew_to_come_back(
    service: Service,
) -> None:
    off = await service.post("/v1/units/P1/status", {"status": "off_duty"})
    alone = await service.post("/v1/units/P1/status", {"status": "available"})
    moved = await _on(service, "P2", "R-P1")

    assert (off.status_code, alone.status_code) == (200, 409)
    assert "log-on" in alone.json()["fix"]
    assert moved.status_code == 409  # P2 has its own crew
    await _off(service, "P2")
    assert (await _on(service, "P2", "R-P1")).status_code == 200


async def test_a_unit_on_a_break_is_not_offered_until_it_is_over(service: Service) -> None:
    incident = await service.incident(**GASPING)
    until = iso(NOW + timedelta(minutes=30))
    await service.post("/v1/units/M2:log-off")

    answer = await service.post("/v1/units/M1:start-break", {"until": until, "reason": "meal"})

    assert answer.status_code == 200, answer.text
    assert await _why_not(service, incident, "M1") == [f"resting:{until}"]
    assert (await _unit(service, "M1"))["break_until"] is not None
    service.clock.advance(31 * 60)
    assert await _why_not(service, incident, "M1") == []
    assert (await _unit(service, "M1"))["break_until"] is None


async def test_a_break_is_seen_by_the_answer_to_a_new_call(service: Service) -> None:
    await service.post("/v1/units/M2:log-off")
    before = (await service.call(**GASPING))["recommendation"]["units"]
    await service.post("/v1/units/M1:start-break", {"until": iso(NOW + timedelta(minutes=30))})

    after = (await service.call(**GASPING))["recommendation"]["units"]

    assert "M1" in [one["unit"] for one in before]
    assert "M1" not in [one["unit"] for one in after]


async def test_a_crew_that_is_sent_in_its_break_was_called_back_and_whoever_sent_it_was_told(service: Service) -> None:
    until = iso(NOW + timedelta(minutes=30))
    await service.post("/v1/units/P1:start-break", {"until": until})

    answer = await service.post(f"/v1/incidents/{await service.incident()}/assignments", {"units": ["P1"]})

    assert answer.status_code == 201
    assert [(one["unit"], one["code"]) for one in answer.json()["warnings"]] == [("P1", f"resting:{until}")]
    assert (await _unit(service, "P1"))["break_until"] is None


async def test_a_break_is_ended_before_its_time_and_only_once(service: Service) -> None:
    await service.post("/v1/units/P1:start-break", {"until": iso(NOW + timedelta(minutes=30))})

    answers = [await service.post("/v1/units/P1:end-break") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 409]


@pytest.mark.parametrize("hours", [-1, 0, 13])
async def test_a_break_ends_in_the_future_and_within_half_a_day(service: Service, hours: int) -> None:
    answer = await service.post("/v1/units/P1:start-break", {"until": iso(NOW + timedelta(hours=hours))})

    assert answer.status_code == 422


async def test_a_unit_at_work_takes_no_break(service: Service) -> None:
    await service.assign(await service.incident(), "P1")

    assert (await service.post("/v1/units/P1:start-break", {"until": LATER})).status_code == 409


async def test_people_whose_agency_gives_rest_are_not_offered_before_it_is_over(service: Service) -> None:
    incident = await service.incident(**GASPING)
    changed = await service.send("PATCH", "/v1/agencies/city-fire", by="administrator", json={"rest_s": 8 * 3600})
    assert changed.status_code == 200, changed.text
    await _off(service, "M1", "M2")
    service.clock.advance(3600)

    answer = await _on(service, "M1", "R-M1")

    rested = f"resting:{iso(NOW + timedelta(hours=8))}"
    assert [one["code"] for one in answer.json()["warnings"]] == [rested]
    assert await _why_not(service, incident, "M1") == [rested]


async def test_a_unit_is_not_offered_outside_the_area_that_it_serves(service: Service) -> None:
    incident = await service.incident(**GASPING)
    await service.post("/v1/units/M2:log-off")
    far = [[[-100, 40], [-99, 40], [-99, 41]]]

    changed = await service.send("PATCH", "/v1/units/M1", by="administrator", json={"area": far})

    assert changed.json()["area"] == far
    assert await _why_not(service, incident, "M1") == ["outside_area"]
    await service.send("PATCH", "/v1/units/M1", by="administrator", json={"area": None})
    assert await _why_not(service, incident, "M1") == []


async def test_whoever_sends_a_unit_with_too_few_people_is_warned_in_the_answer_and_in_the_log(
    service: Service,
) -> None:
    await service.send("PATCH", "/v1/units/P1", by="administrator", json={"min_crew": 2})
    incident = await service.incident()

    answer = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["P1", "P2"]})

    assert answer.status_code == 201
    [told] = answer.json()["warnings"]
    assert (told["unit"], told["code"]) == ("P1", "below_minimum_staffing:1/2")
    assert "Too few people" in told["why"]
    rows = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    logged = {row["payload"]["unit"]: row["payload"]["warnings"] for row in rows if row["type"] == "unit.assigned"}
    assert logged == {"P1": ["below_minimum_staffing:1/2"], "P2": []}


async def test_whoever_sends_a_unit_whose_certificate_has_expired_is_warned(service: Service) -> None:
    await service.send("PATCH", "/v1/units/M1", by="administrator", json={"capabilities": []})
    [person] = [one for one in (await service.get("/v1/responders")).json()["items"] if one["name"] == "Person of M1"]
    expired = {"certifications": [{"name": "als", "expires_on": "2026-11-22"}]}
    await service.send("PATCH", f"/v1/responders/{person['id']}", by="administrator", json=expired)
    incident = await service.incident(**GASPING)
    assert await _why_not(service, incident, "M1") == ["certification_expired:als"]

    answer = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["M1"]})

    assert [one["code"] for one in answer.json()["warnings"]] == ["certification_expired:als"]


async def test_one_crew_that_staffs_two_vehicles_goes_with_one_and_the_other_says_so(service: Service) -> None:
    incident = await service.incident(**GASPING)
    await _off(service, "E1", "M1", "M2")
    assert (await _on(service, "E1", "R-E1", also=["M1"])).json()["shift"]["also"] == ["M1"]
    [made] = await service.assign(await service.incident(), "E1")

    assert await _why_not(service, incident, "M1") == ["crew_with:E1"]
    taken = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["M1"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "unit_already_assigned")
    assert "E1" in taken.json()["detail"]
    assert (await service.post("/v1/units/M1:log-off")).status_code == 200
    assert (await service.post("/v1/units/M1:log-on", {"crew": ["R-M1"], "until": LATER})).status_code == 200
    await service.step(made["id"], "on_scene")
    await service.step(made["id"], "cleared", outcome="handled")


async def test_the_other_vehicle_comes_back_when_the_crew_does(service: Service) -> None:
    incident = await service.incident(**GASPING)
    await _off(service, "E1", "M1", "M2")
    await _on(service, "E1", "R-E1", also=["M1"])
    [made] = await service.assign(await service.incident(), "E1")
    await service.step(made["id"], "on_scene")
    assert await _why_not(service, incident, "M1") == ["crew_with:E1"]

    await service.step(made["id"], "cleared", outcome="handled")

    assert await _why_not(service, incident, "M1") == []
    assert (await service.assign(incident, "M1"))[0]["status"] == "ordered"


async def test_two_vehicles_of_one_crew_are_not_assigned_together(service: Service) -> None:
    await _off(service, "E1", "M1")
    await _on(service, "E1", "R-E1", also=["M1"])

    answer = await service.post(f"/v1/incidents/{await service.incident()}/assignments", {"units": ["E1", "M1"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "unit_already_assigned")


async def test_a_crew_logs_off_from_all_its_vehicles_and_not_while_one_is_out(service: Service) -> None:
    await _off(service, "E1", "M1")
    await _on(service, "E1", "R-E1", also=["M1"])
    [made] = await service.assign(await service.incident(), "M1")

    assert (await service.post("/v1/units/E1:log-off")).status_code == 409
    await service.step(made["id"], "on_scene")
    await service.step(made["id"], "cleared", outcome="handled")
    assert (await service.post("/v1/units/E1:log-off")).status_code == 200
    assert [(await _unit(service, unit))["status"] for unit in ("E1", "M1")] == ["off_duty", "off_duty"]


async def test_a_crew_of_violence_intervention_staffs_no_other_kind_of_unit(service: Service) -> None:
    await _off(service, "H1", "V1")

    assert (await _on(service, "H1", "R-H1", also=["V1"])).status_code == 422
