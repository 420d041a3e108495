"""What came of an assignment: several words with details, each known, each for those who may use it and may read it."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.city import NOW
from tests.support.city_policy import city_policy
from tests.support.service import Service

from dispatch.db.session import transaction
from dispatch.domain.access import Role
from dispatch.domain.time import iso
from dispatch.operations.policies import install_policy

pytestmark = pytest.mark.anyio

TOMORROW = iso(NOW + timedelta(days=1))


async def _there(service: Service, unit: str = "CR1", incident: str | None = None) -> tuple[str, str]:
    """An incident with this unit on scene: their ids."""
    incident = incident or await service.incident()
    [made] = await service.assign(incident, unit)
    await service.step(made["id"], "on_scene")
    return incident, made["id"]


async def _clear(service: Service, assignment: str, **body: Any) -> httpx.Response:
    return await service.post(f"/v1/assignments/{assignment}/status", {"status": "cleared", **body})


def _by_code(row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in row["outcomes"]}


async def test_a_team_says_all_that_came_of_it_and_one_word_stands_for_all(service: Service) -> None:
    _, made = await _there(service)

    answer = await _clear(
        service,
        made,
        outcome="de_escalated",
        outcomes=[
            {"code": "contact_made"},
            {"code": "de_escalated"},
            {"code": "referred_to", "referred_to": "Sobering center"},
            {"code": "naloxone", "doses": 2},
        ],
    )

    assert answer.status_code == 200, answer.text
    row = answer.json()
    assert row["outcome"] == "de_escalated"
    assert [one["code"] for one in row["outcomes"]] == ["de_escalated", "contact_made", "referred_to", "naloxone"]
    said = _by_code(row)
    assert (said["naloxone"]["doses"], said["referred_to"]["referred_to"]) == (2, "Sobering center")
    assert [one["lacks"] for one in row["outcomes"]] == [[], [], [], []]


async def test_the_first_of_several_stands_for_all_where_none_is_named(service: Service) -> None:
    _, made = await _there(service)

    row = (await _clear(service, made, outcomes=[{"code": "refused"}, {"code": "advised"}])).json()

    assert (row["status"], row["outcome"]) == ("cleared", "refused")


async def test_a_word_alone_is_enough_to_be_free_and_what_it_lacks_is_said_and_given_later(service: Service) -> None:
    _, made = await _there(service, "P1")

    cleared = (await _clear(service, made, outcome="report_taken")).json()
    later = await service.post(
        f"/v1/assignments/{made}:add-outcomes",
        {"outcomes": [{"code": "report_taken", "report_number": "26-004711"}, {"code": "citation"}]},
    )

    assert (cleared["outcome"], cleared["outcomes"][0]["lacks"]) == ("report_taken", ["report_number"])
    assert later.status_code == 200, later.text
    said = _by_code(later.json())
    assert (said["report_taken"]["report_number"], said["report_taken"]["lacks"]) == ("26-004711", [])
    assert later.json()["outcome"] == "report_taken"
    assert "citation" in said


async def test_a_supervisor_lists_what_is_still_owed_and_police_learn_of_no_health_by_it(service: Service) -> None:
    made = {unit: (await _there(service, unit))[1] for unit in ("P1", "P2", "M1", "CR1")}
    await _clear(service, made["P1"], outcome="report_taken")
    await _clear(service, made["P2"], outcomes=[{"code": "report_taken", "report_number": "26-1"}])
    await _clear(service, made["M1"], outcome="handled")
    await _clear(service, made["CR1"], outcome="contact_made", outcomes=[{"code": "advised"}])
    _, dose = await _there(service, "CR2")
    await _clear(service, dose, outcome="naloxone")
    both = await service.token(Role.SUPERVISOR, agencies=["city-police", "city-care"])

    async def owed(by: str) -> list[str]:
        page = (await service.get("/v1/assignments?owed=true&limit=9", by=by)).json()
        return [one["unit"] for one in page["items"]]

    assert await owed("supervisor") == ["CR2", "P1"]
    assert await owed(both) == ["P1"]
    late = [{"code": "report_taken", "report_number": "26-2"}]
    await service.post(f"/v1/assignments/{made['P1']}:add-outcomes", {"outcomes": late})
    assert await owed("supervisor") == ["CR2"]


@pytest.mark.parametrize(("said", "pointer"), [
    ({"code": "report_taken"}, "/outcomes/0/report_number"),
    ({"code": "referred_to"}, "/outcomes/0/referred_to"),
    ({"code": "transported_voluntarily"}, "/outcomes/0/destination"),
    ({"code": "naloxone"}, "/outcomes/0/doses"),
    ({"code": "follow_up_due"}, "/outcomes/0/due_at"),
])  # fmt: skip
async def test_an_outcome_with_fields_says_what_belongs_to_it(
    service: Service, said: dict[str, Any], pointer: str
) -> None:
    _, made = await _there(service)

    answer = await _clear(service, made, outcomes=[said])

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert (await service.get("/v1/assignments")).json()["items"][0]["status"] == "on_scene"


async def test_no_dose_is_no_naloxone(service: Service) -> None:
    _, made = await _there(service)

    answer = await _clear(service, made, outcomes=[{"code": "naloxone", "doses": 0}])

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/outcomes/0/doses")


async def test_a_word_that_is_no_outcome_is_refused_with_the_nearest_and_what_this_type_may_say(
    service: Service,
) -> None:
    _, made = await _there(service)

    unknown = (await _clear(service, made, outcome="deescalated")).json()
    others = (await _clear(service, made, outcome="arrest")).json()
    beside = (await _clear(service, made, outcome="handled", outcomes=[{"code": "contact_mad"}])).json()

    assert unknown["errors"][0]["pointer"] == "/outcome"
    assert "'de_escalated'" in unknown["errors"][0]["detail"]
    assert ("mediated" in unknown["allowed"], "arrest" in unknown["allowed"]) == (True, False)
    assert (others["errors"][0]["code"], others["errors"][0]["pointer"]) == ("outcome_of_others", "/outcome")
    assert beside["errors"][0]["pointer"] == "/outcomes/0/code"
    assert "'contact_made'" in beside["errors"][0]["detail"]


async def test_older_words_are_understood_and_found(service: Service) -> None:
    _, made = await _there(service)

    row = (await _clear(service, made, outcome="naloxone_given")).json()

    assert row["outcome"] == "naloxone"
    for word in ("naloxone", "naloxone_given"):
        assert len((await service.get("/v1/assignments", params={"outcome": word})).json()["items"]) == 1


async def test_a_follow_up_that_is_due_is_promised_by_the_same_step(service: Service) -> None:
    _, made = await _there(service)

    row = (
        await _clear(service, made, outcomes=[{"code": "follow_up_due", "due_at": TOMORROW, "what": "visit again"}])
    ).json()

    [promised] = (await service.get("/v1/follow-ups")).json()["items"]
    assert (promised["id"], promised["what"]) == (row["outcomes"][0]["follow_up"], "visit again")
    assert promised["due_at"] == "2026-11-24T14:00:00Z"
    moved = iso(NOW + timedelta(days=2))
    body = {"outcomes": [{"code": "follow_up_due", "due_at": moved}]}
    again = (await service.post(f"/v1/assignments/{made}:add-outcomes", body)).json()["outcomes"][0]
    [promised] = (await service.get("/v1/follow-ups")).json()["items"]
    assert (promised["id"], promised["due_at"]) == (row["outcomes"][0]["follow_up"], "2026-11-25T14:00:00Z")
    assert [one["due_at"] for one in again["earlier"]] == [TOMORROW]


async def test_a_follow_up_is_due_in_the_future(service: Service) -> None:
    _, made = await _there(service)

    answer = await _clear(service, made, outcomes=[{"code": "follow_up_due", "due_at": iso(NOW - timedelta(hours=1))}])

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/outcomes/0/due_at")


async def test_a_clear_that_is_undone_takes_its_outcomes_and_its_promise_back(service: Service) -> None:
    _, made = await _there(service)
    said = [{"code": "contact_made"}, {"code": "follow_up_due", "due_at": TOMORROW}]
    await _clear(service, made, outcomes=said)

    row = (await service.post(f"/v1/assignments/{made}:undo")).json()

    assert (row["status"], row["outcome"], row["outcomes"]) == ("on_scene", None, [])
    assert (await service.get("/v1/follow-ups")).json()["items"] == []
    assert (await service.get("/v1/assignments?outcome=follow_up_due")).json()["items"] == []
    assert (await _clear(service, made, outcomes=said)).status_code == 200


async def test_history_finds_an_assignment_by_any_of_its_outcomes_page_by_page_and_files_carry_them(
    service: Service,
) -> None:
    for number in range(5):
        _, made = await _there(service)
        also = [{"code": "needs_met"}] if number % 2 else [{"code": "report_taken", "report_number": f"26-{number}"}]
        await _clear(service, made, outcome="needs_met" if number == 0 else "contact_made", outcomes=also)
        service.clock.advance(60)

    found, cursor = [], None
    while True:
        params = {"outcome": "needs_met", "limit": 1, **({"cursor": cursor} if cursor else {})}
        page = (await service.get("/v1/assignments", params=params)).json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(found) == len({one["id"] for one in found}) == 3
    assert [one["created_at"] for one in found] == sorted((one["created_at"] for one in found), reverse=True)
    assert len((await service.get("/v1/assignments?outcome=report_taken&unit=CR1")).json()["items"]) == 3
    assert (await service.get("/v1/assignments?outcome=report_taken&unit=CR2")).json()["items"] == []
    lines = (await service.get("/v1/assignments", headers={"Accept": "application/x-ndjson"})).text.splitlines()
    assert {one["code"] for one in json.loads(lines[-1])["outcomes"]} == {"needs_met", "report_taken"}
    table = (await service.get("/v1/assignments?outcome=report_taken", headers={"Accept": "text/csv"})).text
    assert '""report_number"":""26-0""' in table


async def test_a_referral_to_the_police_leaves_the_incident_to_them_however_it_was_said(service: Service) -> None:
    incident, made = await _there(service)

    await _clear(service, made, outcome="contact_made", outcomes=[{"code": "referred_to", "referred_to": "Police"}])

    assert (await service.get(f"/v1/incidents/{incident}")).json()["incident"]["status"] == "pending"
    other, made = await _there(service)
    await _clear(service, made, outcome="handled")
    await service.post(f"/v1/incidents/{other}:close", {"disposition": "resolved"})
    body = {"outcomes": [{"code": "referred_to_ems"}]}
    await service.post(f"/v1/assignments/{made}:add-outcomes", body)
    again = (await service.get(f"/v1/incidents/{other}")).json()["incident"]
    assert (again["status"], again["needs_human"], again["disposition"]) == ("pending", True, None)


async def test_more_is_said_of_what_has_ended_and_of_nothing_else(service: Service) -> None:
    _, made = await _there(service)
    body = {"outcomes": [{"code": "contact_made"}]}

    assert (await service.post(f"/v1/assignments/{made}:add-outcomes", body)).status_code == 409


async def test_a_correction_keeps_what_was_said_before(service: Service) -> None:
    _, made = await _there(service)
    await _clear(service, made, outcomes=[{"code": "naloxone", "doses": 1}])

    body = {"outcomes": [{"code": "naloxone", "doses": 2}]}
    row = (await service.post(f"/v1/assignments/{made}:add-outcomes", body)).json()

    assert (row["outcomes"][0]["doses"], [one["doses"] for one in row["outcomes"][0]["earlier"]]) == (2, [1])


async def _a_dose_and_a_bed(service: Service) -> str:
    incident, made = await _there(service)
    said = [
        {"code": "contact_made"},
        {"code": "naloxone", "doses": 2},
        {"code": "transported_voluntarily", "destination": "Harbor detox"},
    ]
    assert (await _clear(service, made, outcomes=said)).status_code == 200
    return incident


async def test_details_of_health_are_read_by_permission_and_are_never_in_the_log(service: Service) -> None:
    incident = await _a_dose_and_a_bed(service)

    seen = {
        by: (await service.get("/v1/assignments", by=by)).json()["items"][0]["outcomes"]
        for by in ("dispatcher", "supervisor", "responder", "analyst", "auditor")
    }
    log = (await service.get(f"/v1/incidents/{incident}/timeline")).text

    for by, outcomes in seen.items():
        doses = next(one["doses"] for one in outcomes if one["code"] == "naloxone")
        assert doses == (None if by in ("analyst", "auditor") else 2), by
        assert ("Harbor detox" in str(outcomes)) is (by not in ("analyst", "auditor")), by
    assert "naloxone" in log
    assert "Harbor detox" not in log
    assert "doses" not in log


async def test_police_read_nothing_of_the_health_that_others_met_by_whatever_they_ask(service: Service) -> None:
    incident = await _a_dose_and_a_bed(service)
    _, own = await _there(service, "P1")
    await _clear(service, own, outcomes=[{"code": "naloxone", "doses": 1}])
    _, plain = await _there(service, "CR2")
    assert (await _clear(service, plain, outcome="naloxone")).status_code == 200
    police = await service.token(Role.SUPERVISOR, agencies=["city-police"])
    both = await service.token(Role.SUPERVISOR, agencies=["city-police", "city-care"])

    for token in (police, both):
        texts = [
            (await service.get(f"/v1/incidents/{incident}", by=token)).text,
            (await service.get(f"/v1/incidents/{incident}/timeline", by=token)).text,
            (await service.get("/v1/assignments?unit=CR1", by=token)).text,
            (await service.get("/v1/assignments?unit=CR1", by=token, headers={"Accept": "text/csv"})).text,
        ]
        place = (await service.get("/v1/premise?lat=44.051&lon=-124.901", by=token)).json()
        assert place["prior"]["by_outcome"].get("naloxone") == 1, "what P1 gave, and nobody else"
        for text in texts:
            assert "naloxone" not in text
            assert "Harbor detox" not in text
        [found] = (await service.get("/v1/assignments?outcome=naloxone", by=token)).json()["items"]
        assert (found["unit"], found["outcomes"][0]["doses"]) == ("P1", 1)


async def test_what_came_of_a_follow_up_is_a_word_of_the_catalogue_and_police_read_no_health_in_it(
    service: Service,
) -> None:
    _, made = await _there(service)
    due = await service.post(f"/v1/assignments/{made}/follow-ups", {"due_at": TOMORROW, "what": "visit again"})
    both = await service.token(Role.SUPERVISOR, agencies=["city-police", "city-care"])

    path = f"/v1/follow-ups/{due.json()['id']}:complete"
    refused = await service.post(path, {"outcome": "naloxon"})
    done = await service.post(path, {"outcome": "naloxone"})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/outcome")
    assert done.json()["outcome"] == "naloxone"
    [seen] = (await service.get("/v1/follow-ups?open=false", by=both)).json()["items"]
    assert seen["outcome"] is None


async def test_the_catalogue_is_listed_by_type_with_causes_and_codes_of_the_standards(service: Service) -> None:
    answer = await service.get("/v1/outcomes", params={"responder_type": "ems"})

    assert answer.status_code == 200, answer.text
    by_code = {one["code"]: one for one in answer.json()["outcomes"]}
    assert {"contact_made", "naloxone", "refused", "medical_transport"} <= set(by_code)
    assert not {"arrest", "mediated", "fire_out"} & set(by_code)
    assert by_code["naloxone"]["needs"] == ["doses"]
    assert by_code["refused"]["nemsis"] == "eDisposition.28=4228007"
    assert "duplicate" in {one["code"] for one in answer.json()["cancel_causes"]}


async def test_a_type_that_must_not_be_known_of_is_no_type_of_the_catalogue(service: Service) -> None:
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])

    everything = await service.get("/v1/outcomes", by=police)
    hidden = await service.get("/v1/outcomes", params={"responder_type": "cvi"}, by=police)
    unknown = await service.get("/v1/outcomes", params={"responder_type": "cvx"}, by=police)

    assert "cvi" not in everything.text
    assert (hidden.status_code, unknown.status_code) == (422, 422)
    assert hidden.json()["detail"].replace("cvi", "cvx") == unknown.json()["detail"]
    assert hidden.json()["fix"] == unknown.json()["fix"]


async def test_a_city_adds_outcomes_in_its_policy_and_they_are_obeyed(service: Service) -> None:
    own = """
outcomes:
  - {code: shelter_bed, label: A bed, responder_type: homeless_outreach, needs: destination, met: true}
  - {code: animal_taken, label: Left to animal control, calls_for: police}
  - {code: report_taken, responder_type: [police, report_taker], needs: []}
"""
    async with transaction(service.sessions) as session:
        texts = {**city_policy(2), "outcomes.yaml": own}
        await install_policy(session, service.jurisdiction, texts, {}, actor="tests", now=service.clock.now())
    service.clock.advance(1)
    await service.incident()  # the service meets the new policy

    _, outreach = await _there(service, "H1")
    row = (await _clear(service, outreach, outcomes=[{"code": "shelter_bed", "destination": "Harbor shelter"}])).json()
    assert (row["outcome"], row["outcomes"][0]["met"]) == ("shelter_bed", True)
    _, care = await _there(service)
    refused = await _clear(service, care, outcome="report_taken")
    assert refused.json()["errors"][0]["code"] == "outcome_of_others"
    incident, care = await _there(service, "CR2")
    assert (await _clear(service, care, outcome="animal_taken")).status_code == 200
    assert (await service.get(f"/v1/incidents/{incident}")).json()["incident"]["status"] == "pending"


async def test_a_unit_on_scene_says_what_it_is_and_the_incident_closes_with_that(service: Service) -> None:
    incident = await service.incident(call_type={"text": "NOISE COMPLAINT"}, narrative="loud music next door")
    [row] = await service.assign(incident, "P1")
    path = f"/v1/assignments/{row['id']}:on-scene-type"
    before = await service.post(path, {"incident_type": "WELFARE"})
    await service.step(row["id"], "on_scene")
    unknown = await service.post(path, {"incident_type": "NO SUCH TYPE"})
    first = await service.post(path, {"incident_type": "WELFARE", "note": "he had fallen asleep"})
    last = await service.post(path, {"incident_type": "NOISE"})
    again = await service.post(path, {"incident_type": "NOISE"})
    await service.step(row["id"], "cleared", outcome="handled")
    after = await service.post(path, {"incident_type": "WELFARE"})
    closed = await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"})

    assert (before.status_code, after.status_code) == (409, 409)
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/incident_type")
    assert (first.json()["on_scene_type"], last.json()["on_scene_type"]) == ("WELFARE", "NOISE")
    assert again.json()["version"] == last.json()["version"]
    assert first.json()["priority"] == last.json()["priority"]
    assert closed.json()["final_type"] == "NOISE"
    events = (await service.get(f"/v1/incidents/{incident}/timeline")).json()["items"]
    told = [event["payload"] for event in events if event["type"] == "incident.type_found"]
    assert [(one["unit"], one["from"], one["to"]) for one in told] == [
        ("P1", None, "WELFARE"),
        ("P1", "WELFARE", "NOISE"),
    ]


async def test_who_is_told_one_way_says_nothing_of_what_it_is_on_scene(service: Service) -> None:
    incident = await service.incident(narrative="loud music next door")
    [row] = await service.assign(incident, "V1")
    await service.step(row["id"], "on_scene")
    path = f"/v1/assignments/{row['id']}:on-scene-type"

    assert (await service.post(path, {"incident_type": "WELFARE"})).status_code == 409
    seen = (await service.get(f"/v1/incidents/{incident}")).json()
    assert seen["incident"]["on_scene_type"] is None
