"""Servers for the benchmarks: in processes of their own, on a free port, with the production loop and parser."""

import multiprocessing
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

import uvicorn
from fastapi import FastAPI

from bench.bare import create_bare_app
from dispatch.app import create_app
from dispatch.config import Settings

BACKLOG = 2048
START_LIMIT_S = 60.0
READY = "ready"


def _serve(make: Callable[[str], FastAPI], address: str, listener: socket.socket, ready: Connection) -> None:
    app = make(address)
    begin = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(of: FastAPI) -> AsyncIterator[None]:
        async with begin(of):
            ready.send(READY)
            yield

    app.router.lifespan_context = lifespan
    config = uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False, log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


def make_dispatch(url: str) -> FastAPI:
    """The service itself, as it is shipped, logging only what goes wrong."""
    return create_app(Settings(log_level="warning"), database_url=url)


make_bare = create_bare_app


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers on a port of this machine, in processes of its own."""

    port: int
    processes: Sequence[multiprocessing.process.BaseProcess]

    @contextmanager
    def halted(self) -> Iterator[None]:
        """Within the block it does nothing at all, so that what it has left to do costs nobody else their figure."""
        self._tell(signal.SIGSTOP)
        try:
            yield
        finally:
            self._tell(signal.SIGCONT)

    def _tell(self, number: signal.Signals) -> None:
        for process in self.processes:
            assert process.pid is not None
            os.kill(process.pid, number)


@contextmanager
def serving(make: Callable[[str], FastAPI], address: str) -> Iterator[Server]:
    """A server that answers, until the block ends, in as many processes as `dispatch serve` would have."""
    context, many = multiprocessing.get_context("spawn"), Settings().process_count()
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener, ExitStack() as started:
        told = []
        processes = []
        for _ in range(many):
            mine, theirs = context.Pipe(duplex=False)
            told.append(mine)
            processes.append(context.Process(target=_serve, args=(make, address, listener, theirs), daemon=True))
            processes[-1].start()
            started.callback(_end, processes[-1])
            theirs.close()
        for one in told:
            if not one.poll(START_LIMIT_S) or one.recv() != READY:
                raise RuntimeError("the server did not start")
        yield Server(int(listener.getsockname()[1]), processes)


def _end(process: multiprocessing.process.BaseProcess) -> None:
    process.terminate()
    process.join(10)
