"""The database the service works with, embedded or external, behind one address."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import asyncpg

from dispatch.config import Settings
from dispatch.embedded.server import DATABASE, Connection, EmbeddedPostgres


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """An address for SQLAlchemy with asyncpg; an embedded server runs at least as long as the block.

    Blocks for up to a second when the embedded server is new: enter it before the event loop, or in a thread.
    """
    if settings.database_url:
        yield settings.database_url
        return
    server = EmbeddedPostgres(settings.data_dir, postgres_bin=settings.postgres_bin)
    with server as connection:
        ensure_database(connection)
        yield connection.url()


def ensure_database(connection: Connection, name: str = DATABASE) -> None:
    """The server has a database of this name, empty when it is new. May be called from anywhere, also beside a loop."""
    with ThreadPoolExecutor(max_workers=1) as aside:
        aside.submit(lambda: asyncio.run(_ensure(connection, name))).result()


async def _ensure(connection: Connection, name: str) -> None:
    link = await asyncpg.connect(connection.dsn("postgres"))
    try:
        if not await link.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            quoted = '"' + name.replace('"', '""') + '"'
            try:
                await link.execute(f"CREATE DATABASE {quoted}")
            except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                return  # Another process made it between the question and the answer.
    finally:
        await link.close()
