"""Hazards of a place: nothing stands for ever, a danger is hidden from nobody, health is for those who care."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.domain.access import Role

pytestmark = pytest.mark.anyio

HERE = {"lat": 44.051, "lon": -124.901, "address": "4217 Grove St"}
NOTE = {
    "kind": "behavioral_health_note",
    "words": "Mr Quill hears voices; speak softly, his sister Ida calms him",
    "endangers_responders": False,
}
DANGEROUS_NOTE = {**NOTE, "words": "Mr Quill threw a knife at a nurse in a psychosis", "endangers_responders": True}
POLICE: dict[str, Any] = {"agencies": ["city-police"]}


def in_days(days: float) -> str:
    return (NOW + timedelta(days=days)).isoformat()


def a_hazard(**given: Any) -> dict[str, Any]:
    """A dog at 4217 Grove St that a document tells of; what is given replaces a field, None removes it."""
    body = {
        "kind": "dog",
        "words": "Two large dogs loose behind the gate",
        "expires_at": in_days(30),
        "place": HERE,
        "source": {"kind": "document", "name": "Animal control 2026-77"},
        **given,
    }
    return {name: value for name, value in body.items() if value is not None}


async def recorded(service: Service, by: str = "dispatcher", **given: Any) -> dict[str, Any]:
    """The hazard as whoever recorded it is answered."""
    answer = await service.post("/v1/hazards", a_hazard(**given), by=by)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["hazard"]
    return found


async def at_grove(service: Service, by: str = "dispatcher", **asked: Any) -> dict[str, Any]:
    """What is known of 4217 Grove St."""
    answer = await service.get("/v1/premise", by=by, params={**HERE, **asked})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def hazards_at_grove(service: Service, by: str = "dispatcher", **asked: Any) -> list[dict[str, Any]]:
    """Its hazards."""
    items: list[dict[str, Any]] = (await at_grove(service, by, **asked))["hazards"]["items"]
    return items


async def test_a_hazard_is_shown_near_its_place_with_who_says_so_its_age_and_until_when(service: Service) -> None:
    made = await recorded(service)
    service.clock.advance(3 * 86400)

    [shown] = await hazards_at_grove(service)

    assert shown["id"] == made["id"]
    assert (shown["words"], shown["warning"]) == (made["words"], "Dangerous animal on the premises")
    assert (shown["source_kind"], shown["source"]) == ("document", "Animal control 2026-77")
    assert (shown["author"], shown["age_days"]) == (service.token_ids["dispatcher"], 3)
    assert (shown["expires_at"], shown["state"], shown["match"]) == (in_days(30), "in_force", "same_address")


@pytest.mark.parametrize("expires_at", [None, in_days(-1), in_days(0), in_days(366)])
async def test_no_hazard_stands_without_an_expiry_or_longer_than_its_kind_allows(
    service: Service, expires_at: str | None
) -> None:
    answer = await service.post("/v1/hazards", a_hazard(expires_at=expires_at))

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/expires_at"]
    assert (await service.rows())["premise_hazard"] == 0


async def test_a_hazard_that_ran_out_is_shown_to_nobody_but_those_who_maintain_hazards_and_says_so(
    service: Service,
) -> None:
    await recorded(service, expires_at=in_days(1))

    service.clock.advance(86400)

    kept = await at_grove(service, by="supervisor")
    assert await hazards_at_grove(service) == []
    assert [one["state"] for one in kept["hazards"]["items"]] == ["expired"]
    assert kept["hazards"]["told"] == "none_on_record"
    service.clock.advance(31 * 86400)
    assert await hazards_at_grove(service, by="supervisor") == []


async def test_whoever_goes_there_reads_the_hazards_in_the_incident_and_in_the_recommendation(service: Service) -> None:
    made = await recorded(service)
    got = await service.call()
    incident = got["incident"]["id"]
    await service.assign(incident, "CR1")

    detail = (await service.get(f"/v1/incidents/{incident}")).json()
    phone = (await service.get(f"/v1/incidents/{incident}", by="responder")).json()
    premise = (await service.get(f"/v1/incidents/{incident}/premise", by="responder")).json()
    advice = (await service.get(f"/v1/incidents/{incident}/recommendation")).json()

    for told in (got["recommendation"], detail, phone, premise, advice):
        assert [one["id"] for one in told["hazards"]["items"]] == [made["id"]]
        assert told["hazards"]["told"] == "found"


async def test_roles_that_may_know_no_hazards_are_told_nothing_and_not_that_there_are_none(service: Service) -> None:
    await recorded(service)
    incident = await service.incident()

    for role in ("analyst", "administrator", "auditor"):
        assert (await service.get(f"/v1/incidents/{incident}", by=role)).json()["hazards"] is None
        assert (await service.get("/v1/premise", by=role, params=HERE)).status_code == 403
        assert (await service.get(f"/v1/incidents/{incident}/premise", by=role)).status_code == 403


async def test_a_responder_knows_the_premise_of_its_own_incident_and_of_no_other(service: Service) -> None:
    mine, other = await service.incident(), await service.incident()
    await service.assign(mine, "CR1")

    assert (await service.get(f"/v1/incidents/{mine}/premise", by="responder")).status_code == 200
    assert (await service.get(f"/v1/incidents/{other}/premise", by="responder")).status_code == 404
    assert (await service.get("/v1/premise", by="responder", params=HERE)).status_code == 403


async def test_a_responder_records_what_it_found_at_its_incident_which_is_then_the_source(service: Service) -> None:
    mine, other = await service.incident(), await service.incident()
    await service.assign(mine, "CR1")
    found = {"kind": "dog", "words": "a biting dog", "expires_at": in_days(30), "door": "3B"}

    answer = await service.post(f"/v1/incidents/{mine}/hazards", found, by="responder")
    elsewhere = await service.post(f"/v1/incidents/{other}/hazards", found, by="responder")
    anywhere = await service.post("/v1/hazards", a_hazard(), by="responder")

    assert answer.status_code == 201, answer.text
    assert (elsewhere.status_code, anywhere.status_code) == (404, 403)
    made = answer.json()["hazard"]
    number = (await service.get(f"/v1/incidents/{mine}")).json()["incident"]["number"]
    assert (made["source_kind"], made["source"], made["incident_id"]) == ("incident", number, mine)
    assert (made["address"], made["door"], made["agency"]) == ("4217 Grove St", "3b", "city-care")


async def test_the_apartment_next_door_is_told_as_another_door(service: Service) -> None:
    await recorded(service, place={**HERE, "address": "4217 Grove Street, Apt 3B"})

    same = await hazards_at_grove(service, address="4217 grove st apt 3b")
    other = await hazards_at_grove(service, address="4217 Grove St #5")

    assert ([one["match"] for one in same], [one["match"] for one in other]) == (["same_door"], ["other_door"])


async def test_a_hazard_reaches_as_far_as_its_author_says_and_no_further(service: Service) -> None:
    await recorded(
        service, kind="hazardous_material", words="chlorine", radius_m=500, place={"lat": 44.055, "lon": -124.901}
    )

    [near] = await hazards_at_grove(service)
    far = await service.get("/v1/premise", params={"lat": 44.0487, "lon": -124.901})

    assert (near["match"], round(near["distance_m"])) == ("near", 445)
    assert far.json()["hazards"]["items"] == []


async def test_the_same_words_of_an_address_in_a_town_far_away_are_another_address(service: Service) -> None:
    await recorded(service, place={"lat": 44.2, "lon": -124.901, "address": "4217 Grove St"})

    assert await hazards_at_grove(service) == []


async def test_law_enforcement_reads_no_health_record_and_cannot_tell_whether_there_is_one(service: Service) -> None:
    police = await service.token(Role.SUPERVISOR, **POLICE)
    incident = await service.incident()
    before = (await at_grove(service, police), (await service.get(f"/v1/incidents/{incident}", by=police)).text)

    made = await recorded(service, **NOTE)

    assert (await at_grove(service, police), (await service.get(f"/v1/incidents/{incident}", by=police)).text) == before
    assert before[0]["not_shown"] == ["behavioral_health", "medical"]
    assert (await service.get(f"/v1/hazards/{made['id']}", by=police)).status_code == 404
    assert made["id"] not in (await service.get("/v1/hazards", by=police)).text
    assert made["id"] not in (await service.get("/v1/feed", by=police, params={"limit": 1000})).text
    assert [one["words"] for one in await hazards_at_grove(service)] == [NOTE["words"]]


@pytest.mark.parametrize(
    ("hazard", "warning"),
    [
        (DANGEROUS_NOTE, "Caution: ask the dispatcher before going in"),
        ({"kind": "infectious", "words": "Mr Quill has open tuberculosis"}, "Take precautions against infection"),
        (
            {"kind": "weapon", "words": "Mr Quill, paranoid, keeps a shotgun", "sensitivity": "behavioral_health"},
            "Weapons reported on the premises",
        ),
    ],
)
async def test_a_danger_in_a_health_record_is_shown_to_everyone_in_the_least_words(
    service: Service, hazard: dict[str, Any], warning: str
) -> None:
    made = await recorded(service, **hazard)
    incident = await service.incident()
    await service.assign(incident, "P1")
    officer = await service.token(Role.RESPONDER, unit_id=service.units["P1"])
    desk = await service.token(Role.DISPATCHER, **POLICE)

    for answer in (
        await service.get(f"/v1/incidents/{incident}/premise", by=officer),
        await service.get("/v1/premise", by=desk, params=HERE),
    ):
        [shown] = answer.json()["hazards"]["items"]
        assert (shown["id"], shown["warning"], shown["withheld"]) == (made["id"], warning, True)
        assert {name: shown[name] for name in ("kind", "words", "sensitivity", "source", "author", "incident_id")} == (
            dict.fromkeys(("kind", "words", "sensitivity", "source", "author", "incident_id"))
        )
        assert "Quill" not in answer.text
    told = [one for one in (await service.get("/v1/feed", by=desk, params={"limit": 1000})).json()["items"]
            if one["subject_id"] == made["id"]]  # fmt: skip
    assert [(one["payload"]["kind"], one["payload"]["sensitivity"]) for one in told] == [(None, None)]


@pytest.mark.parametrize(
    ("unit", "reads"),
    [("P1", []), ("CO1", []), ("DESK", []), ("E1", ["medical"]), ("T1", []),
     ("M1", ["behavioral_health", "medical"]), ("CR1", ["behavioral_health", "medical"]),
     ("H1", ["behavioral_health", "medical"])],
)  # fmt: skip
async def test_health_records_are_read_by_those_who_care_for_people_there(
    service: Service, unit: str, reads: list[str]
) -> None:
    await recorded(service, **NOTE)
    await recorded(service, kind="medical_need", words="dialysis at home", endangers_responders=False)
    incident = await service.incident()
    await service.assign(incident, unit)
    phone = await service.token(Role.RESPONDER, unit_id=service.units[unit])

    shown = (await service.get(f"/v1/incidents/{incident}", by=phone)).json()["hazards"]["items"]

    assert sorted(one["sensitivity"] for one in shown) == reads


async def test_violence_interrupters_read_no_health_record_and_are_warned_of_what_may_hurt_them(
    service: Service,
) -> None:
    await recorded(service, **NOTE)
    made = await recorded(service, kind="dog", words="a biting dog")
    incident = await service.incident(call_type=None, narrative="shots fired outside")
    await service.assign(incident, "V1")
    phone = await service.token(Role.RESPONDER, unit_id=service.units["V1"])

    told = (await service.get(f"/v1/incidents/{incident}/premise", by=phone)).json()["hazards"]["items"]

    assert made["id"] in [one["id"] for one in told]
    assert all(one["sensitivity"] in (None, "ordinary", "officer_safety") for one in told)
    assert "4217" not in str(told)


async def test_a_scope_takes_health_records_from_a_dispatcher_of_the_whole_city(service: Service) -> None:
    await recorded(service, **NOTE)
    narrow = await service.token(Role.DISPATCHER, scopes=["premise.read", "call.read_caller"])

    told = await at_grove(service, narrow)

    assert (told["hazards"]["items"], told["prior"]["latest"]) == ([], None)
    assert told["not_shown"] == ["behavioral_health", "medical"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"kind": "cat"}, "unknown_kind"),
        ({"kind": "infectious", "sensitivity": "ordinary", "expires_at": in_days(10)}, "weakens_privacy"),
        ({"kind": "weapon", "endangers_responders": False}, "hides_danger"),
        ({**NOTE, "endangers_responders": None}, "not_said"),
        ({"kind": "key_holder", "sensitivity": "behavioral_health"}, "not_said"),
        ({"place": {"lat": 44.0}}, "half_a_position"),
        ({"place": {}}, "place_missing"),
        ({"place": {"address": " , "}}, "place_missing"),
        ({"source": {"kind": "agency", "name": "nobody"}}, "unknown_agency"),
        ({"source": {"kind": "incident", "name": "1"}}, "at_an_incident"),
    ],
)  # fmt: skip
async def test_what_would_hide_a_danger_or_bare_a_record_is_refused_by_field(
    service: Service, given: dict[str, Any], code: str
) -> None:
    answer = await service.post("/v1/hazards", a_hazard(**given))

    assert answer.status_code == 422
    assert [one["code"] for one in answer.json()["errors"]] == [code]
    assert (await service.rows())["premise_hazard"] == 0


async def test_law_enforcement_records_dangers_and_no_health_records(service: Service) -> None:
    police = await service.token(Role.DISPATCHER, **POLICE)

    danger = await service.post("/v1/hazards", a_hazard(kind="violence_towards_responders"), by=police)
    record = await service.post("/v1/hazards", a_hazard(**NOTE), by=police)

    assert (danger.status_code, danger.json()["hazard"]["agency"]) == (201, "city-police")
    assert record.status_code == 403


async def test_violence_interrupters_record_nothing_and_are_named_as_the_source_of_nothing(service: Service) -> None:
    incident = await service.incident(call_type=None, narrative="shots fired outside")
    await service.assign(incident, "V1")
    phone = await service.token(Role.RESPONDER, unit_id=service.units["V1"])
    harbor = await service.token(Role.SUPERVISOR, agencies=["harbor-alliance"])
    made = await recorded(service)
    found = {"kind": "weapon", "words": "a gun in the hall", "expires_at": in_days(30)}

    answers = [
        await service.post(f"/v1/incidents/{incident}/hazards", found, by=phone),
        await service.post("/v1/hazards", a_hazard(**found), by=harbor),
        await service.post(f"/v1/hazards/{made['id']}:withdraw", {"reason": "x"}, by=harbor),
        await service.post(f"/v1/hazards/{made['id']}:review", {"expires_at": in_days(9)}, by=harbor),
    ]
    named = await service.post("/v1/hazards", a_hazard(source={"kind": "agency", "name": "harbor-alliance"}))

    assert [answer.status_code for answer in answers] == [403] * 4
    assert named.status_code == 422
    assert (await service.rows())["premise_hazard"] == 1


async def test_a_supervisor_looks_again_and_it_stands_longer_but_not_beyond_the_limit(service: Service) -> None:
    made = await recorded(service, expires_at=in_days(10))
    service.clock.advance(11 * 86400)
    assert await hazards_at_grove(service) == []

    longest = await service.post(f"/v1/hazards/{made['id']}:review", {"expires_at": in_days(376)}, by="supervisor")
    too_long = await service.post(f"/v1/hazards/{made['id']}:review", {"expires_at": in_days(377)}, by="supervisor")
    others = await service.post(f"/v1/hazards/{made['id']}:review", {"expires_at": in_days(60)})

    assert (longest.status_code, too_long.status_code, others.status_code) == (200, 422, 403)
    [shown] = await hazards_at_grove(service)
    assert (shown["expires_at"], shown["reviewed_by"]) == (in_days(376), service.token_ids["supervisor"])
    assert (shown["age_days"], shown["created_at"]) == (0, NOW.isoformat())


async def test_a_hazard_that_was_withdrawn_is_shown_no_more_and_stays_on_record_with_the_reason(
    service: Service,
) -> None:
    made = await recorded(service)

    by_another = await service.post(f"/v1/hazards/{made['id']}:withdraw", {"reason": "x"}, by="call_taker")
    gone = await service.post(f"/v1/hazards/{made['id']}:withdraw", {"reason": "the dogs moved out"})
    again = await service.post(f"/v1/hazards/{made['id']}:withdraw", {"reason": "x"}, by="supervisor")
    late = await service.post(f"/v1/hazards/{made['id']}:review", {"expires_at": in_days(60)}, by="supervisor")

    assert (by_another.status_code, gone.status_code, again.status_code, late.status_code) == (403, 200, 409, 409)
    assert await hazards_at_grove(service, by="supervisor") == []
    kept = (await service.get(f"/v1/hazards/{made['id']}")).json()
    assert (kept["state"], kept["withdrawn_reason"], kept["words"]) == (
        "withdrawn",
        "the dogs moved out",
        made["words"],
    )
    [listed] = (await service.get("/v1/hazards", by="supervisor", params={"state": "withdrawn"})).json()["items"]
    assert listed["id"] == made["id"]


async def test_a_hazard_of_another_agency_is_neither_reviewed_nor_withdrawn_nor_listed(service: Service) -> None:
    care = await service.token(Role.SUPERVISOR, agencies=["city-care"])
    police = await service.token(Role.SUPERVISOR, **POLICE)
    ours = await recorded(service, by=care)
    citys = await recorded(service, kind="structural", words="no stairs")

    for one in (ours, citys):
        assert (
            await service.post(f"/v1/hazards/{one['id']}:review", {"expires_at": in_days(20)}, by=police)
        ).status_code == 403
        assert (await service.post(f"/v1/hazards/{one['id']}:withdraw", {"reason": "x"}, by=police)).status_code == 403
    assert (await service.get("/v1/hazards", by=police)).json()["items"] == []
    assert [one["id"] for one in (await service.get("/v1/hazards", by=care)).json()["items"]] == [ours["id"]]
    assert len(await hazards_at_grove(service, police)) == 2, "a danger is for everyone"


async def test_those_that_run_out_soon_are_listed_soonest_first(service: Service) -> None:
    late = await recorded(service, expires_at=in_days(40))
    soon = await recorded(service, kind="structural", expires_at=in_days(5))
    next_ = await recorded(service, kind="caution", expires_at=in_days(12))

    def ids(answer: httpx.Response) -> list[str]:
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    listed = await service.get("/v1/hazards", by="supervisor", params={"expires_within_days": 14})
    page = await service.get("/v1/hazards", by="supervisor", params={"limit": 2})
    rest = await service.get("/v1/hazards", by="supervisor", params={"limit": 2, "cursor": page.json()["next"]})

    assert ids(listed) == [soon["id"], next_["id"]]
    assert (ids(page), ids(rest)) == ([soon["id"], next_["id"]], [late["id"]])


async def test_the_very_same_hazard_is_not_recorded_twice(service: Service) -> None:
    made = await recorded(service)

    again = await service.post("/v1/hazards", a_hazard())

    assert (again.status_code, again.json()["code"], again.json()["hazard"]) == (409, "already_exists", made["id"])


async def test_the_log_tells_that_a_hazard_was_recorded_reviewed_and_withdrawn_and_not_what_it_says(
    service: Service,
) -> None:
    incident = await service.incident()
    body = {"kind": "dog", "words": "a biting dog named Rex", "expires_at": in_days(30)}
    made = (await service.post(f"/v1/incidents/{incident}/hazards", body)).json()["hazard"]
    await service.post(f"/v1/hazards/{made['id']}:review", {"expires_at": in_days(60)}, by="supervisor")
    await service.post(f"/v1/hazards/{made['id']}:withdraw", {"reason": "Rex has died"})

    timeline = await service.get(f"/v1/incidents/{incident}/timeline", by="auditor")

    told = [one for one in timeline.json()["items"] if one["subject_id"] == made["id"]]
    assert [one["type"] for one in told] == ["hazard.recorded", "hazard.reviewed", "hazard.withdrawn"]
    before, after = (datetime.fromisoformat(told[1]["payload"][name]) for name in ("before", "expires_at"))
    assert (before, after) == (NOW + timedelta(days=30), NOW + timedelta(days=60))
    assert "Rex" not in timeline.text


async def test_who_told_of_a_hazard_is_not_named_to_those_who_may_not_know_callers(service: Service) -> None:
    await recorded(service, source={"kind": "person", "name": "Ida Quill"})
    incident = await service.incident()
    await service.assign(incident, "CR1")

    phone = await service.get(f"/v1/incidents/{incident}", by="responder")

    [shown] = phone.json()["hazards"]["items"]
    assert (shown["source_kind"], shown["source"]) == ("person", None)
    assert "Ida" not in phone.text


async def test_the_kinds_are_a_closed_list_with_their_limits(service: Service) -> None:
    kinds = {one["kind"]: one for one in (await service.get("/v1/hazard-kinds", by="responder")).json()["items"]}

    assert {"dog", "weapon", "violence_towards_responders", "infectious", "caution"} <= set(kinds)
    assert all(1 <= one["most_days"] <= 1096 for one in kinds.values())
    assert kinds["infectious"]["sensitivity"] == "medical"


async def test_the_database_lets_nobody_change_or_remove_what_a_hazard_says(service: Service) -> None:
    made = await recorded(service)

    for statement in (
        f"update premise_hazard set words = 'all is well' where id = '{made['id']}'",
        f"update premise_hazard set endangers_responders = false where id = '{made['id']}'",
        f"delete from premise_hazard where id = '{made['id']}'",
        "truncate premise_hazard",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="never changed or removed"):
            await service.fetch(statement)
    assert [one["words"] for one in await hazards_at_grove(service)] == [made["words"]]
