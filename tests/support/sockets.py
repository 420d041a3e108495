"""The service behind a real socket, for what an in-process transport cannot show: streams, slow senders, races."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import uvicorn
from fastapi import FastAPI
from tests.support.service import Service, a_service

T = TypeVar("T")


@asynccontextmanager
async def a_listening(app: FastAPI) -> AsyncIterator[str]:
    """The base address of the app, served by uvicorn in this event loop on a port of its own."""
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            app.state.stopping.set()
            await serving


@dataclass(frozen=True)
class Served:
    """A service that runs in a thread of its own, for tools that bring no event loop."""

    url: str
    service: Service

    def headers(self, role: str) -> dict[str, str]:
        """The headers of a role's requests."""
        return {"Authorization": f"Bearer {self.service.tokens[role]}"}


@contextmanager
def served(database_url: str, prepare: Callable[[Service], Awaitable[T]]) -> Iterator[tuple[Served, T]]:
    """A service behind a socket until the block ends, and what `prepare` made of it."""
    ready: Future[tuple[Served, T]] = Future()
    done = threading.Event()

    async def run() -> None:
        async with a_service(database_url, raises=False) as service, a_listening(service.app) as url:
            made = await prepare(service)
            ready.set_result((Served(url, service), made))
            await asyncio.to_thread(done.wait)

    def thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    running = threading.Thread(target=thread)
    running.start()
    try:
        yield ready.result(timeout=60)
    finally:
        done.set()
        running.join(timeout=30)
