"""64 clients at once want 20 units: every unit is booked once, and everybody else is told where it is."""

import asyncio
import json

import asyncpg

from bench.load import drive, get, post
from bench.serving import make_dispatch, serving
from bench.world import World

CLIENTS = 64
UNITS = 20

_DOUBLE = """
select count(*) from (select unit_id from assignment where holds_unit group by unit_id having count(*) > 1) as twice
"""


def assign(world: World) -> dict[str, float]:
    """How many assignments were won and refused, how many units were booked twice (0), and how long it took."""
    with serving(make_dispatch, world.url) as server:
        port = server.port
        incidents = asyncio.run(_incidents(port, world))
        units = asyncio.run(_units(port, world))
        # Every client tries every unit, each beginning at another one.
        tries = [
            post(
                f"/v1/incidents/{incidents[client]}/assignments",
                json.dumps({"units": [units[(client + turn) % UNITS]]}).encode(),
                world.token,
            )
            for turn in range(UNITS)
            for client in range(CLIENTS)
        ]
        fight = asyncio.run(drive(port, iter(tries), connections=CLIENTS))
    rows, double = asyncio.run(_counted(world.dsn))
    won, refused = fight.statuses.get(201, 0), fight.statuses.get(409, 0)
    if (won, won + refused, rows) != (UNITS, len(tries), UNITS):
        raise RuntimeError(f"won {won}, refused {refused} of {len(tries)}, rows {rows}: {fight.statuses}")
    return {
        "assign_conflicts_double_booked": double,
        "assign_won": won,
        "assign_refused": refused,
        "assign_per_s": fight.per_s,
        "assign_p95_ms": fight.percentile_ms(0.95),
    }


async def _incidents(port: int, world: World) -> list[str]:
    bodies = (
        json.dumps({"source": "bench", "source_ref": f"F-{n}", "narrative": "two men fighting in the street"}).encode()
        for n in range(CLIENTS)
    )
    made = await drive(port, (post("/v1/calls", body, world.token) for body in bodies), connections=8, keep_bodies=True)
    return [json.loads(body)["incident"]["id"] for body in made.bodies]


async def _units(port: int, world: World) -> list[str]:
    listed = await drive(port, iter([get("/v1/units?limit=1000", world.token)]), connections=1, keep_bodies=True)
    free = [unit["call_sign"] for unit in json.loads(listed.bodies[0])["items"] if unit["capacity"] == 1]
    return free[:UNITS]


async def _counted(dsn: str) -> tuple[int, int]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval("select count(*) from assignment"), await connection.fetchval(_DOUBLE)
    finally:
        await connection.close()
