"""A copy of the roster that is brought up to date is the roster that would be read whole, whatever changed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.db import candidates
from dispatch.db.session import hide_one_way, reading
from dispatch.domain.time import iso
from dispatch.queries import roster
from dispatch.queries.roster import Roster, RosterCopies

pytestmark = pytest.mark.anyio


async def _copied(service: Service, copies: RosterCopies) -> Roster:
    """The copy, after it was compared with what the database says."""
    now = service.clock.now()
    async with reading(service.sessions) as session:
        copy = await copies.get(session, service.jurisdiction, now)
        whole = await roster.read_roster(session, service.jurisdiction, now)
    assert copy.candidates == whole.candidates
    assert copy.versions == whole.versions
    assert copy.zone == whole.zone
    return copy


async def _answered(service: Service, path: str, body: Any = None, by: str = "supervisor") -> dict[str, Any]:
    answer = await service.post(path, body, by=by)
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _named(read: Roster, call_sign: str) -> Any:
    return next(unit for unit in read.candidates if unit.call_sign == call_sign)


async def test_a_copy_follows_the_work_of_a_unit_from_its_order_to_its_end(service: Service) -> None:
    copies = RosterCopies()
    incident = await service.incident()
    free = _named(await _copied(service, copies), "P1")
    [assignment] = await service.assign(incident, "P1")
    sent = _named(await _copied(service, copies), "P1")
    for status in ("en_route", "on_scene"):
        await service.step(assignment["id"], status)
        await _copied(service, copies)
    await service.step(assignment["id"], "cleared", outcome="handled")
    done = _named(await _copied(service, copies), "P1")

    assert (free.active_assignments, sent.active_assignments, done.active_assignments) == (0, 1, 0)
    assert sent.incident is not None
    assert done.incident is None


async def test_a_copy_follows_positions_and_words_about_a_unit(service: Service) -> None:
    copies = RosterCopies()
    await _copied(service, copies)
    at = iso(service.clock.now())
    sent = {"positions": [{"unit": "P1", "lat": 44.05, "lon": -124.05, "at": at}]}
    assert (await service.post("/v1/positions", sent)).status_code < 300
    seen = _named(await _copied(service, copies), "P1")
    await _answered(service, "/v1/units/P1/status", {"status": "out_of_service", "reason": "flat tyre"})
    broken = _named(await _copied(service, copies), "P1")

    assert (seen.position.lat, seen.position.lon) == (44.05, -124.05)
    assert seen.position_at == service.clock.now()
    assert broken.status.value == "out_of_service"
    assert broken.position == seen.position


async def test_a_copy_follows_a_crew_that_staffs_a_second_vehicle_and_is_out_with_one_of_them(service: Service) -> None:
    copies = RosterCopies()
    before = _named(await _copied(service, copies), "E1")
    for unit in ("E1", "M1"):
        await _answered(service, f"/v1/units/{unit}:log-off")
    later = iso(NOW + timedelta(hours=8))
    await _answered(service, "/v1/units/E1:log-on", {"crew": ["R-E1"], "also": ["M1"], "until": later})
    both = await _copied(service, copies)
    [assignment] = await service.assign(await service.incident(), "M1")
    out = await _copied(service, copies)
    await service.step(assignment["id"], "on_scene")
    await service.step(assignment["id"], "cleared", outcome="handled")
    back = await _copied(service, copies)
    await _answered(service, "/v1/units/E1:log-off")
    apart = _named(await _copied(service, copies), "M1")

    assert before.shares_crew == apart.shares_crew == frozenset()
    assert _named(both, "E1").shares_crew == {service.units["M1"]}
    assert [_named(one, "E1").crew_with for one in (both, out, back)] == [None, "M1", None]


async def test_a_copy_follows_shifts_that_end_by_the_clock_and_units_that_are_new(service: Service) -> None:
    copies = RosterCopies()
    await _copied(service, copies)
    agency = (await service.get("/v1/agencies", by="administrator")).json()["items"][0]["id"]
    fresh = {"call_sign": "NEW1", "agency_id": agency, "responder_type": "police", "status": "available"}
    await _answered(service, "/v1/units", fresh, by="administrator")
    with_new = await _copied(service, copies)
    service.clock.advance(24 * 3600)
    after = await _copied(service, copies)

    assert _named(with_new, "NEW1")
    assert after.good_until > with_new.good_until


async def test_a_copy_follows_a_desk_whose_hour_with_somebody_has_come(service: Service) -> None:
    copies = RosterCopies()
    hour = NOW + timedelta(hours=1)
    path = f"/v1/incidents/{await service.incident(narrative='loud music')}/appointments"
    await _answered(service, path, {"unit": "DESK", "scheduled_for": iso(hour)}, by="dispatcher")
    service.clock.advance(3600)
    before = _named(await _copied(service, copies), "DESK")
    assert await service.worker().tick()
    asked = _named(await _copied(service, copies), "DESK")

    assert (before.active_assignments, asked.active_assignments) == (0, 1)


async def test_whoever_sees_fewer_units_never_leaves_a_smaller_roster_to_others(service: Service) -> None:
    copies = RosterCopies()
    now = service.clock.now()
    for _ in range(2):
        async with reading(service.sessions) as session:
            await hide_one_way(session)
            police = await copies.get(session, service.jurisdiction, now)
        everybody = await _copied(service, copies)

        hidden = {unit.responder_type for unit in everybody.candidates} - {
            unit.responder_type for unit in police.candidates
        }
        assert hidden == {"cvi"}


async def test_only_the_units_that_changed_are_read_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    some = candidates.some_candidates

    async def listening(session: Any, jurisdiction: str, units: list[str], *more: Any) -> Any:
        asked.append(units)
        return await some(session, jurisdiction, units, *more)

    copies = RosterCopies()
    await _copied(service, copies)
    monkeypatch.setattr(roster, "some_candidates", listening)
    same = [await _copied(service, copies) for _ in range(2)]
    await service.assign(await service.incident(), "P1")
    await _copied(service, copies)

    assert same[0] is same[1]
    assert asked == [[service.units["P1"]]]


async def test_readers_at_the_same_moment_all_have_the_roster_of_that_moment(service: Service) -> None:
    copies = RosterCopies()
    await _copied(service, copies)
    await service.assign(await service.incident(), "P1")

    read = await asyncio.gather(*(_copied(service, copies) for _ in range(8)))

    assert all(_named(one, "P1").active_assignments == 1 for one in read)
