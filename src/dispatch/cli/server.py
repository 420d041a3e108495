"""Running the service: until it is told to stop, or as long as whoever started it is there."""

import signal
import socket
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import IO

import uvicorn
from fastapi import FastAPI

from dispatch.config import Settings, choose_port
from dispatch.domain.errors import Invalid
from dispatch.domain.time import Clock

STOP_LIMIT_S = 5
# A fresh process reads the policies before it answers: some seconds, and more on a busy machine.
HUNG_AFTER_S = 30
BACKLOG = 2048
# Longer than clients and proxies keep an idle connection (5 to 60 seconds): who ends it must not be the service, or a
# request meets a connection that ends in that moment.
KEEP_ALIVE_S = 75


def import_app() -> ModuleType:
    """The composition root, loaded. By name: the command line must not pay for it, and stands below it."""
    return import_module("dispatch.app")


def make_app(settings: Settings, url: str, clock: Clock | None = None) -> FastAPI:
    """The service over that database."""
    app: FastAPI = import_app().create_app(settings, database_url=url, clock=clock)
    return app


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


def server_config(app: FastAPI | Callable[[], FastAPI], *, processes: int = 1, factory: bool = False) -> uvicorn.Config:
    """How requests are read and answered, in however many processes. factory: `app` makes the app, in each of them."""
    return uvicorn.Config(
        app,
        factory=factory,
        workers=processes,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_LIMIT_S,
        timeout_worker_healthcheck=HUNG_AFTER_S,
    )


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, app: FastAPI, on_ready: Callable[[], None]) -> None:
        super().__init__(server_config(app))
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


def serve_while_open(app: FastAPI, listener: socket.socket, lifeline: IO[str], on_ready: Callable[[], None]) -> None:
    """Returns when the other end of the lifeline was closed, be it by a crash, and the last request was answered."""
    server = _Server(app, on_ready)

    def wait() -> None:
        lifeline.read()
        server.should_exit = True

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
    server.run(sockets=[listener])
