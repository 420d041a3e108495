"""A large city's busy minute: calls, every command of their lives, and the positions of the whole fleet, all at once.

An open loop: calls come when they come, whether or not the service is behind.
"""

import asyncio
import json
import random
from collections import defaultdict
from datetime import UTC, datetime
from itertools import count

from bench.load import Line, Outcome, get, post
from bench.serving import make_dispatch, serving
from bench.texts import narratives
from bench.world import World, add_fleet

UNITS = 1565
CALLS_PER_S = 5.6
POSITIONS_PER_S = 313
BATCH = 100
SECONDS = 60
WARM_UP_S = 10  # both processes have read policy and roster, and statements are prepared
PAUSE_S = 2.0  # between the steps of a unit: there are as many commands as calls make, whatever the pause
_SEED = 11
_references = count(1)

Kinds = dict[str, Outcome]


def busy(world: World) -> dict[str, float]:
    """p95 and p99 in ms of taking a call and of each command, under the load of 5.6 calls/s and 313 positions/s.

    Every call lives whole: taken, units recommended, one assigned, en route, on scene, cleared, closed.
    """
    add_fleet(world, UNITS)
    with serving(make_dispatch, world.url) as server:
        asyncio.run(_minute(server.port, world, WARM_UP_S))
        kinds = asyncio.run(_minute(server.port, world, SECONDS))
    for kind, outcome in kinds.items():
        refused = sum(many for status, many in outcome.statuses.items() if status >= 300)
        if refused:
            raise RuntimeError(f"{refused} of {len(outcome.latencies_s)} were refused: {kind} {outcome.statuses}")
    figures = {
        "busy_calls_per_s": len(kinds["call"].latencies_s) / SECONDS,
        "busy_positions_per_s": len(kinds["positions"].latencies_s) * BATCH / SECONDS,
    }
    for kind, outcome in kinds.items():
        figures[f"busy_{kind}_p95_ms"] = outcome.percentile_ms(0.95)
        figures[f"busy_{kind}_p99_ms"] = outcome.percentile_ms(0.99)
    return figures


async def _minute(port: int, world: World, seconds: float) -> Kinds:
    kinds: Kinds = defaultdict(Outcome)
    draw = random.Random(_SEED)
    told = iter(narratives(round(CALLS_PER_S * seconds * 2)))
    async with asyncio.TaskGroup() as work:
        work.create_task(_fleet(port, world, kinds, seconds))
        at, begun = 0.0, asyncio.get_running_loop().time()
        while (at := at + draw.expovariate(CALLS_PER_S)) < seconds:
            await asyncio.sleep(begun + at - asyncio.get_running_loop().time())
            place = {"lat": 44.0 + draw.random() / 10, "lon": -124.9 + draw.random() / 10}
            work.create_task(_life(port, world, kinds, next(told), place))
    return kinds


async def _life(port: int, world: World, kinds: Kinds, narrative: str, place: dict[str, float]) -> None:
    line = await Line.open(port)
    call = {"source": "bench", "source_ref": f"L{next(_references)}", "narrative": narrative, "location": place}
    _, body = await line.ask(post("/v1/calls", json.dumps(call).encode(), world.token), kinds["call"])
    incident = json.loads(body)["incident"]["id"]
    assignment = None
    while assignment is None:  # somebody else's call may have taken the unit in between: ask again
        _, body = await line.ask(get(f"/v1/incidents/{incident}/recommendation", world.token), kinds["recommend"])
        pick = next((one for one in json.loads(body)["units"] if one["pick"]), None)
        if pick is None:
            line.close()
            return  # all of that kind are out: the call waits, as it would
        order = json.dumps({"units": [pick["unit"]], "mode": pick["mode"]}).encode()
        lost = Outcome()
        status, body = await line.ask(post(f"/v1/incidents/{incident}/assignments", order, world.token), lost)
        if status != 409:
            kinds["assign"].latencies_s += lost.latencies_s
            kinds["assign"].statuses[status] = kinds["assign"].statuses.get(status, 0) + 1
            assignment = json.loads(body)["assignments"][0]["id"]
    steps = ("en_route", "on_scene", "cleared")
    for status in ("accepted", *steps) if pick["mode"] == "offered" else steps:
        await asyncio.sleep(PAUSE_S)
        step = {"status": status} | ({"outcome": "handled"} if status == "cleared" else {})
        kind = "clear" if status == "cleared" else "status"
        await line.ask(
            post(f"/v1/assignments/{assignment}/status", json.dumps(step).encode(), world.token), kinds[kind]
        )
    closing = json.dumps({"disposition": "resolved"}).encode()
    await line.ask(post(f"/v1/incidents/{incident}:close", closing, world.token), kinds["close"])
    line.close()


async def _fleet(port: int, world: World, kinds: Kinds, seconds: float) -> None:
    """Every unit is seen every five seconds, in batches as a feed gathers them."""
    line = await Line.open(port)
    begun, place = asyncio.get_running_loop().time(), random.Random(_SEED)
    for number in range(round(seconds * POSITIONS_PER_S / BATCH)):
        await asyncio.sleep(begun + number * BATCH / POSITIONS_PER_S - asyncio.get_running_loop().time())
        at = datetime.now(UTC).isoformat()
        sent = [
            {
                "unit": f"F{1 + seen % UNITS}",
                "lat": 44.0 + place.random() / 10,
                "lon": -124.9 + place.random() / 10,
                "at": at,
            }
            for seen in range(number * BATCH, (number + 1) * BATCH)
        ]
        batch = json.dumps({"positions": sent}).encode()
        await line.ask(post("/v1/positions", batch, world.token), kinds["positions"])
    line.close()
