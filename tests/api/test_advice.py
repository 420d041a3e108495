"""What the whole recommendation looks at beside the units: zones, the reserve, earlier visits, units to turn round."""

from dataclasses import replace

import pytest
from tests.support.city import CENTRE, NOW
from tests.support.service import Service

from dispatch.db.session import transaction
from dispatch.domain.geo import LatLon
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor
from dispatch.operations.zones import replace_zones
from dispatch.queries.recommendation import RoutingRules
from dispatch.routing.coverage import Zone

pytestmark = pytest.mark.anyio

SHOOTING = {"call_type": None, "narrative": "shots fired outside"}
NOISE = {"call_type": {"text": "Noise complaint"}, "narrative": None}


def set_rules(service: Service, rules: RoutingRules) -> None:
    service.app.state.services = replace(service.app.state.services, routing=rules)


async def advice_for(service: Service, incident: str) -> dict:  # type: ignore[type-arg]
    answer = await service.get(f"/v1/incidents/{incident}/recommendation")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_the_answer_says_who_told_the_travel_times(service: Service) -> None:
    got = await service.call(**NOISE)
    advice = await advice_for(service, got["incident"]["id"])

    assert (
        advice["travel"] == got["recommendation"]["travel"] == {"provider": "straight_line", "reasons": [], "why": ""}
    )


async def test_a_unit_on_its_way_to_something_less_urgent_is_proposed_for_a_life_threat(service: Service) -> None:
    noise = await service.incident(**NOISE)
    made = await service.assign(noise, "P1", "P2")
    for one in made:
        await service.step(one["id"], "en_route")
    for unit in ("P1", "P2"):
        where = {"lat": CENTRE.lat, "lon": CENTRE.lon, "at": iso(NOW)}
        assert (await service.post(f"/v1/units/{unit}/positions", {"positions": [where]})).status_code == 200
    number = (await service.get(f"/v1/incidents/{noise}")).json()["incident"]["number"]
    shooting = await service.incident(**SHOOTING)

    advice = await advice_for(service, shooting)

    assert {(one["unit"], one["from_incident"]) for one in advice["redirects"]} <= {("P1", number), ("P2", number)}
    assert advice["redirects"]
    assert all(one["gain_s"] is None and "wait again" in one["why"] for one in advice["redirects"])
    assert (await advice_for(service, noise))["redirects"] == []


async def test_the_reserve_holds_a_routine_call_and_never_a_life_threat(service: Service) -> None:
    noise, shooting = await service.incident(**NOISE), await service.incident(**SHOOTING)
    set_rules(service, RoutingRules(reserve={"police": 50, "community_responder": 50}))

    held, urgent = await advice_for(service, noise), await advice_for(service, shooting)

    assert [pick for pick in held["units"] if pick["responder_type"] in {"police", "community_responder"}] == []
    assert {code for gap in held["shortfalls"] for code in gap["reasons"]} == {"all_kept:50"}
    assert any(pick["responder_type"] == "police" for pick in urgent["units"])


async def test_zones_are_replaced_whole_and_counted(service: Service) -> None:
    actor = Actor(service.jurisdiction, "tests", NOW)
    noise = await service.incident(**NOISE)
    before = await advice_for(service, noise)

    for demand in (1.0, 2.0):
        async with transaction(service.sessions) as session:
            zones = [Zone(f"z{n}", LatLon(44.05 + n / 100, -124.9), demand) for n in range(3)]
            await replace_zones(session, zones, actor)

    kept = await service.fetch("select demand from zone where jurisdiction_id = $1", service.jurisdiction)
    assert [row["demand"] for row in kept] == [2.0, 2.0, 2.0]
    after = await advice_for(service, noise)
    assert {one["unit"] for one in after["units"]} == {one["unit"] for one in before["units"]}


async def test_half_a_home_is_refused_and_one_in_the_database_takes_no_recommendation_away(service: Service) -> None:
    noise = await service.incident(**NOISE)

    half = await service.send("PATCH", "/v1/units/P1", by="administrator", json={"home_lon": None})
    await service.fetch(
        "update unit set home_lon = null where jurisdiction_id = $1 and call_sign = 'P1' returning id",
        service.jurisdiction,
    )

    assert half.status_code == 422
    assert (await advice_for(service, noise))["units"]


async def test_who_did_their_part_is_not_recommended_again_until_somebody_decides_anew(service: Service) -> None:
    incident = await service.incident(**SHOOTING)
    (police,), (ems,) = [await service.assign(incident, unit) for unit in ("P1", "M1")]
    await service.step(police["id"], "on_scene")
    await service.step(ems["id"], "on_scene")
    service.clock.advance(600)
    await service.step(ems["id"], "cleared", outcome="treated_no_transport")
    service.clock.advance(60)

    def ems_picks(advice: dict) -> list[str]:  # type: ignore[type-arg]
        return [one["unit"] for one in advice["units"] if one["pick"] and one["responder_type"] == "ems"]

    advice = await advice_for(service, incident)
    assert ems_picks(advice) == []
    assert next(one["reasons"] for one in advice["not_offered"] if one["unit"] == "M1") == ["has_been_here"]

    await service.post(f"/v1/assignments/{police['id']}:backup", {"who": ["ems"], "reason": "a second person is hit"})
    assert ems_picks(await advice_for(service, incident)) == ["M1"]


async def test_an_incident_that_everybody_left_asks_for_everybody_again(service: Service) -> None:
    incident = await service.incident(**SHOOTING)
    (ems,) = await service.assign(incident, "M1")
    await service.step(ems["id"], "on_scene")
    await service.step(ems["id"], "cleared", outcome="treated_no_transport")

    advice = await advice_for(service, incident)

    assert "M1" in [one["unit"] for one in advice["units"] if one["pick"]]
