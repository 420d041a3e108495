"""The same day twice, with and without violence intervention: police read the same bytes, number for number."""

import base64
import itertools
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
import structlog
from tests.support.city import NOW
from tests.support.one_way import MARKS, InterventionDay, all_that_they_read, police_tokens, speaks_of
from tests.support.postgres import FreshDatabase
from tests.support.service import Service, a_call, a_service

from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
CURSOR = re.compile(r'"next":"([A-Za-z0-9_-]+)"')
# What police look at again and again while the day goes on, and who; at its end these roles read every route.
GLANCES = ("/v1/feed?limit=1000", "/v1/incidents", "/v1/alarms", "/v1/status", "/v1/shifts", "/v1/recommendations")
WHO = ("supervisor", "auditor")
ROLES = ("dispatcher", "responder", "supervisor", "analyst", "auditor")


@dataclass
class Day:
    """A day of a city's police, and all that they read in it, in order."""

    service: Service
    other: InterventionDay | None
    tokens: dict[str, str] = field(default_factory=dict)
    read: list[tuple[str, str]] = field(default_factory=list)
    rows: dict[str, str] = field(default_factory=dict)

    async def live(self) -> None:
        self.tokens = await police_tokens(self.service)
        if self.other:
            await self.other.begin()
        first = await self._call("first", narrative="shots fired outside")
        second = await self._call("second", narrative="shots fired outside", location={"lat": 44.09, "lon": -124.95})
        third = await self._call("third")
        await self._assign(first, "P1", "P2")
        if self.other:
            await self.other.decline(second)
            await self.other.let_an_offer_time_out(first)
        await self._pass(90)
        await self._step("P1", "en_route")
        await self._positions("P1", 44.0512, -124.9034)
        await self._pass(600)
        if self.other:
            await self.other.decline(third)
            await self.other.arrive(second)
        await self._step("P1", "on_scene")
        await self._do(f"/v1/incidents/{second}:retriage", {"answers": {"injury": "yes"}})
        await self._assign(second, "CO1")
        await self._step("CO1", "accepted")
        await self._pass(1500)
        await self._do("/v1/units/P2:log-off", {}, may_fail=True)
        if self.other:
            await self.other.hand_over(second)
            await self.other.be_seen()
        await self._step("P2", "cancelled", reason="other")
        await self._do("/v1/units/P2:log-off", {})
        await self._pass(5400)
        await self._step("P1", "cleared", outcome="report_taken", note="quiet now")
        await self._step("CO1", "cancelled", reason="other")
        await self._do(f"/v1/incidents/{first}:close", {"disposition": "resolved"})
        await self._do(f"/v1/incidents/{second}:override", {"reason": "scene_information", "priority": 3})
        await self._do(f"/v1/incidents/{second}:hold", {"until": iso(NOW + timedelta(hours=5)), "reason": "later"})
        if self.other:
            await self.other.work_beside(third)
            await self.other.be_appointed(second)
        await self._decide(third)
        if self.other:
            await self.other.end()
        await self._pass(4 * 3600)
        await self._do(
            "/v1/units", {"call_sign": "P9", "responder_type": "police", "agency_id": "city-police"}, by="administrator"
        )
        await self._acknowledge()
        readers = {role: self.tokens[role] for role in ROLES}
        for where, got in (await all_that_they_read(self.service, readers, [first, second])).items():
            self.read.append((where, got.decode()))

    async def _decide(self, incident: str) -> None:
        """Every kind of command about an incident, whether it is granted or refused."""
        other = await self._call("fourth", narrative="shots fired outside")
        at, body = f"/v1/incidents/{incident}", a_call(source_ref="fourth", call_type=None, narrative="a man is hit")
        body["updated_at"] = iso(self.service.clock.now())
        hour = iso(self.service.clock.now() + timedelta(hours=1))
        for path, command in (
            ("/v1/calls", body),
            ("/v1/triage:evaluate", body),
            (f"{at}:override", {"reason": "policy_gap", "priority": 2, "responder_type": "co_responder"}),
            (f"{at}:retriage", {"answers": {"injury": "yes"}}),
            (f"{at}:transfer", {"unit": "DESK"}),
            (f"{at}/assignments", {"units": ["P1", "V1"]}),
            (f"{at}/assignments", {"units": ["P1"]}),
            (f"{at}:exchange", {"off": "P1", "on": "P2"}),
            (f"/v1/incidents/{other}:redirect", {"unit": "P2"}),
            (f"{at}:stack", {"unit": "P2"}),
            (f"{at}:hold", {"until": hour, "reason": "later"}),
            (f"{at}:close", {"disposition": "resolved"}),
            (f"{at}:reopen", {"reason": "again"}),
            (f"{at}:link", {"do": "link", "incident": other}),
            (f"{at}:link", {"do": "unlink"}),
            ("/v1/units/P1:log-on", {"crew": ["R-V1"], "until": hour, "also": ["V1"]}),
            ("/v1/positions", {"positions": [{"unit": "V1", "lat": 44.05, "lon": -124.9, "at": hour}]}),
        ):
            await self._do(path, command, may_fail=True)

    async def _call(self, reference: str, **given: Any) -> str:
        answer = await self._do("/v1/calls", a_call(source_ref=reference, call_type=None, **given))
        return str(answer.json()["incident"]["id"])

    async def _assign(self, incident: str, *units: str) -> None:
        made = (await self._do(f"/v1/incidents/{incident}/assignments", {"units": list(units)})).json()["assignments"]
        self.rows |= {row["unit"]: row["id"] for row in made}

    async def _step(self, unit: str, status: str, **more: Any) -> None:
        await self._do(f"/v1/assignments/{self.rows[unit]}/status", {"status": status, **more})

    async def _positions(self, unit: str, lat: float, lon: float) -> None:
        at = iso(self.service.clock.now())
        await self._do("/v1/positions", {"positions": [{"unit": unit, "lat": lat, "lon": lon, "at": at}]})

    async def _acknowledge(self) -> None:
        for alarm in (await self.service.get("/v1/alarms", by=self.tokens["supervisor"])).json()["items"]:
            await self._do(f"/v1/alarms/{alarm['id']}:acknowledge", {"note": "seen"}, by="supervisor")

    async def _pass(self, seconds: float) -> None:
        """Time passes, timers of both sides fire, and police look at everything that changes."""
        await self.service.after(seconds)
        for role, path in itertools.product(WHO, GLANCES):
            answer = await self.service.get(path, by=self.tokens[role], headers={"X-Request-Id": "r"})
            self._keep(f"{role} {path}", answer)

    async def _do(self, path: str, body: Any, *, by: str = "dispatcher", may_fail: bool = False) -> httpx.Response:
        answer = await self.service.post(path, body, by=self.tokens[by], headers={"X-Request-Id": "r"})
        assert may_fail or answer.is_success, f"{path}: {answer.text}"
        self._keep(f"{path} {body}", answer)
        self.service.clock.advance(1)
        return answer

    def _keep(self, where: str, answer: httpx.Response) -> None:
        self.read.append((where, f"{answer.status_code} {answer.text}"))

    def bytes_read(self) -> list[tuple[str, str]]:
        """All of it, with each id replaced by how many were seen before it, since ids are drawn by chance."""
        known: dict[str, str] = {}

        def renamed(text: str) -> str:
            plain = CURSOR.sub(lambda found: f'"next":{_decoded(found.group(1))}', text)
            plain = plain.replace(self.service.jurisdiction, "CITY")
            return ULID.sub(lambda found: known.setdefault(found.group(0), f"<{len(known)}>"), plain)

        return [(renamed(where), renamed(text)) for where, text in self.read]


def _decoded(cursor: str) -> str:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()


@pytest.fixture
def ids_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids made within a millisecond sort as they were made, so that two runs list what was made at once alike."""
    count = itertools.count()
    monkeypatch.setattr("dispatch.db.ids.ulid_now", lambda: f"01KAQ4Z{next(count):019d}")


@pytest.mark.usefixtures("ids_in_order")
async def test_police_read_the_same_bytes_on_a_day_with_and_on_a_day_without_violence_intervention(
    fresh_database: FreshDatabase,
) -> None:
    days = []
    with structlog.testing.capture_logs() as logged:
        for is_with in (False, True):
            with fresh_database() as url:
                async with a_service(url) as service:
                    day = Day(service, InterventionDay(service) if is_with else None)
                    await day.live()
                    days.append(day)
                    fired = await service.fetch(_FIRED)
    without, with_it = (day.bytes_read() for day in days)

    assert {row["kind"] for row in fired} == {
        *("offer_unanswered", "turnout_overdue", "welfare_missed", "position_silent", "appointment_missed")
    }
    assert len(without) > 300
    assert [one for one in with_it if not speaks_of(one[0], "V1") and MARKS.search(one[1])] == []
    for one, other in zip(without, with_it, strict=True):
        assert other == one
    assert [line for line in logged if MARKS.search(str(line))] == []


# What timers did on the other side, which police must not notice either.
_FIRED = "select distinct kind from alarm where responder_type = 'cvi'"
