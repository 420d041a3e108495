"""What was promised after everybody had gone: listed by when it is due, done once, and seen by those whose it is."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.domain.access import Role
from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio


async def _cleared(service: Service, unit: str) -> str:
    [made] = await service.assign(await service.incident(), unit)
    await service.step(made["id"], "on_scene")
    await service.step(made["id"], "cleared", outcome="follow_up_due")
    return str(made["id"])


async def _promised(service: Service, assignment: str, days: float, by: str = "dispatcher") -> httpx.Response:
    body = {"due_at": iso(NOW + timedelta(days=days)), "what": "visit again with a housing navigator"}
    return await service.post(f"/v1/assignments/{assignment}/follow-ups", body, by=by)


async def _listed(service: Service, by: str = "dispatcher", **wanted: Any) -> list[dict[str, Any]]:
    answer = await service.get("/v1/follow-ups", by=by, params=wanted)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_the_soonest_due_comes_first_and_the_overdue_says_so(service: Service) -> None:
    later = (await _promised(service, await _cleared(service, "H1"), 5)).json()
    sooner = (await _promised(service, await _cleared(service, "CR1"), 1)).json()

    service.clock.advance(2 * 86400)

    found = await _listed(service, open=True)
    assert [(one["id"], one["is_overdue"]) for one in found] == [(sooner["id"], True), (later["id"], False)]
    assert [one["id"] for one in await _listed(service, due_before=iso(NOW + timedelta(days=2)))] == [sooner["id"]]


async def test_what_is_done_leaves_the_open_list_with_what_came_of_it(service: Service) -> None:
    made = (await _promised(service, await _cleared(service, "H1"), 1)).json()

    done = await service.post(f"/v1/follow-ups/{made['id']}:complete", {"outcome": "contact_made"})
    again = await service.post(f"/v1/follow-ups/{made['id']}:complete", {"outcome": "not_found"})

    assert (done.status_code, done.json()["outcome"], done.json()["is_overdue"]) == (200, "contact_made", False)
    assert again.status_code == 409
    assert "contact_made" in again.json()["detail"]
    assert await _listed(service, open=True) == []
    assert [one["id"] for one in await _listed(service, open=False)] == [made["id"]]


async def test_the_log_says_that_it_was_promised_and_done_and_not_what_it_is_about(service: Service) -> None:
    made = (await _promised(service, await _cleared(service, "H1"), 1)).json()
    await service.post(f"/v1/follow-ups/{made['id']}:complete", {"outcome": "contact_made", "note": "moved in"})

    timeline = await service.get(f"/v1/incidents/{made['incident_id']}/timeline")

    types = [event["type"] for event in timeline.json()["items"]]
    assert types[-2:] == ["follow_up.promised", "follow_up.done"]
    assert "navigator" not in timeline.text
    assert "moved in" not in timeline.text


@pytest.mark.parametrize("days", [-1, 0, 400])
async def test_a_follow_up_is_due_in_the_future_and_within_a_year(service: Service, days: float) -> None:
    answer = await _promised(service, await _cleared(service, "H1"), days)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/due_at"


async def test_whoever_never_took_the_call_promises_nothing(service: Service) -> None:
    [made] = await service.assign(await service.incident(), "CR1")
    await service.step(made["id"], "declined", reason="too far")

    assert (await _promised(service, made["id"], 1)).status_code == 409


async def test_a_phone_sees_and_finishes_the_follow_ups_of_its_own_unit_alone(service: Service) -> None:
    ours = (await _promised(service, await _cleared(service, "H1"), 1)).json()
    theirs = (await _promised(service, await _cleared(service, "CR1"), 1)).json()
    phone = await service.token(Role.RESPONDER, unit_id=service.units["H1"])

    assert [one["id"] for one in await _listed(service, by=phone)] == [ours["id"]]
    mine = await service.post(f"/v1/follow-ups/{ours['id']}:complete", {"outcome": "contact_made"}, by=phone)
    other = await service.post(f"/v1/follow-ups/{theirs['id']}:complete", {"outcome": "contact_made"}, by=phone)
    assert (mine.status_code, other.status_code) == (200, 403)


async def test_follow_ups_of_violence_intervention_do_not_exist_for_police(service: Service) -> None:
    made = (await _promised(service, await _cleared(service, "V1"), 1)).json()
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    assert await _listed(service, by=police) == []
    hidden = await service.post(f"/v1/follow-ups/{made['id']}:complete", {"outcome": "contact_made"}, by=police)
    unknown = await service.post(f"/v1/follow-ups/fup_{'0' * 26}:complete", {"outcome": "contact_made"}, by=police)
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert [one["id"] for one in await _listed(service)] == [made["id"]]


async def test_whoever_took_the_call_gives_the_follow_up_to_a_navigator_who_finishes_it(service: Service) -> None:
    assignment = await _cleared(service, "CR1")
    theirs, ours = [await service.token(Role.RESPONDER, unit_id=service.units[unit]) for unit in ("H1", "CR1")]
    body = {"due_at": iso(NOW + timedelta(days=2)), "what": "housing application", "unit": "H1"}

    made = await service.post(f"/v1/assignments/{assignment}/follow-ups", body, by=ours)

    assert made.status_code == 201, made.text
    given = made.json()
    assert (given["unit"], given["responder_type"], given["assignment_id"]) == ("H1", "homeless_outreach", assignment)
    assert await _listed(service, by=ours) == []
    assert [one["id"] for one in await _listed(service, by=theirs)] == [given["id"]]
    done = await service.post(f"/v1/follow-ups/{given['id']}:complete", {"outcome": "needs_met"}, by=theirs)
    assert (done.status_code, done.json()["outcome"]) == (200, "needs_met")


async def test_a_follow_up_is_given_to_no_unit_of_another_agency_by_a_phone_nor_across_the_one_way_valve(
    service: Service,
) -> None:
    ours, hidden, police = [await _cleared(service, unit) for unit in ("CR1", "V1", "P1")]
    phone = await service.token(Role.RESPONDER, unit_id=service.units["CR1"])
    officer = await service.token(Role.SUPERVISOR, agencies=["city-police"])
    body = {"due_at": iso(NOW + timedelta(days=2)), "what": "visit"}

    async def given(assignment: str, unit: str, by: str) -> tuple[int, str]:
        path, headers = f"/v1/assignments/{assignment}/follow-ups", {"X-Request-Id": "r"}
        answer = await service.post(path, {**body, "unit": unit}, by=by, headers=headers)
        return answer.status_code, answer.text.replace(unit, "NAME")

    assert (await given(ours, "M1", phone))[0] == 403
    assert [(await given(*which, "dispatcher"))[0] for which in ((ours, "V1"), (hidden, "H1"))] == [422, 422]
    assert await given(police, "V1", officer) == await given(police, "V8", officer)
    assert await _listed(service, open=True) == []
