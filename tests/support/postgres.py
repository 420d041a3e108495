"""Real databases for tests: one server for everybody, one template per run, one database per worker or per test.

The server lives under build/test-postgres and keeps nothing through a power cut. Workers of pytest-xdist and whole
runs beside each other share it; the names of their databases carry the run, and what a killed run left behind is
dropped by the next one.
"""

import asyncio
import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import asyncpg
import pytest

from dispatch.db.migrate import upgrade
from dispatch.embedded.claims import FileLock, is_locked
from dispatch.embedded.server import Connection, EmbeddedPostgres

DATA_DIR = Path(__file__).resolve().parents[2] / "build" / "test-postgres"
PREFIX = "t_"
LOCK_LIMIT_S = 120.0

T = TypeVar("T")
Build = Callable[[str], None]
FreshDatabase = Callable[[], AbstractContextManager[str]]


class Databases:
    """The databases of one test run in one worker."""

    def __init__(self, connection: Connection, run: str, worker: str, *, data_dir: Path = DATA_DIR) -> None:
        self.connection = connection
        self._prefix = f"{PREFIX}{run}_"
        self._worker = worker
        self._runs = data_dir / "runs"
        self._runs.mkdir(exist_ok=True)
        self._order = FileLock(data_dir / "databases.lock")
        self._present = FileLock(self._runs / f"{run}.{worker}")
        with self._order.held(timeout_s=LOCK_LIMIT_S):
            self._present.acquire()
            self._drop_what_dead_runs_left()

    def template_database(self, build: Build, *, name: str = "template") -> str:
        """The name of a database that `build(url)` filled once in this run, whichever worker came first.

        build is called in a thread without an event loop and has to close its connections.
        """
        template = f"{self._prefix}{name}"
        with self._order.held(timeout_s=LOCK_LIMIT_S):
            if not self._exists(template):
                building = f"{template}_new"
                self._execute(f'DROP DATABASE IF EXISTS "{building}" WITH (FORCE)', f'CREATE DATABASE "{building}"')
                _aside(lambda: build(self.connection.url(building)))
                self._execute(f'ALTER DATABASE "{building}" RENAME TO "{template}"')
        return template

    def worker_database(self, template: str) -> str:
        """The address of this worker's own copy of the template, made at the first call."""
        name = f"{template}_{self._worker}"
        if not self._exists(name):
            self._copy(template, name)
        return self.connection.url(name)

    @contextmanager
    def fresh_database(self, template: str | None = None) -> Iterator[str]:
        """The address of a database for one test: a copy of the template, or an empty one; dropped afterwards."""
        name = f"{self._prefix}fresh_{secrets.token_hex(4)}"
        self._copy(template or "template1", name)
        try:
            yield self.connection.url(name)
        finally:
            self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def leave(self) -> None:
        """The last worker of the run takes its databases with it."""
        with self._order.held(timeout_s=LOCK_LIMIT_S):
            self._present.release()
            self._present.path.unlink(missing_ok=True)
            self._drop_what_dead_runs_left()

    def _copy(self, template: str, name: str) -> None:
        # One at a time: PostgreSQL refuses to copy a database somebody else is copying from with a connection open.
        with self._order.held(timeout_s=LOCK_LIMIT_S):
            self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')

    def _drop_what_dead_runs_left(self) -> None:
        living = set()
        for path in self._runs.iterdir():
            if is_locked(path):
                living.add(path.name.split(".")[0])
            else:
                path.unlink(missing_ok=True)
        for name in self._names():
            if name.startswith(PREFIX) and name.split("_")[1] not in living:
                self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _exists(self, name: str) -> bool:
        return name in self._names()

    def _names(self) -> list[str]:
        return [row["datname"] for row in self._execute("SELECT datname FROM pg_database")]

    def _execute(self, *statements: str) -> list[asyncpg.Record]:
        async def run() -> list[asyncpg.Record]:
            link = await asyncpg.connect(self.connection.dsn("postgres"))
            try:
                rows: list[asyncpg.Record] = []
                for statement in statements:
                    rows = await link.fetch(statement)
                return rows
            finally:
                await link.close()

        return _aside(lambda: asyncio.run(run()))


def _aside(work: Callable[[], T]) -> T:
    """Done in a thread of its own, so that it does not matter whether an event loop runs here."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work).result()


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """The test server and the databases of this run on it."""
    worker_input = getattr(request.config, "workerinput", {})
    run = str(worker_input.get("testrunuid", f"{os.getpid():x}{secrets.token_hex(4)}"))[:16]
    worker = str(worker_input.get("workerid", "main"))
    with EmbeddedPostgres(DATA_DIR, durable=False) as connection:
        found = Databases(connection, run, worker)
        try:
            yield found
        finally:
            found.leave()


@pytest.fixture(scope="session")
def migrated_template(databases: Databases) -> str:
    """The name of a database at the newest revision, with no rows of ours."""
    return databases.template_database(upgrade)


@pytest.fixture(scope="session")
def worker_database_url(databases: Databases, migrated_template: str) -> str:
    """One migrated database for all tests of this worker; a test that uses it cleans up or rolls back."""
    return databases.worker_database(migrated_template)


@pytest.fixture
def fresh_database(databases: Databases, migrated_template: str) -> FreshDatabase:
    """`with fresh_database() as url:` a migrated database of one's own, as often as needed."""
    return lambda: databases.fresh_database(migrated_template)


@pytest.fixture
def fresh_database_url(fresh_database: FreshDatabase) -> Iterator[str]:
    """A migrated database for this test alone."""
    with fresh_database() as url:
        yield url
