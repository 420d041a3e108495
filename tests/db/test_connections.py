"""Connections are lent in the order in which they were asked for, and none that is not clean is lent again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from tests.support.postgres import FreshDatabase

from dispatch.db import connections
from dispatch.db.connections import Connections
from dispatch.db.session import driver_of, lone_statement, make_engine, make_sessions, transaction
from dispatch.domain.errors import Unavailable

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def lending(database: FreshDatabase, size: int) -> AsyncIterator[Connections]:
    with database() as url:
        engine = make_engine(url, pool_size=size)
        try:
            yield Connections(engine.sync_engine, size)
        finally:
            await engine.dispose()


async def server_process(pooled: Any) -> int:
    return int(await pooled.driver_connection.fetchval("select pg_backend_pid()"))


async def give_all_back(lent: Connections, taken: list[Any]) -> None:
    for pooled in taken:
        await lent.give_back(pooled)


async def test_a_newcomer_is_served_after_those_who_wait(fresh_database: FreshDatabase) -> None:
    async with lending(fresh_database, 1) as lent:
        served: list[str] = []

        async def ask(name: str) -> None:
            pooled = await lent.take()
            served.append(name)
            await asyncio.sleep(0)
            await lent.give_back(pooled)

        first = await lent.take()
        waiting = [asyncio.create_task(ask(name)) for name in ("a", "b")]
        await asyncio.sleep(0.01)
        await lent.give_back(first)
        await asyncio.gather(ask("newcomer"), *waiting)

        assert served == ["a", "b", "newcomer"]


async def test_the_connection_used_last_is_lent_first(fresh_database: FreshDatabase) -> None:
    async with lending(fresh_database, 2) as lent:
        one, other = await lent.take(), await lent.take()
        await lent.give_back(one)
        await lent.give_back(other)

        again = [await lent.take(), await lent.take()]

        assert again[0] is other
        assert again[1] is one
        await give_all_back(lent, again)


async def test_a_connection_whose_server_process_died_is_not_lent_again(fresh_database: FreshDatabase) -> None:
    async with lending(fresh_database, 2) as lent:
        one, other = await lent.take(), await lent.take()
        died = asyncio.Event()
        one.driver_connection.add_termination_listener(lambda _: died.set())
        await other.driver_connection.execute(f"select pg_terminate_backend({await server_process(one)})")
        await asyncio.wait_for(died.wait(), 30)
        await lent.give_back(one)
        await lent.give_back(other)
        other.driver_connection.terminate()

        again = [await lent.take(), await lent.take()]

        assert one not in again
        assert other not in again
        assert len({await server_process(pooled) for pooled in again}) == 2
        await give_all_back(lent, again)


async def test_a_connection_left_inside_a_transaction_is_not_lent_again(fresh_database: FreshDatabase) -> None:
    async with lending(fresh_database, 1) as lent:
        left = await lent.take()
        await left.driver_connection.execute("begin")
        await lent.give_back(left)

        again = await lent.take()

        assert again is not left
        assert not again.driver_connection.is_in_transaction()
        await lent.give_back(again)


async def test_who_waits_too_long_is_told_that_the_database_is_busy_and_keeps_nobody_else_from_a_connection(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "WAIT_S", 0.05)
    with fresh_database() as url:
        engine = make_engine(url, pool_size=1)
        sessions = make_sessions(engine)
        try:
            async with transaction(sessions):
                with pytest.raises(Unavailable):
                    async with lone_statement(sessions):
                        pass
            async with lone_statement(sessions) as session:
                assert await driver_of(session).fetchval("select 1") == 1
        finally:
            await engine.dispose()


async def test_a_statement_while_the_server_dies_is_told_as_a_silent_database(fresh_database: FreshDatabase) -> None:
    """The driver has no word of its own for this moment: killing a server under load answered 500 to a few requests."""
    with fresh_database() as url:
        engine = make_engine(url, pool_size=1)
        sessions = make_sessions(engine)
        with pytest.raises(Unavailable):
            async with transaction(sessions):
                raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
        async with transaction(sessions) as session:
            assert await driver_of(session).fetchval("select 1") == 1
        await engine.dispose()


async def test_a_cancelled_request_gives_its_connection_back(fresh_database: FreshDatabase) -> None:
    with fresh_database() as url:
        engine = make_engine(url, pool_size=1)
        sessions = make_sessions(engine)

        async def slow() -> None:
            async with transaction(sessions) as session:
                await driver_of(session).execute("select pg_sleep(120)")

        try:
            task = asyncio.create_task(slow())
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with asyncio.timeout(30), lone_statement(sessions) as session:
                assert await driver_of(session).fetchval("select 1") == 1
        finally:
            await engine.dispose()
