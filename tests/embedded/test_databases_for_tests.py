"""The databases that tests get are their own, and nothing of a run remains."""

import asyncio
import secrets
import threading

import asyncpg
import pytest
from tests.support.postgres import Databases, FreshDatabase


async def _ask(url: str, query: str) -> object:
    link = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await link.fetchval(query)
    finally:
        await link.close()


def ask(url: str, query: str) -> object:
    return asyncio.run(_ask(url, query))


def test_a_fresh_database_has_the_tables_of_the_newest_revision(fresh_database_url: str) -> None:
    assert ask(fresh_database_url, "SELECT count(*) FROM alembic_version") == 1


def test_two_fresh_databases_do_not_see_each_other(fresh_database: FreshDatabase) -> None:
    with fresh_database() as one, fresh_database() as other:
        ask(one, "CREATE TABLE mine (id int)")

        assert ask(one, "SELECT to_regclass('mine') IS NOT NULL")
        assert ask(other, "SELECT to_regclass('mine') IS NULL")


def test_a_template_is_built_once_however_many_workers_ask(databases: Databases) -> None:
    built: list[str] = []
    workers = [
        threading.Thread(target=databases.template_database, args=(built.append,), kwargs={"name": "once"})
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(built) == 1


def test_a_template_whose_build_failed_is_built_anew(databases: Databases) -> None:
    def fails(url: str) -> None:
        raise RuntimeError("the migration broke")

    with pytest.raises(RuntimeError, match="the migration broke"):
        databases.template_database(fails, name="broken")
    template = databases.template_database(lambda url: None, name="broken")

    assert ask(databases.connection.url(template), "SELECT current_database()") == template


def test_what_a_dead_run_left_behind_is_dropped_and_a_living_run_is_not_touched(databases: Databases) -> None:
    left = f"t_dead{secrets.token_hex(4)}_template"
    ask(databases.connection.url("postgres"), f'CREATE DATABASE "{left}"')
    mine = databases.template_database(lambda url: None, name="kept")

    Databases(databases.connection, f"other{secrets.token_hex(4)}", "gw0").leave()

    names = "SELECT array_agg(datname::text) FROM pg_database"
    found = ask(databases.connection.url("postgres"), names)
    assert isinstance(found, list)
    assert left not in found
    assert mine in found
