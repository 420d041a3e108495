"""A demo from an empty database to its end: furnish, start the service, play, gather what came of it."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dispatch.cli.demo.agenda import Agenda
from dispatch.cli.demo.begun import BegunService
from dispatch.cli.demo.clock import DemoClock
from dispatch.cli.demo.crews import Crews, Told, tell_nobody
from dispatch.cli.demo.database import demo_database
from dispatch.cli.demo.dispatcher import Dispatcher
from dispatch.cli.demo.evidence import Evidence, gather
from dispatch.cli.demo.played import Log
from dispatch.cli.demo.production import Production, furnish
from dispatch.cli.demo.replay import Replay
from dispatch.cli.demo.service import serve
from dispatch.cli.http_client import open_client
from dispatch.cli.service import run_in_transaction
from dispatch.config import Settings
from dispatch.db.migrate import upgrade
from dispatch.domain.access import Role

SHOWN_EVERY_S = 0.1
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """A running service with a city in it."""

    address: str
    tokens: Mapping[Role, str]
    database: str
    log_file: Path

    def where(self, data_dir: Path) -> dict[str, str]:
        """Where a reader finds what is left of the run."""
        name = self.database.rpartition("/")[2].partition("?")[0]
        return {"database": name, "data_dir": str(data_dir), "log": str(self.log_file)}


@contextmanager
def staged(
    production: Production, service: BegunService, settings: Settings, clock: DemoClock, log_level: str = "info"
) -> Iterator[Stage]:
    """The service over a fresh database with the city in it, as long as the block lasts."""
    name = production.set_up.jurisdiction_id
    log_file = settings.data_dir / "log" / f"demo-{name}.log"
    # The played crews answer when they like: a timer would end offers that they mean to take.
    quiet = settings.model_copy(update={"log_format": "json", "log_level": log_level, "timers": False})
    with demo_database(settings, name) as url:
        upgrade(url)
        tokens = run_in_transaction(url, lambda session: furnish(session, production))
        try:
            yield Stage(serve(service, quiet, url, clock, log_file), tokens, url, log_file)
        finally:
            service.end()  # before its database


async def play(
    production: Production, stage: Stage, clock: DemoClock, log: Log, told: Told = tell_nobody
) -> Dispatcher:
    """Every call was posted and every job is done; what went over the wire is in the answer's traffic."""
    async with open_client(stage.address, stage.tokens[Role.DISPATCHER]) as client:
        dispatcher = Dispatcher(client)
        await _play(production, dispatcher, clock, log, told)
    return dispatcher


async def play_and_gather(
    production: Production, stage: Stage, clock: DemoClock, log: Log, show: Progress
) -> tuple[Dispatcher, Evidence, float]:
    """The same, with the service's own account of it and the real seconds that the playing took."""
    async with open_client(stage.address, stage.tokens[Role.DISPATCHER]) as client:
        dispatcher = Dispatcher(client)
        watch = asyncio.create_task(_watch(dispatcher, log, show))
        started = time.perf_counter()
        try:
            await _play(production, dispatcher, clock, log, tell_nobody)
        finally:
            watch.cancel()
        seconds = time.perf_counter() - started
        evidence = await gather(dispatcher, log.posted, production.capacities)
    return dispatcher, evidence, seconds


async def _play(production: Production, dispatcher: Dispatcher, clock: DemoClock, log: Log, told: Told) -> None:
    agenda = Agenda(clock)
    crews: Crews | Replay
    if production.replays:
        crews = Replay(agenda, dispatcher, log, told=told)
        crews.plan(production.jobs)
    else:
        crews = Crews(agenda, dispatcher, log, types=production.types, capacities=production.capacities, told=told)
        crews.plan(production.jobs, production.spans, production.ends)
    await agenda.work_off()
    await crews.finish()


async def _watch(dispatcher: Dispatcher, log: Log, show: Progress) -> None:
    while True:
        show(log.posted, len(dispatcher.traffic.unexpected))
        await asyncio.sleep(SHOWN_EVERY_S)
