"""`dispatch demo`: the whole main job over a sample city or a file of real calls, once or for as long as you like."""

import asyncio
import signal
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer
import uvloop

from dispatch.cli.demo import city, filed, live_view
from dispatch.cli.demo.clock import RunningClock, SteppedClock
from dispatch.cli.demo.played import Log
from dispatch.cli.demo.production import Production
from dispatch.cli.demo.runner import Stage, play, play_and_gather, staged
from dispatch.cli.demo.show import show_summary
from dispatch.cli.demo.summary import Run, summary_of
from dispatch.cli.exits import Exit
from dispatch.cli.output import AsJson, data, emit, words
from dispatch.cli.progress import RowsProgress
from dispatch.config import Settings, load_settings
from dispatch.domain.errors import Invalid

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

DEFAULT_SPEED = 60.0
EXAMPLES = """
[bold]Examples[/]

  dispatch demo                       the sample city, calls keep coming; Ctrl+C ends it

  dispatch demo --exit                a whole day of it, then the summary

  dispatch demo --exit --calls calls.csv.gz --mapping sf-police --limit 500
"""


@app.command(epilog=EXAMPLES)
def demo(
    once: Annotated[bool, typer.Option("--exit", help="Play everything once, print the summary and end.")] = False,
    calls: Annotated[str | None, typer.Option("--calls", metavar="FILE", help="Play a file of real calls.")] = None,
    mapping: Annotated[str | None, typer.Option(help="How to read it: sf-police, san-diego, ..., or a file.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many calls.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=3600, help="Without --exit: so many times real time.")] = (
        DEFAULT_SPEED
    ),
    policy: Annotated[str | None, typer.Option(help="Another policy, by id or folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play a city: calls come in over HTTP, are triaged, units are sent, and history knows why.

    It uses a database of its own, made afresh at every start. Exit code 1: a call was lost, the service failed, or
    anything else happened that should not.
    """
    if (calls is None) is not (mapping is None):
        raise Invalid("--calls and --mapping go together.", fix="For example --calls calls.csv --mapping generic.")
    settings = _settings()
    if once:
        _once(_production(calls, mapping, policy, limit), settings, as_json=as_json)
    else:
        production = _production(calls, mapping, policy, limit) if calls else city.live(datetime.now(UTC), policy)
        if limit is not None:
            production = replace(production, jobs=production.jobs[:limit])
        _live(production, settings, speed, as_json=as_json)


def _settings() -> Settings:
    return load_settings()


def _production(calls: str | None, mapping: str | None, policy: str | None, limit: int | None) -> Production:
    if calls is None or mapping is None:
        return city.one_day(policy, limit)
    return filed.from_file(calls, mapping, policy=policy, limit=limit)


def _once(production: Production, settings: Settings, *, as_json: bool) -> None:
    clock, log, out = SteppedClock(production.begins), Log(), words()
    total = len(production.jobs)
    out.print(f"[bold]{production.set_up.name}[/]: {total:,} calls, {len(production.set_up.units):,} units")
    with staged(production, settings, clock, "warning") as stage, RowsProgress(out, "calls") as progress:
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


def _live(production: Production, settings: Settings, speed: float, *, as_json: bool) -> None:
    clock = RunningClock(production.begins, speed)
    with staged(production, settings, clock) as stage:
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
