"""The process that owns the server: it starts it, starts it again when it crashes, and stops it with the last claim.

Run by server.py as `python -m dispatch.embedded.supervisor REQUEST FD`. It imports no third-party package, so that it
starts fast and stays small, and it has one thread, so that the kernel's parent-death signal means its own death.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dispatch.domain.errors import DispatchError, Unavailable
from dispatch.embedded import process
from dispatch.embedded.claims import FileLock, live_claims
from dispatch.embedded.cluster import PORT, Cluster, forget_socket_directory, open_cluster
from dispatch.embedded.home import Home, Running

POLL_S = 0.5
READY_LIMIT_S = 120.0
LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True)
class Request:
    """What the first claimant asks for."""

    root: str
    temp: str
    durable: bool
    postgres_bin: str | None
    settings: Mapping[str, str] = field(default_factory=dict)


class Bell:
    """Signals as something to wait for: SIGUSR1 to look at the claims, SIGCHLD for the server, SIGTERM to end."""

    def __init__(self) -> None:
        self.told_to_end = False
        self._read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end)

    def _end(self, *_: object) -> None:
        self.told_to_end = True

    def wait(self, limit_s: float) -> None:
        """Return at the next signal, at the latest after limit_s."""
        if select.select([self._read], [], [], limit_s)[0]:
            with suppress(BlockingIOError):
                os.read(self._read, 4096)


class Supervisor:
    """Keeps one server running while somebody claims it."""

    def __init__(self, cluster: Cluster, settings: Mapping[str, str], bell: Bell) -> None:
        self._cluster = cluster
        self._home = cluster.home
        self._settings = settings
        self._bell = bell
        self._lock = FileLock(cluster.home.lock)
        self._server: subprocess.Popen[bytes] | None = None
        self._pause_s = 0.0

    def start(self) -> None:
        """The server accepts connections, and that is written down. Raises Unavailable with its last words."""
        server = self._server = process.launch(self._cluster, self._settings)
        deadline = time.monotonic() + READY_LIMIT_S
        while not process.is_ready(self._cluster, server):
            if server.poll() is not None or self._bell.told_to_end or time.monotonic() >= deadline:
                self._give_up(server)
            time.sleep(process.STEP_S)
        self._home.write_running(
            Running(
                socket_dir=str(self._cluster.socket_dir),
                port=PORT,
                version=self._cluster.binaries.version,
                durable=self._cluster.durable,
                supervisor_pid=os.getpid(),
            )
        )

    def _give_up(self, server: subprocess.Popen[bytes]) -> None:
        what = "was not ready in time" if server.poll() is None else f"ended with code {server.returncode}"
        process.stop(server)
        raise Unavailable(
            f"The embedded PostgreSQL in {self._home.root} {what}. Its last words:\n{process.last_words(self._home)}",
            fix="Mend what they name, then start again. The data were not touched.",
        )

    def keep(self) -> None:
        """Return when nobody claims the server any more or this process is told to end; the server has ended then."""
        while not self._bell.told_to_end:
            self._bell.wait(POLL_S)
            if self._server is None or self._server.poll() is not None:
                self._start_again()
            if self._lock.acquire():
                if not live_claims(self._home.claims):
                    # The lock stays held until this process ends: who comes now waits, then starts a server anew.
                    self._end()
                    forget_socket_directory(self._home, self._cluster.socket_dir)
                    return
                self._lock.release()
        self._end()

    def _start_again(self) -> None:
        self._home.write_running(None)
        if self._server is not None:
            say(f"the server ended with code {self._server.returncode}; starting it again")
        if self._pause_s:
            self._bell.wait(self._pause_s)
        try:
            self.start()
            self._pause_s = 0.0
        except DispatchError as error:
            say(error.message)
            self._pause_s = min(LONGEST_PAUSE_S, 2 * self._pause_s or 0.1)

    def _end(self) -> None:
        self._home.write_running(None)
        if self._server is not None:
            process.stop(self._server)


def say(words: str) -> None:
    """A line in supervisor.log, which is this process's standard error."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sys.stderr.write(f"{now} {words}\n")
    sys.stderr.flush()


def run(request: Request, report_fd: int) -> None:
    """A server for the request, kept until nobody needs it; the first claimant is told how the start went."""
    home = Home(Path(request.root))
    only_supervisor = FileLock(home.supervisor_lock)
    bell = Bell()
    try:
        # A moment of patience: whoever looks whether a supervisor lives holds the lock for that instant.
        if not only_supervisor.acquire(timeout_s=process.PATIENCE_S):
            raise Unavailable("Another supervisor already serves these data.", fix="Try again.")
        home.write_running(None)
        chosen = Path(request.postgres_bin) if request.postgres_bin else None
        cluster = open_cluster(home, temp=Path(request.temp), durable=request.durable, chosen=chosen)
        supervisor = Supervisor(cluster, request.settings, bell)
        supervisor.start()
    except (DispatchError, OSError, subprocess.SubprocessError) as error:
        say(repr(error))
        # First out of the way, then the word: who hears it may start the next attempt at once.
        only_supervisor.release()
        _report(report_fd, _refusal(error))
        return
    _report(report_fd, {})
    say(f"PostgreSQL {cluster.binaries.version} from {cluster.binaries.bin_dir} serves {home.root}")
    supervisor.keep()
    say("nobody needs the server any more" if not bell.told_to_end else "told to end")


def _refusal(error: Exception) -> dict[str, str]:
    if isinstance(error, DispatchError):
        return {"message": error.message, "fix": error.fix}
    return {"message": f"The embedded PostgreSQL could not be started: {error}.", "fix": "See the reason above."}


def _report(fd: int, outcome: Mapping[str, str]) -> None:
    # The claimant may be gone; its claim is then dead as well, and the loop finds that out.
    with suppress(BrokenPipeError):
        os.write(fd, json.dumps(outcome).encode())
    os.close(fd)


def main(arguments: list[str]) -> None:
    """Detach from the claimant, which may end before the others that share the server, then run."""
    if os.fork():
        os._exit(0)
    run(Request(**json.loads(arguments[0])), int(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
