"""Closed by default: every route, every role, every narrowing of a token; nothing private astray."""

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from tests.support.city import NOW
from tests.support.one_way import speaks_of
from tests.support.service import Service, a_call

from dispatch.domain.access import ROLE_PERMISSIONS, Permission, Role
from dispatch.domain.time import iso
from dispatch.web.problems import MEDIA_TYPE
from dispatch.web.routes import permission_of

pytestmark = pytest.mark.anyio

OPEN = {"/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}
# What the pages of the API are drawn with; no file in it is made here.
OPEN_FOLDERS = {"/static-offline-docs"}
# Permissions under which a POST asks or drafts and touches no call.
MAY_BE_ASKED = {Permission.TRIAGE_EVALUATE, Permission.POLICY_READ, Permission.POLICY_WRITE, Permission.INCIDENT_READ}
NAME, PHONE, DOOR, STORY = "Zebulon Quartermain", "+1-555-0142", "4217 Grove", "neighbour not seen"
# Exact to a step: what is left for those who may only know the block is 44.051, -124.901.
EXACT = {"lat": 44.0512345, "lon": -124.9012345}
MOVED_TO = {"lat": 44.0523456, "lon": -124.9023456, "address": "4219 Grove St, rear"}


def _routes(app: FastAPI) -> Iterator[tuple[str, str, Any]]:
    """Method, path and route of everything the app answers to."""

    def walk(routes: list[Any], prefix: str = "") -> Iterator[tuple[str, str, Any]]:
        for route in routes:
            if hasattr(route, "methods") and hasattr(route, "endpoint"):
                for method in sorted(route.methods - {"HEAD"}):
                    yield method, prefix + route.path, route
            elif isinstance(getattr(route, "app", None), StaticFiles):
                assert prefix + route.path in OPEN_FOLDERS
            else:
                inner = getattr(route, "original_router", None) or getattr(route, "app", None)
                assert inner is not None, f"a route of an unknown kind: {route!r}"
                context = getattr(route, "include_context", None)
                yield from walk(inner.routes, prefix + (context.prefix if context else getattr(route, "path", "")))

    yield from walk(app.routes)


def _closed(app: FastAPI) -> list[tuple[str, str, Any]]:
    return [(method, path, route) for method, path, route in _routes(app) if path not in OPEN]


def _concrete(path: str) -> str:
    return path.replace("{", "no-").replace("}", "")


async def test_the_walk_sees_every_route_that_the_contract_lists(service: Service) -> None:
    walked = {(method.lower(), path) for method, path, _ in _routes(service.app)}
    listed = {(method, path) for path, entry in service.app.openapi()["paths"].items() for method in entry}

    assert listed <= walked
    assert {path for _, path in walked} - {path for _, path in listed} <= OPEN


async def test_every_route_but_health_and_documents_has_a_permission(service: Service) -> None:
    closed = _closed(service.app)

    assert len(closed) > 30
    assert [path for _, path, route in closed if permission_of(route) is None] == []
    assert all(path.startswith("/v1/") for _, path, _ in closed)


async def test_open_routes_tell_nothing_of_calls(service: Service) -> None:
    await service.call()

    for path in sorted(OPEN):
        answer = await service.get(path, by=None)
        assert answer.status_code == (307 if path == "/" else 200), path
        for private in (NAME, PHONE, DOOR, STORY):
            assert private not in answer.text


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer dsp_live_guess", "Basic dXNlcjpwYXNz", "dsp_live_guess",
     "Bearer \xff\xfe", "Bearer a b"],
)  # fmt: skip
async def test_without_a_token_that_counts_every_route_is_401(service: Service, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    for method, path, _ in _closed(service.app):
        answer = await service.send(method, _concrete(path), by=None, headers=headers)

        assert answer.status_code == 401, f"{method} {path}: {answer.text}"
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "unauthenticated"


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_opens_exactly_the_routes_of_its_permissions(service: Service, role: Role) -> None:
    for method, path, route in _closed(service.app):
        if path == "/v1/stream":
            continue
        permission = permission_of(route)
        answer = await service.send(method, _concrete(path), by=role.value)

        refused = answer.status_code == 403 and answer.json().get("permission") == permission
        assert refused is (permission not in ROLE_PERMISSIONS[role]), f"{role} {method} {path}: {answer.text}"
        assert answer.status_code < 500


async def test_the_stream_is_closed_to_roles_without_the_feed(service: Service) -> None:
    for role in Role:
        if Permission.FEED_READ not in ROLE_PERMISSIONS[role]:
            assert (await service.get("/v1/stream", by=role.value)).status_code == 403


async def test_a_scope_narrows_a_role(service: Service) -> None:
    narrow = await service.token(Role.DISPATCHER, scopes=["incident.read"])

    assert (await service.get("/v1/incidents", by=narrow)).status_code == 200
    refused = await service.post("/v1/calls", a_call(), by=narrow)
    assert (refused.status_code, refused.json()["permission"]) == (403, "call.write")


async def test_a_revoked_token_opens_nothing_at_once(service: Service) -> None:
    token = await service.token(Role.DISPATCHER)
    assert (await service.get("/v1/incidents", by=token)).status_code == 200
    listed = (await service.get("/v1/tokens", by="administrator")).json()["items"]
    named = next(one["id"] for one in listed if one["name"] == "dispatcher of a test")

    revoked = await service.post(f"/v1/tokens/{named}:revoke", by="administrator")

    assert revoked.status_code == 200
    assert (await service.get("/v1/incidents", by=token)).status_code == 401


async def test_revoking_twice_keeps_the_first_time(service: Service) -> None:
    await service.token(Role.DISPATCHER)
    listed = (await service.get("/v1/tokens", by="administrator")).json()["items"]
    first = await service.post(f"/v1/tokens/{listed[0]['id']}:revoke", by="administrator")
    service.clock.advance(60)

    again = await service.post(f"/v1/tokens/{listed[0]['id']}:revoke", by="administrator")

    assert again.json()["revoked_at"] == first.json()["revoked_at"] == "2026-11-23T14:00:00Z"


async def test_an_expired_token_opens_nothing(service: Service) -> None:
    token = await service.token(Role.DISPATCHER, expires_at=NOW + timedelta(seconds=10))
    assert (await service.get("/v1/incidents", by=token)).status_code == 200

    service.clock.advance(10)

    refused = await service.get("/v1/incidents", by=token)
    assert refused.status_code == 401
    assert "expired" in refused.json()["detail"]


async def test_the_secret_of_a_token_is_shown_once_and_kept_nowhere(service: Service) -> None:
    made = await service.post("/v1/tokens", {"name": "once", "role": "auditor"}, by="administrator")
    secret = made.json()["token"]

    assert made.status_code == 201
    assert (await service.get("/v1/status", by=secret)).status_code == 200
    assert secret not in (await service.get("/v1/tokens", by="administrator")).text
    [row] = await service.fetch("select t::text as whole from access_token t where id = $1", made.json()["id"])
    assert secret not in row["whole"]


async def test_a_responder_speaks_for_its_own_unit_only(service: Service) -> None:
    incident = await service.incident()
    rows = {row["unit"]: row for row in await service.assign(incident, "CR1", "P1")}

    own = await service.post(f"/v1/assignments/{rows['CR1']['id']}/status", {"status": "accepted"}, by="responder")
    other = await service.post(f"/v1/assignments/{rows['P1']['id']}/status", {"status": "accepted"}, by="responder")
    status = await service.post("/v1/units/P2/status", {"status": "out_of_service"}, by="responder")
    place = {"positions": [{"lat": 44, "lon": -124, "at": "2026-11-23T13:59:00Z"}]}
    position = await service.post("/v1/units/P2/positions", place, by="responder")
    history = await service.get("/v1/assignments", by="responder")

    assert own.status_code == 200
    assert (other.status_code, status.status_code, position.status_code) == (403, 403, 403)
    assert {item["unit"] for item in history.json()["items"]} == {"CR1"}


async def test_a_token_kept_to_an_agency_acts_for_that_agency_only(service: Service) -> None:
    incident = await service.incident()
    care = await service.token(Role.SUPERVISOR, agencies=["city-care"])
    admin = await service.token(Role.ADMINISTRATOR, agencies=["city-care"])
    [police] = await service.assign(incident, "P1")

    def a_unit(agency: str) -> dict[str, Any]:
        return {"call_sign": f"N-{agency}", "agency_id": agency, "responder_type": "community_responder"}

    allowed = await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["CR1"]}, by=care)
    refused = [
        await service.post(f"/v1/incidents/{incident}/assignments", {"units": ["CR2", "P2"]}, by=care),
        await service.post(f"/v1/assignments/{police['id']}/status", {"status": "en_route"}, by=care),
        await service.post("/v1/units/P2/status", {"status": "out_of_service"}, by=care),
        await service.post("/v1/units", a_unit("city-fire"), by=admin),
        await service.send("PATCH", "/v1/units/P2", json={"vehicle": "x"}, by=admin),
        await service.send("PATCH", "/v1/programs/co-response", json={"name": "x"}, by=admin),
    ]

    assert allowed.status_code == 201
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert (await service.post("/v1/units", a_unit("city-care"), by=admin)).status_code == 201
    units = (await service.get("/v1/units", by=care)).json()["items"]
    assert {unit["agency_id"] for unit in units} == {"city-care"}
    assert (
        next(u for u in (await service.get("/v1/units")).json()["items"] if u["call_sign"] == "P2")["vehicle"] is None
    )


async def test_history_shows_a_token_only_its_agencies(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "P1", "CR1", "M1")
    care = await service.token(Role.SUPERVISOR, agencies=["city-care"])

    for accept in ("application/json", "text/csv", "application/x-ndjson", "application/geo+json"):
        answer = await service.get("/v1/assignments", by=care, headers={"Accept": accept})
        assert speaks_of(answer.text, "CR1")
        assert "city-police" not in answer.text
        assert "city-fire" not in answer.text


async def _every_answer(service: Service, incident: str, by: str) -> list[tuple[str, bytes]]:
    paths = [path for path, entry in service.app.openapi()["paths"].items() if "get" in entry and path != "/v1/stream"]
    found = []
    for path in paths:
        filled = path.replace("{incident_id}", incident).replace("{unit}", "P1")
        for name in ("{policy}", "{old}", "{new}"):
            filled = filled.replace(name, "test-city@1")
        filled = filled.replace("{hazard_id}", (await _hazards_of(service))[-1])
        filled += {
            "/v1/units/P1/positions": f"?from={iso(NOW - timedelta(hours=1))}",
            "/v1/premise": f"?lat={EXACT['lat']}&lon={EXACT['lon']}",
        }.get(filled, "")
        for accept in ("application/json", "text/csv", "application/geo+json"):
            answer = await service.get(filled, by=by, headers={"Accept": accept})
            # A unit of others does not exist, nor an incident or hazard that one may not know of.
            hidden = answer.status_code == 404 and "/v1/units/" in filled
            assert answer.status_code in (200, 403) or hidden, f"{filled}: {answer.text}"
            found.append((filled, answer.content))
    return found


async def _hazards_of(service: Service) -> list[str]:
    rows = await service.fetch(
        "select id from premise_hazard where jurisdiction_id = $1 order by id", service.jurisdiction
    )
    return [row["id"] for row in rows] or ["hzd_" + "0" * 26]


async def _a_told_story(service: Service) -> str:
    place = {**EXACT, "address": "4217 Grove St", "place": "private_residence"}
    got = await service.call(**(body := a_call(location=place)))
    moved = {**body, "updated_at": "2026-11-23T14:00:30Z", "location": MOVED_TO}
    assert (await service.post("/v1/calls", moved)).status_code == 200
    incident: str = got["incident"]["id"]
    body = a_call(source_ref="told", narrative="loud music")
    await service.call(**body)
    await service.post("/v1/calls", {**body, "updated_at": "2026-11-23T14:01:00Z", "narrative": "louder"})
    await service.assign(incident, "CR1", "P1")
    told = {
        "kind": "key_holder", "words": "key under the stone", "expires_at": iso(NOW + timedelta(days=9)),
        "place": {**MOVED_TO}, "source": {"kind": "person", "name": NAME},
    }  # fmt: skip
    assert (await service.post("/v1/hazards", told)).status_code == 201
    return incident


@pytest.mark.parametrize("role", [role for role in Role if Permission.CALL_READ_CALLER not in ROLE_PERMISSIONS[role]])
async def test_who_called_and_from_which_door_is_in_no_answer_to_a_role_that_may_not_see_it(
    service: Service, role: Role
) -> None:
    incident = await _a_told_story(service)
    place = () if role is Role.RESPONDER else (DOOR, "4219 Grove", *(str(n)[:9] for n in (*EXACT.values(), 44.0523456)))

    for path, content in await _every_answer(service, incident, role.value):
        for private in (NAME, PHONE, *place):
            assert private.encode() not in content, f"{role} reads {private} at {path}"


async def test_a_step_reported_by_an_integration_is_answered_with_the_block(service: Service) -> None:
    incident = await service.incident(location=EXACT)
    [row] = await service.assign(incident, "P1")

    mdt = await service.token(Role.INTEGRATION, source="mdt", agencies=["city-police"])
    answer = await service.post(f"/v1/assignments/{row['id']}/status", {"status": "en_route"}, by=mdt)

    assert (answer.status_code, answer.json()["lat"], answer.json()["lon"]) == (200, 44.051, -124.901)


async def test_the_door_is_not_found_by_asking_for_ever_smaller_boxes(service: Service) -> None:
    incident = await service.incident(location=EXACT)
    await service.assign(incident, "P1")
    around = "/v1/assignments?bbox=-124.90124,44.05123,-124.90123,44.05124"

    assert [len((await service.get(around, by=by)).json()["items"]) for by in ("dispatcher", "auditor")] == [1, 0]
    block = "/v1/assignments?bbox=-124.9011,44.0509,-124.9009,44.0511"
    assert len((await service.get(block, by="auditor")).json()["items"]) == 1


async def test_a_responder_reads_the_incident_that_its_unit_is_on_and_no_other(service: Service) -> None:
    own, other = await service.incident(location=EXACT | {"address": "4217 Grove St"}), await service.incident()
    [mine] = await service.assign(own, "CR1", mode="ordered")
    [police] = await service.assign(own, "P1")
    await service.step(police["id"], "cleared", outcome="arrest", note="into custody")
    await service.assign(other, "CR2")

    seen = await service.get(f"/v1/incidents/{own}", by="responder")
    refused = await service.get(f"/v1/incidents/{other}", by="responder")
    nowhere = await service.get("/v1/incidents/inc_" + "0" * 26, by="responder")
    await service.step(mine["id"], "cleared", outcome="contact_made")
    after = await service.get(f"/v1/incidents/{own}", by="responder")

    assert seen.status_code == 200, seen.text
    assert (seen.json()["incident"]["address"], seen.json()["incident"]["lat"]) == ("4217 Grove St", EXACT["lat"])
    assert STORY in seen.text
    for private in (NAME, PHONE, "arrest", "into custody"):
        assert private not in seen.text
    assert [one.status_code for one in (refused, nowhere, after)] == [404, 404, 404]
    assert refused.json()["detail"].replace(other, "X") == nowhere.json()["detail"].replace("inc_" + "0" * 26, "X")
    queue = await service.get("/v1/incidents", by="responder")
    assert queue.status_code == 403


CONDUCT = ("why police went", "police-note", "treated_no_transport", "medic-note")


@pytest.mark.parametrize("role", [role for role in Role if Permission.INCIDENT_READ in ROLE_PERMISSIONS[role]])
async def test_a_role_kept_to_an_agency_sees_the_whole_incident_but_not_the_people_and_conduct_of_others(
    service: Service, role: Role
) -> None:
    incident = await _a_told_story(service)
    made = await service.assign(incident, "P2", "M1", mode="ordered", reason="why police went")
    rows = {row["unit"]: row["id"] for row in made}
    await service.step(rows["P2"], "cleared", outcome="handled", note="police-note")
    await service.step(rows["M1"], "cleared", outcome="treated_no_transport", note="medic-note")
    care = await service.token(role, agencies=["city-care"])
    other = await service.fetch(
        "select id, employee_number from responder where jurisdiction_id = $1 and agency_id <> 'city-care'",
        service.jurisdiction,
    )

    answers = await _every_answer(service, incident, care)

    told = {path: content.decode() for path, content in answers}
    told.pop("/v1/outcomes")  # the list of all words, which says of nobody what came of their work
    for path, content in told.items():
        for hidden in (*CONDUCT, *(text for row in other for text in row)):
            assert hidden not in content, f"{role} of city-care reads {hidden} at {path}"
    shown = json.loads((await service.get(f"/v1/incidents/{incident}", by=care)).text)
    assert {one["unit"] for one in shown["assignments"]} >= {"P1", "P2", "M1", "CR1"}
    advice = (await service.get(f"/v1/incidents/{incident}/recommendation", by=care)).json()
    assert {one["agency"] for one in advice["not_offered"]} == {"city-care"}
    everyone = (await service.get(f"/v1/incidents/{incident}")).text
    assert all(one in everyone for one in CONDUCT), "the test means nothing if nobody saw it"
    everyone = (await service.get(f"/v1/incidents/{incident}/timeline")).text
    assert all(one in everyone for one in CONDUCT if "note" not in one)


async def test_who_called_is_shown_to_those_who_talk_to_callers(service: Service) -> None:
    incident = await _a_told_story(service)

    detail = (await service.get(f"/v1/incidents/{incident}", by="call_taker")).text

    assert NAME in detail
    assert PHONE in detail


async def test_a_dispatcher_whose_scopes_lack_the_caller_does_not_see_the_caller(service: Service) -> None:
    incident = await _a_told_story(service)
    scopes = sorted(ROLE_PERMISSIONS[Role.DISPATCHER] - {Permission.CALL_READ_CALLER})
    narrowed = await service.token(Role.DISPATCHER, scopes=scopes)

    for path, content in await _every_answer(service, incident, narrowed):
        assert NAME.encode() not in content, path
        assert PHONE.encode() not in content, path


async def test_logs_and_metrics_hold_nothing_private(service: Service) -> None:
    written = io.StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=written))
    incident = await _a_told_story(service)
    bad = a_call(narrative=[STORY], caller={"name": [NAME], "phone": PHONE * 5})
    await service.post("/v1/calls", bad)
    await service.send("POST", "/v1/calls", content=json.dumps(a_call()).encode()[:-9])
    await service.get(f"/v1/incidents/{NAME}?category={PHONE}")
    await service.get(f"/{NAME}/{PHONE}")
    await service.post(f"/v1/incidents/{incident}:retriage", {"note": STORY})
    metrics = (await service.get("/metrics", by=None)).text

    for private in (NAME, PHONE, DOOR, STORY, *service.tokens.values()):
        assert private not in written.getvalue()
        assert private not in metrics
    assert '/calls"' in metrics
    assert "request_id" in written.getvalue()


async def test_a_command_that_may_only_look_cannot_write(service: Service) -> None:
    for role in (Role.AUDITOR, Role.ANALYST):
        before = await service.rows()
        for method, path, route in _closed(service.app):
            if method != "GET" and permission_of(route) not in MAY_BE_ASKED:
                answer = await service.send(method, _concrete(path), by=role.value, json={})
                assert answer.status_code in (401, 403), f"{role} {method} {path}"
        assert await service.rows() == before


async def test_making_and_revoking_a_token_is_in_the_log(service: Service) -> None:
    made = (await service.post("/v1/tokens", {"name": "x", "role": "auditor"}, by="administrator")).json()
    await service.post(f"/v1/tokens/{made['id']}:revoke", by="administrator")

    rows = await service.fetch(
        "select type, actor from event_log where jurisdiction_id = $1 and subject_id = $2 order by seq",
        service.jurisdiction,
        made["id"],
    )

    assert [row["type"] for row in rows] == ["token.created", "token.revoked"]
    assert {row["actor"] for row in rows} == {service.token_ids["administrator"]}


async def test_a_narrowed_token_makes_no_token_that_may_do_more_than_itself(service: Service) -> None:
    narrow = await service.token(Role.ADMINISTRATOR, scopes=["token.write"])

    wide = await service.post("/v1/tokens", {"name": "wide", "role": "administrator"}, by=narrow)
    other = await service.post("/v1/tokens", {"name": "x", "role": "supervisor", "scopes": ["call.write"]}, by=narrow)
    same = await service.post(
        "/v1/tokens", {"name": "same", "role": "administrator", "scopes": ["token.write"]}, by=narrow
    )

    assert (wide.status_code, other.status_code, same.status_code) == (403, 403, 201)


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"agencies": []}, "/agencies", "empty"),
        ({"agencies": ["city-care", "city-polce"]}, "/agencies", "unknown_agency"),
        ({"expires_at": "2026-11-23T14:00:00Z"}, "/expires_at", "time_in_past"),
        ({"expires_at": "2026-11-22T14:00:00Z"}, "/expires_at", "time_in_past"),
    ],
)
async def test_a_token_that_could_never_be_meant_is_refused_by_field(
    service: Service, given: dict[str, Any], pointer: str, code: str
) -> None:
    before = await service.rows()

    answer = await service.post("/v1/tokens", {"name": "x", "role": "auditor", **given}, by="administrator")

    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, code)]
    assert await service.rows() == before
    if code == "unknown_agency":
        assert "city-police" in answer.json()["errors"][0]["detail"]
