"""Times come late, out of order and wrong: each is written where it belongs, and the log keeps all."""

from typing import Any

import httpx
import pytest
from tests.support.service import Service

pytestmark = pytest.mark.anyio


async def _told(service: Service, assignment: str, status: str, at: str, **more: Any) -> httpx.Response:
    body = {"status": status, "occurred_at": f"2026-11-23T{at}Z", **more}
    return await service.post(f"/v1/assignments/{assignment}/status", body)


async def _on_scene(service: Service, unit: str = "P1") -> tuple[str, str]:
    incident = await service.incident()
    [made] = await service.assign(incident, unit)
    service.clock.advance(600)
    await service.step(made["id"], "on_scene", occurred_at="2026-11-23T14:08:00Z")
    return incident, made["id"]


async def test_a_departure_that_is_told_after_the_arrival_is_written_and_the_unit_stays_on_scene(
    service: Service,
) -> None:
    incident, made = await _on_scene(service)

    answer = await _told(service, made, "en_route", "14:02:00")

    assert answer.status_code == 200, answer.text
    row = answer.json()
    assert (row["status"], row["en_route_at"], row["on_scene_at"]) == (
        "on_scene",
        "2026-11-23T14:02:00Z",
        "2026-11-23T14:08:00Z",
    )
    unit = next(u for u in (await service.get("/v1/units")).json()["items"] if u["call_sign"] == "P1")
    assert unit["status"] == "on_scene"
    last = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"][-1]
    assert (last["type"], last["payload"]["before"], last["payload"]["after"]) == (
        "assignment.corrected",
        None,
        "2026-11-23T14:02:00.000Z",
    )


async def test_staging_that_is_told_after_the_arrival_does_not_pull_the_unit_back(service: Service) -> None:
    _, made = await _on_scene(service)

    late = (await _told(service, made, "staged", "14:05:00")).json()
    back = (await _told(service, made, "staged", "14:09:00")).json()

    assert (late["status"], late["staged_at"]) == ("on_scene", "2026-11-23T14:05:00Z")
    assert (back["status"], back["staged_at"]) == ("staged", "2026-11-23T14:09:00Z")


async def test_a_wrong_time_is_corrected_and_the_log_keeps_both(service: Service) -> None:
    incident, made = await _on_scene(service)

    row = (await _told(service, made, "on_scene", "14:06:30", reason="read the wrong clock")).json()

    assert (row["status"], row["on_scene_at"]) == ("on_scene", "2026-11-23T14:06:30Z")
    events = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    assert [event["type"] for event in events][-2:] == ["assignment.on_scene", "assignment.corrected"]
    assert (events[-1]["payload"]["before"], events[-1]["payload"]["reason"]) == (
        "2026-11-23T14:08:00.000Z",
        "read the wrong clock",
    )
    history = (await service.get("/v1/assignments")).json()["items"][0]
    assert history["intervals_s"]["response"] == 390
    [watched] = await service.fetch("select due_at from timer where subject_id = $1 and kind = 'welfare_check'", made)
    assert watched["due_at"].strftime("%H:%M:%S") == "14:16:30"


async def test_times_of_an_assignment_that_has_ended_are_still_put_right(service: Service) -> None:
    _, made = await _on_scene(service)
    await service.step(made, "cleared", outcome="handled")

    late = (await _told(service, made, "en_route", "14:01:00")).json()
    cleared = (await _told(service, made, "cleared", "14:09:00")).json()
    more = await _told(service, made, "cleared", "14:09:00", outcome="arrest")

    assert (late["status"], late["en_route_at"]) == ("cleared", "2026-11-23T14:01:00Z")
    assert (cleared["cleared_at"], cleared["outcome"]) == ("2026-11-23T14:09:00Z", "handled")
    assert (more.status_code, more.json()["errors"][0]["code"]) == (422, "only_a_time")
    unit = next(u for u in (await service.get("/v1/units")).json()["items"] if u["call_sign"] == "P1")
    assert unit["status"] == "available"


async def test_a_step_that_was_never_on_the_way_stays_illegal_and_the_legal_ones_are_listed(service: Service) -> None:
    _, made = await _on_scene(service)

    after = await _told(service, made, "en_route", "14:09:00")
    ahead = await _told(service, made, "at_destination", "14:09:00")
    never = await _told(service, made, "declined", "14:01:00", reason="no")
    timeless = await service.post(f"/v1/assignments/{made}/status", {"status": "on_scene"})

    for answer in (after, ahead, never, timeless):
        assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
        assert answer.json()["legal"] == ["transporting", "staged", "cleared"]


async def test_times_that_contradict_one_another_are_kept_and_warned_about(service: Service) -> None:
    _, made = await _on_scene(service)
    missing = (await service.get("/v1/assignments")).json()["items"][0]["time_warnings"]

    row = (await _told(service, made, "en_route", "14:07:00")).json()
    odd = (await _told(service, made, "en_route", "14:09:00", reason="as the radio log has it")).json()

    assert [one["code"] for one in missing] == ["missing:en_route_at"]
    assert row["time_warnings"] == []
    assert [(one["code"], one["why"]) for one in odd["time_warnings"]] == [
        ("out_of_order:on_scene_at<en_route_at", "The time of on scene is before the time of en route.")
    ]
    assert odd["status"] == "on_scene"
