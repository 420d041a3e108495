"""Pages of the assignment history over a large table, by each filter."""

import asyncio

import asyncpg

from bench.load import drive, get, only
from bench.serving import make_dispatch, serving
from bench.world import JURISDICTION, World

ROWS = 200_000
PAGES_PER_FILTER = 20
FILTERS = (
    "",
    "&responder_type=police",
    "&category=medical",
    "&outcome=handled",
    "&from=2026-03-01T00:00:00Z&to=2026-03-08T00:00:00Z",
    "&bbox=-124.95,44.04,-124.92,44.06",
)

_FILL = """
with made as (
  insert into incident (jurisdiction_id, id, status, category, incident_type, priority, needs_human, opened_at,
                        recorded_at, decision_id, triage_type, disposition, lat, lon)
  select $1, 'inc_' || lpad(n::text, 26, '0'), 'closed', (array['medical','police','reporting'])[1 + n % 3], 'X', n % 5,
         false, t, t, 'none', 'X', 'resolved', 44.0 + random() * 0.1, -125.0 + random() * 0.1
  from (select n, timestamptz '2026-01-01' + n * interval '2 minutes' as t from generate_series(1, $2::int) n) s
  returning id, opened_at, category, lat, lon
)
insert into assignment (jurisdiction_id, id, incident_id, unit_id, call_sign, agency_id, responder_type, category,
                        incident_type, priority, lat, lon, mode, status, assigned_by, outcome, created_at, ordered_at,
                        en_route_at, on_scene_at, cleared_at)
select $1, 'asg_' || substr(m.id, 5), m.id, u.id, u.call_sign, u.agency_id, u.responder_type, m.category, 'X', 3, m.lat,
       m.lon, 'ordered', 'cleared', 'bench', (array['handled','report_taken','refused'])[1 + abs(hashtext(m.id)) % 3],
       m.opened_at, m.opened_at, m.opened_at + interval '1 min', m.opened_at + interval '7 min',
       m.opened_at + interval '40 min'
from made m
join lateral (select * from unit where jurisdiction_id = $1 order by hashtext(m.id || id) limit 1) u on true
"""


def history(world: World) -> dict[str, float]:
    """history_page_p95_ms over all filters, and the slowest filter's median."""
    asyncio.run(_fill(world.dsn))
    with serving(make_dispatch, world.url) as server:
        port = server.port
        taken: list[float] = []
        slowest = 0.0
        for wanted in FILTERS:
            request = get(f"/v1/assignments?limit=100{wanted}", world.token)
            outcome = only(asyncio.run(drive(port, iter([request] * PAGES_PER_FILTER), connections=1)), 200)
            taken.extend(outcome.latencies_s)
            slowest = max(slowest, outcome.percentile_ms(0.5))
    ranked = sorted(taken)
    return {
        "history_rows": ROWS,
        "history_page_p95_ms": ranked[int(0.95 * len(ranked))] * 1000,
        "history_slowest_filter_p50_ms": slowest,
    }


async def _fill(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("set statement_timeout = 0")
        await connection.execute(_FILL, JURISDICTION, ROWS)
        await connection.execute("analyze")
    finally:
        await connection.close()
