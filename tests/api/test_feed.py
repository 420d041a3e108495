"""The log as a feed and as a stream: every committed row once, in order, none skipped."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests.support.service import Service, a_service, plain_url
from tests.support.sockets import a_listening

from dispatch.config import Settings
from dispatch.db.session import reading
from dispatch.domain.access import Principal, Role
from dispatch.domain.errors import DispatchError
from dispatch.queries.feed import events_after

pytestmark = pytest.mark.anyio

APPEND = """
    insert into event_log
      (jurisdiction_id, id, type, schema_version, occurred_at, recorded_at, actor, subject_id, payload)
    values ($1, $2, 'test.happened', 1, now(), now(), 'tests', 'x', '{}') returning seq
"""


async def _feed(service: Service, after: int, limit: int = 100) -> tuple[list[dict[str, Any]], int]:
    answer = await service.get(f"/v1/feed?after={after}&limit={limit}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"], answer.json()["last_seq"]


@asynccontextmanager
async def _connection(service: Service) -> AsyncIterator[asyncpg.Connection]:
    link = await asyncpg.connect(plain_url(service.database_url))
    try:
        yield link
    finally:
        await link.close()


async def _settled(service: Service, after: int, count: int) -> list[dict[str, Any]]:
    """The rows once the feed shows that many: transactions of other tests on the same server may hold it back."""
    for _ in range(200):
        items, _ = await _feed(service, after)
        if len(items) >= count:
            return items
        await asyncio.sleep(0.05)
    raise AssertionError(f"the feed did not show {count} rows after {after}: {items}")


async def test_the_feed_tells_every_event_in_order_page_by_page(service: Service) -> None:
    await service.call()
    await service.call()
    start = len(await _settled(service, 0, 7 + len(service.tokens))) - 6
    whole = await _settled(service, 0, start + 6)

    paged: list[dict[str, Any]] = []
    after = 0
    while True:
        items, last = await _feed(service, after, limit=2)
        if not items:
            assert last == after
            break
        paged += items
        after = last

    assert paged == whole
    assert [event["type"] for event in whole[start:]] == ["call.received", "incident.opened", "incident.triaged"] * 2
    assert [event["seq"] for event in whole] == sorted({event["seq"] for event in whole})


async def test_a_transaction_that_began_earlier_and_commits_later_is_not_skipped(service: Service) -> None:
    _, start = await _feed(service, 0)
    async with _connection(service) as slow, _connection(service) as fast:
        late = slow.transaction()
        await late.start()
        first = await slow.fetchval(APPEND, service.jurisdiction, "slow")
        second = await fast.fetchval(APPEND, service.jurisdiction, "fast")

        between, last = await _feed(service, start)
        await late.commit()

    assert first < second
    assert "fast" not in {event["id"] for event in between}
    after = await _settled(service, last, 2)
    assert [event["id"] for event in after if event["type"] == "test.happened"] == ["slow", "fast"]


async def _insert_that_waits(
    gate: asyncpg.Connection, slow: asyncpg.Connection, jurisdiction: str
) -> asyncio.Task[Any]:
    """A row that has its place and whose other columns are worked out when the gate lets go of its locks."""
    await gate.execute("select pg_advisory_lock(hashtext($1))", jurisdiction)
    waiting = "(select 'slow' from pg_advisory_lock_shared(hashtext($1)))"
    late = asyncio.create_task(slow.execute(APPEND.replace("$2", waiting), jurisdiction))
    while not await gate.fetchval(  # noqa: ASYNC110 - the server tells nobody that a lock is waited for
        "select exists (select from pg_locks where pid = $1 and locktype = 'advisory' and not granted)",
        slow.get_server_pid(),
    ):
        await asyncio.sleep(0.01)
    return late


async def test_a_row_that_got_its_place_before_others_is_never_skipped_however_long_it_takes(service: Service) -> None:
    _, start = await _feed(service, 0)
    async with _connection(service) as gate, _connection(service) as slow, _connection(service) as fast:
        late = await _insert_that_waits(gate, slow, service.jurisdiction)
        await fast.fetchval(APPEND, service.jurisdiction, "fast")

        _, between = await _feed(service, start)
        from_now_on = (await service.get("/v1/status")).json()["last_seq"]
        await gate.execute("select pg_advisory_unlock_all()")
        await late

    for after in (between, from_now_on):
        assert [event["id"] for event in await _settled(service, after, 2)] == ["slow", "fast"]


async def test_a_row_of_a_transaction_that_began_early_does_not_overtake_one_of_a_later_transaction(
    service: Service,
) -> None:
    """The order of transactions is not the order of their rows: who began first may write last and commit first."""
    _, start = await _feed(service, 0)
    async with _connection(service) as early, _connection(service) as later:
        first, second = early.transaction(), later.transaction()
        await first.start()
        await early.fetchval("select pg_current_xact_id()")
        await second.start()
        await later.fetchval(APPEND, service.jurisdiction, "later")
        await early.fetchval(APPEND, service.jurisdiction, "early")
        await first.commit()

        _, between = await _feed(service, start)
        await second.commit()

    assert [event["id"] for event in await _settled(service, between, 2)] == ["later", "early"]


async def test_a_transaction_that_writes_nothing_to_the_log_does_not_hold_the_feed_back(service: Service) -> None:
    _, start = await _feed(service, 0)
    async with _connection(service) as other, other.transaction():
        await other.fetchval("select pg_current_xact_id()")
        async with _connection(service) as link:
            await link.fetchval(APPEND, service.jurisdiction, "seen")

        items, _ = await _feed(service, start)

    assert "seen" in {event["id"] for event in items}


async def test_the_feed_refuses_to_be_read_in_an_old_snapshot(service: Service) -> None:
    with pytest.raises(DispatchError):
        async with reading(service.sessions) as session:
            await events_after(session, Principal(service.jurisdiction, "tests", Role.AUDITOR), 0, 1)


async def test_a_transaction_that_is_given_up_holds_the_feed_back_no_longer(service: Service) -> None:
    _, start = await _feed(service, 0)
    async with _connection(service) as slow, _connection(service) as fast:
        lost = slow.transaction()
        await lost.start()
        await slow.fetchval(APPEND, service.jurisdiction, "lost")
        await fast.fetchval(APPEND, service.jurisdiction, "kept")
        await lost.rollback()

    shown = await _settled(service, start, 1)

    assert "kept" in {event["id"] for event in shown}
    assert "lost" not in {event["id"] for event in shown}


async def test_a_reader_that_never_stops_misses_nothing_that_many_writers_commit(service: Service) -> None:
    _, start = await _feed(service, 0)
    seen: list[int] = []
    done = asyncio.Event()

    async def write(writer: int) -> list[int]:
        async with _connection(service) as link:
            made = []
            for n in range(25):
                async with link.transaction():
                    made.append(await link.fetchval(APPEND, service.jurisdiction, f"{writer}-{n}"))
                    await asyncio.sleep(0.001 * (writer % 3))
            return made

    async def read() -> None:
        after = start
        while True:
            finished = done.is_set()
            items, after = await _feed(service, after)
            seen.extend(event["seq"] for event in items)
            if finished and not items:
                return

    reader = asyncio.create_task(read())
    made = await asyncio.gather(*(write(n) for n in range(6)))
    await _settled(service, max(seq for one in made for seq in one) - 1, 1)
    done.set()
    await reader

    assert seen == sorted(seen)
    assert set(seen) >= {seq for one in made for seq in one}


async def _events(stream: httpx.Response, count: int) -> list[dict[str, str]]:
    """The next events of a stream, as fields."""
    found: list[dict[str, str]] = []
    current: dict[str, str] = {}
    async for line in stream.aiter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            current[name] = value
        elif current:
            found.append(current)
            current = {}
            if len(found) == count:
                return found
    return found


async def test_the_stream_resumes_after_the_last_event_a_client_saw(service: Service) -> None:
    start = (await _settled(service, 0, 1 + len(service.tokens)))[-1]["seq"]
    await service.call()
    await _settled(service, start, 3)
    headers = {"Authorization": f"Bearer {service.tokens['dispatcher']}"}
    async with a_listening(service.app) as url, httpx.AsyncClient(base_url=url, timeout=10, headers=headers) as client:
        async with client.stream("GET", f"/v1/stream?after={start}") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            before = await _events(stream, 2)
        await service.call()
        async with client.stream("GET", "/v1/stream", headers={"Last-Event-ID": before[-1]["id"]}) as stream:
            after = await _events(stream, 4)

    assert [event["event"] for event in after] == [
        "incident.triaged",
        "call.received",
        "incident.opened",
        "incident.triaged",
    ]
    ids = [int(event["id"]) for event in (*before, *after)]
    assert ids == sorted(set(ids))
    assert json.loads(after[0]["data"])["seq"] == int(after[0]["id"])


async def test_a_stream_from_now_on_tells_what_comes_next(service: Service) -> None:
    await service.call()
    await _settled(service, 0, 4 + len(service.tokens))
    headers = {"Authorization": f"Bearer {service.tokens['auditor']}"}
    async with (
        a_listening(service.app) as url,
        httpx.AsyncClient(base_url=url, timeout=10, headers=headers) as client,
        client.stream("GET", "/v1/stream") as stream,
    ):
        got = await service.call()
        [event] = await _events(stream, 1)

    assert event["event"] == "call.received"
    assert json.loads(event["data"])["subject_id"] == got["call"]["id"]


@asynccontextmanager
async def _client(service: Service, token: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {token}"}
    async with a_listening(service.app) as url, httpx.AsyncClient(base_url=url, timeout=10, headers=headers) as client:
        yield client


async def test_a_stream_ends_when_its_token_is_revoked_and_tells_nothing_that_happens_later(service: Service) -> None:
    token = await service.token(Role.AUDITOR)
    listed = (await service.get("/v1/tokens", by="administrator")).json()["items"]
    named = next(one["id"] for one in listed if one["name"] == "auditor of a test")
    async with _client(service, token) as client, client.stream("GET", "/v1/stream") as stream:
        await service.post(f"/v1/tokens/{named}:revoke", by="administrator")
        await service.call()

        told = "".join([line async for line in stream.aiter_lines()])

    assert "call.received" not in told
    assert "does not count any more" in told


async def test_a_stream_ends_when_its_token_expires(service: Service) -> None:
    token = await service.token(Role.AUDITOR, expires_at=service.clock.now() + timedelta(minutes=1))
    async with _client(service, token) as client, client.stream("GET", "/v1/stream") as stream:
        service.clock.advance(60)

        told = "".join([line async for line in stream.aiter_lines()])

    assert "does not count any more" in told


async def test_a_token_has_only_so_many_streams_open_and_gets_one_back_for_each_that_ends(service: Service) -> None:
    most = service.app.state.services.settings.max_streams_per_token
    async with _client(service, service.tokens["dispatcher"]) as client:
        request = client.build_request("GET", "/v1/stream?after=0")
        opened = [await client.send(request, stream=True) for _ in range(most)]
        refused = await client.get("/v1/stream")
        other = await client.send(
            client.build_request("GET", "/v1/stream", headers={"Authorization": f"Bearer {service.tokens['auditor']}"}),
            stream=True,
        )
        await opened[0].aclose()
        again = await _until_open(client)

    assert {one.status_code for one in opened} == {200}
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, "too_many", "15")
    assert (other.status_code, again) == (200, 200)


async def _until_open(client: httpx.AsyncClient) -> int:
    """The status of a new stream once the service has noticed that another one was closed."""
    for _ in range(100):
        answer = await client.send(client.build_request("GET", "/v1/stream"), stream=True)
        if answer.status_code == 200:
            return 200
        await answer.aclose()
        await asyncio.sleep(0.05)
    return answer.status_code


async def test_a_process_has_only_so_many_streams_open(worker_database_url: str) -> None:
    settings = Settings(data_dir=Path("/nonexistent"), max_streams=1)
    async with (
        a_service(worker_database_url, settings=settings) as service,
        _client(service, service.tokens["dispatcher"]) as client,
    ):
        await client.send(client.build_request("GET", "/v1/stream"), stream=True)
        refused = await client.get("/v1/stream", headers={"Authorization": f"Bearer {service.tokens['auditor']}"})

    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "unavailable", "15")


async def test_a_stream_that_nobody_reads_holds_no_connection(worker_database_url: str) -> None:
    settings = Settings(data_dir=Path("/nonexistent"), max_streams_per_token=25)
    async with (
        a_service(worker_database_url, settings=settings) as service,
        _client(service, service.tokens["dispatcher"]) as client,
    ):
        for _ in range(25):
            request = client.build_request("GET", "/v1/stream?after=0")
            await client.send(request, stream=True)
        answer = await asyncio.wait_for(service.get("/v1/status"), 30)

    assert answer.status_code == 200


async def test_a_garbled_last_event_id_is_refused(service: Service) -> None:
    for value in ("x", "-1", "1.5", "9" * 29):
        answer = await service.get("/v1/stream", headers={"Last-Event-ID": value})

        assert answer.status_code == 422, value


async def test_the_stream_of_police_has_no_gap_where_a_violence_interrupter_was_told(service: Service) -> None:
    police = await service.token(Role.DISPATCHER, agencies=["city-police"])
    start = (await service.get("/v1/status", by=police)).json()["last_seq"]
    first = await service.incident(call_type=None, narrative="shots fired outside")
    [row] = await service.assign(first, "V1")
    await service.step(row["id"], "accepted")
    await service.call()
    headers = {"Authorization": f"Bearer {police}"}

    async with (
        a_listening(service.app) as url,
        httpx.AsyncClient(base_url=url, timeout=10, headers=headers) as client,
        client.stream("GET", f"/v1/stream?after={start}") as stream,
    ):
        seen = await _events(stream, 6)

    assert [event["event"] for event in seen] == ["call.received", "incident.opened", "incident.triaged"] * 2
    numbers = [int(event["id"]) for event in seen]
    assert numbers == list(range(numbers[0], numbers[0] + 6))
