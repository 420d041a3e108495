"""Positions of a whole fleet over HTTP, in batches as a feed sends them, and how soon a reader sees them."""

import asyncio
import json
from datetime import UTC, datetime

import asyncpg

from bench.load import drive, get, only, post
from bench.serving import make_dispatch, serving
from bench.world import World, add_fleet

UNITS = 1565
BATCH = 100  # a feed that gathers for a fraction of a second
BATCHES = 600
CONNECTIONS = 4
LOOKS = 40


def positions(world: World) -> dict[str, float]:
    """positions_per_s, p95 of a batch, rows of history for all of them, and p95 in ms until a reader sees a place."""
    add_fleet(world, UNITS)
    with serving(make_dispatch, world.url) as server:
        port = server.port
        asyncio.run(drive(port, iter(_batches(world, 20)), connections=CONNECTIONS))
        rows_before = asyncio.run(_count(world.dsn))
        taken = only(asyncio.run(drive(port, iter(_batches(world, BATCHES)), connections=CONNECTIONS)), 200)
        rows = asyncio.run(_count(world.dsn)) - rows_before
        seen_after = sorted(asyncio.run(_looks(port, world)))
    return {
        "positions_per_s": taken.per_s * BATCH,
        "positions_batch_p95_ms": taken.percentile_ms(0.95),
        "positions_history_rows_per_1000": rows * 1000 / (BATCHES * BATCH),
        "positions_visible_p95_ms": seen_after[int(0.95 * len(seen_after))] * 1000,
    }


def _batches(world: World, wanted: int) -> list[bytes]:
    return [_batch(world, number * BATCH) for number in range(wanted)]


def _batch(world: World, first: int) -> bytes:
    at = datetime.now(UTC).isoformat()
    sent = [
        {"unit": f"F{1 + number % UNITS}", "lat": 44.0 + number % 97 / 1000, "lon": -124.9, "at": at}
        for number in range(first, first + BATCH)
    ]
    return post("/v1/positions", json.dumps({"positions": sent}).encode(), world.token)


async def _looks(port: int, world: World) -> list[float]:
    """Seconds from sending a place to an answer that shows it."""
    found = []
    for number in range(LOOKS):
        lat = 45.0 + number / 1000
        body = {"positions": [{"unit": "F1", "lat": lat, "lon": -124.9, "at": datetime.now(UTC).isoformat()}]}
        started = asyncio.get_running_loop().time()
        only(
            await drive(port, iter([post("/v1/positions", json.dumps(body).encode(), world.token)]), connections=1), 200
        )
        while True:
            answer = only(
                await drive(port, iter([get("/v1/units?limit=1000", world.token)]), connections=1, keep_bodies=True),
                200,
            )
            shown = next(one for one in json.loads(answer.bodies[0])["items"] if one["call_sign"] == "F1")
            if shown["lat"] == lat:
                break
        found.append(asyncio.get_running_loop().time() - started)
    return found


async def _count(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("select count(*) from unit_track"))
    finally:
        await connection.close()
