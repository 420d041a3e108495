"""Police command with the whole view of the service, and what that answers or leaves behind tells of nobody unseen."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.one_way import POLICE, all_that_they_read, police_tokens
from tests.support.service import Service, a_call

from dispatch.domain.access import Role
from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio

SHOOTING: dict[str, Any] = {"call_type": None, "narrative": "shots fired outside"}


async def _answers(service: Service, path: str, by: str, *bodies: dict[str, Any]) -> list[tuple[int, str]]:
    """What is answered to each body, with the one name in which they differ taken out."""
    found = []
    for body, name in zip(bodies, ("V1", "V8"), strict=True):
        answer = await service.post(path, body, by=by, headers={"X-Request-Id": "r"})
        found.append((answer.status_code, answer.text.replace(name, "NAME")))
    return found


async def test_a_phone_of_police_puts_nobody_on_its_crew_of_whom_it_must_not_know(service: Service) -> None:
    phone = await service.token(Role.RESPONDER, unit_id=service.units["P2"])
    assert (await service.post("/v1/units/P2:log-off", {}, by=phone)).status_code == 200
    until = iso(NOW + timedelta(hours=4))

    real, nobody = await _answers(
        service, "/v1/units/P2:log-on", phone, *({"crew": [who], "until": until} for who in ("R-V1", "R-V8"))
    )

    assert real == nobody
    assert real[0] == 422


async def test_police_make_no_unit_of_a_kind_that_they_must_not_know_since_its_name_may_be_taken(
    service: Service,
) -> None:
    administrator = await service.token(Role.ADMINISTRATOR, agencies=POLICE)
    unit = {"responder_type": "cvi", "agency_id": "city-police"}

    real, nobody = await _answers(
        service, "/v1/units", administrator, *({"call_sign": name, **unit} for name in ("V1", "V8"))
    )

    assert real == nobody
    assert real[0] == 422


async def test_a_list_of_police_does_not_tell_them_which_of_its_units_are_dropped(service: Service) -> None:
    cad = await service.token(Role.INTEGRATION, agencies=POLICE, source="cad-east")
    supervisor = await service.token(Role.SUPERVISOR, agencies=POLICE)
    call = a_call()
    assert (await service.post("/v1/calls", call, by=cad)).status_code == 201

    for second, units in enumerate((["P1"], ["P1", "V1", "V8"])):
        listed = {"source_ref": call["source_ref"], "units": units}
        said = {"source": "cad-east", "listed_at": iso(NOW + timedelta(seconds=second)), "calls": [listed]}
        assert (await service.post("/v1/listings", said, by=cad)).status_code == 200

    told = [one["payload"] for one in (await service.get("/v1/feed?limit=1000", by=supervisor)).json()["items"]]
    assert [one["units"] for one in told if "units" in one] == [["P1", "V1", "V8"]]


async def test_a_hold_of_police_is_not_ended_by_an_appointment_of_violence_interrupters(service: Service) -> None:
    supervisor = await service.token(Role.SUPERVISOR, agencies=POLICE)
    until = iso(NOW + timedelta(hours=8))
    hours = [{"unit": "V1", "scheduled_for": iso(NOW + timedelta(hours=hour))} for hour in (2, 4)]
    gone, missed = [await service.incident() for _ in hours]
    rows = []
    for incident, hour in zip((gone, missed), hours, strict=True):
        made = await service.post(f"/v1/incidents/{incident}/appointments", hour)
        assert made.status_code == 201, made.text
        rows.append(made.json()["id"])
        held = await service.post(f"/v1/incidents/{incident}:hold", {"until": until, "reason": "later"}, by=supervisor)
        assert held.status_code == 200, held.text

    await service.step(rows[0], "cancelled", reason="they have gone")
    await service.after(5 * 3600)

    assert [one["kind"] for one in await service.alarms()] == ["appointment_missed"]
    for incident in (gone, missed):
        assert (await service.get(f"/v1/incidents/{incident}", by=supervisor)).json()["incident"]["status"] == "held"


async def test_help_for_a_violence_interrupter_is_asked_by_a_hand_that_nobody_can_name(service: Service) -> None:
    """Asked for or missed is the same to police, and no token or request of the other side is seen in it."""
    asked, missed = await service.incident(**SHOOTING), await service.incident(**SHOOTING)
    phone = await service.token(Role.RESPONDER, unit_id=service.units["V1"])
    [row] = await service.assign(missed, "V1")
    for status in ("accepted", "en_route", "on_scene"):
        await service.step(row["id"], status)
    for _ in range(2):
        await service.after(1200)
    await service.step(row["id"], "cleared", outcome="mediated")
    [row] = await service.assign(asked, "V1")
    await service.step(row["id"], "accepted")
    request = {"X-Request-Id": "req-of-the-phone"}

    help_ = await service.post(
        f"/v1/assignments/{row['id']}:backup", {"who": ["police", "ems"], "reason": "x"}, by=phone, headers=request
    )

    assert help_.status_code == 200, help_.text
    tokens = await police_tokens(service)
    told = []
    for incident in (asked, missed):
        rows = (await service.get(f"/v1/incidents/{incident}/timeline", by=tokens["supervisor"])).json()["items"]
        since = [one for one in rows if one["type"] in ("incident.escalated", "alarm.raised")]
        told.append({(one["type"], one["actor"], one["request_id"]) for one in since if one["actor"] != "timer"})
    assert told[0] == told[1] == {("incident.escalated", "unnamed", None), ("alarm.raised", "unnamed", None)}
    [token] = await service.fetch("select id from access_token where unit_id = $1", service.units["V1"])
    read = await all_that_they_read(service, {"supervisor": tokens["supervisor"]}, [asked, missed])
    assert not [where for where, got in read.items() if token["id"].encode() in got or b"req-of-the-phone" in got]


async def test_the_report_desk_of_police_knows_no_more_than_police(service: Service) -> None:
    incident = await service.incident(**SHOOTING)
    await service.assign(incident, "V1", "DESK")
    desk = await service.token(Role.RESPONDER, unit_id=service.units["DESK"])

    seen = await service.get(f"/v1/incidents/{incident}", by=desk)

    assert seen.status_code == 200
    assert [one["unit"] for one in seen.json()["assignments"]] == ["DESK"]
    assert "cvi" not in seen.text
