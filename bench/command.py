"""A dispatcher's commands over HTTP (assign, en route, on scene, clear), against the bare endpoint in the same run."""

import asyncio
import json

from bench.load import Outcome, drive, get, only, post
from bench.serving import make_bare, make_dispatch, serving
from bench.world import World

CONNECTIONS = 8
ROUNDS = 10
STEPS: tuple[dict[str, str], ...] = (
    {"status": "en_route"},
    {"status": "on_scene"},
    {"status": "cleared", "outcome": "handled"},
)


def command(world: World) -> dict[str, float]:
    """p50, p95 and p99 of all commands together and of each kind in ms, and of the bare endpoint at as many clients.

    Every round sends each free unit to an incident of its own and works it to the end: no command is refused.
    """
    kinds: dict[str, Outcome] = {"assign": Outcome(), "step": Outcome(), "clear": Outcome()}
    base = Outcome()
    with serving(make_dispatch, world.url) as server, serving(make_bare, world.dsn) as base_server:
        port = server.port
        units = asyncio.run(_units(port, world))
        for number in range(-1, ROUNDS):
            given = asyncio.run(_round(port, world, units, number))
            with server.halted():
                sent = iter(_bare(len(units) * 4))
                beside = asyncio.run(drive(base_server.port, sent, connections=CONNECTIONS))
            if number < 0:
                continue  # the first round warms both servers
            for kind, outcome in given:
                _add(kinds[kind], outcome)
            _add(base, only(beside, 201))
    together = Outcome()
    for outcome in kinds.values():
        _add(together, outcome)
    figures: dict[str, float] = {"commands_per_s": together.per_s}
    for name, outcome in (("command", together), ("command_bare", base)):
        figures |= {f"{name}_p{share}_ms": outcome.percentile_ms(share / 100) for share in (50, 95, 99)}
    figures |= {f"command_{kind}_p95_ms": outcome.percentile_ms(0.95) for kind, outcome in kinds.items()}
    return figures | {"command_p95_ratio": figures["command_p95_ms"] / figures["command_bare_p95_ms"]}


async def _round(port: int, world: World, units: list[str], number: int) -> list[tuple[str, Outcome]]:
    """What assigning every unit, its steps and its clearing gave; the incidents are made beforehand, uncounted."""
    incidents = [
        made["incident"]["id"]
        for made in await _bodies(port, [_call(world, f"{number}-{n}") for n in range(len(units))], 201)
    ]
    orders = [
        post(
            f"/v1/incidents/{incident}/assignments",
            json.dumps({"units": [unit], "mode": "ordered"}).encode(),
            world.token,
        )
        for incident, unit in zip(incidents, units, strict=True)
    ]
    assigned = only(await drive(port, iter(orders), connections=CONNECTIONS, keep_bodies=True), 201)
    ids = [one["id"] for body in assigned.bodies for one in json.loads(body)["assignments"]]
    given = [("assign", assigned)]
    for step in STEPS:
        sent = (post(f"/v1/assignments/{one}/status", json.dumps(step).encode(), world.token) for one in ids)
        kind = "clear" if step["status"] == "cleared" else "step"
        given.append((kind, only(await drive(port, sent, connections=CONNECTIONS), 200)))
    return given


def _call(world: World, reference: str) -> bytes:
    body = {"source": "bench", "source_ref": f"C{reference}", "narrative": "two men fighting in the street"}
    return post("/v1/calls", json.dumps(body).encode(), world.token)


def _bare(wanted: int) -> list[bytes]:
    body = json.dumps({"source": "bench", "source_ref": "C", "narrative": "two men fighting in the street"}).encode()
    return [post("/bare", body)] * wanted


async def _units(port: int, world: World) -> list[str]:
    (listed,) = await _bodies(port, [get("/v1/units?limit=1000", world.token)], 200)
    return [unit["call_sign"] for unit in listed["items"] if unit["capacity"] == 1]


async def _bodies(port: int, requests: list[bytes], status: int) -> list[dict]:
    outcome = only(await drive(port, iter(requests), connections=CONNECTIONS, keep_bodies=True), status)
    return [json.loads(body) for body in outcome.bodies]


def _add(total: Outcome, more: Outcome) -> None:
    total.seconds += more.seconds
    total.latencies_s += more.latencies_s
