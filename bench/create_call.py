"""POST /v1/calls, as a CAD integration sends it, and the bare endpoint in turns, over the same database."""

import asyncio
import json
from collections.abc import Iterator
from itertools import count
from statistics import median

from bench.load import Outcome, drive, only, post
from bench.serving import make_bare, make_dispatch, serving
from bench.texts import narratives
from bench.world import World

CONNECTIONS = 32
ROUNDS = 5
PER_ROUND = 1500
_numbers = count(1)


def create_call(world: World) -> dict[str, float]:
    """create_call_ratio (median of the rounds), and p50, p95, p99 of both in ms."""
    with serving(make_dispatch, world.url) as ours, serving(make_bare, world.dsn) as bare:
        asyncio.run(drive(ours.port, _calls(300, world.cad), connections=CONNECTIONS))
        asyncio.run(drive(bare.port, _bare(300), connections=CONNECTIONS))
        rounds: list[tuple[Outcome, Outcome]] = []
        for _ in range(ROUNDS):
            mine = asyncio.run(drive(ours.port, _calls(PER_ROUND, world.cad), connections=CONNECTIONS))
            with ours.halted():  # its linker and timers still have the round's calls to work on
                base = asyncio.run(drive(bare.port, _bare(PER_ROUND), connections=CONNECTIONS))
            rounds.append((only(mine, 201), only(base, 201)))
    figures = {"create_call_ratio": median(mine.per_s / base.per_s for mine, base in rounds)}
    for name, side in (("create_call", 0), ("bare", 1)):
        figures[f"{name}_per_s"] = median(pair[side].per_s for pair in rounds)
        for share in (50, 95, 99):
            figures[f"{name}_p{share}_ms"] = median(pair[side].percentile_ms(share / 100) for pair in rounds)
    return figures


def _calls(wanted: int, token: str) -> Iterator[bytes]:
    for narrative in narratives(wanted):
        body = {
            "source": "bench-cad",
            "source_ref": f"B-{next(_numbers)}",
            "channel": "911",
            "call_type": {"text": "WELFARE CHECK"},
            "narrative": narrative,
            "location": {"lat": 44.05, "lon": -124.93, "address": "100 Grove St"},
        }
        yield post("/v1/calls", json.dumps(body).encode(), token)


def _bare(wanted: int) -> Iterator[bytes]:
    for narrative in narratives(wanted):
        body = {"source": "bench-cad", "source_ref": f"B-{next(_numbers)}", "narrative": narrative}
        yield post("/bare", json.dumps(body).encode())
