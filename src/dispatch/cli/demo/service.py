"""The demo's service: the same as `dispatch serve`, in a process of its own, living in the demo's time.

Two processes, because a client that shares an interpreter with the service slows it down; and a demo should show what
the service does when it is alone.
"""

import json
import os
import socket
import sys
from pathlib import Path

from dispatch.cli.demo.begun import BegunService
from dispatch.cli.demo.clock import DemoClock, SharedClock
from dispatch.cli.garbage import seldom_collect
from dispatch.cli.server import address_of, import_app, listen, make_app, serve_while_open
from dispatch.config import Settings
from dispatch.domain.errors import Unavailable

READY = "ready"
_FILES = 3  # the listener, the clock, the log


def serve(service: BegunService, settings: Settings, url: str, clock: DemoClock, log_file: Path) -> str:
    """The address of the service, which answers from now on. Raises Unavailable when it does not start."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    orders = {"settings": settings.model_dump(mode="json"), "database_url": url}
    with listen(settings) as listener, log_file.open("a", encoding="utf-8") as log:
        address = address_of(listener)
        said = service.order(json.dumps(orders).encode(), (listener.fileno(), clock.fd, log.fileno()))
        log.write(service.said_while_loading())
    if said != READY:
        raise Unavailable("The service did not start.", fix=f"Its last words are in {log_file}.")
    return address


def main(line_fd: int) -> None:
    """Loads the service, waits for its orders, says when it is ready, and serves until the line is closed."""
    seldom_collect()
    import_app()  # most of the start, and done while the demo still loads itself and furnishes the database
    line = socket.socket(fileno=line_fd)
    _, fds, _, _ = socket.recv_fds(line, 1, _FILES)
    if len(fds) != _FILES:
        return
    listener_fd, clock_fd, log_fd = fds
    os.dup2(log_fd, sys.stderr.fileno())
    lifeline = line.makefile("r", encoding="utf-8")
    wanted = json.loads(lifeline.readline())
    app = make_app(Settings.model_validate(wanted["settings"]), wanted["database_url"], SharedClock(clock_fd))
    serve_while_open(app, socket.socket(fileno=listener_fd), lifeline, lambda: line.sendall(f"{READY}\n".encode()))


if __name__ == "__main__":
    main(int(sys.argv[1]))
