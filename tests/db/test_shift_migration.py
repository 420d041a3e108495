"""Shifts stored before they could not overlap: nobody who was on duty is off it, and nobody is on two units."""

import asyncio
from typing import Any

import asyncpg
from tests.support.postgres import Databases
from tests.support.service import plain_url

from dispatch.db.migrate import downgrade, upgrade

ROSTER = """
    insert into jurisdiction (id, name, time_zone) values ('c', 'C', 'UTC');
    insert into agency (jurisdiction_id, id, name, kind) values ('c', 'a', 'A', 'city');
    insert into unit (jurisdiction_id, id, call_sign, agency_id, responder_type)
      select 'c', u, u, 'a', 'police' from unnest(array['u1', 'u2']) u;
    insert into responder (jurisdiction_id, id, employee_number, name, agency_id)
      select 'c', p, p, p, 'a' from unnest(array['p1', 'p2']) p;
    insert into shift (jurisdiction_id, id, unit_id, starts_at, ends_at)
      select 'c', id, unit, timestamptz '2030-01-01Z' + a * interval '1 hour',
             timestamptz '2030-01-01Z' + b * interval '1 hour'
      from (values ('s1', 'u1', 8, 18), ('s2', 'u1', 10, 12), ('s3', 'u1', 17, 20), ('s4', 'u1', 20, 22),
                   ('s5', 'u2', 9, 11)) s (id, unit, a, b);
    insert into shift_member (jurisdiction_id, shift_id, responder_id)
      values ('c', 's1', 'p1'), ('c', 's2', 'p1'), ('c', 's3', 'p1'), ('c', 's3', 'p2'), ('c', 's4', 'p2'),
             ('c', 's5', 'p2');
"""
SHIFTS = """
    select id, extract(hour from starts_at at time zone 'UTC')::int, extract(hour from ends_at at time zone 'UTC')::int
    from shift order by id
"""
MEMBERS = """
    select shift_id, responder_id, extract(hour from starts_at at time zone 'UTC')::int,
           extract(hour from ends_at at time zone 'UTC')::int
    from shift_member order by responder_id, starts_at
"""


def _run(url: str, statement: str) -> list[Any]:
    async def run() -> list[Any]:
        link = await asyncpg.connect(plain_url(url))
        try:
            if ";" in statement:
                await link.execute(statement)
                return []
            return [tuple(row) for row in await link.fetch(statement)]
        finally:
            await link.close()

    return asyncio.run(run())


def test_shifts_that_overlap_become_one_and_people_keep_their_hours(databases: Databases) -> None:
    with databases.fresh_database() as url:
        upgrade(url, "0012")
        _run(url, ROSTER)

        upgrade(url)

        assert _run(url, SHIFTS) == [("s1", 8, 20), ("s4", 20, 22), ("s5", 9, 11)]
        assert _run(url, MEMBERS) == [
            ("s1", "p1", 8, 20), ("s5", "p2", 9, 11), ("s1", "p2", 17, 20), ("s4", "p2", 20, 22)
        ]  # fmt: skip

        downgrade(url, "0012")

        assert _run(url, SHIFTS) == [("s1", 8, 20), ("s4", 20, 22), ("s5", 9, 11)]
