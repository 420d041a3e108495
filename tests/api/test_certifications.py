"""Certificates that run out are listed before a unit is left out for one."""

from typing import Any

import pytest
from tests.support.service import Service

from dispatch.db.candidates import candidates_now
from dispatch.db.session import reading
from dispatch.domain.access import Role

pytestmark = pytest.mark.anyio


async def _certify(service: Service, unit: str, **last_days: str | None) -> None:
    people = (await service.get("/v1/responders")).json()["items"]
    [person] = [one for one in people if one["employee_number"] == f"R-{unit}"]
    body = {"certifications": [{"name": name, "expires_on": day} for name, day in last_days.items()]}
    answer = await service.send("PATCH", f"/v1/responders/{person['id']}", json=body, by="administrator")
    assert answer.status_code == 200, answer.text


async def _listed(service: Service, by: str = "supervisor", **asked: Any) -> dict[str, Any]:
    answer = await service.get("/v1/responders/certifications", by=by, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _named(told: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(one["employee_number"], one["name"], one["days_left"]) for one in told["items"]]


async def test_the_first_to_run_out_comes_first_and_what_has_run_out_before_all(service: Service) -> None:
    await _certify(service, "M1", als="2026-12-10", driver="2026-11-20", cpr=None)
    await _certify(service, "E1", driver="2026-11-23", ladder="2027-03-01")

    told = await _listed(service)

    assert told["today"] == "2026-11-23"
    assert _named(told) == [("R-M1", "driver", -3), ("R-E1", "driver", 0), ("R-M1", "als", 17)]
    assert [one["has_expired"] for one in told["items"]] == [True, False, False]
    assert _named(await _listed(service, expiring_within_days=0)) == [("R-M1", "driver", -3), ("R-E1", "driver", 0)]
    assert len((await _listed(service, expiring_within_days=98))["items"]) == 4


async def test_the_day_is_the_one_of_the_city(service: Service) -> None:
    await _certify(service, "M1", als="2026-11-23")

    service.clock.advance(16 * 3600)  # 06:00 UTC of the 24th, 22:00 of the 23rd there
    still = await _listed(service)
    service.clock.advance(2 * 3600)

    assert (still["today"], still["items"][0]["has_expired"]) == ("2026-11-23", False)
    assert (await _listed(service))["items"][0]["has_expired"] is True


async def test_the_first_shift_that_it_does_not_last_for_is_named(service: Service) -> None:
    await _certify(service, "M1", als="2026-11-22")
    await _certify(service, "E1", driver="2026-11-23")

    told = {one["employee_number"]: one["next_unit"] for one in (await _listed(service))["items"]}

    assert told == {"R-M1": "M1", "R-E1": None}


async def test_pages_hold_every_certificate_once(service: Service) -> None:
    await _certify(service, "M1", als="2026-12-01", driver="2026-12-01")
    await _certify(service, "E1", driver="2026-12-01")
    found, cursor = [], None
    while True:
        page = await _listed(service, limit=1, **({"cursor": cursor} if cursor else {}))
        found += _named(page)
        cursor = page["next"]
        if cursor is None:
            break

    assert sorted(found) == [("R-E1", "driver", 8), ("R-M1", "als", 8), ("R-M1", "driver", 8)]


async def test_a_token_kept_to_an_agency_sees_its_own_people_alone(service: Service) -> None:
    for unit in ("P1", "CR1", "V1"):
        await _certify(service, unit, first_aid="2026-12-01")
    care = await service.token(Role.SUPERVISOR, agencies=["city-care"])
    police = await service.token(Role.SUPERVISOR, agencies=["city-police"])

    assert _named(await _listed(service, care)) == [("R-CR1", "first_aid", 8)]
    assert _named(await _listed(service, police)) == [("R-P1", "first_aid", 8)]
    assert _named(await _listed(service, agency="harbor-alliance")) == [("R-V1", "first_aid", 8)]
    assert _named(await _listed(service, police, agency="harbor-alliance")) == []


async def test_a_certificate_that_is_issued_tomorrow_does_not_count_today(service: Service) -> None:
    people = (await service.get("/v1/responders")).json()["items"]
    [person] = [one for one in people if one["employee_number"] == "R-M1"]
    brought = {}
    for day in ("2026-11-24", "2026-11-23"):
        body = {"certifications": [{"name": "ladder", "issued_on": day}]}
        answer = await service.send("PATCH", f"/v1/responders/{person['id']}", json=body, by="administrator")
        assert answer.status_code == 200, answer.text
        async with reading(service.sessions) as session:
            unit = service.units["M1"]
            [seen] = await candidates_now(session, service.jurisdiction, [unit], service.clock.now())
        brought[day] = "ladder" in seen.capabilities

    assert brought == {"2026-11-24": False, "2026-11-23": True}
