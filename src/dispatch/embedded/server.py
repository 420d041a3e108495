"""EmbeddedPostgres: this process's share in the server of a data directory."""

import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from dispatch.domain.errors import DispatchError, Unavailable
from dispatch.embedded.claims import STEP_S, Claim, FileLock, is_locked, live_claims
from dispatch.embedded.cluster import INIT_LIMIT_S, USER
from dispatch.embedded.home import Home, Running, open_home
from dispatch.embedded.process import checked_settings
from dispatch.embedded.supervisor import READY_LIMIT_S, Request

START_LIMIT_S = INIT_LIMIT_S + READY_LIMIT_S
STOP_LIMIT_S = 60.0
WATCH_S = 1.0
DATABASE = "dispatch"
SOURCE_ROOT = Path(__file__).resolve().parents[2]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a running server."""

    socket_dir: str
    port: int
    version: str

    def url(self, database: str = DATABASE) -> str:
        """For SQLAlchemy with asyncpg."""
        return f"postgresql+asyncpg://{self._rest(database)}"

    def dsn(self, database: str = DATABASE) -> str:
        """For asyncpg itself, psql and pg_dump."""
        return f"postgresql://{self._rest(database)}"

    def _rest(self, database: str) -> str:
        return f"{USER}@/{quote(database, safe='')}?host={quote(self.socket_dir, safe='')}&port={self.port}"


class EmbeddedPostgres:
    """One PostgreSQL server under data_dir, shared by every process that asks for it.

    settings count for the process that starts the server; those that find it running share it as it is.
    durable=False loses data in a power cut: for tests only, and never shared with a process that asked for durable.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        durable: bool = True,
        postgres_bin: Path | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.durable = durable
        self._settings = checked_settings(settings or {})
        self._postgres_bin = postgres_bin
        self._claim: Claim | None = None
        self._home: Home | None = None
        self._left = threading.Event()

    def start(self) -> Connection:
        """This process has a claim on a server that accepts connections; a second call finds the same one.

        Raises Unavailable, with the server's last words, when it cannot be started. Blocks: call it from async code
        through anyio.to_thread.
        """
        home = self._home = open_home(self.data_dir)
        with FileLock(home.lock).held(timeout_s=START_LIMIT_S):
            claim = self._claim or Claim(home.claims)
            try:
                running = self._running(home)
            except BaseException:
                claim.drop()
                self._claim = None
                raise
        if self._claim is None:
            self._claim = claim
            self._left = threading.Event()
            threading.Thread(target=self._watch, args=(home, self._left), name="postgres-watch", daemon=True).start()
        return Connection(running.socket_dir, running.port, running.version)

    def stop(self) -> None:
        """This process needs the server no more; the last to say so waits until it has ended."""
        home, claim = self._home, self._claim
        if home is None or claim is None or claim.pid != os.getpid():
            return
        self._left.set()
        self._claim = None
        with FileLock(home.lock).held(timeout_s=STOP_LIMIT_S):
            claim.drop()
            running = home.read_running()
            if live_claims(home.claims) or running is None or not is_locked(home.supervisor_lock):
                return
            # Not allowed when another account began it; it looks by itself twice a second.
            with suppress(PermissionError, ProcessLookupError):
                os.kill(running.supervisor_pid, signal.SIGUSR1)
        _wait_for_end(home)

    def __enter__(self) -> Connection:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _running(self, home: Home) -> Running:
        """A server that answers, found or started. Call it holding the lock."""
        deadline = time.monotonic() + READY_LIMIT_S
        while is_locked(home.supervisor_lock):
            running = home.read_running()
            if running and _answers(running):
                return self._accepted(running)
            if time.monotonic() >= deadline:
                raise Unavailable(
                    f"The embedded PostgreSQL in {home.root} has not answered for {READY_LIMIT_S:.0f} s.",
                    fix=f"Look into {home.supervisor_log}; its supervisor keeps trying to start it.",
                )
            time.sleep(STEP_S)
        self._start_supervisor(home)
        running = home.read_running()
        if running is None:
            raise Unavailable(f"The embedded PostgreSQL in {home.root} ended as soon as it had started.")
        return running

    def _accepted(self, running: Running) -> Running:
        if self.durable and not running.durable:
            raise Unavailable(
                f"The server under {self.data_dir} was started without durability, for tests.",
                fix="Stop those tests, or set DISPATCH_DATA_DIR to another directory.",
            )
        return running

    def _start_supervisor(self, home: Home) -> None:
        chosen = str(self._postgres_bin) if self._postgres_bin else None
        request = Request(str(home.root), tempfile.gettempdir(), self.durable, chosen, self._settings)
        read, write = os.pipe()
        try:
            with home.supervisor_log.open("ab") as words:
                command = [sys.executable, "-m", "dispatch.embedded.supervisor", json.dumps(asdict(request))]
                begun = subprocess.Popen(
                    [*command, str(write)],
                    stdin=subprocess.DEVNULL,
                    stdout=words,
                    stderr=words,
                    cwd="/",
                    env={"PYTHONPATH": _import_path(), "PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                    pass_fds=(write,),
                    start_new_session=True,
                )
        except BaseException:
            os.close(read)
            raise
        finally:
            # Only the supervisor holds the other end now, so that its death reads as the end of the file.
            os.close(write)
        try:
            begun.wait(START_LIMIT_S)
            _read_outcome(read, home)
        finally:
            os.close(read)

    def _watch(self, home: Home, left: threading.Event) -> None:
        """While the claim lasts, a supervisor that was killed is replaced, and with it the server."""
        while not left.wait(WATCH_S):
            if is_locked(home.supervisor_lock):
                continue
            try:
                with FileLock(home.lock).held(timeout_s=START_LIMIT_S):
                    if not left.is_set():
                        self._running(home)
            except (DispatchError, OSError) as error:
                log.warning("the embedded database is gone and cannot be started again yet: %s", error)


def _import_path() -> str:
    return os.pathsep.join(dict.fromkeys([str(SOURCE_ROOT), *(os.path.abspath(entry) for entry in sys.path if entry)]))


def _read_outcome(fd: int, home: Home) -> None:
    """Return when the supervisor says that the server is ready. Raises Unavailable with its reason otherwise."""
    if not select.select([fd], [], [], START_LIMIT_S)[0]:
        raise Unavailable(
            f"The embedded PostgreSQL did not start within {START_LIMIT_S:.0f} s.",
            fix=f"Look into {home.supervisor_log}, then try again.",
        )
    said = b""
    while piece := os.read(fd, 65536):
        said += piece
    if not said:
        words = home.supervisor_log.read_text("utf-8", "replace").splitlines()[-12:]
        raise Unavailable(
            "The supervisor of the embedded PostgreSQL ended without a word. Its log:\n" + "\n".join(words),
            fix="Try again; it may have been killed.",
        )
    outcome = json.loads(said)
    if outcome:
        raise Unavailable(outcome["message"], fix=outcome["fix"])


def _answers(running: Running) -> bool:
    """True when something listens on the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(f"{running.socket_dir}/.s.PGSQL.{running.port}")
        except OSError:
            return False
    return True


def _wait_for_end(home: Home) -> None:
    """Return when the server has ended, or somebody else has claimed it meanwhile."""
    deadline = time.monotonic() + STOP_LIMIT_S
    while is_locked(home.supervisor_lock) and not any(home.claims.iterdir()):
        if time.monotonic() >= deadline:
            log.warning("the embedded database is still shutting down after %.0f s", STOP_LIMIT_S)
            return
        time.sleep(STEP_S)
