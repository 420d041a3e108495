"""The database is killed while units are fought over, offers answered and timers fired: the books are straight."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from anyio import create_task_group
from tests.support.service import Service, a_service

from dispatch.db.migrate import upgrade
from dispatch.domain.errors import Unavailable
from dispatch.embedded.server import EmbeddedPostgres

pytestmark = pytest.mark.anyio

UNITS = ("CR1", "CR2", "CO1", "H1", "T1", "X1", "X2", "X3", "X4")
SILENT = ("P1", "P2")  # offered and never answered: their offers run out while everything dies


class Dispatchers:
    """Several who assign and step the same units at once, and remember what they were told."""

    def __init__(self, service: Service, incidents: list[str]) -> None:
        self._service = service
        self._incidents = incidents
        self.told: dict[str, str] = {}  # assignment -> the last status that was acknowledged
        self.refused = 0
        self.stop = asyncio.Event()

    async def work(self, number: int) -> None:
        """Takes a unit, goes through its steps, and takes the next one."""
        turn = number
        while not self.stop.is_set():
            turn += 1
            body = {"units": [UNITS[turn % len(UNITS)]]}
            made = await self._post(f"/v1/incidents/{self._incidents[turn % len(self._incidents)]}/assignments", body)
            if made is None:
                continue
            assignment = made["assignments"][0]["id"]
            self.told[assignment] = made["assignments"][0]["status"]
            for status in ("accepted", "on_scene", "cleared"):
                if await self._post(f"/v1/assignments/{assignment}/status", {"status": status, "outcome": "handled"}):
                    self.told[assignment] = status

    async def _post(self, path: str, body: dict[str, object]) -> dict[str, object] | None:
        answer = await self._service.post(path, body)
        if answer.status_code in (200, 201):
            return answer.json()  # type: ignore[no-any-return]
        assert answer.status_code in (409, 503), answer.text
        if answer.status_code == 503:
            self.refused += 1
            await asyncio.sleep(0.05)
        return None


async def test_no_unit_is_on_two_incidents_no_offer_is_lost_and_no_timer_fires_twice(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg") as connection:
        url = connection.url("postgres")
        await asyncio.to_thread(upgrade, url)
        async with a_service(url, extra_units=4) as service:
            incidents = [await service.incident() for _ in range(6)]
            offers = [(await service.assign(incidents[0], unit, mode="offered"))[0]["id"] for unit in SILENT]
            crowd = Dispatchers(service, incidents)
            async with create_task_group() as tasks:
                for number in range(6):
                    tasks.start_soon(crowd.work, number)
                tasks.start_soon(_fire, service, crowd.stop)
                await asyncio.sleep(1)
                before = len(crowd.told)
                service.clock.advance(400)  # both offers run out now
                await asyncio.to_thread(os.kill, await _a_backend(service), signal.SIGKILL)
                await asyncio.sleep(3)
                crowd.stop.set()
            while await service.worker().tick():
                pass
            rows = await service.fetch(
                "select id, unit_id, status, holds_unit from assignment where jurisdiction_id = $1",
                service.jurisdiction,
            )
            twice = await service.fetch(
                "select subject_id from event_log where jurisdiction_id = $1 and type = 'assignment.timed_out'"
                " group by subject_id having count(*) > 1",
                service.jurisdiction,
            )

    stored = {row["id"]: row["status"] for row in rows}
    held = Counter(row["unit_id"] for row in rows if row["holds_unit"])
    assert before > 0
    assert crowd.refused > 0
    assert len(crowd.told) > before, "the service did not come back"
    assert [unit for unit, count in held.items() if count > 1] == []
    assert {one: stored.get(one) for one in crowd.told if _is_behind(stored.get(one), crowd.told[one])} == {}
    assert [stored[offer] for offer in offers] == ["timed_out", "timed_out"]
    assert twice == []


def _is_behind(stored: str | None, told: str) -> bool:
    """True when the database knows less than somebody was told. An offer may have run out since."""
    order = ("offered", "accepted", "on_scene", "cleared")
    if stored == "timed_out":
        return told != "offered"
    return stored is None or order.index(stored) < order.index(told)


async def _fire(service: Service, stop: asyncio.Event) -> None:
    """Two workers look after the timers all the while, as beside a service."""
    while not stop.is_set():
        for worker in (service.worker(), service.worker()):
            try:
                await worker.tick()
            except (Unavailable, OSError):
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.02)


async def _a_backend(service: Service) -> int:
    [row] = await service.fetch("select pid from pg_stat_activity where application_name = 'dispatch' limit 1")
    return int(row["pid"])
