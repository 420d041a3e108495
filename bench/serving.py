"""Servers for the benchmarks: each in a process of its own, on a free port, with the production loop and parser."""

import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from bench.bare import create_bare_app
from dispatch.app import create_app
from dispatch.config import Settings


def _serve(make: Callable[[str], FastAPI], address: str, port: int) -> None:
    uvicorn.run(make(address), port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")


def make_dispatch(url: str) -> FastAPI:
    """The service itself, as it is shipped, logging only what goes wrong."""
    return create_app(Settings(log_level="warning"), database_url=url)


make_bare = create_bare_app


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers on a port of this machine, in a process of its own."""

    port: int
    process: multiprocessing.process.BaseProcess

    @contextmanager
    def halted(self) -> Iterator[None]:
        """Within the block it does nothing at all, so that what it has left to do costs nobody else their figure."""
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def serving(make: Callable[[str], FastAPI], address: str) -> Iterator[Server]:
    """A server that answers, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(make, address, port), daemon=True)
    process.start()
    try:
        _wait_until_it_listens(port, process)
        yield Server(port, process)
    finally:
        process.terminate()
        process.join(10)


def _wait_until_it_listens(port: int, process: multiprocessing.process.BaseProcess) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.is_alive():
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not start")
