"""Engines, sessions and the only commit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from dispatch.db.errors import translate

Sessions = async_sessionmaker[AsyncSession]


def json_text(value: Any) -> str:
    """JSON for a jsonb column."""
    return orjson.dumps(value).decode()


def make_engine(url: str, *, pool_size: int = 10, max_overflow: int = 10) -> AsyncEngine:
    """An engine that waits at most 10 s for a connection and 30 s for a statement."""
    return create_async_engine(
        url,
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
    async with sessions() as session:
        try:
            yield session
            await session.commit()
        except (DBAPIError, InterfaceError, OperationalError, OSError) as error:
            await _roll_back_quietly(session)
            raise translate(error) from error


@asynccontextmanager
async def reading(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """One read-only transaction with a single snapshot of the world; a write in it fails."""
    async with sessions() as session:
        try:
            await session.execute(text("set transaction isolation level repeatable read, read only"))
            yield session
        except (DBAPIError, InterfaceError, OperationalError, OSError) as error:
            await _roll_back_quietly(session)
            raise translate(error) from error


async def _roll_back_quietly(session: AsyncSession) -> None:
    try:
        await session.rollback()
    except Exception:  # the connection is gone: the server has rolled back already
        await session.invalidate()
