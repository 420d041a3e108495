"""The demo's service: the same as `dispatch serve`, in a process of its own, living in the demo's time.

Two processes, because a client that shares an interpreter with the service slows it down; and a demo should show what
the service does when it is alone.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from dispatch.cli.demo.clock import DemoClock, SharedClock
from dispatch.cli.server import STOP_LIMIT_S, address_of, import_app, listen, make_app, serve_while_open
from dispatch.config import Settings
from dispatch.domain.errors import Unavailable

READY = "ready"


class ServiceProcess:
    """A process that has begun to load the service, and serves as soon as it knows which database."""

    def __init__(self, process: "subprocess.Popen[str]", address: str, settings: Settings, log_file: Path) -> None:
        self._process = process
        self._address = address
        self._settings = settings
        self._log_file = log_file

    def serve(self, url: str) -> str:
        """The address of the service, which answers from now on. Raises Unavailable when it does not start."""
        orders = {"settings": self._settings.model_dump(mode="json"), "database_url": url}
        if self._tell(orders) != READY:
            raise Unavailable("The service did not start.", fix=f"Its last words are in {self._log_file}.")
        return self._address

    def _tell(self, orders: dict[str, Any]) -> str:
        stdin, stdout = _pipes(self._process)
        try:
            stdin.write(json.dumps(orders) + "\n")
            stdin.flush()
        except BrokenPipeError:
            return ""
        return stdout.readline().strip()


@contextmanager
def service_process(settings: Settings, clock: DemoClock, log_file: Path) -> Iterator[ServiceProcess]:
    """The process exists as long as the block lasts: it ends by itself when this one does, however that ends.

    In a session of its own, so that Ctrl+C reaches the demo alone, which then lets it answer what is under way.
    """
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with listen(settings) as listener, log_file.open("a", encoding="utf-8") as log:
        fds = (listener.fileno(), clock.fd)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, *map(str, fds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=fds,
            start_new_session=True,
            text=True,
        )
        address = address_of(listener)
    try:
        yield ServiceProcess(process, address, settings, log_file)
    finally:
        _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    for pipe in _pipes(process):
        pipe.close()
    try:
        process.wait(STOP_LIMIT_S + 5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process was started without pipes")
    return process.stdin, process.stdout


def main(listener_fd: int, clock_fd: int) -> None:
    """Loads the service, waits on stdin for its orders, says when it is ready, and serves until stdin is closed."""
    import_app()  # most of the start, and done while the demo still furnishes the database
    orders = sys.stdin.readline()
    if not orders:
        return
    wanted = json.loads(orders)
    app = make_app(Settings.model_validate(wanted["settings"]), wanted["database_url"], SharedClock(clock_fd))
    serve_while_open(app, socket.socket(fileno=listener_fd), sys.stdin, lambda: print(READY, flush=True))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
