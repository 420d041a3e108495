"""A polled feed goes into the service: over HTTP as straight into the database, once however often it is followed."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.service import Service

from dispatch.cli.importing.calls import CallsImport
from dispatch.cli.importing.feed import FeedOutcome, import_feed
from dispatch.cli.importing.takers import Here, Taker, There

pytestmark = pytest.mark.anyio

MAPPING = """\
mapping: polled
title: A county's active calls, polled
source: cad-east
zone: America/Los_Angeles
time_formats: [iso]
snapshots: {at: at}
records_at: rows
key: {columns: [id]}
type: {text: type}
received_at: when
location: {lat: lat, lon: lon}
units: {column: units, separator: ",", default_responder_type: fire}
"""


def row(ref: str, kind: str = "WELFARE CHECK", units: str = "X1") -> dict[str, Any]:
    return {"id": ref, "type": kind, "when": "2026-11-23T12:55:00Z", "units": units, "lat": "44.05", "lon": "-124.9"}


def polled(minute: int, *rows: dict[str, Any]) -> str:
    return json.dumps({"at": f"2026-11-23T13:{minute:02}:00Z", "rows": rows})


LISTS = (
    polled(0, row("a"), row("b")),
    "<html>The gateway is busy</html>",
    polled(15, row("a", "FIGHT WITH A KNIFE"), row("c")),
    polled(30, row("a", "FIGHT WITH A KNIFE", "X1,X2"), row("b")),
)


@asynccontextmanager
async def there(service: Service) -> AsyncIterator[Taker]:
    headers = {"Authorization": f"Bearer {service.tokens['supervisor']}"}
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers) as client:
        yield There(client)


@asynccontextmanager
async def here(service: Service) -> AsyncIterator[Taker]:
    yield Here(service.sessions, service.jurisdiction)


WAYS = pytest.mark.parametrize("way", [here, there], ids=["into the database", "over HTTP"])
Way = Callable[[Service], Any]


async def followed(
    service: Service, way: Way, folder: Path, *lists: str, mapping: str = MAPPING, dry_run: bool = False
) -> FeedOutcome:
    (folder / "polled.yaml").write_text(mapping)
    (folder / "feed.jsonl").write_text("\n".join(lists))
    work = CallsImport(str(folder / "feed.jsonl"), str(folder / "polled.yaml"), folder / "rejects.ndjson")
    async with way(service) as taker:
        return await import_feed(work, None if dry_run else taker)


async def _incidents(service: Service) -> dict[str, dict[str, Any]]:
    """By reference of the call that opened each."""
    found = {}
    for one in (await service.get("/v1/incidents")).json()["items"]:
        detail = (await service.get(f"/v1/incidents/{one['id']}")).json()
        found[detail["calls"][0]["source_ref"]] = {**one, "calls": detail["calls"]}
    return found


@WAYS
async def test_a_feed_becomes_calls_updates_and_flags(service: Service, way: Way, tmp_path: Path) -> None:
    outcome = await followed(service, way, tmp_path, *LISTS)

    data = outcome.as_data(dry_run=False)
    assert data["stored"] == {"new": 3, "updated": 1, "unchanged": 0}
    assert {name: data["service"][name] for name in ("new", "still", "changed", "reappeared", "vanished")} == {
        **{"new": 3, "still": 2, "changed": 1, "reappeared": 1, "vanished": 2}
    }
    assert data["rows"] == {
        **{"new": 3, "repeated": 0, "changed": 2, "reappeared": 1},
        **{"doubled": 0, "skipped": 0, "refused": 0},
    }
    assert (data["accounted"], data["refused"]) == (True, {"not_json": 1})
    assert json.loads((tmp_path / "rejects.ndjson").read_text())["line"] == 2
    found = await _incidents(service)
    assert {ref: one["not_listed_since"] for ref, one in found.items()} == {
        **{"a": None, "b": None, "c": "2026-11-23T13:30:00Z"}
    }
    assert {one["status"] for one in found.values()} == {"pending"}
    assert [(call["version"], call["type_text"]) for call in found["a"]["calls"]] == [(2, "FIGHT WITH A KNIFE")]
    assert found["a"]["priority"] < found["b"]["priority"]


@WAYS
async def test_following_it_again_changes_nothing(service: Service, way: Way, tmp_path: Path) -> None:
    await followed(service, way, tmp_path, *LISTS)
    before = await service.rows()

    again = await followed(service, way, tmp_path, *LISTS)

    assert await service.rows() == before
    assert (again.stored["new"], again.listed["is_repeat"] + again.listed["is_late"]) == (0, 3)


@WAYS
async def test_it_can_be_resumed_after_it_broke_off(service: Service, way: Way, tmp_path: Path) -> None:
    await followed(service, way, tmp_path, *LISTS[:3])

    await followed(service, way, tmp_path, *LISTS)

    found = await _incidents(service)
    assert {ref: one["not_listed_since"] for ref, one in found.items()} == {
        **{"a": None, "b": None, "c": "2026-11-23T13:30:00Z"}
    }


async def test_a_rehearsal_stores_nothing_and_counts_the_same(service: Service, tmp_path: Path) -> None:
    before = await service.rows()

    rehearsal = await followed(service, here, tmp_path, *LISTS, dry_run=True)

    assert await service.rows() == before
    assert (rehearsal.feed.rows["new"], rehearsal.feed.vanished, rehearsal.feed.accounted(6)) == (3, 2, True)


@WAYS
async def test_a_rule_of_the_mapping_closes_what_so_many_lists_lack(service: Service, way: Way, tmp_path: Path) -> None:
    mapping = MAPPING.replace("{at: at}", "{at: at, close_after_lists: 2}")
    lists = [polled(0, row("a"), row("b")), polled(15, row("b")), polled(30, row("b"))]

    outcome = await followed(service, way, tmp_path, *lists, mapping=mapping)

    assert outcome.listed["closed"] == 1
    closed = (await service.get("/v1/incidents", params={"status": "closed"})).json()["items"]
    assert [one["disposition"] for one in closed] == ["closed_at_source"]
