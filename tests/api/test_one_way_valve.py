"""Community violence intervention is told and is never told of: what it does changes no byte that police can read."""

import re
from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.one_way import POLICE, all_that_they_read, hazards_of, police_tokens
from tests.support.service import Service, a_call

from dispatch.db.session import transaction
from dispatch.db.timers import due_timers
from dispatch.domain.access import ROLE_PERMISSIONS, Permission, Role
from dispatch.domain.time import iso
from dispatch.domain.timers import TimerKind
from dispatch.operations.actor import Actor
from dispatch.operations.due import failed

pytestmark = pytest.mark.anyio

FIRST_AID = {"name": "first_aid", "expires_on": "2026-11-30"}
SHOOTING: dict[str, Any] = {"call_type": None, "narrative": "shots fired outside"}


async def _try_to_tell_of_hazards(service: Service, incident: str) -> None:
    """Whatever community violence intervention says of a place is refused: it would be read by everyone."""
    phone = await service.token(Role.RESPONDER, unit_id=service.units["V1"])
    desk = await service.token(Role.SUPERVISOR, agencies=["harbor-alliance"])
    found = {"kind": "weapon", "words": "a gun in the hall", "expires_at": iso(NOW + timedelta(days=9))}
    there = {**found, "place": {"lat": 44.051, "lon": -124.901}, "source": {"kind": "document", "name": "x"}}
    [hazard] = await hazards_of(service)
    for path, body, by in (
        (f"/v1/incidents/{incident}/hazards", found, phone),
        (f"/v1/incidents/{incident}/hazards", found, desk),
        ("/v1/hazards", there, desk),
        (f"/v1/hazards/{hazard}:review", {"expires_at": iso(NOW + timedelta(days=8))}, desk),
        (f"/v1/hazards/{hazard}:withdraw", {"reason": "x"}, desk),
    ):
        assert (await service.post(path, body, by=by)).status_code == 403, path


async def _act(service: Service, waiting: str, busy: str, refused: str) -> None:
    """All that community violence intervention can do: join, change, be seen, accept, decline, work, finish."""
    harbor = {"agency_id": "harbor-alliance"}
    added = [
        ("/v1/programs", {"id": "walkers", "responder_type": "cvi", "name": "Walkers", **harbor}),
        ("/v1/units", {"call_sign": "V2", "responder_type": "cvi", "status": "available", **harbor}),
        (
            "/v1/responders",
            {"employee_number": "R-V2", "name": "Person of V2", "certifications": [FIRST_AID], **harbor},
        ),
        ("/v1/tokens", {"name": "Phone of V1", "role": "responder", "unit": "V1"}),
        ("/v1/tokens", {"name": "Harbor desk", "role": "dispatcher", "agencies": ["harbor-alliance"]}),
    ]
    for path, body in added:
        answer = await service.post(path, body, by="administrator")
        assert answer.status_code == 201, answer.text
    for path, body in (
        ("/v1/programs/peacekeepers", {"name": "Peacekeepers of the harbor"}),
        ("/v1/agencies/harbor-alliance", {"contact": "555-0100"}),
        ("/v1/units/V1", {"vehicle": "Van 3"}),
    ):
        answer = await service.send("PATCH", path, by="administrator", json=body)
        assert answer.status_code == 200, answer.text
    place = {"positions": [{"lat": 44.05, "lon": -124.9, "at": iso(NOW)}]}
    assert (await service.post("/v1/units/V1/positions", place)).status_code == 200
    assert (await service.post("/v1/units/V2/status", {"status": "out_of_service"})).status_code == 200
    [declined] = await service.assign(refused, "V1")
    await service.step(declined["id"], "declined", reason="too far")
    [gone] = await service.assign(busy, "V1")
    for status in ("accepted", "en_route", "on_scene"):
        await service.step(gone["id"], status)
    await service.step(gone["id"], "cleared", outcome="mediated", note="both sides know us")
    for days in (1, 2):
        later = {"due_at": iso(NOW + timedelta(days=days)), "what": "see the family"}
        promised = await service.post(f"/v1/assignments/{gone['id']}/follow-ups", later)
        assert promised.status_code == 201, promised.text
    await service.post(f"/v1/follow-ups/{promised.json()['id']}:complete", {"outcome": "contact_made"})
    await _pass_on(service, waiting, refused)
    await service.assign(waiting, "V1")
    await _try_to_tell_of_hazards(service, waiting)


async def _pass_on(service: Service, waiting: str, refused: str) -> None:
    """A transfer to them is a notice; they wait short of the scene, come at an hour, and nothing is handed over."""
    told = await service.post(f"/v1/incidents/{refused}:transfer", {"unit": "V1", "reason": "retaliation"})
    assert told.status_code == 201, told.text
    [notice] = told.json()["assignments"]
    assert notice["kind"] == "notice"
    await service.step(notice["id"], "accepted")
    assert (await service.post(f"/v1/assignments/{notice['id']}:hand-off", {"unit": "P1"})).status_code == 409
    await service.step(notice["id"], "staged")
    assert (await service.post(f"/v1/assignments/{notice['id']}:release")).status_code == 200
    await service.step(notice["id"], "on_scene")
    await service.step(notice["id"], "cleared", outcome="mediated")
    hour = {"unit": "V1", "scheduled_for": iso(NOW + timedelta(hours=4))}
    appointed = await service.post(f"/v1/incidents/{waiting}/appointments", hour)
    assert appointed.status_code == 201, appointed.text
    await service.step(appointed.json()["id"], "cancelled", reason="they have gone")
    assert (await service.post(f"/v1/incidents/{waiting}:transfer", {"agency": "harbor-alliance"})).status_code == 409


async def test_what_violence_interrupters_do_changes_no_byte_that_police_read(service: Service) -> None:
    waiting, busy, refused = [await service.incident(**SHOOTING) for _ in range(3)]
    await service.assign(busy, "P1", "M1")
    dog = {"kind": "dog", "words": "a biting dog", "expires_at": iso(NOW + timedelta(days=9))}
    assert (await service.post(f"/v1/incidents/{waiting}/hazards", dog)).status_code == 201
    tokens = await police_tokens(service)

    before = await all_that_they_read(service, tokens, [waiting, busy, refused])
    await _act(service, waiting, busy, refused)
    after = await all_that_they_read(service, tokens, [waiting, busy, refused])

    assert sum(one.startswith(b"200") for one in before.values()) > 150
    assert {key: after[key] for key in before if after[key] != before[key]} == {}
    whole_city = (await service.get(f"/v1/incidents/{waiting}/timeline")).text
    assert "V1" in whole_city, "the test means nothing if nobody saw it"


async def test_police_are_told_of_a_violence_interrupter_what_they_are_told_of_nobody(service: Service) -> None:
    """Whoever asks by name gets the answer that a name gets which does not exist."""
    incident = await service.incident(**SHOOTING)
    [row] = await service.assign(incident, "V1")
    [responder] = [
        one["id"] for one in (await service.get("/v1/responders")).json()["items"] if one["employee_number"] == "R-V1"
    ]
    later = {"due_at": iso(NOW + timedelta(days=1)), "what": "see the family"}
    await service.step(row["id"], "accepted")
    promised = (await service.post(f"/v1/assignments/{row['id']}/follow-ups", later)).json()["id"]
    police = await police_tokens(service)
    place = {"positions": [{"lat": 44.05, "lon": -124.9, "at": iso(NOW)}]}
    probes: list[tuple[str, str, str, str, dict[str, Any]]] = []
    for real, nobody in (("V1", "V8"), (service.units["V1"], "unt_" + "0" * 26)):
        probes += [
            ("POST", f"/v1/incidents/{incident}/assignments", real, nobody, {"units": ["{}"]}),
            ("POST", "/v1/units/{}/status", real, nobody, {"status": "out_of_service"}),
            ("POST", "/v1/units/{}/positions", real, nobody, place),
            ("PATCH", "/v1/units/{}", real, nobody, {"vehicle": "Van 9"}),
            ("PATCH", "/v1/units/{}", real, nobody, {"mobile": None}),
            ("POST", "/v1/tokens", real, nobody, {"name": "x", "role": "responder", "unit": "{}"}),
        ]
    probes += [
        ("POST", "/v1/assignments/{}/status", row["id"], "asg_" + "0" * 26, {"status": "accepted"}),
        ("POST", "/v1/assignments/{}:undo", row["id"], "asg_" + "0" * 26, {}),
        (
            "POST",
            "/v1/assignments/{}:add-outcomes",
            row["id"],
            "asg_" + "0" * 26,
            {"outcomes": [{"code": "mediated"}]},
        ),
        ("POST", "/v1/assignments/{}:backup", row["id"], "asg_" + "0" * 26, {}),
        ("POST", "/v1/assignments/{}:check-in", row["id"], "asg_" + "0" * 26, {}),
        ("POST", "/v1/assignments/{}/follow-ups", row["id"], "asg_" + "0" * 26, {"due_at": iso(NOW), "what": "x"}),
        *(
            ("POST", f"/v1/assignments/{{}}:{verb}", row["id"], "asg_" + "0" * 26, body)
            for verb, body in (
                ("return", {"reason": "x"}),
                ("hand-off", {"unit": "P1"}),
                ("take-over", {"accept": True}),
                ("release", {}),
            )
        ),
        ("POST", f"/v1/incidents/{incident}:transfer", "V1", "V8", {"unit": "{}"}),
        ("POST", f"/v1/incidents/{incident}:transfer", "harbor-alliance", "nobodies", {"agency": "{}"}),
        (
            "POST",
            f"/v1/incidents/{incident}/appointments",
            "V1",
            "V8",
            {"unit": "{}", "scheduled_for": iso(NOW + timedelta(hours=1))},
        ),
        ("POST", "/v1/follow-ups/{}:complete", promised, "fup_" + "0" * 26, {"outcome": "contact_made"}),
        ("POST", f"/v1/incidents/{incident}:redirect", "V1", "V8", {"unit": "{}"}),
        ("POST", f"/v1/incidents/{incident}:exchange", "V1", "V8", {"off": "{}", "on": "P1"}),
        ("POST", f"/v1/incidents/{incident}:stack", "V1", "V8", {"unit": "{}"}),
        ("POST", "/v1/units/{}/stack:reorder", "V1", "V8", {"order": []}),
        ("GET", "/v1/units/{}/stack", "V1", "V8", {}),
        ("POST", f"/v1/incidents/{incident}:exchange", "V1", "V8", {"off": "P1", "on": "{}"}),
        ("POST", f"/v1/incidents/{incident}:exchange", "V1", "V8", {"off": "P1", "on": "{}", "swap": True}),
        ("PATCH", "/v1/programs/{}", "peacekeepers", "nobodies", {"name": "x"}),
        ("PATCH", "/v1/programs/{}", "peacekeepers", "nobodies", {"name": None}),
        ("PATCH", "/v1/agencies/{}", "harbor-alliance", "nobodies", {"name": "x"}),
        ("PATCH", "/v1/responders/{}", responder, "rsp_" + "0" * 26, {"name": None}),
        ("POST", "/v1/tokens/{}:revoke", service.token_ids["auditor"], "tok_" + "0" * 26, {}),
    ]

    for role, token in police.items():
        for method, path, real, nobody, body in probes:
            answers = []
            for name in (real, nobody):
                filled = {
                    key: [name] if value == ["{}"] else name if value == "{}" else value for key, value in body.items()
                }
                answer = await service.send(
                    method, path.replace("{}", name), by=token, json=filled, headers={"X-Request-Id": "r"}
                )
                answers.append((answer.status_code, answer.text.replace(name, "NAME")))
            assert answers[0] == answers[1], f"{role} {method} {path} {real}"
            assert answers[0][0] in (401, 403, 404), answers[0]


async def test_a_timer_of_a_violence_interrupter_that_fails_is_no_alarm_for_police(service: Service) -> None:
    incident = await service.incident(**SHOOTING)
    await service.assign(incident, "V1")
    police = await service.token(Role.DISPATCHER, agencies=POLICE)
    actor = Actor(service.jurisdiction, "timer", service.clock.now())

    async with transaction(service.sessions) as session:
        due = await due_timers(session, NOW + timedelta(days=1), 10, service.jurisdiction)
        [offer] = [one for one in due if one.kind is TimerKind.OFFER]
        await failed(session, offer, actor, "a fault")

    assert await service.alarms(by=police) == []
    assert [one["unit"] for one in await service.alarms()] == ["V1"]


async def test_an_incident_that_only_violence_interrupters_were_told_of_still_waits_for_everyone(
    service: Service,
) -> None:
    incident = await service.incident(**SHOOTING)

    await service.assign(incident, "V1")

    assert (await service.get(f"/v1/incidents/{incident}")).json()["incident"]["status"] == "pending"


async def test_an_incident_waits_again_when_all_but_violence_interrupters_are_gone(service: Service) -> None:
    incident = await service.incident(**SHOOTING)
    rows = {row["unit"]: row["id"] for row in await service.assign(incident, "P1", "V1")}

    await service.step(rows["P1"], "cancelled", reason="other")

    assert (await service.get(f"/v1/incidents/{incident}")).json()["incident"]["status"] == "pending"


async def test_an_incident_is_closed_while_violence_interrupters_go_on_with_their_work(service: Service) -> None:
    incident = await service.incident(**SHOOTING)
    rows = {row["unit"]: row["id"] for row in await service.assign(incident, "P1", "V1")}
    await service.step(rows["P1"], "cancelled", reason="other")
    police = await service.token(Role.DISPATCHER, agencies=POLICE)

    closed = await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"}, by=police)
    await service.step(rows["V1"], "accepted")
    await service.step(rows["V1"], "cleared", outcome="mediated")

    assert closed.status_code == 200, closed.text
    assert (await service.get(f"/v1/incidents/{incident}")).json()["incident"]["status"] == "closed"


async def test_why_others_did_not_serve_does_not_tell_that_violence_interrupters_did(service: Service) -> None:
    """Two incidents that police cannot tell apart: interrupters were at one of them."""
    alone, beside = [await service.incident() for _ in range(2)]
    [row] = await service.assign(beside, "V1", recommended=False, reason="they know him")
    await service.step(row["id"], "accepted")
    await service.step(row["id"], "cleared", outcome="mediated")
    police = await service.token(Role.SUPERVISOR, agencies=POLICE)

    for incident in (alone, beside):
        closed = await service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"}, by=police)
        assert closed.status_code == 200, closed.text

    rows = (await service.get("/v1/reports/unserved", by=police)).json()["items"]
    told = [{(r["program"], r["reason"]) for r in rows if r["incident_id"] == one} for one in (alone, beside)]
    assert told[0] == told[1]
    assert told[0]


async def test_a_duplicate_ends_for_police_while_violence_interrupters_go_on_with_it(service: Service) -> None:
    first, second = [await service.incident(**SHOOTING) for _ in range(2)]
    await service.assign(second, "V1")

    joined = await service.post(f"/v1/incidents/{second}:link", {"incident": first})

    assert joined.status_code == 200, joined.text
    assert (await service.get(f"/v1/incidents/{second}")).json()["incident"]["status"] == "closed"


async def test_nobody_decides_that_violence_interrupters_go_first(service: Service) -> None:
    incident = await service.incident(**SHOOTING)

    answer = await service.post(f"/v1/incidents/{incident}:override", {"reason": "policy_gap", "responder_type": "cvi"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "never_first"


async def test_a_token_of_an_agency_that_nobody_knows_anything_of_yet_sees_none_of_it(service: Service) -> None:
    await service.post("/v1/agencies", {"id": "new-police", "name": "New police", "kind": "city"}, by="administrator")
    token = await service.token(Role.DISPATCHER, agencies=["new-police"])

    seen = await service.post("/v1/calls", a_call(**SHOOTING), by=token)

    assert seen.status_code == 201
    assert "peacekeepers" not in seen.text


def test_the_walk_meets_a_role_for_every_permission_to_read() -> None:
    read = {one for one in Permission if one.value.endswith(".read")}

    assert read <= {one for permissions in ROLE_PERMISSIONS.values() for one in permissions}


async def test_a_transfer_to_violence_interrupters_takes_nothing_off_the_queue(service: Service) -> None:
    incident = await service.incident(**SHOOTING)
    made = await service.post(f"/v1/incidents/{incident}:transfer", {"unit": "V1"})

    await service.step(made.json()["assignments"][0]["id"], "accepted")

    found = (await service.get(f"/v1/incidents/{incident}")).json()["incident"]
    assert (found["status"], found["awaiting_transfer"]) == ("pending", [])
    matched = (await service.get("/v1/recommendations")).json()["items"]
    assert incident in [one["incident_id"] for one in matched]


async def test_when_a_violence_interrupter_answers_no_check_police_are_told_to_go_and_not_for_whom(
    service: Service,
) -> None:
    """The one thing that comes back through the valve: that somebody must go there now."""
    incident = await service.incident(**SHOOTING)
    [row] = await service.assign(incident, "V1")
    for status in ("accepted", "en_route", "on_scene"):
        await service.step(row["id"], status)
    tokens = await police_tokens(service)

    for _ in range(2):
        await service.after(1200)

    alarms = await service.alarms(by=tokens["dispatcher"])
    assert [one["kind"] for one in alarms if "needs police" in one["message"]] == ["risk_raised"]
    read = await all_that_they_read(service, tokens, [incident])
    told = [text for where, text in read.items() if "V1" not in where and "policies" not in where]
    assert {found for text in told for found in re.findall(rb"\bV1\b|welfare_missed|welfare checks", text)} == set()
    assert [text for text in told if row["id"].encode() in text] == []
    assert any(b"needs help at once" in text for text in told)
    assert any(one["kind"] == "welfare_escalated" for one in await service.alarms())
