"""What `dispatch demo` does once its weight is loaded: plays a city at once, or at a pace until somebody stops it."""

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import typer
import uvloop

from dispatch.cli.demo import city, filed, live_view
from dispatch.cli.demo.begun import BegunService
from dispatch.cli.demo.clock import RunningClock, SteppedClock
from dispatch.cli.demo.played import Log
from dispatch.cli.demo.production import Production
from dispatch.cli.demo.runner import Stage, play, play_and_gather, staged
from dispatch.cli.demo.show import show_summary
from dispatch.cli.demo.summary import Run, summary_of
from dispatch.cli.exits import Exit
from dispatch.cli.output import data, emit, words
from dispatch.cli.progress import RowsProgress
from dispatch.config import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to play. calls, mapping: a file of real calls and how to read it; None for the sample city."""

    calls: str | None
    mapping: str | None
    policy: str | None
    limit: int | None


def play_city(wanted: Wanted, service: BegunService, *, speed: float | None, as_json: bool) -> None:
    """The city was played; speed None: once and to its end, then summed up. Raises typer.Exit when it went wrong."""
    settings = load_settings()
    if speed is None:
        _once(_production(wanted) or city.one_day(wanted.policy, wanted.limit), service, settings, as_json=as_json)
        return
    production = _production(wanted) or city.live(datetime.now(UTC), wanted.policy)
    if wanted.limit is not None:
        production = replace(production, jobs=production.jobs[: wanted.limit])
    _live(production, service, settings, speed, as_json=as_json)


def _production(wanted: Wanted) -> Production | None:
    if wanted.calls is None or wanted.mapping is None:
        return None
    return filed.from_file(wanted.calls, wanted.mapping, policy=wanted.policy, limit=wanted.limit)


def _once(production: Production, service: BegunService, settings: Settings, *, as_json: bool) -> None:
    clock, log, out = SteppedClock(production.begins), Log(), words()
    total = len(production.jobs)
    out.print(f"[bold]{production.set_up.name}[/]: {total:,} calls, {len(production.set_up.units):,} units")
    with staged(production, service, settings, clock, "warning") as stage, RowsProgress(out, "calls") as progress:
        dispatcher, evidence, seconds = uvloop.run(
            play_and_gather(
                production, stage, clock, log, lambda posted, wrong: progress.show(posted, wrong, posted / total)
            )
        )
        where = stage.where(settings.data_dir)
    summary = summary_of(Run(production, log, dispatcher.traffic, evidence, seconds, where))
    if as_json:
        emit(summary)
    else:
        show_summary(data(), summary)
    if not summary["ok"]:
        raise typer.Exit(Exit.FAILED)


def _live(production: Production, service: BegunService, settings: Settings, speed: float, *, as_json: bool) -> None:
    clock = RunningClock(production.begins, speed)
    with staged(production, service, settings, clock) as stage:
        if as_json:
            emit(live_view.as_data(stage, production, speed))
        else:
            live_view.show(words(), stage, production, speed)
        with suppress(KeyboardInterrupt):
            uvloop.run(_until_stopped(production, stage, clock))
    words().print("[dim]stopped[/]")


async def _until_stopped(production: Production, stage: Stage, clock: RunningClock) -> None:
    """Plays until somebody stops it; after the last call the service stays up."""
    stopped = asyncio.Event()
    clock.start()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    told = live_view.Teller(words(), production.set_up.time_zone, clock).tell
    playing = asyncio.create_task(play(production, stage, clock, Log(), told))
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({playing, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        playing.result()
        words().print("[green]✓[/] every call was played; the service stays up until you stop it with Ctrl+C")
        await waiting
    playing.cancel()
    with suppress(asyncio.CancelledError):
        await playing
