"""Engines, sessions and the only commit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import asyncpg.transaction
import orjson
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from dispatch.db.errors import translate

Sessions = async_sessionmaker[AsyncSession]

Begun = asyncpg.transaction.Transaction
_DRIVER = "driver"
_DATABASE_FAILED = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


def json_text(value: Any) -> str:
    """JSON for a jsonb column."""
    return orjson.dumps(value).decode()


def make_engine(url: str, *, pool_size: int = 10, max_overflow: int = 10) -> AsyncEngine:
    """An engine that waits at most 10 s for a connection and 30 s for a statement."""
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=10,
        pool_pre_ping=False,
        json_serializer=json_text,
        json_deserializer=orjson.loads,
        connect_args={
            "timeout": 10,
            "server_settings": {
                "application_name": "dispatch",
                "timezone": "UTC",
                "statement_timeout": "30000",
                "lock_timeout": "10000",
                "idle_in_transaction_session_timeout": "60000",
                "jit": "off",
            },
        },
    )


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions whose rows stay readable after the commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """One transaction: committed when the block ends well, rolled back when it does not, never anything between.

    Raises Conflict and its kin where a named constraint was broken, Unavailable where the database did not answer.
    """
    async with _begun(sessions) as (session, begun):
        yield session
        await session.flush()
        await begun.commit()


@asynccontextmanager
async def reading(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """One read-only transaction with a single snapshot of the world; a write in it fails."""
    async with _begun(sessions, isolation="repeatable_read", readonly=True) as (session, _):
        yield session


def driver_of(session: AsyncSession) -> asyncpg.Connection:
    """The driver's connection inside the session's transaction, for the few statements that must cost least."""
    connection: asyncpg.Connection = session.info[_DRIVER]
    return connection


@asynccontextmanager
async def _begun(sessions: Sessions, **kind: Any) -> AsyncIterator[tuple[AsyncSession, Begun]]:
    """A session inside a transaction of the driver's; whoever did not commit it by the end has it rolled back.

    The engine itself is in autocommit: the ORM and the driver's own statements share this one transaction.
    """
    async with sessions() as session:
        try:
            driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
            session.info[_DRIVER] = driver
            begun: Begun = driver.transaction(**kind)
            await begun.start()
            try:
                yield session, begun
            finally:
                if driver.is_in_transaction():
                    await _roll_back(session, begun)
        except _DATABASE_FAILED as error:
            raise translate(error) from error


async def _roll_back(session: AsyncSession, begun: Begun) -> None:
    try:
        await begun.rollback()
    except Exception:  # the connection is gone, and the server has rolled back; it must not go back to the pool
        await session.invalidate()
