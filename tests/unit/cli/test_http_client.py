"""What a client of the service does when an answer does not come: over real sockets, against servers that fail."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI

from dispatch.cli import http_client
from dispatch.cli.http_client import open_client
from dispatch.cli.server import server_config

pytestmark = pytest.mark.anyio

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
DONE = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
NOTHING = b""


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "FIRST_WAIT_S", 0.02)


@dataclass
class Failing:
    """A server that gives these answers, one to a connection, and then ends it. keys: of the requests that came."""

    answers: list[bytes]
    port: int = 0
    keys: list[str | None] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next((int(line.partition(":")[2]) for line in head if line.startswith("content-length")), 0)
        await reader.readexactly(length)
        self.keys.append(next((line.partition(": ")[2] for line in head if line.startswith("idempotency-key")), None))
        writer.write(self.answers.pop(0))
        writer.close()
        await writer.wait_closed()
        self.asked.set()


@asynccontextmanager
async def _failing(*answers: bytes, port: int = 0) -> AsyncIterator[Failing]:
    server = Failing(list(answers))
    async with await asyncio.start_server(server.serve, "127.0.0.1", port) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


async def _post(port: int) -> httpx.Response:
    async with open_client(f"http://127.0.0.1:{port}", "a-token") as client:
        return await client.post("/v1/calls", json={"source": "a"})


@pytest.mark.parametrize("first", [NOTHING, BUSY])
async def test_a_post_that_was_not_answered_is_sent_again_under_the_same_key(first: bytes) -> None:
    async with _failing(first, DONE) as server:
        answer = await _post(server.port)

    assert answer.status_code == 201
    assert len(server.keys) == 2
    assert len(set(server.keys)) == 1
    assert server.keys[0] is not None


async def test_two_posts_have_two_keys_and_a_read_has_none() -> None:
    async with _failing(DONE, DONE, DONE) as server, open_client(f"http://127.0.0.1:{server.port}", "t") as client:
        await client.post("/v1/calls", json={})
        await client.post("/v1/calls", json={})
        await client.get("/v1/calls")

    first, second, read = server.keys
    assert first != second
    assert read is None


async def test_a_service_that_starts_again_meanwhile_gets_the_request_when_it_is_back() -> None:
    port = _free_port()

    async def ends_and_comes_back() -> Failing:
        async with _failing(NOTHING, port=port) as first:
            await first.asked.wait()
        await asyncio.sleep(0.05)  # nobody listens
        async with _failing(DONE, port=port) as second:
            await second.asked.wait()
        return second

    service = asyncio.create_task(ends_and_comes_back())
    await asyncio.sleep(0.01)

    assert (await _post(port)).status_code == 201
    assert len((await service).keys) == 1


async def test_a_wrong_address_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "FIRST_WAIT_S", 90.0)

    with pytest.raises(httpx.ConnectError):
        await asyncio.wait_for(_post(_free_port()), 30)


async def test_who_never_answers_is_given_up() -> None:
    async with _failing(*[NOTHING] * 9) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await _post(server.port)

    assert len(server.keys) == 1 + http_client.MOST_RETRIES


def test_the_service_keeps_an_idle_connection_longer_than_a_client_does() -> None:
    assert server_config(FastAPI, factory=True).timeout_keep_alive > (httpx.Limits().keepalive_expiry or 0)
