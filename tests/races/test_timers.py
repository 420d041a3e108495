"""Timers under several workers: each fires once, also when a worker is killed in the middle of its work."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from tests.support.service import Service

from dispatch.db.active_policy import ActivePolicies
from dispatch.db.session import make_engine, make_sessions
from dispatch.workers.timers import TimerWorker

pytestmark = pytest.mark.anyio

# A worker of its own process, over one jurisdiction and at one moment. With `slow` each of its transactions waits for
# ever before it would commit, so that a kill meets it after the work was done and before it was kept.
WORKER = """
import asyncio, sys
from datetime import datetime
from dispatch.db.active_policy import ActivePolicies
from dispatch.db.session import make_engine, make_sessions
from dispatch.workers import timers

url, jurisdiction, at, how = sys.argv[1:]

class Clock:
    def now(self):
        return datetime.fromisoformat(at)

async def stuck(firing):
    await work(firing)
    print("fired", flush=True)
    await asyncio.sleep(600)

if how == "slow":
    work, timers.fire = timers.fire, stuck
asyncio.run(timers.TimerWorker(make_sessions(make_engine(url)), Clock(), ActivePolicies(), only=jurisdiction).tick())
"""


def _started(service: Service, how: str = "quick") -> subprocess.Popen[str]:
    at = service.clock.now().isoformat()
    command = [sys.executable, "-c", WORKER, service.database_url, service.jurisdiction, at, how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def _offers(service: Service) -> list[str]:
    """One offer for every unit that may decline."""
    return [
        (await service.assign(await service.incident(), unit))[0]["id"]
        for unit in ("CR1", "CR2", "CO1", "H1", "T1", "LINE", "V1")
    ]


async def _late_turnouts(service: Service) -> list[str]:
    """Units that were sent and do not move: work that only tells, so that nothing but its timer keeps it from telling
    twice. An offer that has run out once cannot run out again."""
    return [(await service.assign(await service.incident(), unit))[0]["id"] for unit in ("P1", "P2", "M1", "M2")]


async def _fired_twice(service: Service) -> list[str]:
    rows = await service.fetch(
        "select subject_id, type, count(*) from event_log where jurisdiction_id = $1"
        " and type in ('assignment.timed_out', 'alarm.raised') and payload ->> 'kind' is distinct from 'step_declined'"
        " group by subject_id, type having count(*) > 1",
        service.jurisdiction,
    )
    return [row["subject_id"] for row in rows]


async def test_two_worker_processes_fire_every_timer_once(service: Service) -> None:
    offers, turnouts = await _offers(service), await _late_turnouts(service)
    service.clock.advance(400)

    workers = [_started(service) for _ in range(2)]
    ends = [await asyncio.to_thread(worker.communicate, None, 60) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], ends
    await service.worker().tick()  # what one left because the other held it

    rows = await service.fetch("select status from assignment where id = any($1)", offers)
    assert Counter(row["status"] for row in rows) == {"timed_out": len(offers)}
    assert await _fired_twice(service) == []
    alarms = [*await service.alarms(kind="offer_unanswered"), *await service.alarms(kind="turnout_overdue")]
    assert Counter(alarm["times"] for alarm in alarms) == {1: len(offers) + len(turnouts)}


async def test_a_dozen_workers_at_once_fire_every_timer_once(service: Service) -> None:
    offers, turnouts = await _offers(service), await _late_turnouts(service)
    service.clock.advance(400)
    engine = make_engine(service.database_url, pool_size=12)
    try:
        workers = [
            TimerWorker(make_sessions(engine), service.clock, ActivePolicies(), only=service.jurisdiction)
            for _ in range(12)
        ]
        await asyncio.gather(*(worker.tick() for worker in workers))
        await workers[0].tick()
    finally:
        await engine.dispose()

    assert len(await service.alarms(kind="offer_unanswered")) == len(offers)
    assert Counter(one["times"] for one in await service.alarms(kind="turnout_overdue")) == {1: len(turnouts)}
    assert await _fired_twice(service) == []


async def test_a_worker_killed_between_its_work_and_its_commit_loses_nothing_and_doubles_nothing(
    service: Service,
) -> None:
    [offer] = await service.assign(await service.incident(), "CR1")
    service.clock.advance(400)
    victim = _started(service, "slow")
    assert victim.stdout is not None
    assert await asyncio.to_thread(victim.stdout.readline) == "fired\n"

    other = service.worker()
    assert await other.tick() == 0  # held by the victim, and not waited for
    [row] = await service.fetch("select status from assignment where id = $1", offer["id"])
    assert row["status"] == "offered"

    os.kill(victim.pid, signal.SIGKILL)
    await asyncio.to_thread(victim.communicate, None, 60)
    until = time.monotonic() + 30
    while not await service.alarms(kind="offer_unanswered") and time.monotonic() < until:
        await other.tick()  # as soon as the server has seen that the connection is gone

    [alarm] = await service.alarms(kind="offer_unanswered")
    assert alarm["times"] == 1
    assert await _fired_twice(service) == []


async def test_an_answer_and_a_time_out_in_the_same_moment_have_one_winner(service: Service) -> None:
    for unit in ("CR1", "CR2", "CO1", "H1", "T1", "LINE"):
        [offer] = await service.assign(await service.incident(), unit)
        service.clock.advance(400)

        answer, _ = await asyncio.gather(
            service.post(f"/v1/assignments/{offer['id']}/status", {"status": "accepted"}), service.worker().tick()
        )
        await service.worker().tick()

        [row] = await service.fetch(
            "select status, accepted_at, timed_out_at from assignment where id = $1", offer["id"]
        )
        assert (row["status"] == "accepted") == (answer.status_code == 200)
        assert (row["accepted_at"] is None) != (row["timed_out_at"] is None)


async def test_several_units_that_accept_one_offer_at_once_have_one_winner(service: Service) -> None:
    units = ("CR1", "CR2", "CO1", "H1", "T1", "LINE")
    offers = await service.assign(await service.incident(), *units, offer="first_of")

    answers = await asyncio.gather(
        *(service.post(f"/v1/assignments/{one['id']}/status", {"status": "accepted"}) for one in offers)
    )

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 5}
    rows = await service.fetch("select status, call_sign from assignment where offer_id = $1", offers[0]["offer_id"])
    assert Counter(row["status"] for row in rows) == {"accepted": 1, "rescinded": 5}
    held = await service.fetch(
        "select call_sign, status from unit where id = any($1)", [service.units[unit] for unit in units]
    )
    assert Counter(row["status"] for row in held) == {"assigned": 1, "available": 5}
    assert (
        await service.fetch(
            "select count(*) from timer where jurisdiction_id = $1 and kind = 'offer'", service.jurisdiction
        )
    )[0]["count"] == 0
