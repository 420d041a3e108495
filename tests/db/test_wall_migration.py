"""What was stored before the wall stands on its side of it afterwards, and a reader of the log goes on where it was."""

import asyncio

import asyncpg
from tests.support.postgres import Databases
from tests.support.service import plain_url

from dispatch.db.migrate import upgrade

BEFORE = """
    insert into jurisdiction (id, name, time_zone) values ('c', 'C', 'UTC');
    insert into agency (jurisdiction_id, id, name, kind)
      select 'c', a, a, 'city' from unnest(array['police', 'harbor', 'both']) a;
    insert into unit (jurisdiction_id, id, call_sign, agency_id, responder_type)
      values ('c', 'p1', 'P1', 'police', 'police'), ('c', 'v1', 'V1', 'harbor', 'cvi'),
             ('c', 'v2', 'V2', 'both', 'cvi');
    insert into program (jurisdiction_id, id, agency_id, responder_type, name)
      values ('c', 'street', 'both', 'community_responder', 'Street');
    insert into responder (jurisdiction_id, id, employee_number, name, agency_id)
      select 'c', u, u, u, u from unnest(array['police', 'harbor', 'both']) u;
    insert into shift (jurisdiction_id, id, unit_id, starts_at, ends_at)
      values ('c', 's1', 'p1', '2030-01-01Z', '2030-01-02Z'), ('c', 's2', 'v1', '2030-01-01Z', '2030-01-02Z');
    insert into shift_member (jurisdiction_id, shift_id, responder_id, starts_at, ends_at)
      values ('c', 's1', 'police', '2030-01-01Z', '2030-01-02Z'), ('c', 's2', 'harbor', '2030-01-01Z', '2030-01-02Z');
"""
LOGGED = """
    insert into event_log (jurisdiction_id, id, type, schema_version, occurred_at, recorded_at, actor, subject_id,
                           payload)
    values ('c', $1, 'unit.changed', 1, now(), now(), 'tests', 'x', $2::jsonb)
"""
SEEN = "select {what} from {table} order by 1"


async def _after(url: str) -> dict[str, list[object]]:
    link = await asyncpg.connect(plain_url(url))
    try:
        await link.execute(LOGGED, "new", '{"responder_type": "police"}')
        async with link.transaction():
            await link.fetchval("select hide_one_way()")
            asked = {"agency": "id", "unit": "call_sign", "responder": "id", "shift": "id", "shift_member": "shift_id"}
            found = {t: [r[0] for r in await link.fetch(SEEN.format(what=w, table=t))] for t, w in asked.items()}
            rows = await link.fetch("select coalesce(open_seq, seq), id from event_log order by 1")
            return {**found, "event_log": [tuple(row) for row in rows]}
    finally:
        await link.close()


async def _before(url: str) -> None:
    link = await asyncpg.connect(plain_url(url))
    try:
        await link.execute(BEFORE)
        for name, kind in (("first", "police"), ("hidden", "cvi"), ("third", "police")):
            await link.execute(LOGGED, name, f'{{"responder_type": "{kind}"}}')
    finally:
        await link.close()


def test_rows_of_before_stand_on_their_side_and_the_log_goes_on_where_it_was(databases: Databases) -> None:
    with databases.fresh_database() as url:
        upgrade(url, "0013")
        asyncio.run(_before(url))

        upgrade(url)

        assert asyncio.run(_after(url)) == {
            "agency": ["both", "police"],
            "unit": ["P1"],
            "responder": ["both", "police"],
            "shift": ["s1"],
            "shift_member": ["s1"],
            "event_log": [(1, "first"), (3, "third"), (4, "new")],
        }
