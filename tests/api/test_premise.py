"""What happened at a place before: counted honestly, shown by permission, and never as if nothing found meant safe."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.support.city import NOW
from tests.support.service import Service, a_call

from dispatch.db.session import transaction
from dispatch.domain.access import Role
from dispatch.queries.premise_history import NEAR

pytestmark = pytest.mark.anyio

HERE: dict[str, Any] = {"lat": 44.051, "lon": -124.901, "address": "4217 Grove St"}
LARGE = """
    insert into incident (jurisdiction_id, id, status, category, incident_type, priority, needs_human, opened_at,
                          recorded_at, decision_id, triage_type, disposition, lat, lon)
    select :j, 'inc_' || n, 'closed', 'police', 'X', 3, false,
           cast(:now as timestamptz) - n * interval '5 minutes', :now, 'none', 'X', 'resolved',
           44.0 + (n::bigint * 7919 % 100000) / 500000.0, -125.0 + (n::bigint * 104729 % 100000) / 500000.0
    from generate_series(1, 100000) n
"""
CALLER = {"name": "Zebulon Quartermain", "phone": "+1-555-0142"}


async def before(service: Service, days: float, **given: Any) -> str:
    """An incident that was opened so many days ago."""
    given = {"location": {**HERE, "uncertainty_m": 20.0}, **given}
    return await service.incident(received_at=(NOW - timedelta(days=days)).isoformat(), **given)


async def known(service: Service, by: str = "dispatcher", **asked: Any) -> dict[str, Any]:
    """What is known of 4217 Grove St, or of the place that is named."""
    answer = await service.get("/v1/premise", by=by, params=asked or {**HERE, "uncertainty_m": 20})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_incidents_of_the_last_year_are_counted_by_what_they_were_and_how_they_ended(service: Service) -> None:
    first, second = await before(service, 100), await before(service, 10)
    await before(service, 366)
    await service.assign(first, "P1")
    assignments = (await service.get(f"/v1/incidents/{first}")).json()["assignments"]
    for status, more in (("on_scene", {}), ("cleared", {"outcome": "refused"})):
        await service.step(assignments[0]["id"], status, **more)
    await service.post(f"/v1/incidents/{first}:close", {"disposition": "refused"})

    prior = (await known(service))["prior"]

    kind = (await service.get(f"/v1/incidents/{second}")).json()["incident"]
    assert (prior["incidents"], prior["open_now"], prior["same_address"], prior["told"]) == (2, 1, 2, "found")
    assert prior["by_category"] == {kind["category"]: 2}
    assert prior["by_incident_type"] == {kind["incident_type"]: 2}
    assert prior["by_disposition"] == {"refused": 1}
    assert prior["by_responder_type"] == {"police": 1}
    assert prior["by_outcome"] == {"refused": 1}
    assert [(one["id"], one["disposition"], one["distance_m"]) for one in prior["latest"]] == [
        (second, None, 0.0),
        (first, "refused", 0.0),
    ]


async def test_an_incident_is_no_earlier_incident_of_itself_nor_is_what_is_linked_to_it(service: Service) -> None:
    mine, double, earlier = await before(service, 0), await before(service, 0), await before(service, 5)
    linked = await service.post(f"/v1/incidents/{double}:link", {"do": "link", "incident": mine})
    assert linked.status_code == 200, linked.text

    for incident in (mine, double):
        prior = (await service.get(f"/v1/incidents/{incident}/premise")).json()["prior"]
        assert [one["id"] for one in prior["latest"]] == [earlier]
        assert prior["incidents"] == 1


async def test_nothing_on_record_is_never_told_as_nothing_there(service: Service) -> None:
    told = await known(service)

    assert (told["hazards"]["told"], told["prior"]["told"]) == ("none_on_record", "none_on_record")
    assert "That is not the same as nothing being here." in told["why"][-1]
    assert (told["prior"]["data_since"], told["prior"]["is_whole"]) == (None, False)


async def test_a_record_that_is_younger_than_the_year_says_since_when_it_is(service: Service) -> None:
    await before(service, 40)
    young = (await known(service))["prior"]
    await before(service, 700)

    assert (young["data_since"][:10], young["is_whole"]) == ("2026-10-14", False)
    assert (await known(service))["prior"]["is_whole"] is True


async def test_an_incident_of_which_nobody_knows_where_it_is_cannot_be_told_about(service: Service) -> None:
    nowhere = await service.incident(location=None)

    told = (await service.get(f"/v1/incidents/{nowhere}/premise")).json()

    assert (told["radius_m"], told["limits"]) == (None, ["place_missing"])
    assert (told["hazards"]["told"], told["prior"]["told"]) == ("cannot_tell", "cannot_tell")


async def test_an_uncertain_position_is_looked_at_as_far_as_it_may_be_wrong(service: Service) -> None:
    await before(service, 10, location={"lat": 44.0550, "lon": -124.901, "uncertainty_m": 10.0})

    sure = await known(service, lat=44.051, lon=-124.901, uncertainty_m=20)
    unsure = await known(service, lat=44.051, lon=-124.901, uncertainty_m=600)
    lost = await known(service, lat=44.3, lon=-124.901, uncertainty_m=5000)

    assert (sure["prior"]["incidents"], sure["radius_m"], sure["widened"]) == (0, 100.0, [])
    assert (unsure["prior"]["incidents"], unsure["radius_m"], unsure["widened"]) == (1, 600.0, ["uncertain_position"])
    assert (lost["prior"]["told"], lost["limits"], lost["radius_m"]) == ("cannot_tell", ["too_uncertain"], 2000.0)


async def test_incidents_whose_own_position_is_vague_are_counted_as_uncertain(service: Service) -> None:
    await before(service, 10, location={"lat": 44.0511, "lon": -124.901, "uncertainty_m": 800.0})

    prior = (await known(service))["prior"]

    assert (prior["incidents"], prior["uncertain"]) == (1, 1)


async def test_an_address_alone_is_found_however_it_is_written_and_takes_its_position_from_the_record(
    service: Service,
) -> None:
    await before(service, 10)
    await before(service, 20, location={"lat": 44.0512, "lon": -124.901, "uncertainty_m": 10.0})

    told = await known(service, address="4217 GROVE STREET, apt 2")
    unknown = await known(service, address="1 Nowhere Lane")

    assert (told["prior"]["incidents"], told["prior"]["same_address"]) == (2, 1)
    assert told["limits"] == ["position_of_an_earlier_incident"]
    assert (told["hazards"]["told"], told["prior"]["told"]) == ("cannot_tell", "found")
    assert (told["place"]["address"], told["place"]["door"]) == ("4217 grove st", "2")
    assert (unknown["prior"]["told"], unknown["limits"]) == ("cannot_tell", ["position_missing"])


async def test_what_is_on_record_by_address_alone_keeps_a_bare_position_from_telling(service: Service) -> None:
    bare = {"lat": 44.051, "lon": -124.901, "uncertainty_m": 20}
    before_all = await known(service, **bare)
    await before(service, 3, location={"address": "9 Pine Ave"})
    dog = {"kind": "dog", "words": "a biting dog", "expires_at": (NOW + timedelta(days=9)).isoformat()}
    there = {"place": {"address": "9 Pine Ave"}, "source": {"kind": "document", "name": "list 7"}}
    assert (await service.post("/v1/hazards", dog | there)).status_code == 201

    told, named = await known(service, **bare), await known(service, **bare, address="1 Oak St")

    assert (before_all["hazards"]["told"], before_all["prior"]["told"]) == ("none_on_record", "none_on_record")
    assert (told["hazards"]["told"], told["hazards"]["limits"]) == ("cannot_tell", ["hazards_without_a_position"])
    assert (told["prior"]["told"], told["prior"]["limits"]) == ("cannot_tell", ["incidents_without_a_position"])
    assert (named["hazards"]["told"], named["prior"]["told"]) == ("none_on_record", "none_on_record")


async def test_an_incident_with_an_address_alone_is_warned_of_what_is_near_the_earlier_ones_there(
    service: Service,
) -> None:
    await before(service, 3)
    tank = {"kind": "hazardous_material", "words": "chlorine", "expires_at": (NOW + timedelta(days=9)).isoformat()}
    near = {"place": {"lat": 44.0525, "lon": -124.901}, "source": {"kind": "document", "name": "Tier II"}}
    assert (await service.post("/v1/hazards", tank | near)).status_code == 201

    got = await service.call(location={"address": "4217 grove street"})

    assert [one["words"] for one in got["recommendation"]["hazards"]["items"]] == ["chlorine"]
    assert got["recommendation"]["hazards"]["limits"] == ["position_of_an_earlier_incident"]


async def test_the_same_telephone_is_counted_for_those_who_may_know_callers(service: Service) -> None:
    await before(service, 10, caller=CALLER, location={"lat": 44.2, "lon": -124.7})
    incident = await service.incident(caller={"phone": "1 (555) 0142"})
    narrow = await service.token(Role.DISPATCHER, scopes=["premise.read", "incident.read"])

    full = (await service.get(f"/v1/incidents/{incident}/premise")).json()
    less = (await service.get(f"/v1/incidents/{incident}/premise", by=narrow)).json()

    assert (full["prior"]["same_phone"], full["prior"]["incidents"]) == (1, 0)
    assert less["prior"]["same_phone"] is None
    assert "caller" in less["not_shown"]


async def test_somebody_who_may_not_know_the_door_is_told_of_the_block(service: Service) -> None:
    await before(service, 10, location={"lat": 44.05049, "lon": -124.90051, "address": "9 Hidden Ct"})
    narrow = await service.token(Role.DISPATCHER, scopes=["premise.read", "incident.read"])

    answer = await service.get("/v1/premise", by=narrow, params={"lat": 44.05049, "lon": -124.90051})

    told = answer.json()
    assert (told["place"]["lat"], told["place"]["lon"], told["place"]["address"]) == (44.05, -124.901, None)
    assert (told["widened"], told["radius_m"]) == (["position_withheld"], 155.0)
    assert [one["distance_m"] for one in told["prior"]["latest"]] == [None]
    assert "Hidden" not in answer.text


async def test_a_responder_reads_the_counts_and_no_other_incident(service: Service) -> None:
    earlier, mine = await before(service, 10), await service.incident()
    await service.assign(mine, "CR1")

    answer = await service.get(f"/v1/incidents/{mine}/premise", by="responder")

    assert answer.json()["prior"]["incidents"] == 1
    assert answer.json()["prior"]["latest"] is None
    assert earlier not in answer.text


async def test_violence_interrupters_are_warned_and_told_no_history(service: Service) -> None:
    await before(service, 10)
    mine = await service.incident(call_type=None, narrative="shots fired outside")
    await service.assign(mine, "V1")
    phone = await service.token(Role.RESPONDER, unit_id=service.units["V1"])

    told = (await service.get(f"/v1/incidents/{mine}/premise", by=phone)).json()

    assert told["prior"] is None
    assert "prior_incidents" in told["not_shown"]
    assert told["hazards"]["told"] == "none_on_record"


async def test_how_other_agencies_ended_their_work_is_not_counted_for_a_token_kept_to_one(service: Service) -> None:
    earlier = await before(service, 10)
    rows = {row["unit"]: row["id"] for row in await service.assign(earlier, "P1", "CR1")}
    for status, more in (("on_scene", {}), ("cleared", {"outcome": "refused"})):
        await service.step(rows["P1"], status, **more)
    for status, more in (("accepted", {}), ("on_scene", {}), ("cleared", {"outcome": "de_escalated"})):
        await service.step(rows["CR1"], status, **more)
    care = await service.token(Role.DISPATCHER, agencies=["city-care"])

    prior = (await known(service, care))["prior"]

    assert prior["by_outcome"] == {"de_escalated": 1}
    assert prior["by_responder_type"] == {"community_responder": 1, "police": 1}


async def test_a_place_must_be_named_whole(service: Service) -> None:
    half = await service.get("/v1/premise", params={"lat": 44.0})
    none = await service.get("/v1/premise")

    assert (half.status_code, half.json()["errors"][0]["code"]) == (422, "half_a_position")
    assert (none.status_code, none.json()["limits"]) == (200, ["place_missing"])


async def test_incidents_before_an_update_moved_the_call_are_found_where_it_is_now(service: Service) -> None:
    body = a_call(received_at=(NOW - timedelta(days=3)).isoformat(), location=HERE)
    await service.call(**body)
    moved = {**body, "updated_at": NOW.isoformat(), "location": {"lat": 44.09, "lon": -124.85, "address": "1 Pine Ave"}}
    assert (await service.post("/v1/calls", moved)).status_code == 200

    assert (await known(service))["prior"]["incidents"] == 0
    assert (await known(service, address="1 pine avenue"))["prior"]["same_address"] == 1


class _Undo(Exception):
    """So that what a test filled in is rolled back."""


async def test_earlier_incidents_are_found_by_the_square_and_not_by_reading_all(service: Service) -> None:
    """The plan, with a hundred thousand incidents of one city in the table."""
    asked = {
        "jurisdiction_id": f"{service.jurisdiction}-large", "rows": [22025.0, 22026.0], "columns": [-62451.0, -62450.0],
        "lat": 44.051, "lon": -124.901, "has_position": True, "radius": 100.0, "address": "1 pine ave",
        "since": NOW - timedelta(days=365), "until": NOW, "without": [], "hidden": [],
    }  # fmt: skip
    shown = ""

    with suppress(_Undo):
        async with transaction(service.sessions) as session:
            await session.execute(text(LARGE), {"j": asked["jurisdiction_id"], "now": NOW})
            await session.execute(text("analyze incident"))
            plan = await session.execute(text("explain (format json) " + NEAR + "select count(*) from near"), asked)
            shown = str(plan.scalar_one())
            raise _Undo

    assert "ix_incident_near" in shown
    assert "ix_incident_address" in shown
    assert "Seq Scan" not in shown
