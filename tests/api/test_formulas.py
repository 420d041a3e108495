"""What cities publish as diverted from police, each formula by its name: by hand against the service."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.domain.access import Role
from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio

Counts = tuple[int, int, int]


async def _asked(service: Service, by: str = "supervisor", **wanted: Any) -> dict[str, dict[str, Any]]:
    params = {"responder_type": "community_responder", "to": iso(NOW + timedelta(minutes=1)), **wanted}
    answer = await service.get("/v1/reports/formulas", by=by, params=params)
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["items"]}


async def _incident(service: Service, *went: tuple[str, dict[str, Any] | None], close: bool = True, **call: Any) -> str:
    """An incident to which these units were sent, each with its last step; None: on scene, and it stays there."""
    incident = await service.incident(**call)
    for unit, last in went:
        [made] = await service.assign(incident, unit)
        if last is None or last.pop("there", True):
            await service.step(made["id"], "on_scene")
        if last is not None:
            await service.step(made["id"], last.pop("status", "cleared"), **last)
    if close:
        answer = await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})
        assert answer.status_code == 200, answer.text
    return incident


def _done() -> dict[str, Any]:
    return {"outcome": "handled"}


async def _a_month(service: Service) -> None:
    theft = {"call_type": {"code": "459R", "text": "BURGLARY REPORT"}, "narrative": "a stolen bicycle"}
    declined = {"there": False, "status": "declined", "reason": "too far"}
    turned_round = {"there": False, "status": "cancelled", "reason": "not needed"}
    no_time_on_scene = {"there": False, "outcome": "handled"}
    await _incident(service, ("CR1", _done()))
    await _incident(service, ("CR1", _done()), ("P1", _done()))
    await _incident(service, ("CR1", declined), ("P1", _done()))
    await _incident(service, ("P1", turned_round), ("CR1", _done()))
    await _incident(service, ("CR1", _done()), ("P1", no_time_on_scene))
    await _incident(service, ("CR1", _done()), channel="officer")
    await _incident(service, ("CR1", _done()), channel=None)
    await _incident(service, ("P1", _done()), **theft)
    await _incident(service, ("CR2", None), close=False)


# By hand: how many count, of how many, and of how many nobody can tell.
MONTH: dict[str, Counts] = {
    "eugene_associated": (6, 7, 1),
    "eugene_dispatched": (5, 7, 1),
    "eugene_only_arrived": (1, 6, 2),
    "eugene_without_own_calls": (1, 6, 2),
    "eugene_of_arrivals": (1, 6, 2),
    "eugene_welfare_low": (5, 7, 1),
    "eugene_welfare_high": (5, 7, 1),
    "eligible_handled": (6, 7, 1),
    "eligible_answered": (7, 8, 0),
    "eligible_dispatched": (7, 8, 0),
    "mental_health_answered": (7, 8, 0),
    "public_answered": (5, 7, 1),
    "redirected_from_police": (3, 8, 1),
    "no_officer_sent": (3, 6, 1),
    "closed_without_others": (3, 6, 1),
    "independent_of_officer": (4, 5, 2),
    "resolved_without_police": (3, 6, 1),
    "no_co_response": (4, 5, 2),
}


async def test_every_published_formula_counts_by_its_own_definition_and_says_what_is_missing(service: Service) -> None:
    await _a_month(service)

    await _incident(service, ("CR1", _done()), received_at=iso(NOW - timedelta(days=90)), narrative="an earlier month")
    wide = {"from": "1970-01-02T00:00:00Z", "to": "8999-12-30T00:00:00Z"}
    since = {"from": iso(NOW - timedelta(days=1))}
    found = await _asked(service, own_types=["THEFT"], diverted_types=["WELFARE"], **since)
    all_ = await _asked(service, **wide)

    assert {name: (one["numerator"], one["denominator"], one["missing"]) for name, one in found.items()} == MONTH
    for name, (numerator, denominator, missing) in MONTH.items():
        one = found[name]
        assert one["value"] == pytest.approx(one["weight"] * numerator / denominator), name
        assert one["missing_share"] == pytest.approx(missing / (denominator + missing)), name
    assert found["eligible_answered"]["published"][0]["by"] == "Denver, STAR"
    assert all_["eligible_answered"]["denominator"] == MONTH["eligible_answered"][1] + 1, "months are added up"


async def test_a_figure_without_incidents_or_without_what_it_needs_is_no_zero(service: Service) -> None:
    await _incident(service, ("CR1", _done()))

    bare = await _asked(service)
    nobody = await _asked(service, responder_type="transit_ambassador")

    assert bare["eugene_only_arrived"]["value"] == 1.0
    assert [bare[name]["value"] for name in ("eugene_without_own_calls", "eugene_welfare_low")] == [None, None]
    assert (nobody["independent_of_officer"]["value"], nobody["independent_of_officer"]["missing_share"]) == (
        None,
        None,
    )


async def test_a_clinician_at_a_desk_answers_by_accepting(service: Service) -> None:
    incident = await service.incident(call_type=None, narrative="my brother is suicidal")
    made = await service.post(f"/v1/incidents/{incident}:transfer", {"unit": "LINE"})
    row = made.json()["assignments"][0]["id"]
    await service.step(row, "accepted")
    await service.step(row, "cleared", outcome="handled_by_phone")
    await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    found = await _asked(service, responder_type="crisis_line")

    for name in ("no_officer_sent", "closed_without_others", "eligible_answered", "no_co_response"):
        assert (found[name]["numerator"], found[name]["denominator"]) == (1, 1), name


async def test_an_officer_who_comes_with_a_clinician_resolves_nothing_without_police(service: Service) -> None:
    await _incident(service, ("CO1", _done()))

    found = await _asked(service, responder_type="co_responder")

    assert (found["resolved_without_police"]["numerator"], found["resolved_without_police"]["denominator"]) == (0, 1)


async def test_a_type_that_nobody_has_is_refused_by_field(service: Service) -> None:
    answer = await service.get(
        "/v1/reports/formulas", by="supervisor", params={"responder_type": "police", "own_types": ["THEFTS"]}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/own_types"
    assert "THEFT" in answer.json()["errors"][0]["detail"]


async def test_police_count_as_if_there_were_no_violence_intervention(service: Service) -> None:
    police = await service.token(Role.SUPERVISOR, agencies=["city-police"])
    shooting = {"call_type": None, "narrative": "shots fired outside"}
    await _incident(service, ("P1", _done()), **shooting)
    before = await _asked(service, police, responder_type="police")
    beside = await _incident(service, ("P1", _done()), close=False, **shooting)
    [row] = await service.assign(beside, "V1")
    await service.step(row["id"], "on_scene")
    await service.post(f"/v1/incidents/{beside}:close", {"disposition": "resolved"})

    with_them = await _asked(service, police, responder_type="police")
    hidden, unknown = [
        (await service.get("/v1/reports/formulas", by=police, params={"responder_type": one})).json()
        for one in ("cvi", "cvj")
    ]

    assert with_them["no_co_response"]["denominator"] == before["no_co_response"]["denominator"] + 1
    assert hidden["status"] == 422
    # Theirs is a type like any that does not exist.
    assert {**hidden, "request_id": ""} == {
        **unknown,
        "request_id": "",
        "detail": unknown["detail"].replace("cvj", "cvi"),
        "errors": [{**one, "detail": one["detail"].replace("cvj", "cvi")} for one in unknown["errors"]],
    }
    assert (await _asked(service, responder_type="cvi"))["eligible_answered"]["numerator"] == 1


async def test_a_responder_type_that_nobody_knows_is_refused_and_not_counted_as_nothing(service: Service) -> None:
    slip = await service.get("/v1/reports/formulas", by="supervisor", params={"responder_type": "comunity_responder"})

    assert (slip.status_code, slip.json()["errors"][0]["code"]) == (422, "unknown_responder_type")
