"""Running the service: until it is told to stop, or in a thread beside a client in the same process."""

import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from dispatch.config import Settings, choose_port
from dispatch.domain.errors import Invalid, Unavailable
from dispatch.domain.time import Clock

STOP_LIMIT_S = 5
START_LIMIT_S = 30.0
BACKLOG = 2048


def make_app(settings: Settings, url: str, clock: Clock | None = None) -> FastAPI:
    """The service over that database. By name: the command line must not pay for it, and stands below it."""
    app: FastAPI = import_module("dispatch.app").create_app(settings, database_url=url, clock=clock)
    return app


def log_to(path: Path) -> None:
    """The service's log lines go to the end of that file from now on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=path.open("a", encoding="utf-8")))


def listen(settings: Settings) -> socket.socket:
    """A socket that listens at the address of the settings, or at any free port when nobody named one."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, choose_port(settings)), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Invalid(
            f"Cannot listen on {settings.host}: {error.strerror or error}.",
            fix="Set DISPATCH_HOST to an address of this machine, or DISPATCH_PORT to a free port above 1023.",
        ) from error


def address_of(listener: socket.socket) -> str:
    """The address that a client on this machine uses."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what was bound is only read here
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, app: FastAPI, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="uvloop" if sys.platform != "win32" else "asyncio",
                http="httptools",
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=STOP_LIMIT_S,
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def serve_until_stopped(app: FastAPI, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Returns when SIGTERM or SIGINT has come and the last request was answered."""
    # uvicorn raises the signal once more when it has stopped; here that must not end the process before its database.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        _Server(app, on_ready).run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def service_in_thread(app: FastAPI, listener: socket.socket) -> Iterator[str]:
    """The address of a service that answers as long as the block lasts."""
    ready = threading.Event()
    server = _Server(app, ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="service", daemon=True)
    thread.start()
    try:
        if not ready.wait(START_LIMIT_S):
            raise Unavailable("The service did not start.", fix="Look at the lines above.")
        yield address_of(listener)
    finally:
        server.should_exit = True
        thread.join(STOP_LIMIT_S + 5)
