"""What is known of a place: ordinary places of a city, and the few that are called to every day."""

import asyncio
import random

import asyncpg

from bench.load import drive, get, only
from bench.serving import make_dispatch, serving
from bench.world import JURISDICTION, World

ROWS = 300_000
HAZARDS = 20_000
HOT_PLACES = 50
LOOKS = 400
SEED = 4

# Fourteen months of a city of 40 by 32 km. Every tenth incident is at one of the hot places: some 500 a year at each.
_FILL = """
insert into incident (jurisdiction_id, id, status, category, incident_type, priority, needs_human, opened_at,
                      recorded_at, decision_id, triage_type, disposition, lat, lon, uncertainty_m, address,
                      address_key)
select $1, 'inc_' || lpad(n::text, 26, '0'), 'closed', (array['medical','police','reporting'])[1 + n % 3],
       'X' || n % 40, n % 5, false, t, t, 'none', 'X', (array['resolved','refused','referred','no_contact'])[1 + n % 4],
       lat, lon, 20, door || ' Grove St', door || ' grove st'
from (select n, now() - n * interval '2 minutes' as t,
             case when n % 10 = 0 then 44.0 + (n / 10 % $3::int) * 0.007 else 44.0 + random() * 0.36 end as lat,
             case when n % 10 = 0 then -125.0 + (n / 10 % $3::int) * 0.008 else -125.0 + random() * 0.4 end as lon,
             case when n % 10 = 0 then n / 10 % $3::int else 100 + (random() * 300000)::int end as door
        from generate_series(1, $2::int) n) s
"""
_SENT = """
insert into assignment (jurisdiction_id, id, incident_id, unit_id, call_sign, agency_id, responder_type, category,
                        incident_type, priority, lat, lon, mode, status, assigned_by, outcome, created_at, on_scene_at,
                        cleared_at)
select $1, 'asg_' || substr(i.id, 5), i.id, u.id, u.call_sign, u.agency_id, u.responder_type, i.category, 'X', 3,
       i.lat, i.lon, 'ordered', 'cleared', 'bench', (array['handled','report_taken','refused'])[1 + i.priority % 3],
       i.opened_at, i.opened_at + interval '7 min', i.opened_at + interval '40 min'
from incident i
join (select *, row_number() over (order by id) as nth, count(*) over () as units from unit
      where jurisdiction_id = $1) u
  on u.nth = 1 + abs(hashtext(i.id)) % u.units
where i.jurisdiction_id = $1
"""
_HAZARDS = """
insert into premise_hazard (jurisdiction_id, id, kind, sensitivity, endangers_responders, warning, words, lat, lon,
                            radius_m, cell, source_kind, source, author, created_at, expires_at)
select $1, 'hzd_' || lpad(n::text, 26, '0'), 'dog', (array['ordinary','medical'])[1 + n % 2], true, 'Dog', 'a dog', lat,
       lon, 30 + n % 100, floor(lat * 100)::bigint * 100000 + floor(lon * 100)::bigint + 18000, 'document', 'bench',
       'bench', now(), now() + interval '90 days'
from (select n, 44.0 + random() * 0.36 as lat, -125.0 + random() * 0.4 as lon from generate_series(1, $2::int) n) s
"""


def premise(world: World) -> dict[str, float]:
    """premise_p95_ms over ordinary and hot places together, and the p95 of the hot ones alone."""
    asyncio.run(_fill(world.dsn))
    chance = random.Random(SEED)
    ordinary = [(44.0 + chance.random() * 0.36, -125.0 + chance.random() * 0.4) for _ in range(LOOKS)]
    hot = [(44.0 + n * 0.007, -125.0 + n * 0.008) for n in (chance.randrange(HOT_PLACES) for _ in range(LOOKS // 10))]
    with serving(make_dispatch, world.url) as server:
        asyncio.run(_look(server.port, world, ordinary[:20]))  # warms the caches of plans and tokens
        everywhere = asyncio.run(_look(server.port, world, [*ordinary, *hot]))
        busiest = asyncio.run(_look(server.port, world, hot))
    ranked, hottest = sorted(everywhere), sorted(busiest)
    return {
        "premise_rows": ROWS,
        "premise_p50_ms": ranked[len(ranked) // 2] * 1000,
        "premise_p95_ms": ranked[int(0.95 * len(ranked))] * 1000,
        "premise_hot_p95_ms": hottest[int(0.95 * len(hottest))] * 1000,
    }


async def _look(port: int, world: World, places: list[tuple[float, float]]) -> list[float]:
    asked = (get(f"/v1/premise?lat={lat:.6f}&lon={lon:.6f}&uncertainty_m=20", world.token) for lat, lon in places)
    return only(await drive(port, iter(asked), connections=1), 200).latencies_s


async def _fill(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("set statement_timeout = 0")
        await connection.execute(_FILL, JURISDICTION, ROWS, HOT_PLACES)
        await connection.execute(_SENT, JURISDICTION)
        await connection.execute(_HAZARDS, JURISDICTION, HAZARDS)
        await connection.execute("analyze")
    finally:
        await connection.close()
