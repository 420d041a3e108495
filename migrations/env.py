"""Runs migrations one at a time, under a lock, and gives up rather than block a running service."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import dispatch.db.models  # noqa: F401 - the models register themselves with the metadata
from dispatch.db.schema import Table

ADVISORY_LOCK = 0x44495350  # "DISP": two upgrades never run at once
LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "10min"


def run_on(connection: Connection) -> None:
    """The migrations asked for have run, each in its own transaction."""
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_locked(connection: Connection) -> None:
    """As run_on, while nobody else migrates this database."""
    connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"set statement_timeout = '{STATEMENT_TIMEOUT}'"))
    connection.execute(text(f"select pg_advisory_lock({ADVISORY_LOCK})"))
    connection.commit()
    try:
        run_on(connection)
    finally:
        connection.rollback()
        connection.execute(text(f"select pg_advisory_unlock({ADVISORY_LOCK})"))
        connection.commit()


async def run_online() -> None:
    """The database named by sqlalchemy.url is at the revision asked for."""
    engine = create_async_engine(context.config.get_main_option("sqlalchemy.url") or "")
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run_locked)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    context.configure(
        url="postgresql+asyncpg://",
        target_metadata=Table.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(run_online())
