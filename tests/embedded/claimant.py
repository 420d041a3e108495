"""Another process that claims the embedded server, for tests to start, ask and kill."""

import asyncio
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil

from dispatch.embedded.claims import is_locked
from dispatch.embedded.home import Home
from dispatch.embedded.server import SOURCE_ROOT

PROGRAM = """
import sys
from contextlib import suppress
from pathlib import Path
from dispatch.embedded.server import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
print(server.start().dsn("postgres"), flush=True)
sys.stdin.readline()
server.stop()
"""


class Claimant:
    """A process that started the server and holds its claim until told to leave or killed."""

    def __init__(self, data_dir: Path, *, user: int | None = None, python: str = sys.executable) -> None:
        self.process = subprocess.Popen(
            [python, "-c", PROGRAM, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": import_path(), "PATH": os.defpath},
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd="/",
        )

    def started(self) -> str:
        """The address, once the server is ready."""
        assert self.process.stdout is not None
        dsn = self.process.stdout.readline().strip()
        assert dsn, "the claimant ended without an address"
        return dsn

    def leave(self) -> None:
        """The claim is given back in good order."""
        assert self.process.communicate("\n", timeout=120)
        assert self.process.returncode == 0

    def kill(self) -> None:
        """SIGKILL, and the process stays a zombie."""
        self.process.kill()

    def bury(self) -> None:
        """Whatever is left of the process is gone."""
        self.process.kill()
        self.process.communicate()


def import_path() -> str:
    """Where another Python finds this source and this environment's packages."""
    return os.pathsep.join([str(SOURCE_ROOT), sysconfig.get_path("purelib")])


def ask(dsn: str, query: str) -> object:
    """One value from the database."""

    async def run() -> object:
        link = await asyncpg.connect(dsn, timeout=30)
        try:
            return await link.fetchval(query)
        finally:
            await link.close()

    return asyncio.run(run())


def eventually(is_so: Callable[[], bool], *, within_s: float = 60.0) -> bool:
    """True as soon as it is so, False when it was not all that time."""
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def answers(dsn: str) -> bool:
    """True when the server takes connections."""
    try:
        return ask(dsn, "SELECT 1") == 1
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return False


def has_ended(home: Home) -> bool:
    """True when neither the server nor anything that watches it is left."""
    return not is_locked(home.server_lock) and not is_locked(home.supervisor_lock)


def postmaster_pid(home: Home) -> int:
    """The process number of the running server."""
    return int((home.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])


def supervisor_pid(home: Home) -> int:
    """The process number of the supervisor."""
    running = home.read_running()
    assert running is not None
    return running.supervisor_pid


def is_running(pid: int) -> bool:
    """True while the process lives; a zombie does not."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
