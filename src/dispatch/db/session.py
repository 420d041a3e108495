"""Engines, sessions and the only commit."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import asyncpg.transaction
import orjson
from sqlalchemy import Connection, QueuePool
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.util.concurrency import greenlet_spawn

from dispatch.db.connections import Connections
from dispatch.db.errors import translate

Sessions = async_sessionmaker[AsyncSession]

Begun = asyncpg.transaction.Transaction
_CONNECTIONS, _POOLED, _CONNECTION, _DRIVER = "connections", "pooled", "connection", "driver"
_LONE, _SPARE = "lone", "spare"
# The third is what connecting raises when the server refuses, since nothing of SQLAlchemy's is between us and its pool;
# the fifth, what asyncpg raises for a statement between the last words of a dying server and the end of its connection.
_DATABASE_FAILED = (
    SQLAlchemyError,
    asyncpg.PostgresError,
    AsyncAdapt_asyncpg_dbapi.Error,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)


def json_text(value: Any) -> str:
    """JSON for a jsonb column."""
    return orjson.dumps(value).decode()


def make_engine(url: str, *, pool_size: int = 20) -> AsyncEngine:
    """An engine that waits at most 10 s for a connection and 30 s for a statement.

    No overflow: connections beyond the pool are opened and closed per request, which costs more than waiting.
    """
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=0,
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


class _LateSession(Session):
    """Meets its transaction's connection only when the ORM is first used: the hottest path never does."""

    def get_bind(self, *_: Any, **__: Any) -> Connection:
        connection: Connection | None = self.info.get(_CONNECTION)
        if connection is None:
            connection = Connection(self.info[_CONNECTIONS].engine, connection=self.info[_POOLED])
            self.info[_CONNECTION] = connection
        return connection


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions whose rows stay readable after the commit, over as many connections as the engine's pool holds."""
    pool = engine.sync_engine.pool
    size = pool.size() if isinstance(pool, QueuePool) else 1
    return async_sessionmaker(
        engine,
        expire_on_commit=False,
        sync_session_class=_LateSession,
        info={_CONNECTIONS: Connections(engine.sync_engine, size)},
    )


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """One transaction: committed when the block ends well, rolled back when it does not, never anything between.

    Raises Conflict and its kin where a named constraint was broken, Unavailable where the database did not answer.
    """
    async with _begun(sessions) as (session, begun):
        yield session
        await session.flush()
        await begun.commit()


class NeedsTransaction(Exception):
    """The work turned out to need more than one statement; nothing was stored."""


@asynccontextmanager
async def lone_statement(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """A session in which every statement is a transaction by itself, durable when it returns.

    For work that writes with exactly one statement: it saves the round trips of begin and commit. Whoever finds that
    it needs more raises NeedsTransaction before anything is written, and is run again inside `transaction`.
    """
    async with _connected(sessions) as session:
        session.info[_LONE] = True
        yield session


def is_lone(session: AsyncSession) -> bool:
    """True when the session's statements are transactions by themselves."""
    return _LONE in session.info


@asynccontextmanager
async def reading(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """One read-only transaction with a single snapshot of the world; a write in it fails."""
    async with _begun(sessions, isolation="repeatable_read", readonly=True) as (session, _):
        yield session


async def hide_one_way(session: AsyncSession) -> None:
    """Until the transaction ends nothing of what is told one way exists in it, whatever is asked.

    The database sees to that, by the rights of another role. For looking only: what follows from a command may concern
    rows that its sender never sees. Raises RuntimeError where no transaction would end it.
    """
    await _stand(session, "select hide_one_way()")


async def stand_one_way(session: AsyncSession, agencies: Sequence[str]) -> None:
    """Until the transaction ends nothing exists in it but what these agencies are told one way (`cvi.notice`)."""
    await _stand(session, "select stand_one_way($1)", list(agencies))


async def _stand(session: AsyncSession, how: str, *values: Any) -> None:
    driver = driver_of(session)
    if is_lone(session) or not driver.is_in_transaction():
        raise RuntimeError("a side of the wall is taken for one transaction; there is none")
    await driver.fetchval(how, *values)


@asynccontextmanager
async def following(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """As `reading`, but each statement sees what was committed until it began: for those who follow the log."""
    async with _begun(sessions, isolation="read_committed", readonly=True) as (session, _):
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
    async with _connected(sessions) as session:
        driver: Any = driver_of(session)
        begun: Begun = driver.transaction(**kind)
        try:
            await begun.start()
            yield session, begun
        finally:
            if driver.is_in_transaction():
                await _roll_back(session, begun)


@asynccontextmanager
async def _connected(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """A session on a connection of the pool; what the database refuses leaves as a refusal that a reader knows."""
    connections: Connections = sessions.kw["info"][_CONNECTIONS]
    try:
        pooled = await connections.take()
        session = pooled.info.pop(_SPARE, None) or _session_on(pooled, sessions)
        try:
            yield session
        finally:
            try:
                if _CONNECTION in session.info or session.in_transaction():
                    await session.close()
                else:
                    session.info.pop(_LONE, None)
                    pooled.info[_SPARE] = session
            finally:
                await connections.give_back(pooled)
    except _DATABASE_FAILED as error:
        raise translate(error) from error


def _session_on(pooled: Any, sessions: Sessions) -> AsyncSession:
    """A session that knows its connection. One that the ORM never used serves the connection's next user too."""
    return sessions(info={_POOLED: pooled, _DRIVER: pooled.driver_connection})


async def _roll_back(session: AsyncSession, begun: Begun) -> None:
    try:
        await begun.rollback()
    except Exception:  # the connection is gone, and the server has rolled back; it must not go back to the pool
        await greenlet_spawn(session.info[_POOLED].invalidate)
