"""The service in several processes behind one socket: every processor works, and one that dies is replaced."""

import logging
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from dispatch.cli.server import make_app, server_config
from dispatch.config import Settings, count_in
from dispatch.domain.errors import Unavailable
from dispatch.web.logs import configure_logging

READY_WITHIN_S = 0.5

_log = structlog.get_logger("dispatch.processes")


def serve_in_processes(settings: Settings, url: str, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Returns when SIGTERM or SIGINT has come and each process has answered its last request. SIGHUP replaces them one
    after the other, without a moment in which nobody answers.

    Raises Unavailable when a process does not start.
    """
    # What uvicorn tells of its processes is told below, in the lines that the service writes.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    configure_logging(settings)
    with tempfile.TemporaryDirectory(prefix="dispatch-counts-") as counts:
        app = partial(_app_of_process, settings.model_copy(update={"metrics_dir": Path(counts)}), url)
        supervisor = _Supervisor(
            server_config(app, processes=settings.process_count(), factory=True), listener, on_ready
        )
        supervisor.run()
    if any(one.exitcode == STARTUP_FAILURE for one in supervisor.processes):
        raise Unavailable("The service did not start.", fix="Its last words are above.")


def _app_of_process(settings: Settings, url: str) -> FastAPI:
    """The service, in a process that ends with the one that started it."""
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    if settings.metrics_dir is not None:
        count_in(settings.metrics_dir)  # before the first import of what counts
    return make_app(settings, url)


def _end_with_parent() -> None:
    # A parent that was killed can tell nobody, and its orphans would keep the port.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


class _Supervisor(Multiprocess):
    """Says when all processes answer, and leaves a line for each that was replaced."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        self._handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        super().__init__(config, [listener])
        self._on_ready: Callable[[], None] | None = on_ready

    def run(self) -> None:
        try:
            super().run()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)

    def restart_all(self) -> None:
        before = [one.pid for one in self.processes]
        super().restart_all()
        kept = [one.pid for one in self.processes if one.pid in before]
        if kept:
            _log.error("processes_not_replaced", kept=kept, why="a fresh one was not ready in time")
        else:
            _log.info("processes_replaced", pids=[one.pid for one in self.processes])

    def keep_subprocess_alive(self) -> None:
        before = [one.pid for one in self.processes]
        super().keep_subprocess_alive()
        for gone, one in zip(before, self.processes, strict=True):
            if one.pid != gone:
                _log.error("process_replaced", gone=gone, pid=one.pid)
        if self._on_ready is not None and all(one.is_ready(READY_WITHIN_S) for one in self.processes):
            self._on_ready()
            self._on_ready = None
