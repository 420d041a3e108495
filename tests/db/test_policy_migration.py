"""Policies stored before 0002: the same one decides after the upgrade, and after going back."""

import asyncio
from typing import Any

import asyncpg
from tests.support.postgres import Databases
from tests.support.service import plain_url

from dispatch.db.migrate import downgrade, upgrade

ROWS = """
    insert into policy_version (jurisdiction_id, id, version, sha256, texts, parents, status, written_by, published_by,
                                effective_at, created_at)
    values ('c', 'p', 1, 'a', '{}', '{}', 'retired', 'w', 'w', '2026-01-01', '2026-01-01'),
           ('c', 'p', 2, 'b', '{}', '{}', 'active', 'w', null, '2025-01-01', '2026-02-01'),
           ('c', 'p', 3, 'c', '{}', '{}', 'draft', 'w', null, null, '2026-03-01'),
           ('c', 'p', 4, 'd', '{}', '{}', 'retired', 'w', null, null, '2026-01-01'),
           ('c', 'p', 5, 'e', '{}', '{}', 'shadow', 'w', null, null, '2026-01-01')
"""


def _run(url: str, *statements: str) -> list[Any]:
    async def run() -> list[Any]:
        link = await asyncpg.connect(plain_url(url))
        try:
            found: list[Any] = []
            for statement in statements:
                found = [tuple(row) for row in await link.fetch(statement)]
            return found
        finally:
            await link.close()

    return asyncio.run(run())


def test_the_policy_that_decided_decides_still_and_the_one_before_it_can_decide_again(databases: Databases) -> None:
    with databases.fresh_database() as url:
        upgrade(url, "0001")
        _run(url, "insert into jurisdiction (id, name, time_zone) values ('c', 'C', 'UTC')", ROWS)

        upgrade(url)

        status = "select version, status from policy_version order by version"
        deciding = (
            "select version from policy_version where status = 'published' order by effective_at desc, ordinal desc"
        )
        assert _run(url, status) == [
            (1, "published"), (2, "published"), (3, "draft"), (4, "withdrawn"), (5, "submitted")
        ]  # fmt: skip
        assert _run(url, deciding) == [(2,), (1,)]

        downgrade(url, "0001")

        assert _run(url, status) == [(1, "retired"), (2, "active"), (3, "draft"), (4, "retired"), (5, "draft")]
