"""Incidents stored before places were looked up are found by address and telephone as the new ones are."""

import asyncio
from typing import Any

import asyncpg
from tests.support.postgres import Databases
from tests.support.service import plain_url

from dispatch.db.migrate import downgrade, upgrade
from dispatch.linking.profile import phone_key, place_words

ADDRESSES = [
    "4217 Grove Street, Apt 3B, Alder Bay", "  ", None, "9 N. Harbor Blvd #4", "Pier 9", "100 Main St", ",", "Ünter 5",
]  # fmt: skip
PHONES = ["+1 (555) 010-0142", None, "911", "", "5550142", "x", "0015550100142", None]
OLDER = 4000  # more than one batch


async def _fill(url: str) -> None:
    link = await asyncpg.connect(plain_url(url))
    try:
        await link.execute(
            """
            insert into incident (jurisdiction_id, id, status, category, incident_type, priority, needs_human,
                                  opened_at, recorded_at, decision_id, triage_type, address)
            select 'c', 'inc_' || lpad(n::text, 5, '0'), 'pending', 'police', 'X', 3, false, now(), now(), 'd', 'X',
                   ($1::text[])[1 + n % 8]
            from generate_series(0, $2::int - 1) n
            """,
            ADDRESSES,
            OLDER,
        )
        await link.execute(
            """
            insert into call (jurisdiction_id, id, incident_id, source, source_ref, received_at, recorded_at,
                              revised_at, type_mapped, body, raw, digest, flags)
            select 'c', 'call_' || n, 'inc_' || lpad(n::text, 5, '0'), 's', n::text, now(), now(), now(), true,
                   jsonb_build_object('caller', jsonb_build_object('phone', ($1::text[])[1 + n % 8])), '', '', '{}'
            from generate_series(0, $2::int - 1) n
            """,
            PHONES,
            OLDER,
        )
    finally:
        await link.close()


async def _keys(url: str) -> list[Any]:
    link = await asyncpg.connect(plain_url(url))
    try:
        return await link.fetch("select id, address_key, phone_key from incident order by id")
    finally:
        await link.close()


def test_incidents_of_before_have_the_keys_that_they_would_get_today(databases: Databases) -> None:
    with databases.fresh_database() as url:
        upgrade(url, "0013")
        asyncio.run(_fill(url))

        upgrade(url)

        rows = asyncio.run(_keys(url))
        assert len(rows) == OLDER
        for number, row in enumerate(rows):
            wanted = (place_words(ADDRESSES[number % 8])[0], phone_key(PHONES[number % 8]))
            assert (row["address_key"], row["phone_key"]) == wanted
        downgrade(url, "0013")
