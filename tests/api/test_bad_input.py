"""Whatever is sent, the answer is clear, names the field, and nothing is stored of it."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.support.problems import require_problem
from tests.support.service import Service, a_call

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


def _raw(**given: Any) -> bytes:
    return json.dumps(a_call(**given)).encode()


def _with(fragment: str) -> bytes:
    """A good call whose last member is this fragment of JSON, as written."""
    return _raw()[:-1] + b", " + fragment.encode() + b"}"


FIELDS: list[tuple[str, dict[str, Any], str]] = [
    ("nothing at all", dict.fromkeys(a_call()), "/source"),
    ("no source", {"source": None}, "/source"),
    ("empty source", {"source": "  "}, "/source"),
    ("source too long", {"source": "s" * 201}, "/source"),
    ("no reference", {"source_ref": None}, "/source_ref"),
    ("reference is a number", {"source_ref": 17}, "/source_ref"),
    ("nothing to triage", {"call_type": None, "narrative": None}, ""),
    ("blank narrative and no type", {"call_type": None, "narrative": " \n "}, ""),
    ("unknown key", {"narative": "typo"}, "/narative"),
    ("unknown key inside", {"location": {"latitude": 44}}, "/location/latitude"),
    ("type is text", {"call_type": "WELCHK"}, "/call_type"),
    ("type is empty", {"call_type": {}}, "/call_type"),
    ("narrative is a list", {"narrative": ["a"]}, "/narrative"),
    ("narrative too long", {"narrative": "x" * 200_001}, "/narrative"),
    ("priority is a number", {"priority": 3}, "/priority"),
    ("latitude beyond the pole", {"location": {"lat": 91, "lon": 0}}, "/location/lat"),
    ("longitude beyond the date line", {"location": {"lat": 0, "lon": -180.01}}, "/location/lon"),
    ("latitude alone", {"location": {"lat": 44}}, "/location"),
    ("longitude alone", {"location": {"lon": 44}}, "/location"),
    ("latitude is text", {"location": {"lat": "north", "lon": 1}}, "/location/lat"),
    ("uncertainty below zero", {"location": {"uncertainty_m": -1}}, "/location/uncertainty_m"),
    ("unknown place", {"location": {"place": "moon"}}, "/location/place"),
    ("in the future", {"received_at": "2026-11-23T14:06:00Z"}, "/received_at"),
    ("updated in the future", {"updated_at": "2027-01-01T00:00:00Z"}, "/updated_at"),
    ("naive time", {"received_at": "2026-11-23T14:00:00"}, "/received_at"),
    ("no such day", {"received_at": "2026-02-30T14:00:00Z"}, "/received_at"),
    ("before the calendar of computers", {"received_at": "0001-01-01T00:00:00+14:00"}, "/received_at"),
    ("after the calendar of computers", {"received_at": "9999-12-31T23:59:59-14:00"}, "/received_at"),
    ("time is a list", {"received_at": []}, "/received_at"),
    ("unknown channel", {"channel": "pigeon"}, "/channel"),
    ("unknown fact", {"answers": {"wepon": "none"}}, "/answers"),
    ("unknown value of a fact", {"answers": {"weapon": "banana"}}, "/answers"),
    ("answer is a number", {"answers": {"weapon": 1}}, "/answers/weapon"),
    ("unknown wish", {"caller": {"wants": "everything"}}, "/caller/wants"),
    ("not a language", {"caller": {"language": "e s"}}, "/caller/language"),
    ("caller is a list", {"caller": []}, "/caller"),
]


@pytest.mark.parametrize(("given", "pointer"), [pytest.param(g, p, id=name) for name, g, p in FIELDS])
async def test_a_bad_field_is_named_and_nothing_is_stored(
    service: Service, given: dict[str, Any], pointer: str
) -> None:
    before = await service.rows()

    answer = await service.post("/v1/calls", a_call(**given))

    problem = require_problem(answer, 422)
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert await service.rows() == before


NUL_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"source": "a\0b"}, "/source"),
    ({"source_ref": "a\0b"}, "/source_ref"),
    ({"priority": "a\0b"}, "/priority"),
    ({"narrative": "a\0b"}, "/narrative"),
    ({"call_type": {"code": "a\0b"}}, "/call_type/code"),
    ({"call_type": {"text": "a\0b"}}, "/call_type/text"),
    ({"location": {"address": "a\0b"}}, "/location/address"),
    ({"location": {"place": "a\0b"}}, "/location/place"),
    ({"caller": {"name": "a\0b"}}, "/caller/name"),
    ({"caller": {"phone": "a\0b"}}, "/caller/phone"),
    ({"caller": {"language": "a\0b"}}, "/caller/language"),
    ({"answers": {"a\0b": "none"}}, "/answers"),
    ({"answers": {"weapon": "a\0b"}}, "/answers"),
    ({"a\0b": 1}, "/a\0b"),
]


@pytest.mark.parametrize("character", ["\0", "\ud800", "\udfff"])  # noqa: PT014
async def test_characters_that_cannot_be_stored_are_refused_in_every_text_field(
    service: Service, character: str
) -> None:
    before = await service.rows()
    for given, pointer in NUL_FIELDS:
        body = json.dumps(a_call(**given)).replace("\\u0000", json.dumps(character)[1:-1])
        answer = await service.send("POST", "/v1/calls", content=body.encode(), headers=JSON)

        problem = require_problem(answer, 422)
        assert problem["errors"][0]["pointer"].startswith(pointer.replace("\0", character)), given
    assert await service.rows() == before


SYNTAX: list[tuple[str, bytes]] = [
    ("empty", b""),
    ("white space", b"  \n "),
    ("not JSON", b"source=cad-east"),
    ("cut off", _raw()[:-20]),
    ("null", b"null"),
    ("a number", b"17"),
    ("a text", b'"call"'),
    ("a list", b"[]"),
    ("two values", b"{} {}"),
    ("latin-1", '{"source":"cad","source_ref":"1","narrative":"caf\xe9"}'.encode("latin-1")),
    ("UTF-16", _raw().decode().encode("utf-16")),
    ("UTF-32", _raw().decode().encode("utf-32")),
    ("UTF-8 with a byte order mark", b"\xef\xbb\xbf" + _raw()),
    ("overlong UTF-8", b'{"source":"\xc0\xaf","source_ref":"1","narrative":"x"}'),
    ("deep nesting", b"[" * 100_000 + b"]" * 100_000),
    ("deep nesting inside", b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    ("duplicate key", _with('"source": "cad-west"')),
    ("duplicate key inside", _with('"answers": {"weapon": "none", "weapon": "used"}')),
    ("not a number", _raw(location=None)[:-1] + b', "location": {"lat": NaN, "lon": 1}}'),
    ("infinity", _raw(location=None)[:-1] + b', "location": {"lat": Infinity, "lon": 1}}'),
    ("a number beyond all measure", _raw(location=None)[:-1] + b', "location": {"lat": 1e999, "lon": 1}}'),
    ("a number of many digits", _raw(location=None)[:-1] + b', "location": {"lat": ' + b"9" * 5000 + b', "lon": 1}}'),
    ("a time of many digits", _raw(received_at=None)[:-1] + b', "received_at": ' + b"9" * 400 + b"}"),
]


@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in SYNTAX])
async def test_a_body_that_is_no_call_is_refused_clearly(service: Service, raw: bytes) -> None:
    before = await service.rows()

    answer = await service.send("POST", "/v1/calls", content=raw, headers=JSON)

    problem = require_problem(answer, 400, 422)
    assert problem["errors"], "the field or the body is not named"
    assert await service.rows() == before


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "\xff"]
)
async def test_a_body_of_another_content_type_is_refused(service: Service, kind: str | None) -> None:
    before = await service.rows()

    answer = await service.send(
        "POST", "/v1/calls", content=_raw(), headers={"Content-Type": kind.encode("latin-1")} if kind else {}
    )

    problem = require_problem(answer, 415)
    assert "application/json" in problem["fix"]
    assert await service.rows() == before


async def test_a_body_over_the_limit_is_413_when_it_says_so(service: Service) -> None:
    before = await service.rows()

    answer = await service.send("POST", "/v1/calls", content=b"x" * 2_000_000, headers=JSON)

    require_problem(answer, 413)
    assert await service.rows() == before


async def test_a_body_over_the_limit_is_413_when_it_comes_in_pieces(service: Service) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 10_000

    before = await service.rows()

    answer = await service.send("POST", "/v1/calls", content=pieces(), headers=JSON)

    require_problem(answer, 413)
    assert await service.rows() == before


async def _places_for_text(service: Service) -> AsyncIterator[tuple[str, str]]:
    """Every place in a path or query where a text goes."""
    for path, methods in service.app.openapi()["paths"].items():
        for method, operation in methods.items():
            parameters = operation.get("parameters", [])
            if method != "get":
                continue
            in_path = [p["name"] for p in parameters if p["in"] == "path"]
            for name in in_path:
                yield method, path.replace(f"{{{name}}}", "BAD")
            if in_path:
                continue
            for parameter in parameters:
                if parameter["in"] == "query":
                    yield method, f"{path}?{parameter['name']}=BAD"


def _bad_texts() -> Iterator[str]:
    yield from ("%00", "a%00b", "%FF%FE", "%ED%A0%80", "9" * 400, "-1", "1e400", "a" * 3_000, "%F0%9F%98%80", "'--")
    yield from ("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "nan,nan,nan,nan", "inf,0,inf,0")


async def test_no_text_in_a_path_or_a_query_breaks_the_service(service: Service) -> None:
    places = [place async for place in _places_for_text(service)]
    assert len(places) > 25
    for method, place in places:
        if place.startswith("/v1/stream"):
            continue
        for bad in _bad_texts():
            for by in ("dispatcher", "administrator"):
                answer = await service.send(method.upper(), place.replace("BAD", bad), by=by)
                assert answer.status_code < 500, f"{place} with {bad} by {by}: {answer.text}"
                if answer.status_code >= 400:
                    require_problem(answer, 400, 403, 404, 422)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/incidents/a%00b:close",
        "/v1/incidents/a%00b/assignments",
        "/v1/assignments/a%00b/status",
        "/v1/units/a%00b/status",
        "/v1/units/a%00b/positions",
        "/v1/tokens/a%00b:revoke",
    ],
)
async def test_a_nul_in_the_path_of_a_command_is_a_clear_refusal(service: Service, path: str) -> None:
    bodies = {
        "status": {"status": "en_route" if "assignments" in path else "available"},
        "positions": {"positions": [{"lat": 1, "lon": 1, "at": "2026-11-23T14:00:00Z"}]},
        "assignments": {"units": ["P1"]},
    }
    body = bodies.get(path.rpartition("/")[2], {"disposition": "resolved"} if ":close" in path else {})

    answer = await service.post(path, body, by="administrator" if "tokens" in path else "dispatcher")

    require_problem(answer, 404, 422)


async def test_a_sender_that_hangs_up_in_the_middle_is_no_error_of_ours_and_nothing_is_stored(service: Service) -> None:
    body = a_call()
    parts = iter([{"type": "http.request", "body": json.dumps(body).encode()[:20], "more_body": True}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(parts, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        **{"type": "http", "method": "POST", "path": "/v1/calls", "raw_path": b"/v1/calls", "query_string": b""},
        "headers": [
            (b"authorization", f"Bearer {service.tokens['dispatcher']}".encode()),
            (b"content-type", b"application/json"),
        ],
    }
    await service.app(scope, receive, send)

    assert sent[0]["status"] == 499
    found = await service.fetch("select 1 from call where source_ref = $1", body["source_ref"])
    assert found == []


async def test_a_refusal_does_not_repeat_private_values(service: Service) -> None:
    answer = await service.post(
        "/v1/calls",
        a_call(narrative=["Zebulon"], caller={"name": ["Zebulon"], "phone": "5" * 41, "language": "Zebulon!"}),
    )

    require_problem(answer, 422)
    assert "Zebulon" not in answer.text
    assert "5" * 41 not in answer.text


async def test_unknown_paths_and_methods_are_problems_too(service: Service) -> None:
    missing = await service.get("/v1/nothing")
    method = await service.send("DELETE", "/v1/calls")

    assert require_problem(missing, 404)["code"] == "not_found"
    assert require_problem(method, 405)["code"] == "method_not_allowed"
    assert method.headers["allow"] == "POST"


async def test_a_parameter_that_a_route_does_not_know_is_refused_by_name_on_every_route(service: Service) -> None:
    incident = await service.incident()
    walked = 0
    for path, methods in service.app.openapi()["paths"].items():
        for method in methods:
            if not path.startswith("/v1/"):
                continue
            filled = path.replace("{incident_id}", incident)
            for role in ("supervisor", "administrator", "analyst", "auditor"):
                answer = await service.send(method.upper(), f"{filled}?limt=1", by=role)
                if answer.status_code != 403:
                    break
            assert answer.status_code == 422, f"{method} {path}: {answer.text}"
            [problem] = answer.json()["errors"]
            assert (problem["pointer"], problem["code"]) == ("limt", "unknown_parameter"), path
            walked += 1
    assert walked > 40
    near = await service.get("/v1/assignments?limt=1")
    assert "'limit'" in near.json()["errors"][0]["detail"]


async def test_a_span_that_ends_before_it_begins_is_refused_on_every_route_that_takes_one(service: Service) -> None:
    paths = service.app.openapi()["paths"]
    spans = [
        path
        for path, item in paths.items()
        if {"from", "to"} <= {one["name"] for one in item.get("get", {}).get("parameters", [])}
    ]

    assert len(spans) >= 3
    for path in spans:
        query = "?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z"
        answer = await service.get(path.replace("{unit}", "P1") + query, by="supervisor")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "after_to"), path
