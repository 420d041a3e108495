"""A day of community violence intervention: everything that it can do, one after the other."""

import re
from datetime import timedelta
from typing import Any

from tests.support.city import NOW
from tests.support.service import Service

from dispatch.domain.access import Role
from dispatch.domain.time import iso

# What no police may ever read: names, places and words of that day are made of these. As words, since an id may hold
# their letters.
MARKS = re.compile(
    r'\bV[12]\b|[Hh]arbor|\bR-V|[Ww]alkers|see the family|both sides know|"responder_type": ?"cvi"|44\.0571'
)
PLACE = (44.0571, -124.9071)


def speaks_of(text: str, word: str) -> bool:
    """Whether a text holds that word as a word: ids are made by chance, and one may hold the letters of a call sign."""
    return re.search(rf"\b{re.escape(word)}\b", text) is not None


POLICE = ["city-police"]
QUERIES = {
    "/v1/premise": ("lat=44.051&lon=-124.901", "address=4217+Grove+St"),
    "/v1/hazards": ("state=withdrawn", "state=expired", "agency=harbor-alliance"),
    "/v1/incidents/{incident_id}/premise": ("radius_m=500",),
    "/v1/incidents": ("status=pending", "status=active", "status=pending&status=closed&status=cancelled"),
    "/v1/units": ("agency=harbor-alliance",),
    "/v1/programs": ("agency=harbor-alliance",),
    "/v1/responders": ("agency=harbor-alliance",),
    "/v1/responders/certifications": ("agency=harbor-alliance", "expiring_within_days=3650"),
    "/v1/assignments": (
        *("unit=V1", "responder_type=cvi", "agency=harbor-alliance", "program=peacekeepers"),
        *("kind=notice", "kind=appointment"),
    ),
    "/v1/reports/formulas": ("responder_type=community_responder", "responder_type=police", "responder_type=cvi"),
    "/v1/feed": ("limit=1000", "limit=3"),
    "/v1/follow-ups": ("open=true", "open=false", "program=peacekeepers", "agency=harbor-alliance"),
    "/v1/units/{unit}/positions": (f"from={iso(NOW - timedelta(hours=1))}",),
}
# Open to whoever may reach them, by route only; the stream is the feed, and never ends.
NOT_READ = {"/metrics", "/v1/stream"}


class InterventionDay:
    """Its steps, to be taken in order, each some time after the one before, between the steps of everybody else."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.assignment = ""
        self.desk = self.phone = ""

    async def begin(self) -> None:
        """People, units and tokens join, and a crew logs on."""
        harbor, known = {"agency_id": "harbor-alliance"}, {"name": "Harbor mediation", "expires_on": "2027-11-23"}
        for path, body in (
            ("/v1/programs", {"id": "walkers", "responder_type": "cvi", "name": "Walkers", **harbor}),
            ("/v1/units", {"call_sign": "V2", "responder_type": "cvi", "status": "off_duty", **harbor}),
            (
                "/v1/responders",
                {"employee_number": "R-V2", "name": "Person of V2", **harbor, "certifications": [known]},
            ),
        ):
            await self._post(path, body, by="administrator", expect=201)
        phone = {"name": "Phone of V1", "role": "responder", "unit": "V1"}
        desk = {"name": "Harbor desk", "role": "dispatcher", "agencies": ["harbor-alliance"]}
        self.phone = (await self._post("/v1/tokens", phone, by="administrator", expect=201))["token"]
        self.desk = (await self._post("/v1/tokens", desk, by="administrator", expect=201))["token"]
        until = iso(self.service.clock.now() + timedelta(hours=8))
        await self._post("/v1/units/V2:log-on", {"crew": ["R-V2"], "until": until}, by=self.desk)
        for path, body in (
            ("/v1/programs/peacekeepers", {"name": "Peacekeepers of the harbor"}),
            ("/v1/agencies/harbor-alliance", {"contact": "555-0100"}),
            ("/v1/units/V1", {"vehicle": "Van of V1"}),
        ):
            answer = await self.service.send("PATCH", path, by="administrator", json=body)
            assert answer.status_code == 200, answer.text

    async def let_an_offer_time_out(self, incident: str) -> None:
        """Nobody answers, and the timer says so."""
        await self.service.assign(incident, "V1")
        await self.be_seen()

    async def decline(self, incident: str) -> None:
        [row] = await self.service.assign(incident, "V1")
        await self._post(f"/v1/assignments/{row['id']}/status", {"status": "declined", "reason": "too far"})

    async def arrive(self, incident: str) -> None:
        [row] = await self.service.assign(incident, "V1")
        self.assignment = row["id"]
        for status in ("accepted", "en_route", "on_scene"):
            await self._post(f"/v1/assignments/{row['id']}/status", {"status": status})

    async def hand_over(self, incident: str) -> None:
        """V1 hands the job to V2, which never goes: every timer of it comes due."""
        done = {"status": "cleared", "outcome": "mediated", "note": "both sides know us"}
        done["outcomes"] = [{"code": "de_escalated"}]  # type: ignore[assignment]
        await self._post(f"/v1/assignments/{self.assignment}/status", done)
        for days in (1, 2):
            later = {"due_at": iso(self.service.clock.now() + timedelta(days=days)), "what": "see the family"}
            promised = await self._post(f"/v1/assignments/{self.assignment}/follow-ups", later, expect=201)
        await self._post(f"/v1/follow-ups/{promised['id']}:complete", {"outcome": "contact_made"})
        [row] = await self.service.assign(incident, "V2")
        await self._post(f"/v1/assignments/{row['id']}/status", {"status": "accepted"}, by="dispatcher")

    async def be_appointed(self, incident: str) -> None:
        """One appointment that is called off, and one for which nobody comes."""
        for hours in (2, 3):
            at = iso(self.service.clock.now() + timedelta(hours=hours))
            hour = {"unit": "V1", "scheduled_for": at}
            made = await self._post(f"/v1/incidents/{incident}/appointments", hour, by="dispatcher", expect=201)
            if hours == 2:
                cancelled = {"status": "cancelled", "reason": "they have gone"}
                await self._post(f"/v1/assignments/{made['id']}/status", cancelled, by="dispatcher")

    async def work_beside(self, incident: str) -> None:
        """V1 is on scene of an incident about which police decide one thing after the other."""
        await self.arrive(incident)
        await self._post(f"/v1/assignments/{self.assignment}:check-in", {})

    async def end(self) -> None:
        cleared = {"status": "cleared", "outcome": "mediated"}
        await self._post(f"/v1/assignments/{self.assignment}/status", cleared)
        await self._post("/v1/units/V1/status", {"status": "out_of_service"})
        await self._post(f"/v1/tokens/{await self._token('Phone of V1')}:revoke", {}, by="administrator")

    async def be_seen(self) -> None:
        place = {"lat": PLACE[0], "lon": PLACE[1], "at": iso(self.service.clock.now())}
        await self._post("/v1/units/V1/positions", {"positions": [place]})

    async def _token(self, name: str) -> str:
        listed = (await self.service.get("/v1/tokens", by="administrator")).json()["items"]
        return str(next(one["id"] for one in listed if one["name"] == name))

    async def _post(self, path: str, body: dict[str, Any], *, by: str | None = None, expect: int = 200) -> Any:
        answer = await self.service.post(path, body, by=by or self.phone)
        assert answer.status_code == expect, f"{path}: {answer.text}"
        return answer.json()


async def hazards_of(service: Service) -> list[str]:
    """The ids of all hazards; at least one that nobody has, so that the routes about one are walked too."""
    rows = await service.fetch(
        "select id from premise_hazard where jurisdiction_id = $1 order by id", service.jurisdiction
    )
    return [row["id"] for row in rows] or ["hzd_none"]


async def police_tokens(service: Service) -> dict[str, str]:
    """A token of every role, each kept to police."""
    found = {}
    for role in Role:
        bound: dict[str, Any] = {"source": "cad-east"} if role is Role.INTEGRATION else {}
        if role is Role.RESPONDER:
            bound = {"unit_id": service.units["P1"]}
        found[role.value] = await service.token(role, agencies=POLICE, **bound)
    return found


async def all_that_they_read(service: Service, tokens: dict[str, str], incidents: list[str]) -> dict[str, bytes]:
    """Every GET route with every role of police, filled in with every incident and filter, in every media type."""
    found: dict[str, bytes] = {}
    paths = [path for path, entry in service.app.openapi()["paths"].items() if "get" in entry and path not in NOT_READ]
    for path in paths:
        filled = {path.replace("{incident_id}", incident) for incident in incidents}
        for name in ("{policy}", "{old}", "{new}"):
            filled = {one.replace(name, "test-city@1") for one in filled}
        filled = {one.replace("{unit}", unit) for one in filled for unit in ("P1", "V1")}
        filled = {one.replace("{hazard_id}", hazard) for one in filled for hazard in await hazards_of(service)}
        for one in sorted({one + query for one in filled for query in ("", *("?" + q for q in QUERIES.get(path, ())))}):
            assert "{" not in one, f"say how {path} is filled in"
            for role, token in tokens.items():
                for accept in ("application/json", "text/csv") if path == "/v1/assignments" else ("application/json",):
                    answer = await service.get(one, by=token, headers={"Accept": accept, "X-Request-Id": "r"})
                    found[f"{role} {accept} {one}"] = str(answer.status_code).encode() + answer.content
    return found
