"""A database of the demo's own, empty at every start, so that nothing of it ever meets real data."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.engine import make_url

from dispatch.config import Settings
from dispatch.domain.errors import Unavailable
from dispatch.embedded.database import database_url

TRIES = 9


@contextmanager
def demo_database(settings: Settings, name: str) -> Iterator[str]:
    """The address of an empty database `dispatch_demo_<name>`; a number is added while another demo uses it.

    It is left as it is at the end, to be looked into; the next run drops it.
    """
    with database_url(settings) as url:
        yield asyncio.run(_emptied(url, f"dispatch_demo_{name}".replace("-", "_")))


async def _emptied(url: str, name: str) -> str:
    address = make_url(url)
    try:
        link = await asyncpg.connect(address.set(drivername="postgresql").render_as_string(hide_password=False))
    except (OSError, asyncpg.PostgresError) as error:
        raise Unavailable(
            f"The database does not answer: {error}.", fix="Check DISPATCH_DATABASE_URL, or unset it."
        ) from error
    try:
        for number in range(1, TRIES + 1):
            wanted = name if number == 1 else f"{name}_{number}"
            try:
                await link.execute(f'DROP DATABASE IF EXISTS "{wanted}"')
                await link.execute(f'CREATE DATABASE "{wanted}"')
            except (asyncpg.ObjectInUseError, asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                continue
            return address.set(database=wanted).render_as_string(hide_password=False)
    except asyncpg.InsufficientPrivilegeError as error:
        raise Unavailable(
            f"This database server does not let us make a database for the demo: {error}.",
            fix="Grant CREATEDB, or unset DISPATCH_DATABASE_URL to use the embedded server.",
        ) from error
    finally:
        await link.close()
    raise Unavailable(f"{TRIES} demos of {name} are running already.", fix="Stop one of them.")
