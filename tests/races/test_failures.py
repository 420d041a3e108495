"""The commit fails, the connection dies, the server is killed: never a 2xx for what is not stored, never half of it."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import pytest
from tests.support.service import Service, a_call, a_service, plain_url

from dispatch.app import create_app
from dispatch.config import Settings
from dispatch.db.migrate import upgrade
from dispatch.embedded.server import EmbeddedPostgres

pytestmark = pytest.mark.anyio

REFUSE_AT_COMMIT = """
    create function refuse_at_commit() returns trigger language plpgsql as $$
    begin raise exception 'the disk is full' using errcode = 'disk_full'; end $$;
    create constraint trigger refuse_at_commit after insert on event_log
      deferrable initially deferred for each row execute function refuse_at_commit();
"""


@pytest.fixture
async def alone(fresh_database_url: str) -> AsyncIterator[Service]:
    """A service with a database that nobody else uses, so that a test may break it."""
    async with a_service(fresh_database_url) as running:
        yield running


async def _as_owner(service: Service, sql: str) -> None:
    link = await asyncpg.connect(plain_url(service.database_url))
    try:
        await link.execute(sql)
    finally:
        await link.close()


async def _cut_connections(service: Service) -> None:
    await service.fetch(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and application_name = 'dispatch'"
    )


async def test_a_commit_that_fails_is_an_error_and_leaves_nothing(alone: Service) -> None:
    incident = await alone.incident()
    [assignment] = await alone.assign(incident, "P1")
    before = await alone.rows()
    await _as_owner(alone, REFUSE_AT_COMMIT)

    answers = [
        await alone.post("/v1/calls", a_call()),
        await alone.post("/v1/calls", a_call(), headers={"Idempotency-Key": "k"}),
        await alone.post(f"/v1/incidents/{incident}/assignments", {"units": ["CR1"]}),
        await alone.post(f"/v1/assignments/{assignment['id']}/status", {"status": "en_route"}),
        await alone.post(f"/v1/incidents/{incident}:retriage", {}),
        await alone.post("/v1/units/P2/status", {"status": "out_of_service"}),
    ]

    assert [answer.status_code for answer in answers] == [503] * len(answers)
    assert {answer.json()["code"] for answer in answers} == {"unavailable"}
    assert all(answer.headers["retry-after"] for answer in answers)
    assert await alone.rows() == before
    units = (await alone.get("/v1/units")).json()["items"]
    assert {u["call_sign"]: u["status"] for u in units if u["call_sign"] in ("CR1", "P1", "P2")} == {
        "CR1": "available",
        "P1": "assigned",
        "P2": "available",
    }


async def test_after_a_failed_commit_the_same_call_is_taken_as_new(alone: Service) -> None:
    body = a_call()
    await _as_owner(alone, REFUSE_AT_COMMIT)
    refused = await alone.post("/v1/calls", body, headers={"Idempotency-Key": "k"})
    await _as_owner(alone, "drop trigger refuse_at_commit on event_log")

    taken = await alone.post("/v1/calls", body, headers={"Idempotency-Key": "k"})

    assert (refused.status_code, taken.status_code) == (503, 201)
    assert "idempotency-replayed" not in taken.headers


async def test_a_connection_that_dies_before_the_commit_is_an_error_and_leaves_nothing(alone: Service) -> None:
    before = await alone.rows()
    # The insert waits behind this lock, and its connection is cut while it waits.
    link = await asyncpg.connect(plain_url(alone.database_url))
    lock = link.transaction()
    await lock.start()
    await link.execute("lock table event_log in exclusive mode")
    waiting = asyncio.create_task(alone.post("/v1/calls", a_call()))
    await asyncio.sleep(0.3)
    await _cut_connections(alone)
    await lock.rollback()
    await link.close()

    answer = await waiting

    assert answer.status_code == 503
    assert await alone.rows() == before


async def test_the_service_recovers_at_once_when_all_its_connections_were_cut(alone: Service) -> None:
    await asyncio.gather(*(alone.get("/v1/assignments?limit=1000") for _ in range(40)))
    await _cut_connections(alone)
    await asyncio.sleep(0.1)

    answers = [await alone.post("/v1/calls", a_call()) for _ in range(40)]

    codes = [answer.status_code for answer in answers]
    assert codes == [201] * 40
    assert (await alone.rows())["call"] == 40


async def test_every_acknowledged_call_is_there_after_the_database_was_killed_under_load(tmp_path: Path) -> None:
    acknowledged: dict[str, str] = {}
    refused = 0
    with EmbeddedPostgres(tmp_path / "pg") as connection:
        url = connection.url("postgres")
        await asyncio.to_thread(upgrade, url)
        async with a_service(url) as service:
            stop = asyncio.Event()

            async def send() -> None:
                nonlocal refused
                while not stop.is_set():
                    body = a_call()
                    answer = await service.post("/v1/calls", body)
                    if answer.status_code == 201:
                        acknowledged[body["source_ref"]] = answer.json()["call"]["id"]
                    else:
                        assert answer.status_code == 503, answer.text
                        refused += 1
                        await asyncio.sleep(0.05)

            senders = [asyncio.create_task(send()) for _ in range(8)]
            await _until(lambda: len(acknowledged) >= 40)
            # A backend that dies hard makes the server drop every connection and recover from its log.
            [row] = await service.fetch("select pid from pg_stat_activity where application_name = 'dispatch' limit 1")
            before = len(acknowledged)
            await asyncio.to_thread(_kill_hard, row["pid"])
            await _until(lambda: refused > 0 and len(acknowledged) >= before + 40)
            stop.set()
            await asyncio.gather(*senders)
            stored = {
                row["source_ref"]: row["id"]
                for row in await service.fetch(
                    "select source_ref, id from call where jurisdiction_id = $1", service.jurisdiction
                )
            }
            orphans = await service.fetch(
                "select c.id from call c left join incident i on i.jurisdiction_id = c.jurisdiction_id"
                " and i.id = c.incident_id left join triage_decision d on d.jurisdiction_id = i.jurisdiction_id"
                " and d.id = i.decision_id where c.jurisdiction_id = $1 and (i.id is null or d.id is null)",
                service.jurisdiction,
            )

    assert refused > 0
    assert len(acknowledged) >= before + 40, "the service did not come back"
    assert {ref: stored.get(ref) for ref in acknowledged} == acknowledged
    assert orphans == []


async def _until(is_so: Callable[[], bool], within_s: float = 90.0) -> None:
    """Waits until it is so, or all that time; what was waited for is asserted afterwards."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while not is_so():  # noqa: ASYNC110 - the senders tell nobody
                await asyncio.sleep(0.01)


def _kill_hard(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


async def test_a_service_whose_database_is_not_there_says_so(alone: Service) -> None:
    ready = await alone.get("/readyz", by=None)
    await _as_owner(alone, "update alembic_version set version_num = 'other'")
    other = await alone.get("/readyz", by=None)
    await _as_owner(alone, "alter table alembic_version rename to gone")
    renamed = await alone.get("/readyz", by=None)

    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert (other.status_code, other.json()["schema_revision"]) == (503, "other")
    assert renamed.status_code == 503


async def test_without_any_database_calls_are_refused_clearly_and_health_still_answers() -> None:
    url = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"
    app = create_app(Settings(log_level="error"), database_url=url)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        call = await client.post("/v1/calls", json=a_call(), headers={"Authorization": "Bearer x"})
        ready = await client.get("/readyz")
        alive = await client.get("/healthz")

    assert (call.status_code, call.json()["code"]) == (503, "unavailable")
    assert (ready.status_code, ready.json()["database"]) == (503, "unreachable")
    assert alive.status_code == 200
