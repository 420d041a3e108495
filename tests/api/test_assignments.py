"""Units are given to incidents, all or none, and go step by step as the state table says."""

from typing import Any

import pytest
from tests.support.city import UNITS
from tests.support.service import Service

from dispatch.domain.assignment import (
    NEEDS_OUTCOME,
    NEEDS_REASON,
    TERMINAL,
    AssignmentMode,
    AssignmentStatus,
    legal_moves,
    stamp_column,
    unit_status_after,
)
from dispatch.domain.classification import ORDERED_RESPONDER_TYPES

pytestmark = pytest.mark.anyio


async def _unit(service: Service, call_sign: str) -> dict[str, Any]:
    items = (await service.get("/v1/units")).json()["items"]
    return next(unit for unit in items if unit["call_sign"] == call_sign)


async def _status(service: Service, incident: str) -> str:
    return str((await service.get(f"/v1/incidents/{incident}")).json()["incident"]["status"])


async def _log_of(service: Service, incident: str) -> list[str]:
    items = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    return [str(event["type"]) for event in items]


async def test_sworn_and_medical_units_are_ordered_and_all_others_are_offered_the_job(service: Service) -> None:
    incident = await service.incident()

    made = await service.assign(incident, *(unit.call_sign for unit in UNITS))

    for row in made:
        ordered = row["responder_type"] in ORDERED_RESPONDER_TYPES
        assert (row["mode"], row["status"]) == (("ordered", "ordered") if ordered else ("offered", "offered"))
        assert row["ordered_at" if ordered else "offered_at"] == "2026-11-23T14:00:00Z"
        assert row["offered_at" if ordered else "ordered_at"] is None
    assert len(made) == len(UNITS)


async def test_a_dispatcher_may_choose_the_mode(service: Service) -> None:
    incident = await service.incident()

    [row] = await service.assign(incident, "CR1", mode="ordered", reason="asked for")

    assert (row["mode"], row["status"], row["reason"]) == ("ordered", "ordered", "asked for")


async def test_an_assignment_makes_the_incident_active_and_the_unit_assigned(service: Service) -> None:
    incident = await service.incident()

    [row] = await service.assign(incident, "CR1")

    assert await _status(service, incident) == "active"
    assert (await _unit(service, "CR1"))["status"] == "assigned"
    assert (row["category"], row["incident_type"], row["priority"]) == ("behavioral_health", "WELFARE", 3)
    assert (row["agency"], row["program"]) == ("city-care", "street-team")


async def test_units_may_be_named_by_call_sign_or_id_and_twice_is_once(service: Service) -> None:
    incident = await service.incident()

    made = await service.assign(incident, "CR1", service.units["P1"], "CR1", service.units["CR1"])

    assert sorted(row["unit"] for row in made) == ["CR1", "P1"]


async def test_one_taken_unit_refuses_them_all_and_says_where_it_is(service: Service) -> None:
    busy = await service.call()
    await service.assign(busy["incident"]["id"], "P1")
    incident = await service.incident()
    before = await service.rows()

    answer = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["P2", "P1", "M1"]})

    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "unit_already_assigned"
    assert problem["units"] == [
        {
            "unit": "P1",
            "unit_id": service.units["P1"],
            "incident": busy["incident"]["id"],
            "number": busy["incident"]["number"],
        }
    ]
    assert f"#{busy['incident']['number']}" in problem["detail"]
    assert await service.rows() == before
    assert (await _unit(service, "P2"))["status"] == "available"
    assert await _status(service, incident) == "pending"


async def test_a_unit_on_this_incident_is_not_assigned_to_it_twice(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "DESK")

    answer = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["DESK"]})

    assert answer.status_code == 409
    assert answer.json()["code"] == "unit_already_assigned"


@pytest.mark.parametrize("status", ["off_duty", "out_of_service", "emergency"])
async def test_a_unit_that_is_not_in_service_is_not_assigned(service: Service, status: str) -> None:
    incident = await service.incident()
    await service.post("/v1/units/P1/status", {"status": status})

    answer = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["P1", "P2"]})

    assert answer.status_code == 409
    assert answer.json()["code"] == "unit_not_available"
    assert answer.json()["units"] == [{"unit": "P1", "status": status}]


async def test_an_unknown_unit_or_incident_is_404_and_named(service: Service) -> None:
    incident = await service.incident()

    unit = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["P1", "NOPE"]})
    nowhere = await service.post("/v1/incidents/inc_nope/assignments", {"units": ["P1"]})

    assert (unit.status_code, unit.json()["units"]) == (404, ["NOPE"])
    assert nowhere.status_code == 404


async def test_a_desk_takes_as_many_at_once_as_its_capacity(service: Service) -> None:
    incidents = [await service.incident() for _ in range(4)]
    for incident in incidents[:3]:
        await service.assign(incident, "DESK")
    assert (await _unit(service, "DESK"))["status"] == "available"

    full = await service.post(f"/v1/incidents/{incidents[3]}/assignments", {"units": ["DESK"]})

    assert full.status_code == 409
    assert full.json()["code"] == "unit_already_assigned"


PATHS: list[tuple[str, list[str]]] = [
    ("P1", ["accepted", "en_route", "staged", "on_scene", "transporting", "at_destination", "cleared"]),
    ("M1", ["en_route", "on_scene", "transporting", "at_destination", "cleared"]),
    ("P1", ["on_scene", "cleared"]),
    ("P1", ["cleared"]),
    ("CR1", ["accepted", "en_route", "on_scene", "cleared"]),
    ("CR1", ["en_route", "on_scene", "cleared"]),
    ("CR1", ["declined"]),
    ("CR1", ["timed_out"]),
    ("CR1", ["rescinded"]),
    ("P1", ["en_route", "cancelled"]),
]


@pytest.mark.parametrize(("unit", "steps"), PATHS)
async def test_each_step_stamps_its_time_and_the_unit_follows(service: Service, unit: str, steps: list[str]) -> None:
    incident = await service.incident()
    [row] = await service.assign(incident, unit)
    for step in steps:
        at = service.clock.advance(60)
        status = AssignmentStatus(step)
        extra = {"reason": "because"} if status in NEEDS_REASON else {}
        extra |= {"outcome": "handled"} if status in NEEDS_OUTCOME else {}

        row = await service.step(row["id"], step, **extra)

        assert row["status"] == step
        assert row[stamp_column(status)] == at.isoformat().replace("+00:00", "Z")
        assert (await _unit(service, unit))["status"] == unit_status_after(status).value


async def test_a_step_that_answers_an_offer_accepts_it(service: Service) -> None:
    incident = await service.incident()
    [row] = await service.assign(incident, "CR1")
    service.clock.advance(30)

    row = await service.step(row["id"], "en_route")

    assert row["accepted_at"] == row["en_route_at"] == "2026-11-23T14:00:30Z"


@pytest.mark.parametrize("mode", list(AssignmentMode))
@pytest.mark.parametrize("to", list(AssignmentStatus))
async def test_only_the_steps_of_the_table_are_legal_from_the_start(
    service: Service, mode: AssignmentMode, to: AssignmentStatus
) -> None:
    incident = await service.incident()
    [row] = await service.assign(incident, "CR1", mode=mode.value)
    legal = legal_moves(AssignmentStatus(row["status"]), mode)

    answer = await service.post(
        f"/v1/assignments/{row['id']}/status", {"status": to.value, "reason": "x", "outcome": "handled"}
    )

    if to in legal:
        assert answer.status_code == 200
        assert answer.json()["status"] == to.value
    else:
        assert answer.status_code == 409
        assert answer.json()["code"] == "illegal_transition"
        assert answer.json()["legal"] == [move.value for move in legal]
        assert answer.json()["current"] == row["status"]


async def test_what_has_ended_takes_no_further_step(service: Service) -> None:
    incident = await service.incident()
    [row] = await service.assign(incident, "P1")
    await service.step(row["id"], "cleared", outcome="handled")

    answer = await service.post(f"/v1/assignments/{row['id']}/status", {"status": "en_route"})

    assert (answer.status_code, answer.json()["legal"]) == (409, [])


@pytest.mark.parametrize(("unit", "to", "field"), [
    ("CR1", "declined", "reason"), ("CR1", "rescinded", "reason"), ("P1", "cancelled", "reason"),
    ("P1", "cleared", "outcome"),
])  # fmt: skip
async def test_a_step_that_must_say_why_or_what_is_refused_without(
    service: Service, unit: str, to: str, field: str
) -> None:
    incident = await service.incident()
    [row] = await service.assign(incident, unit)

    answer = await service.post(f"/v1/assignments/{row['id']}/status", {"status": to})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"


async def test_cancelling_says_why_with_a_code_of_the_list_or_with_words(service: Service) -> None:
    incident = await service.incident()
    rows = {row["unit"]: row["id"] for row in await service.assign(incident, "P1", "P2", "M1")}

    async def cancel(unit: str, **body: Any) -> Any:
        return await service.post(f"/v1/assignments/{rows[unit]}/status", {"status": "cancelled", **body})

    by_code = (await cancel("P1", cause="handled_by_another")).json()
    in_words = (await cancel("P2", reason="the bridge is up")).json()
    unknown = (await cancel("M1", cause="duplicat")).json()
    nothing = (await cancel("M1", cause="other")).json()
    elsewhere = await service.post(f"/v1/assignments/{rows['M1']}/status", {"status": "en_route", "cause": "duplicate"})

    assert (by_code["status"], by_code["cause"], by_code["reason"]) == ("cancelled", "handled_by_another", None)
    assert (in_words["cause"], in_words["reason"]) == ("other", "the bridge is up")
    assert (unknown["errors"][0]["pointer"], unknown["errors"][0]["code"]) == ("/cause", "unknown_cause")
    assert "'duplicate'" in unknown["errors"][0]["detail"]
    assert nothing["errors"][0]["pointer"] == "/reason"
    assert elsewhere.json()["errors"][0]["pointer"] == "/cause"


async def test_a_late_report_keeps_its_true_time_and_the_log_says_how_late(service: Service) -> None:
    incident = await service.incident()
    [row] = await service.assign(incident, "P1")
    service.clock.advance(600)

    row = await service.step(row["id"], "on_scene", occurred_at="2026-11-23T15:04:00+01:00")

    assert row["on_scene_at"] == "2026-11-23T14:04:00Z"
    timeline = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    assert timeline[-1]["type"] == "assignment.on_scene"
    assert timeline[-1]["occurred_at"] == "2026-11-23T14:04:00Z"
    assert timeline[-1]["recorded_at"] == "2026-11-23T14:10:00Z"
    assert timeline[-1]["payload"]["late_s"] == 360


async def test_a_step_in_the_future_is_refused_but_a_clock_a_little_fast_is_not(service: Service) -> None:
    incident = await service.incident()
    [row] = await service.assign(incident, "P1")

    future = await service.post(
        f"/v1/assignments/{row['id']}/status", {"status": "en_route", "occurred_at": "2026-11-23T14:06:00Z"}
    )
    fast = await service.post(
        f"/v1/assignments/{row['id']}/status", {"status": "en_route", "occurred_at": "2026-11-23T14:04:00Z"}
    )

    assert future.status_code == 422
    assert future.json()["errors"][0]["pointer"] == "/occurred_at"
    assert fast.status_code == 200


@pytest.mark.parametrize("end", sorted(status.value for status in TERMINAL - {AssignmentStatus.CLEARED}))
async def test_an_incident_whose_only_unit_does_not_come_waits_again(service: Service, end: str) -> None:
    incident = await service.incident()
    [row] = await service.assign(incident, "P1" if end == "cancelled" else "CR1")

    await service.step(row["id"], end, reason="no")

    assert await _status(service, incident) == "pending"
    assert (await service.assign(incident, "P2"))[0]["status"] == "ordered"


async def test_an_incident_that_somebody_cleared_does_not_go_back_to_the_queue(service: Service) -> None:
    incident = await service.incident()
    police, care = await service.assign(incident, "P1", "CR1")
    if police["unit"] == "CR1":
        police, care = care, police
    await service.step(police["id"], "cleared", outcome="handled")

    await service.step(care["id"], "declined", reason="too far")

    assert await _status(service, incident) == "active"


@pytest.mark.parametrize("end", ["declined", "rescinded"])
async def test_an_incident_that_all_had_left_waits_again_when_who_was_sent_after_them_does_not_come(
    service: Service, end: str
) -> None:
    incident = await service.incident()
    [police] = await service.assign(incident, "P1")
    await service.step(police["id"], "cleared", outcome="handled")
    service.clock.advance(60)
    [care] = await service.assign(incident, "CR1")

    await service.step(care["id"], end, reason="too far")

    assert await _status(service, incident) == "pending"


async def test_an_incident_left_to_the_police_waits_for_them_and_a_person_is_told_why(service: Service) -> None:
    incident = await service.incident()
    first, last = await service.assign(incident, "CR1", "CR2", mode="ordered")
    await service.step(first["id"], "cleared", outcome="referred_to_police")
    assert await _status(service, incident) == "active"

    await service.step(last["id"], "cleared", outcome="contact_made")

    shown = (await service.get(f"/v1/incidents/{incident}")).json()["incident"]
    assert (shown["status"], shown["needs_human"], shown["status_reason"]) == ("pending", True, "referred_to_police")
    assert incident in [one["id"] for one in (await service.get("/v1/incidents?status=pending")).json()["items"]]
    assert "incident.reopened" in await _log_of(service, incident)


async def test_an_incident_left_to_the_police_is_handled_once_they_were_there(service: Service) -> None:
    incident = await service.incident()
    care, police = sorted(await service.assign(incident, "CR1", "P1", mode="ordered"), key=lambda row: str(row["unit"]))
    await service.step(care["id"], "cleared", outcome="referred_to_police")

    await service.step(police["id"], "cleared", outcome="handled")

    assert await _status(service, incident) == "active"


async def test_a_unit_in_an_emergency_stays_in_it_when_its_assignment_ends(service: Service) -> None:
    incident = await service.incident()
    [row] = await service.assign(incident, "P1")

    assert (await service.post("/v1/units/P1/status", {"status": "emergency"})).status_code == 200
    await service.step(row["id"], "cleared", outcome="handled")

    assert (await _unit(service, "P1"))["status"] == "emergency"


async def test_a_unit_on_an_assignment_does_not_go_off_duty(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "P1")

    answer = await service.post("/v1/units/P1/status", {"status": "off_duty"})

    assert (answer.status_code, answer.json()["unit"]) == (409, "P1")


async def test_a_cleared_unit_can_be_assigned_again_even_to_the_same_incident(service: Service) -> None:
    incident = await service.incident()
    [row] = await service.assign(incident, "P1")
    await service.step(row["id"], "cleared", outcome="handled")

    [again] = await service.assign(incident, "P1")

    assert again["id"] != row["id"]
    assert again["outcome"] is None


async def test_who_was_on_the_unit_is_kept_with_the_assignment(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "CR1")

    [row] = (await service.get("/v1/assignments")).json()["items"]

    people = (await service.get("/v1/responders")).json()["items"]
    assert row["responders"] == [one["id"] for one in people if one["employee_number"] == "R-CR1"]


async def test_older_positions_never_overwrite_newer_ones(service: Service) -> None:
    def at(second: int, lat: float) -> dict[str, Any]:
        return {"lat": lat, "lon": -124.9, "at": f"2026-11-23T13:59:{second:02}Z"}

    first = await service.post("/v1/units/P1/positions", {"positions": [at(20, 44.2), at(30, 44.3), at(10, 44.1)]})
    late = await service.post("/v1/units/P1/positions", {"positions": [at(25, 44.25)]})

    assert first.json()["lat"] == 44.3
    assert late.json()["lat"] == 44.3
    assert late.json()["version"] == first.json()["version"]
