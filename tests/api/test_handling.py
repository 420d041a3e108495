"""Who got how far with which incidents: counts that are kept apart, by hand against the service."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.domain.access import Role
from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio


async def _counts(service: Service, by: str = "supervisor", **wanted: str) -> dict[str, dict[str, Any]]:
    answer = await service.get("/v1/reports/handling", by=by, params={"to": iso(NOW + timedelta(minutes=1)), **wanted})
    assert answer.status_code == 200, answer.text
    return {one["responder_type"]: one for one in answer.json()["items"]}


async def _worked(service: Service, *units: str, outcome: str = "handled", close: bool = True) -> str:
    """An incident to which these units came one after the other, and which they cleared."""
    incident = await service.incident()
    for unit in units:
        [made] = await service.assign(incident, unit)
        await service.step(made["id"], "on_scene")
        await service.step(made["id"], "cleared", outcome=outcome)
    if close:
        answer = await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})
        assert answer.status_code == 200, answer.text
    return incident


async def test_each_count_says_one_thing_and_none_is_mixed_with_another(service: Service) -> None:
    await _worked(service, "CR1")  # alone, without police
    await _worked(service, "CR1", "P1")  # both were there
    await _worked(service, "CR1", close=False)  # not decided yet
    declined = await service.incident()
    [made] = await service.assign(declined, "CR1")
    await service.step(made["id"], "declined", reason="too far")
    beside = await service.incident()
    [ours] = await service.assign(beside, "CR1")
    [theirs] = await service.assign(beside, "P1")
    await service.step(ours["id"], "on_scene")
    await service.step(theirs["id"], "cancelled", reason="not needed")
    await service.step(ours["id"], "cleared", outcome="de_escalated")
    await service.post(f"/v1/incidents/{beside}:close", {"disposition": "resolved"})

    counts = (await _counts(service))["community_responder"]

    assert counts == {
        "responder_type": "community_responder",
        "associated": 5,
        "dispatched": 4,
        "arrived": 4,
        "arrived_alone": 3,
        "passed_on": 0,
        "contact_made": 1,
        "handled": 3,
        "handled_police_never_assigned": 1,
        "handled_police_never_sent": 1,
        "handled_police_never_arrived": 2,
        "still_open": 2,
    }


async def test_what_was_left_to_others_is_not_handled_and_police_do_not_come_alone_beside_medics(
    service: Service,
) -> None:
    left = await service.incident()
    [made] = await service.assign(left, "CR1")
    await service.step(made["id"], "on_scene")
    await service.step(made["id"], "cleared", outcome="referred_to_police")
    [police] = await service.assign(left, "P1")
    await service.step(police["id"], "on_scene")
    await service.step(police["id"], "cleared", outcome="handled")
    await service.post(f"/v1/incidents/{left}:close", {"disposition": "resolved"})
    await _worked(service, "P1", "M1")

    counts = await _counts(service)

    assert (counts["community_responder"]["arrived"], counts["community_responder"]["handled"]) == (1, 0)
    assert (counts["police"]["arrived"], counts["police"]["arrived_alone"]) == (2, 1)
    assert counts["police"]["handled"] == 2


async def test_contact_is_counted_by_any_outcome_and_a_unit_that_was_cancelled_handled_nothing(
    service: Service,
) -> None:
    incident = await service.incident()
    [made] = await service.assign(incident, "CR1")
    await service.step(made["id"], "on_scene")
    said = [{"code": "not_found"}, {"code": "needs_met"}]
    await service.step(made["id"], "cleared", outcome="handled", outcomes=said)
    [police] = await service.assign(incident, "P1")
    await service.step(police["id"], "cleared", outcome="cancelled_en_route")
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})
    left = await service.incident()
    [made] = await service.assign(left, "CR1")
    await service.step(made["id"], "on_scene")
    said = [{"code": "referred_to", "referred_to": "police"}]
    await service.step(made["id"], "cleared", outcome="handled", outcomes=said)
    [police] = await service.assign(left, "P1")
    await service.step(police["id"], "cleared", outcome="handled")
    await service.post(f"/v1/incidents/{left}:close", {"disposition": "resolved"})

    counts = await _counts(service)

    assert (counts["community_responder"]["contact_made"], counts["community_responder"]["handled"]) == (2, 1)
    assert (counts["police"]["contact_made"], counts["police"]["handled"]) == (0, 1)


async def test_an_officer_who_comes_with_a_clinician_is_police_in_every_count(service: Service) -> None:
    await _worked(service, "CR1", "CO1")
    await _worked(service, "CO1")

    counts = await _counts(service)

    ours, theirs = counts["community_responder"], counts["co_responder"]
    assert (ours["handled"], ours["arrived_alone"], ours["handled_police_never_assigned"]) == (1, 0, 0)
    assert (theirs["handled"], theirs["arrived_alone"], theirs["handled_police_never_arrived"]) == (2, 2, 0)


async def test_who_cleared_without_a_time_on_scene_is_not_counted_as_never_there(service: Service) -> None:
    """Unknown is not never: an officer who took a report was there, whatever stamp is missing."""
    for outcome in ("report_taken", "cancelled_en_route"):
        incident = await service.incident()
        for unit, word in (("CR1", "handled"), ("P1", outcome)):
            [made] = await service.assign(incident, unit)
            if unit == "CR1":
                await service.step(made["id"], "on_scene")
            await service.step(made["id"], "cleared", outcome=word)
        await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    ours = (await _counts(service))["community_responder"]

    assert (ours["handled"], ours["arrived_alone"], ours["handled_police_never_arrived"]) == (2, 1, 1)


async def test_the_span_and_the_category_narrow_the_counts(service: Service) -> None:
    await _worked(service, "CR1")
    category = (await service.get("/v1/incidents?status=closed")).json()["items"][0]["category"]
    other = next(one for one in ("fire", "medical", "reporting") if one != category)

    assert set(await _counts(service, category=category)) == {"community_responder"}
    assert await _counts(service, category=other) == {}
    long_ago = iso(NOW - timedelta(days=10))
    assert await _counts(service, **{"from": iso(NOW - timedelta(days=20)), "to": long_ago}) == {}


async def test_what_does_not_exist_for_the_reader_is_counted_for_nobody(service: Service) -> None:
    await _worked(service, "CR1", "V1")
    police = await service.token(Role.SUPERVISOR, agencies=["city-police"])

    assert set(await _counts(service)) == {"community_responder", "cvi"}
    seen = await _counts(service, by=police)
    assert set(seen) == {"community_responder"}
    assert seen["community_responder"] == (await _counts(service))["community_responder"]
