"""An incident is kept for a busy unit: it waits for anybody all the same, and the unit's next one is proposed."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.service import Service

from dispatch.domain.access import Role
from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio


async def _stack(service: Service, incident: str, unit: str, **more: Any) -> httpx.Response:
    by = more.pop("by", "dispatcher")
    return await service.post(f"/v1/incidents/{incident}:stack", {"unit": unit, **more}, by=by)


async def _kept(service: Service, unit: str, incident: str | None = None, **more: Any) -> tuple[str, str]:
    """An incident that is kept for the unit: its id and the assignment's."""
    incident = incident or await service.incident()
    answer = await _stack(service, incident, unit, **more)
    assert answer.status_code == 201, answer.text
    return incident, answer.json()["id"]


async def _busy(service: Service, unit: str) -> tuple[str, str]:
    incident = await service.incident()
    [made] = await service.assign(incident, unit)
    return incident, made["id"]


async def _stack_of(service: Service, unit: str, by: str = "dispatcher") -> list[str]:
    answer = await service.get(f"/v1/units/{unit}/stack", by=by)
    assert answer.status_code == 200, answer.text
    return [one["assignment"] for one in answer.json()["items"]]


async def _unit(service: Service, call_sign: str) -> str:
    units = (await service.get("/v1/units")).json()["items"]
    return str(next(unit["status"] for unit in units if unit["call_sign"] == call_sign))


async def _incident(service: Service, incident: str) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(f"/v1/incidents/{incident}")).json()["incident"]
    return found


async def _kinds(service: Service) -> list[str]:
    return [one["kind"] for one in await service.alarms()]


async def test_an_incident_that_is_kept_waits_on_the_queue_with_its_age_and_its_timer_and_says_for_whom(
    service: Service,
) -> None:
    await _busy(service, "CR1")
    incident, kept = await _kept(service, "CR1", reason="knows the family")
    opened = (await _incident(service, incident))["opened_at"]

    await service.after(3601)

    found = await _incident(service, incident)
    assert (found["status"], found["opened_at"]) == ("pending", opened)
    assert [(one["unit"], one["position"]) for one in found["stacked_for"]] == [("CR1", 1)]
    queue = {one["id"]: one for one in (await service.get("/v1/incidents")).json()["items"]}
    assert queue[incident]["stacked_for"][0]["assignment_id"] == kept
    assert "unassigned" in {one["kind"] for one in await service.alarms() if one["incident_id"] == incident}
    fits = (await service.get("/v1/recommendations")).json()["items"]
    assert incident in {one["incident_id"] for one in fits}
    [entry] = (await service.get("/v1/units/CR1/stack")).json()["items"]
    assert (entry["incident_id"], entry["waited_s"], entry["reason"]) == (incident, 3601, "knows the family")


async def test_when_the_unit_clears_the_next_is_proposed_once_and_does_not_start_by_itself(service: Service) -> None:
    _, work = await _busy(service, "P1")
    first, kept = await _kept(service, "P1")
    await _kept(service, "P1")
    await service.after(1)
    assert "stack_next" not in await _kinds(service)

    await service.step(work, "cleared", outcome="handled")
    for _ in range(3):
        await service.after(1)

    [alarm] = [one for one in await service.alarms() if one["kind"] == "stack_next"]
    assert (alarm["incident_id"], alarm["times"]) == (first, 1)
    assert await _unit(service, "P1") == "available"
    sent = await service.step(kept, "ordered")
    assert (sent["status"], sent["stack_position"]) == ("ordered", None)
    assert await _unit(service, "P1") == "assigned"
    assert ((await _incident(service, first))["status"], (await _incident(service, first))["stacked_for"]) == (
        "active",
        [],
    )
    people = (await service.get("/v1/assignments", params={"incident": first})).json()["items"][0]["responders"]
    assert len(people) == 1
    watched = await service.fetch("select kind from timer where subject_id = $1", kept)
    assert [row["kind"] for row in watched] == ["turnout"]


async def test_a_desk_is_offered_its_next_as_soon_as_it_has_room(service: Service) -> None:
    busy = [(await _busy(service, "DESK"))[1] for _ in range(3)]
    incident, kept = await _kept(service, "DESK")
    await service.after(1)
    assert (await _incident(service, incident))["status"] == "pending"

    await service.step(busy[0], "accepted")
    await service.step(busy[0], "cleared", outcome="handled_by_phone")
    await service.after(1)

    rows = (await service.get("/v1/assignments", params={"incident": incident})).json()["items"]
    assert [(row["id"], row["status"]) for row in rows] == [(kept, "offered")]
    assert (await _incident(service, incident))["status"] == "pending"  # a desk has it when it accepts
    await service.step(kept, "accepted")
    assert (await _incident(service, incident))["status"] == "active"


async def test_a_reservation_that_is_dropped_leaves_the_unit_at_its_work(service: Service) -> None:
    _, work = await _busy(service, "P1")
    await service.step(work, "on_scene")
    incident, kept = await _kept(service, "P1")

    await service.step(kept, "cancelled", cause="handled_by_another")

    assert await _unit(service, "P1") == "on_scene"
    assert await _stack_of(service, "P1") == []
    assert (await _incident(service, incident))["status"] == "pending"


async def test_the_order_is_changed_whole_or_not_at_all(service: Service) -> None:
    await _busy(service, "P1")
    kept = [(await _kept(service, "P1"))[1] for _ in range(3)]
    wanted = [kept[2], kept[0], kept[1]]

    short = await service.post("/v1/units/P1/stack:reorder", {"order": wanted[:2]})
    answer = await service.post("/v1/units/P1/stack:reorder", {"order": wanted})

    assert (short.status_code, short.json()["errors"][0]["pointer"]) == (422, "/order")
    assert answer.status_code == 200, answer.text
    assert await _stack_of(service, "P1") == wanted


async def test_what_grew_graver_raises_an_alarm_and_a_life_threat_is_kept_for_nobody(service: Service) -> None:
    await _busy(service, "P1")
    urgent, _ = await _kept(service, "P1")
    grave, kept = await _kept(service, "P1")
    body = {"reason": "caller_update", "priority": 2}
    assert (await service.post(f"/v1/incidents/{urgent}:override", body)).status_code == 200
    assert (await service.post(f"/v1/incidents/{grave}:override", {**body, "priority": 0})).status_code == 200

    for _ in range(2):
        await service.after(1)

    alarms = {one["incident_id"]: one for one in await service.alarms() if one["kind"] == "stack_graver"}
    assert set(alarms) == {urgent, grave}
    assert {one["times"] for one in alarms.values()} == {1}
    assert {one["severity"] for one in alarms.values()} == {"urgent"}
    assert (await _incident(service, grave))["stacked_for"] == []
    assert [one["unit"] for one in (await _incident(service, urgent))["stacked_for"]] == ["P1"]
    assert kept not in await _stack_of(service, "P1")


async def test_a_life_threat_is_not_kept_for_a_busy_unit(service: Service) -> None:
    await _busy(service, "M1")
    grave = await service.incident(call_type=None, narrative="my father is not breathing")

    answer = await _stack(service, grave, "M1")

    assert answer.status_code == 409
    assert "redirect" in answer.json()["fix"]


async def test_nothing_is_kept_for_a_unit_that_is_free_out_of_service_or_on_it(service: Service) -> None:
    incident, _ = await _busy(service, "P1")
    await service.post("/v1/units/P2/status", {"status": "out_of_service"})
    other = await service.incident()

    free = await _stack(service, other, "M1")
    out = await _stack(service, other, "P2")
    there = await _stack(service, incident, "P1")
    await _kept(service, "P1", other)
    twice = await _stack(service, other, "P1")

    hour = {"unit": "M1", "scheduled_for": iso(service.clock.now() + timedelta(hours=2))}
    assert (await service.post(f"/v1/incidents/{await service.incident()}/appointments", hour)).status_code == 201
    appointed = await _stack(service, await service.incident(), "M1")

    assert (free.status_code, out.json()["code"]) == (409, "unit_not_available")
    assert (appointed.status_code, appointed.json().get("unit")) == (409, "M1")
    assert "Assign" in free.json()["fix"]
    assert [one.json()["code"] for one in (there, twice)] == ["unit_already_assigned"] * 2


async def test_a_unit_that_goes_out_of_service_gives_back_what_was_kept_for_it(service: Service) -> None:
    _, work = await _busy(service, "P1")
    incident, _ = await _kept(service, "P1")
    await service.step(work, "cleared", outcome="handled")
    await service.post("/v1/units/P1/status", {"status": "out_of_service"})

    await service.after(1)

    assert "stack_left" in await _kinds(service)
    assert (await _incident(service, incident))["stacked_for"] == []
    assert (await _incident(service, incident))["status"] == "pending"


async def test_an_incident_that_ends_is_kept_for_nobody_and_its_reservation_does_not_start(service: Service) -> None:
    _, work = await _busy(service, "P1")
    incident, kept = await _kept(service, "P1")
    closed = await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})
    await service.step(work, "cleared", outcome="handled")

    too_late = await service.post(f"/v1/assignments/{kept}/status", {"status": "ordered"})
    await service.after(1)

    assert (closed.status_code, too_late.status_code) == (200, 409)
    assert await _stack_of(service, "P1") == []
    row = (await service.get("/v1/assignments", params={"incident": incident})).json()["items"][0]
    assert (row["status"], row["cause"]) == ("cancelled", "incident_closed")


async def test_a_reservation_that_nobody_meant_is_undone(service: Service) -> None:
    _, work = await _busy(service, "P1")
    await service.step(work, "on_scene")
    _, kept = await _kept(service, "P1")

    answer = await service.post(f"/v1/assignments/{kept}:undo")

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert await _unit(service, "P1") == "on_scene"


async def test_a_reserved_unit_still_goes_elsewhere_and_is_not_sent_while_it_is_there(service: Service) -> None:
    await _busy(service, "P1")
    _, kept = await _kept(service, "P1")

    answer = await service.post(f"/v1/assignments/{kept}/status", {"status": "ordered"})

    assert (answer.status_code, answer.json()["code"]) == (409, "unit_already_assigned")


async def test_stacks_of_other_agencies_and_of_units_that_must_not_be_known_of_are_not_shown(service: Service) -> None:
    await _busy(service, "V1")
    incident, _ = await _kept(service, "V1")
    await _busy(service, "CR1")
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    shown = (await service.get(f"/v1/incidents/{incident}", by=police)).json()["incident"]
    hidden = await service.get("/v1/units/V1/stack", by=police)
    unknown = await service.get("/v1/units/V9/stack", by=police)
    others = await service.get("/v1/units/CR1/stack", by=police)
    refused = await _stack(service, await service.incident(), "CR1", by=police)

    assert shown["stacked_for"] == []
    assert (hidden.status_code, unknown.status_code, others.status_code, refused.status_code) == (404, 404, 404, 403)
    assert hidden.json()["detail"].replace("V1", "V9") == unknown.json()["detail"]
    assert await _stack_of(service, "CR1", by="responder") == []
    assert (await service.get("/v1/units/P1/stack", by="responder")).status_code == 404


async def test_who_is_told_one_way_reads_of_its_stack_neither_what_it_is_nor_how_urgent(service: Service) -> None:
    await _busy(service, "V1")
    incident, kept = await _kept(service, "V1", reason="knows the family")
    alliance = await service.token(Role.DISPATCHER, agencies=["harbor-alliance"])
    own = await service.token(Role.RESPONDER, unit_id=service.units["V1"])

    shown = [(await service.get("/v1/units/V1/stack", by=by)).json()["items"] for by in (alliance, own, "dispatcher")]

    assert [[one["assignment"] for one in items] for items in shown] == [[kept]] * 3
    assert [(items[0]["incident_type"], items[0]["priority"]) for items in shown[:2]] == [(None, None)] * 2
    known = await _incident(service, incident)
    assert (shown[2][0]["incident_type"], shown[2][0]["priority"]) == (known["incident_type"], known["priority"])
