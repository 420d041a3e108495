"""`GET /v1/assignments`: every filter of the contract, pages that neither lose nor double, files for other tools."""

import asyncio
import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.domain.time import iso

pytestmark = pytest.mark.anyio


async def _history(service: Service, **query: Any) -> list[str]:
    answer = await service.get("/v1/assignments", params={name.rstrip("_"): value for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    return [item["unit"] for item in answer.json()["items"]]


async def _busy_hour(service: Service) -> dict[str, dict[str, Any]]:
    """P1 and CR1 on a welfare check, M1 on a shooting elsewhere a minute later; CR1 cleared."""
    welfare = await service.incident()
    made = await service.assign(welfare, "P1")
    service.clock.advance(1)
    made += await service.assign(welfare, "CR1")
    service.clock.advance(59)
    shooting = await service.incident(
        call_type=None,
        narrative="shots fired",
        location={"lat": 45.5, "lon": -123.5},
        received_at=iso(service.clock.at),
    )
    made += await service.assign(shooting, "M1")
    rows = {row["unit"]: row for row in made}
    service.clock.advance(60)
    await service.step(rows["CR1"]["id"], "on_scene")
    service.clock.advance(60)
    await service.step(rows["CR1"]["id"], "cleared", outcome="de_escalated")
    return rows


async def test_history_is_newest_first_with_intervals(service: Service) -> None:
    await _busy_hour(service)

    items = (await service.get("/v1/assignments")).json()["items"]

    assert [item["unit"] for item in items] == ["M1", "CR1", "P1"]
    assert items[1]["intervals_s"]["scene"] == 60
    assert items[0]["intervals_s"]["scene"] is None
    assert items[1]["call_received_at"] == "2026-11-23T14:00:00Z"
    assert {"answer", "process", "queue", "turnout", "travel", "response", "scene", "total"} == set(
        items[0]["intervals_s"]
    )


async def test_every_filter_of_the_contract_finds_what_it_names(service: Service) -> None:
    rows = await _busy_hour(service)
    people = (await service.get("/v1/responders")).json()["items"]
    responder = next(one["id"] for one in people if one["employee_number"] == "R-M1")

    assert await _history(service, unit="CR1") == ["CR1"]
    assert await _history(service, unit=service.units["CR1"]) == ["CR1"]
    assert await _history(service, responder=responder) == ["M1"]
    assert await _history(service, responder_type="police") == ["P1"]
    assert await _history(service, program="street-team") == ["CR1"]
    assert await _history(service, agency="city-fire") == ["M1"]
    assert await _history(service, category="violence") == ["M1"]
    assert await _history(service, outcome="de_escalated") == ["CR1"]
    assert await _history(service, incident=rows["P1"]["incident_id"]) == ["CR1", "P1"]
    assert await _history(service, from_=iso(NOW + timedelta(seconds=1))) == ["M1", "CR1"]
    assert await _history(service, to=iso(NOW + timedelta(seconds=1))) == ["P1"]
    assert await _history(service, bbox="-124,45,-123,46") == ["M1"]
    assert await _history(service, category="behavioral_health", agency="city-police") == ["P1"]
    assert await _history(service, unit="NOBODY") == []


@pytest.mark.parametrize(
    "query", ["category=nonsense", "from=yesterday", "from=2026-11-23T14:00:00", "bbox=1,2,3", "bbox=5,0,1,1",
              "bbox=a,b,c,d", "from=2026-11-23T15:00:00Z&to=2026-11-23T14:00:00Z",
              "from=0001-01-01T00:00:00Z", "to=9999-12-31T23:59:59Z", "from=0", "limit=0", "limit=1001", "limit=x"]
)  # fmt: skip
async def test_a_filter_that_cannot_be_read_is_refused_by_name(service: Service, query: str) -> None:
    answer = await service.get(f"/v1/assignments?{query}")

    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.json()["errors"][0]["pointer"]


async def test_pages_neither_lose_nor_double_while_assignments_are_made(service: Service) -> None:
    incident = await service.incident()
    old = []
    for unit in ("P1", "P2", "M1", "M2", "CR1", "CR2", "H1"):
        old += await service.assign(incident, unit)
    seen: list[str] = []
    cursor: str | None = ""
    more = iter(("T1", "V1", "CO1", "E1", "LINE"))

    while cursor is not None:
        page = (await service.get(f"/v1/assignments?limit=2{cursor and '&cursor=' + cursor}")).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        meanwhile = next(more, None)
        if meanwhile is not None:
            await service.assign(incident, meanwhile)

    assert seen == [row["id"] for row in reversed(old)]


async def _csv(service: Service, query: str = "", by: str = "dispatcher") -> list[dict[str, str]]:
    answer = await service.get(f"/v1/assignments{query}", headers={"Accept": "text/csv"}, by=by)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_the_csv_holds_every_row_and_a_spreadsheet_cannot_be_tricked_with_it(service: Service) -> None:
    rows = await _busy_hour(service)
    for n, note in enumerate(("=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1", '"a",b\nc', '=HYPERLINK("x")')):
        unit = ("P2", "M2", "E1", "CR2", "CO1", "V1", "H1", "T1")[n]
        [row] = await service.assign(rows["P1"]["incident_id"], unit, mode="ordered")
        await service.step(row["id"], "cleared", outcome="handled", note=note)

    table = await _csv(service)

    assert len(table) == 11
    notes = [line["note"] for line in table if line["note"]]
    assert len(notes) == 8
    assert not any(note.startswith(("=", "+", "-", "@", "\t", "\r")) for note in notes)
    assert '"a",b\nc' in notes
    assert {line["unit"] for line in table} >= {"P1", "CR1", "M1"}


async def test_numbers_below_zero_stay_numbers_in_the_csv(service: Service) -> None:
    await _busy_hour(service)

    assert {line["lon"] for line in await _csv(service)} == {"-124.901", "-123.5"}


async def test_a_client_that_refuses_csv_gets_no_csv(service: Service) -> None:
    answer = await service.get("/v1/assignments", headers={"Accept": "text/csv;q=0, application/json"})

    assert answer.headers["content-type"] == "application/json"


async def test_an_empty_csv_still_has_its_header(service: Service) -> None:
    answer = await service.get("/v1/assignments?unit=NOBODY", headers={"Accept": "text/csv"})
    await _busy_hour(service)
    full = await service.get("/v1/assignments", headers={"Accept": "text/csv"})

    assert answer.text == full.text.partition("\r\n")[0] + "\r\n"
    assert answer.text.startswith("id,incident_id,unit_id,unit,")


async def test_ndjson_is_the_same_rows_a_line_each(service: Service) -> None:
    await _busy_hour(service)

    answer = await service.get("/v1/assignments", headers={"Accept": "application/x-ndjson"})

    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert [json.loads(line) for line in answer.text.splitlines()] == (await service.get("/v1/assignments")).json()[
        "items"
    ]


async def test_geojson_is_a_feature_collection(service: Service) -> None:
    await _busy_hour(service)
    nowhere = await service.incident(location=None)
    await service.assign(nowhere, "H1")

    answer = await service.get("/v1/assignments", headers={"Accept": "application/geo+json"})

    collection = answer.json()
    assert collection["type"] == "FeatureCollection"
    places = {one["properties"]["unit"]: one["geometry"] for one in collection["features"]}
    assert places["M1"] == {"type": "Point", "coordinates": [-123.5, 45.5]}
    assert places["H1"] is None
    empty = await service.get("/v1/assignments?unit=NOBODY", headers={"Accept": "application/geo+json"})
    assert empty.json() == {"type": "FeatureCollection", "features": []}


async def test_a_file_of_more_rows_than_a_page_is_whole(service: Service) -> None:
    incident = await service.incident()
    for _ in range(30):
        [row] = await service.assign(incident, "P1")
        await service.step(row["id"], "cleared", outcome="handled")
    await service.fetch(
        "insert into assignment (jurisdiction_id, id, incident_id, unit_id, call_sign, agency_id, responder_type,"
        " category, incident_type, priority, mode, status, outcome, assigned_by, created_at)"
        " select jurisdiction_id, id || n, incident_id, unit_id, call_sign, agency_id, responder_type,"
        " category, incident_type, priority, mode, status, outcome, assigned_by, created_at"
        " from assignment, generate_series(1, 80) n where jurisdiction_id = $1 returning id",
        service.jurisdiction,
    )

    table = await _csv(service)

    assert len(table) == len({line["id"] for line in table}) == 30 * 81


async def test_history_is_told_while_assignments_are_made_at_the_same_time(service: Service) -> None:
    incident = await service.incident()
    rows = [row for unit in ("P1", "P2", "M1") for row in await service.assign(incident, unit)]

    answers = await asyncio.gather(
        *(_csv(service) for _ in range(5)), *(service.step(row["id"], "en_route") for row in rows)
    )

    assert all(len(table) == 3 for table in answers[:5])


async def test_a_file_that_is_asked_for_in_part_is_refused_and_not_given_whole(service: Service) -> None:
    answer = await service.get("/v1/assignments?limit=2", headers={"Accept": "text/csv"})

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/limit"]
