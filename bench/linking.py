"""How long it takes to find what a call may be about, beside five thousand open incidents of a surge."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import asyncpg
from evaluation.surge import SurgeCall, surge

from bench.load import drive, only, post
from bench.serving import make_dispatch, serving
from bench.world import JURISDICTION, POLICY, World
from dispatch.db.session import make_engine, make_sessions, reading
from dispatch.operations.call_body import CallBody
from dispatch.policies import load_shipped
from dispatch.queries.links import may_be_same
from dispatch.triage.decision import as_data
from dispatch.triage.evaluate import evaluate

OPEN = 5000
ASKED = 400
SEED = 51
CONNECTIONS = 16


def linking(world: World) -> dict[str, float]:
    """link_p50_ms and link_p95_ms of one comparison, and how many calls a second the linker keeps up with."""
    calls = surge(SEED, incidents=2700, hours=1.5)[-(OPEN + ASKED) :]
    shift = datetime.now(UTC) - calls[-1].at
    on_record, asked = calls[:OPEN], calls[OPEN:]
    with serving(make_dispatch, world.url) as server:
        port = server.port
        bodies = [post("/v1/calls", json.dumps(_sent(call, shift)).encode(), world.cad) for call in on_record]
        started = time.monotonic()
        only(asyncio.run(drive(port, iter(bodies), connections=CONNECTIONS)), 201)
        asyncio.run(_until_compared(world.dsn))
        compared_per_s = OPEN / (time.monotonic() - started)
    taken = sorted(asyncio.run(_compare(world, asked, shift)))
    return {
        "link_open_incidents": OPEN,
        "link_p50_ms": taken[len(taken) // 2] * 1000,
        "link_p95_ms": taken[int(0.95 * len(taken))] * 1000,
        "link_stored_and_compared_per_s": compared_per_s,
    }


def _sent(call: SurgeCall, shift: timedelta) -> dict[str, object]:
    return {**call.body, "source": "bench-cad", "received_at": (call.at + shift).isoformat()}


async def _until_compared(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        last = await connection.fetchval("select max(seq) from event_log where jurisdiction_id = $1", JURISDICTION)
        while await _cursor(connection) < last:  # noqa: ASYNC110 - another process moves it
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def _cursor(connection: asyncpg.Connection) -> int:
    return await connection.fetchval("select seq from link_cursor where jurisdiction_id = $1", JURISDICTION) or 0


async def _compare(world: World, asked: list[SurgeCall], shift: timedelta) -> list[float]:
    """Seconds for each of the further calls, one after the other, from its decision to the answer."""
    policy = load_shipped(POLICY)
    engine = make_engine(world.url, pool_size=1)
    sessions = make_sessions(engine)
    taken = []
    try:
        for number, call in enumerate(asked):
            body = CallBody.model_validate(_sent(call, shift))
            triage = as_data(evaluate(body.facts(), policy, call.at + shift))
            said = body.model_dump(mode="json", exclude_none=True, include={"location", "caller", "narrative"})
            async with reading(sessions) as session:
                started = time.perf_counter()
                await may_be_same(
                    session, JURISDICTION, f"call_{number}", f"inc_{number}", call.at + shift, said, triage
                )
                taken.append(time.perf_counter() - started)
    finally:
        await engine.dispose()
    return taken[20:]  # the first ones prepare the statements
