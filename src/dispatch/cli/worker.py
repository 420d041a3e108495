"""`dispatch worker`: timers are fired by a process of their own."""

import asyncio
import os
import signal
from datetime import UTC, datetime

import typer

from dispatch.cli.output import AsJson, emit, words
from dispatch.cli.service import migrated_database
from dispatch.db.active_policy import ActivePolicies
from dispatch.db.session import make_engine, make_sessions
from dispatch.workers.timers import TimerWorker

app = typer.Typer(add_completion=False, rich_markup_mode="rich")
_CONNECTIONS = 2


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@app.command(
    epilog="[bold]Example[/]\n\n  DISPATCH_DATABASE_URL=postgresql://... dispatch worker\n\n"
    "  DISPATCH_TIMERS=false dispatch serve   [dim]# and the service leaves them to the workers[/]"
)
def worker(as_json: AsJson = False) -> None:
    """Fire timers until told to stop. The service does it too; any number of workers may run, each timer fires once.

    SIGTERM or Ctrl+C stops it when the timer that is being fired is done.
    """
    with migrated_database() as url:
        if as_json:
            emit({"pid": os.getpid(), "firing": "timers"})
        else:
            words().print("[green]✓[/] Firing timers  [dim]Ctrl+C ends it[/]")
        asyncio.run(_run(url))
    words().print("[dim]stopped[/]")


async def _run(url: str) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    engine = make_engine(url, pool_size=_CONNECTIONS)
    try:
        await TimerWorker(make_sessions(engine), _Clock(), ActivePolicies()).run(stopping)
    finally:
        await engine.dispose()
