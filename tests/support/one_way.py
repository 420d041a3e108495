"""A day of community violence intervention: everything that it can do, one after the other."""

import re
from datetime import timedelta
from typing import Any

from tests.support.service import Service

from dispatch.domain.time import iso

# What no police may ever read: names, places and words of that day are made of these. As words, since an id may hold
# their letters.
MARKS = re.compile(
    r'\bV[12]\b|[Hh]arbor|\bR-V|[Ww]alkers|see the family|both sides know|"responder_type": ?"cvi"|44\.0571'
)
PLACE = (44.0571, -124.9071)


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
        await self._post(f"/v1/assignments/{self.assignment}/status", done)
        for days in (1, 2):
            later = {"due_at": iso(self.service.clock.now() + timedelta(days=days)), "what": "see the family"}
            promised = await self._post(f"/v1/assignments/{self.assignment}/follow-ups", later, expect=201)
        await self._post(f"/v1/follow-ups/{promised['id']}:complete", {"outcome": "contact_made"})
        [row] = await self.service.assign(incident, "V2")
        await self._post(f"/v1/assignments/{row['id']}/status", {"status": "accepted"}, by="dispatcher")

    async def end(self) -> None:
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
