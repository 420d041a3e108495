"""`POST /v1/calls`: stored once, however often it is sent; newer wins, older never does; nothing is lost on the way."""

from datetime import timedelta

import httpx
import pytest
from tests.support.city import NOW
from tests.support.city_policy import city_policy
from tests.support.service import Service, a_call

from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio


async def test_a_new_call_is_answered_with_its_incident_its_triage_and_who_could_go(service: Service) -> None:
    answer = await service.post("/v1/calls", a_call(answers={"weapon": "none"}))

    assert answer.status_code == 201
    got = answer.json()
    assert got["call"]["id"].startswith("call_")
    assert got["call"]["version"] == 1
    assert got["incident"]["status"] == "pending"
    assert got["incident"]["linked_calls"] == 1
    assert got["triage"]["category"] == "behavioral_health"
    assert got["triage"]["incident_type"] == "WELFARE"
    assert got["triage"]["priority"] == 3
    assert got["triage"]["reasons"][0]["rule"] == "CA-04"
    assert got["triage"]["facts"]["weapon"]["value"] == "none"
    assert got["triage"]["policy"]["id"] == "test-city"
    assert next(pick["unit"] for pick in got["recommendation"]["units"] if pick["step"] == 1) == "CR1"


async def test_what_was_acknowledged_is_in_the_database(service: Service) -> None:
    before = await service.rows()

    got = await service.call()

    after = await service.rows()
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "call": 1,
        "incident": 1,
        "triage_decision": 1,
        "event_log": 3,
    }
    detail = (await service.get(f"/v1/incidents/{got['incident']['id']}")).json()
    assert detail["calls"][0]["id"] == got["call"]["id"]
    assert detail["triage"] == got["triage"]


async def test_the_same_content_again_is_200_and_stores_nothing(service: Service) -> None:
    body = a_call()
    first = await service.post("/v1/calls", body)
    before = await service.rows()

    again = await service.post("/v1/calls", dict(reversed(body.items())))

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["call"] == first.json()["call"]
    assert again.json()["incident"] == first.json()["incident"]
    assert again.json()["triage"] == first.json()["triage"]
    assert await service.rows() == before


async def test_flags_are_the_same_when_a_call_with_gaps_is_sent_again(service: Service) -> None:
    body = a_call(call_type={"code": "XYZ-9"}, location={"address": "somewhere on Grove"})

    first = await service.post("/v1/calls", body)
    again = await service.post("/v1/calls", body)

    assert first.json()["call"]["flags"] == ["position_missing", "call_type_not_in_crosswalk"]
    assert again.json()["call"]["flags"] == first.json()["call"]["flags"]


async def test_other_content_of_the_same_age_is_a_conflict(service: Service) -> None:
    body = a_call()
    stored = await service.call(**body)
    before = await service.rows()

    answer = await service.post("/v1/calls", {**body, "narrative": "quite another story"})

    assert answer.status_code == 409
    assert answer.json()["code"] == "conflicting_content"
    assert answer.json()["incident"] == stored["incident"]["id"]
    assert await service.rows() == before


async def test_an_older_version_never_overwrites_a_newer_one(service: Service) -> None:
    body = a_call(updated_at=iso(NOW))
    got = await service.call(**body)
    before = await service.rows()

    answer = await service.post(
        "/v1/calls", {**body, "updated_at": iso(NOW - timedelta(seconds=1)), "narrative": "man with a knife"}
    )

    assert answer.status_code == 409
    assert answer.json()["code"] == "stale_content"
    assert answer.json()["stored_revision"] == iso(NOW)
    assert await service.rows() == before
    detail = (await service.get(f"/v1/incidents/{got['incident']['id']}")).json()
    assert detail["triage"] == got["triage"]


async def test_a_newer_version_is_taken_and_triaged_again(service: Service) -> None:
    body = a_call()
    got = await service.call(**body)
    service.clock.advance(60)

    answer = await service.post(
        "/v1/calls", {**body, "updated_at": iso(service.clock.at), "narrative": "he now holds a knife"}
    )

    assert answer.status_code == 200
    assert answer.json()["call"] == {"id": got["call"]["id"], "version": 2, "flags": []}
    assert answer.json()["triage"]["priority"] == 1
    incident = got["incident"]["id"]
    assert (await service.get(f"/v1/incidents/{incident}")).json()["incident"]["priority"] == 1
    decisions = (await service.get(f"/v1/incidents/{incident}/decisions")).json()["items"]
    assert [one["trigger"] for one in decisions] == ["call", "call_update"]


async def test_a_second_version_is_the_one_that_counts_from_then_on(service: Service) -> None:
    body = a_call()
    await service.call(**body)
    second = {**body, "updated_at": iso(NOW + timedelta(seconds=10)), "narrative": "second"}
    third = {**body, "updated_at": iso(NOW + timedelta(seconds=20)), "narrative": "third"}

    assert (await service.post("/v1/calls", third)).json()["call"]["version"] == 2
    late = await service.post("/v1/calls", second)
    again = await service.post("/v1/calls", third)

    assert late.json()["code"] == "stale_content"
    assert again.json()["call"]["version"] == 2


async def test_the_bytes_of_the_sender_are_kept_exactly(service: Service) -> None:
    raw = (
        '{ "source" :"cad-east",\n\t"source_ref":"raw-1", "narrative":"caf\\u00e9 \U0001f600 loud music",'
        ' "location": {"lat": 4.405E1, "lon": -124.90} }  \n'
    ).encode()

    answer = await service.send("POST", "/v1/calls", content=raw, headers={"Content-Type": "application/json"})

    assert answer.status_code == 201, answer.text
    [row] = await service.fetch("select raw, narrative from call where id = $1", answer.json()["call"]["id"])
    assert bytes(row["raw"]) == raw
    assert row["narrative"] == "café \U0001f600 loud music"


async def test_an_unknown_type_code_is_kept_read_as_words_and_listed_as_work_to_do(service: Service) -> None:
    for _ in range(2):
        await service.call(call_type={"code": "ZZ-77", "text": "LOUD MUSIC"}, narrative=None)
    got = await service.call(call_type={"code": "ZZ-77", "text": "LOUD MUSIC"}, narrative=None)

    assert "call_type_not_in_crosswalk" in got["triage"]["warnings"]
    assert got["triage"]["category"] == "quality_of_life" or got["triage"]["reasons"][0]["rule"] == "CA-04"
    listed = (await service.get("/v1/call-types/unmapped")).json()["items"]
    assert [(one["source"], one["type_code"], one["type_text"], one["calls"]) for one in listed] == [
        ("cad-east", "ZZ-77", "LOUD MUSIC", 3)
    ]


async def test_a_known_type_code_is_not_on_the_list_of_unknown_ones(service: Service) -> None:
    await service.call()

    assert (await service.get("/v1/call-types/unmapped")).json()["items"] == []


@pytest.mark.parametrize(
    ("location", "flag"),
    [
        (None, "location_missing"),
        ({"place": "transit"}, "location_missing"),
        ({"lat": 0, "lon": 0}, "location_missing"),
        ({"address": "100 Grove St"}, "position_missing"),
        ({"lat": 0, "lon": 0, "address": "100 Grove St"}, "position_missing"),
        ({"lat": 44.0, "lon": -124.9}, "address_missing"),
    ],
)
async def test_a_call_with_part_of_a_location_is_taken_and_says_what_is_missing(
    service: Service, location: dict[str, object] | None, flag: str
) -> None:
    got = await service.call(location=location)

    assert got["call"]["flags"] == [flag]


async def test_without_a_position_units_are_still_recommended_but_no_time_is_promised(service: Service) -> None:
    got = await service.call(location=None)

    picks = got["recommendation"]["units"]
    assert {pick["unit"] for pick in picks} >= {"CR1", "CR2"}
    assert {pick["eta_s"] for pick in picks} == {None}


async def test_a_call_without_a_time_counts_from_now(service: Service) -> None:
    got = await service.call(received_at=None)

    detail = (await service.get(f"/v1/incidents/{got['incident']['id']}")).json()
    assert detail["incident"]["opened_at"] == "2026-11-23T14:00:00Z"


async def test_a_call_received_long_ago_keeps_its_time(service: Service) -> None:
    got = await service.call(received_at="2019-02-28T23:59:59+05:30")

    detail = (await service.get(f"/v1/incidents/{got['incident']['id']}")).json()
    assert detail["incident"]["opened_at"] == "2019-02-28T18:29:59Z"


async def test_a_token_bound_to_a_source_may_not_post_for_another(service: Service) -> None:
    before = await service.rows()

    own = await service.post("/v1/calls", a_call(), by="integration")
    other = await service.post("/v1/calls", a_call(source="cad-west"), by="integration")

    assert own.status_code == 201
    assert other.status_code == 403
    assert other.json()["code"] == "forbidden"
    assert (await service.rows())["call"] == before["call"] + 1


async def test_two_sources_may_use_the_same_reference(service: Service) -> None:
    body = a_call()

    first = await service.post("/v1/calls", body)
    second = await service.post("/v1/calls", {**body, "source": "cad-west"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["call"]["id"] != second.json()["call"]["id"]


async def test_without_an_active_policy_nothing_is_guessed_and_nothing_is_stored(service: Service) -> None:
    await service.fetch(
        "update policy_version set status = 'withdrawn' where jurisdiction_id = $1 returning id", service.jurisdiction
    )
    before = await service.rows()

    answer = await service.post("/v1/calls", a_call())

    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"
    assert "policy" in answer.json()["detail"].lower()
    assert await service.rows() == before


async def test_a_dry_run_answers_as_a_call_would_and_stores_nothing(service: Service) -> None:
    body = a_call()
    before = await service.rows()

    dry = await service.post("/v1/triage:evaluate", body)

    assert dry.status_code == 200
    assert await service.rows() == before
    assert dry.json()["triage"] == (await service.call(**body))["triage"]


async def test_a_dry_run_can_ask_for_a_version_by_name(service: Service) -> None:
    named = await service.post("/v1/triage:evaluate?policy=test-city@1", a_call())
    unknown = await service.post("/v1/triage:evaluate?policy=test-city@9", a_call())
    garbled = await service.post("/v1/triage:evaluate?policy=test-city", a_call())

    assert named.json()["triage"]["policy"]["version"] == 1
    assert (unknown.status_code, garbled.status_code) == (404, 422)
    assert garbled.json()["errors"][0]["pointer"] == "policy"


async def test_a_ten_thousand_word_narrative_is_kept_whole(service: Service) -> None:
    narrative = " ".join(f"word{n}" for n in range(9_999)) + " knife"

    got = await service.call(narrative=narrative)

    assert got["triage"]["priority"] == 1
    detail = (await service.get(f"/v1/incidents/{got['incident']['id']}")).json()
    assert detail["calls"][0]["narrative"] == narrative


async def test_one_key_replays_one_answer(service: Service) -> None:
    body, key = a_call(), {"Idempotency-Key": "0b8c1f"}
    first = await service.post("/v1/calls", body, headers=key)
    before = await service.rows()

    again = await service.post("/v1/calls", body, headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["content-type"] == first.headers["content-type"]
    assert await service.rows() == before


async def test_one_key_with_another_body_is_refused_and_stores_nothing(service: Service) -> None:
    key = {"Idempotency-Key": "0b8c1f"}
    await service.post("/v1/calls", a_call(), headers=key)
    before = await service.rows()

    answer = await service.post("/v1/calls", a_call(), headers=key)

    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"
    assert await service.rows() == before


async def test_a_refusal_does_not_use_up_its_key(service: Service) -> None:
    key = {"Idempotency-Key": "0b8c1f"}
    refused = await service.post("/v1/calls", a_call(narrative=7), headers=key)

    accepted = await service.post("/v1/calls", a_call(), headers=key)

    assert (refused.status_code, accepted.status_code) == (422, 201)


async def test_two_tokens_may_use_the_same_key(service: Service) -> None:
    key = {"Idempotency-Key": "0b8c1f"}

    first = await service.post("/v1/calls", a_call(), headers=key, by="dispatcher")
    second = await service.post("/v1/calls", a_call(), headers=key, by="call_taker")

    assert (first.status_code, second.status_code) == (201, 201)


async def _posts_of_passing_on(service: Service, until: str) -> list[tuple[str, dict[str, object], str]]:
    """Transfers, hand-offs, appointments, exchanges, stacks and what came of a job: with units of their own."""
    for n in range(1, 10):
        unit = {"call_sign": f"X{n}", "agency_id": "city-care", "responder_type": "community_responder"}
        answer = await service.post("/v1/units", {**unit, "status": "available"}, by="administrator")
        assert answer.status_code == 201, answer.text

    async def at_work(unit: str, *statuses: str) -> tuple[str, str]:
        incident = await service.incident()
        [row] = await service.assign(incident, unit, mode="ordered")
        for status in statuses:
            await service.step(row["id"], status, **({"outcome": "handled"} if status == "cleared" else {}))
        return incident, row["id"]

    line = await service.incident()
    [taken] = await service.assign(line, "LINE")
    await service.step(taken["id"], "accepted")
    _, handing = await at_work("X1", "on_scene")
    _, giving = await at_work("X2", "on_scene")
    asked = (await service.post(f"/v1/assignments/{giving}:hand-off", {"unit": "X3"})).json()["id"]
    _, staged = await at_work("X4", "staged")
    _, done = await at_work("X5", "on_scene", "cleared")
    exchanged, _ = await at_work("X6", "en_route")
    await at_work("X8")
    kept = await service.post(f"/v1/incidents/{await service.incident()}:stack", {"unit": "X8"})
    return [
        (f"/v1/incidents/{await service.incident()}:transfer", {"outside": "Lane County 911"}, "dispatcher"),
        (f"/v1/assignments/{taken['id']}:return", {"reason": "he has a gun in his hand now"}, "dispatcher"),
        (
            f"/v1/incidents/{await service.incident()}/appointments",
            {"unit": "H1", "scheduled_for": until},
            "dispatcher",
        ),
        (f"/v1/assignments/{handing}:hand-off", {"unit": "X9"}, "dispatcher"),
        (f"/v1/assignments/{asked}:take-over", {"accept": True}, "dispatcher"),
        (f"/v1/assignments/{staged}:release", {}, "dispatcher"),
        (f"/v1/assignments/{handing}:on-scene-type", {"incident_type": "NOISE"}, "dispatcher"),
        (f"/v1/assignments/{done}:add-outcomes", {"outcomes": [{"code": "advised"}]}, "dispatcher"),
        (f"/v1/incidents/{exchanged}:exchange", {"off": "X6", "on": "X7"}, "dispatcher"),
        # The order of what is kept is told whole, so it is changed before anything else is kept.
        ("/v1/units/X8/stack:reorder", {"order": [kept.json()["id"]]}, "dispatcher"),
        (f"/v1/incidents/{await service.incident()}:stack", {"unit": "X8"}, "dispatcher"),
    ]


async def _posts(service: Service) -> list[tuple[str, dict[str, object], str]]:
    """A request for every POST route that changes something, each good for one answer of 2xx."""
    held, closed, reopened, doubled = [await service.incident() for _ in range(4)]
    await service.post(f"/v1/incidents/{reopened}:close", {"disposition": "resolved"})
    free, taken = [await service.incident() for _ in range(2)]
    [assignment] = await service.assign(taken, "P1")
    token = (await service.post("/v1/tokens", {"name": "x", "role": "auditor"}, by="administrator")).json()["id"]
    [watched] = await service.assign(await service.incident(), "CR1")
    await service.step(watched["id"], "on_scene")
    calm = await service.incident(call_type={"text": "NOISE COMPLAINT"}, narrative="loud music next door")
    await service.assign(calm, "M1")
    [slip] = await service.assign(calm, "CO1")
    grave = await service.incident(call_type=None, narrative="my father is not breathing")
    later = {"due_at": iso(NOW + timedelta(days=1)), "what": "call again"}
    promised = (await service.post(f"/v1/assignments/{watched['id']}/follow-ups", later)).json()["id"]
    raised = await service.incident()
    await service.post(f"/v1/incidents/{raised}:retriage", {"answers": {"weapon": "in_hand"}})
    [alarm] = await service.alarms()
    until = iso(NOW + timedelta(hours=1))
    dog = {"kind": "dog", "words": "a biting dog", "expires_at": until}
    at_door = f"/v1/incidents/{held}/hazards"
    hazards = [(await service.post(at_door, {**dog, "door": door})).json()["hazard"]["id"] for door in ("1", "2")]
    there = {"place": {"address": "4217 Grove St"}, "source": {"kind": "document", "name": "list 7"}}
    days = [iso(NOW + timedelta(days=n)) for n in (2, 3, 4)]
    planned = await service.post("/v1/shifts", {"unit": "E1", "starts_at": days[0], "ends_at": days[1]})
    return [
        *await _posts_of_passing_on(service, until),
        ("/v1/listings", {"source": "cad-east", "listed_at": iso(NOW), "calls": []}, "dispatcher"),
        ("/v1/hazards", {**dog, **there}, "dispatcher"),
        (at_door, dog, "dispatcher"),
        (f"/v1/hazards/{hazards[0]}:review", {"expires_at": iso(NOW + timedelta(days=2))}, "supervisor"),
        (f"/v1/hazards/{hazards[1]}:withdraw", {"reason": "it moved out"}, "dispatcher"),
        ("/v1/calls", a_call(), "dispatcher"),
        (f"/v1/incidents/{held}:hold", {"until": until, "reason": "waits for daylight"}, "dispatcher"),
        (f"/v1/incidents/{closed}:close", {"disposition": "resolved"}, "dispatcher"),
        (f"/v1/incidents/{reopened}:reopen", {"reason": "caller rang again"}, "dispatcher"),
        (f"/v1/incidents/{doubled}:link", {"incident": held}, "dispatcher"),
        (f"/v1/incidents/{held}:retriage", {"note": "caller says he is calm"}, "dispatcher"),
        (f"/v1/incidents/{held}:override", {"reason": "caller_update", "priority": 2}, "dispatcher"),
        (f"/v1/incidents/{free}/assignments", {"units": ["P2"]}, "dispatcher"),
        (f"/v1/assignments/{assignment['id']}/status", {"status": "en_route"}, "dispatcher"),
        (f"/v1/incidents/{grave}:redirect", {"unit": "M1"}, "dispatcher"),
        (f"/v1/assignments/{slip['id']}:undo", {}, "dispatcher"),
        (f"/v1/assignments/{watched['id']}:check-in", {}, "dispatcher"),
        (f"/v1/assignments/{watched['id']}/follow-ups", {"due_at": until, "what": "visit again"}, "dispatcher"),
        (f"/v1/follow-ups/{promised}:complete", {"outcome": "contact_made"}, "dispatcher"),
        (f"/v1/assignments/{watched['id']}:backup", {"who": ["co_responder"]}, "dispatcher"),
        (f"/v1/alarms/{alarm['id']}:acknowledge", {}, "dispatcher"),
        ("/v1/agencies", {"id": "new-agency", "name": "New", "kind": "city"}, "administrator"),
        (
            "/v1/programs",
            {"id": "new-program", "agency_id": "city-care", "responder_type": "cvi", "name": "New"},
            "administrator",
        ),
        (
            "/v1/units",
            {"call_sign": "N1", "agency_id": "city-care", "responder_type": "community_responder"},
            "administrator",
        ),
        ("/v1/responders", {"employee_number": "9", "name": "Nine", "agency_id": "city-care"}, "administrator"),
        ("/v1/units/CR2/status", {"status": "out_of_service"}, "dispatcher"),
        ("/v1/units/E1:change-crew", {"off": ["R-E1"]}, "dispatcher"),
        ("/v1/shifts", {"unit": "E1", "starts_at": days[1], "ends_at": days[2]}, "dispatcher"),
        (f"/v1/shifts/{planned.json()['shift']['id']}:cancel", {}, "dispatcher"),
        ("/v1/units/E1:log-off", {}, "dispatcher"),
        ("/v1/units/E1:log-on", {"crew": ["R-E1"], "until": until}, "dispatcher"),
        ("/v1/units/E1:start-break", {"until": until}, "dispatcher"),
        ("/v1/units/E1:end-break", {}, "dispatcher"),
        ("/v1/positions", {"positions": [{"unit": "CR2", "lat": 44, "lon": -124, "at": iso(NOW)}]}, "dispatcher"),
        ("/v1/units/CR2/positions", {"positions": [{"lat": 44, "lon": -124, "at": iso(NOW)}]}, "dispatcher"),
        ("/v1/tokens", {"name": "y", "role": "auditor"}, "administrator"),
        (f"/v1/tokens/{token}:revoke", {}, "administrator"),
        ("/v1/policies", {"id": "test-city", "texts": city_policy(2)}, "analyst"),
        ("/v1/policies/test-city@2:check", {}, "auditor"),
        ("/v1/policies/test-city@2:shadow", {"on": True}, "analyst"),
        ("/v1/policies/test-city@2:publish", {"note": "agreed"}, "administrator"),
        ("/v1/policies/test-city@2:rollback", {"reason": "not agreed"}, "administrator"),
    ]


async def test_every_post_route_that_changes_something_replays_its_answer_for_its_key(service: Service) -> None:
    posts = await _posts(service)
    # A dry run stores nothing, so there is nothing to replay.
    told = {route for route, methods in service.app.openapi()["paths"].items() if "post" in methods}
    patterns = {_pattern(path) for path, _, _ in posts}
    dry = {"/v1/triage:evaluate", "/v1/policies/{policy}:test"}
    assert patterns == told - dry - {"/v1/incidents/{incident_id}/decisions/{decision_id}:reevaluate"}

    for n, (path, body, by) in enumerate(posts):
        headers = {"Idempotency-Key": f"key-{n}"}
        first = await service.post(path, body, by=by, headers=headers)
        assert first.status_code in (200, 201), f"{path}: {first.text}"
        before = await service.rows()
        again = await service.post(path, body, by=by, headers=headers)
        # The secret of a token is shown once and kept nowhere, so a repeat answers without it.
        expected = {**first.json(), "token": None} if path == "/v1/tokens" else first.json()
        assert (again.status_code, again.json()) == (first.status_code, expected), path
        assert again.headers["Idempotency-Replayed"] == "true", path
        other = await service.post(path, {**body, "note": "z"}, by=by, headers=headers)
        assert other.json()["code"] == "idempotency_key_reused", path
        assert await service.rows() == before, path


def _pattern(path: str) -> str:
    parts = path.split("/")
    if len(parts) > 3:
        kind, rest = parts[2], parts[3].partition(":")
        names = {"incidents": "incident_id", "assignments": "assignment_id", "units": "unit", "tokens": "token_id"}
        name = (
            names
            | {
                "policies": "policy",
                "alarms": "alarm_id",
                "follow-ups": "follow_up_id",
                "hazards": "hazard_id",
                "shifts": "shift_id",
            }
        )[kind]
        parts[3] = f"{{{name}}}{rest[1]}{rest[2]}"
    return "/".join(parts)


@pytest.mark.parametrize("key", ["", "k" * 201, "tab\there", "line\x7f"])
async def test_a_key_that_cannot_be_kept_is_refused_by_name(service: Service, key: str) -> None:
    answer = await service.post("/v1/calls", a_call(), headers={"Idempotency-Key": key})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "Idempotency-Key"


async def test_the_answer_carries_the_request_id_that_the_log_of_the_incident_has(service: Service) -> None:
    answer = await service.post("/v1/calls", a_call(), headers={"X-Request-Id": "cad-77"})

    assert answer.headers["x-request-id"] == "cad-77"
    timeline = (await service.get(f"/v1/incidents/{answer.json()['incident']['id']}/timeline")).json()
    assert {event["request_id"] for event in timeline["items"]} == {"cad-77"}


async def test_an_unsafe_request_id_is_replaced(service: Service) -> None:
    answer = await service.get("/v1/status", headers=httpx.Headers({"X-Request-Id": "a b<script>"}))

    assert answer.headers["x-request-id"].startswith("req_")
