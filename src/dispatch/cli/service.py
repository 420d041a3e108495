"""The one way in from the command line to the database: found or created, migrated, with a session when asked."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.config import Settings, load_settings
from dispatch.db.migrate import upgrade
from dispatch.db.session import make_engine, make_sessions, transaction
from dispatch.embedded.database import database_url
from dispatch.operations.actor import Actor

Result = TypeVar("Result")
CLI_ACTOR = "cli"


@contextmanager
def migrated_database(settings: Settings | None = None) -> Iterator[str]:
    """The address of a database that runs and has the schema of this version."""
    with database_url(settings or load_settings()) as url:
        upgrade(url)
        yield url


def run_in_transaction(url: str, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """Does the work in one transaction, on a connection of its own."""

    async def run() -> Result:
        engine = make_engine(url, pool_size=1)
        try:
            async with transaction(make_sessions(engine)) as session:
                return await work(session)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def cli_actor(jurisdiction_id: str, now: datetime | None = None) -> Actor:
    """The operator of this machine."""
    return Actor(jurisdiction_id, CLI_ACTOR, now or datetime.now(UTC))
