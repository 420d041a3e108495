"""`dispatch serve`: the service over its database, until it is told to stop."""

import os
from typing import Annotated, Any

import typer
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.cli.output import AsJson, emit, words
from dispatch.cli.processes import serve_in_processes
from dispatch.cli.server import address_of, listen, make_app, serve_until_stopped
from dispatch.cli.service import migrated_database, run_in_transaction
from dispatch.config import load_settings
from dispatch.db.active_policy import PUBLISHED
from dispatch.db.models import Jurisdiction, PolicyVersion

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command(
    epilog="[bold]Example[/]\n\n  DISPATCH_PORT=8911 dispatch serve\n\n"
    "  DISPATCH_DATABASE_URL=postgresql://... DISPATCH_LOG_FORMAT=json dispatch serve"
)
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default DISPATCH_HOST or 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default DISPATCH_PORT or 8911; 0: any.")] = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Default DISPATCH_PROCESSES or one for each processor, four at most."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the service. Its database is found or created and brought to this version's schema first.

    SIGTERM or Ctrl+C stops it when the requests that are under way have been answered. A process that dies is replaced.
    """
    given = {"host": host, "port": port, "processes": processes}
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    settings = load_settings()
    if chosen:
        settings = type(settings)(**(settings.model_dump(exclude_unset=True) | chosen))
    with migrated_database(settings) as url:
        missing = run_in_transaction(url, _missing)
        listener = listen(settings)
        address = address_of(listener)

        def ready() -> None:
            if as_json:
                emit(
                    {
                        "url": address,
                        "docs": f"{address}/docs",
                        "pid": os.getpid(),
                        "processes": settings.process_count(),
                        "missing": missing,
                    }
                )
                return
            words().print(f"[green]✓[/] Dispatch is at [bold cyan]{address}[/]  [dim]API pages {address}/docs[/]")
            for line in missing:
                words().print(f"  [yellow]![/] {line}")

        if settings.process_count() > 1:
            serve_in_processes(settings, url, listener, ready)
        else:
            serve_until_stopped(make_app(settings, url), listener, ready)
    words().print("[dim]stopped[/]")


async def _missing(session: AsyncSession) -> list[str]:
    """A sentence for each thing without which no call can be taken."""
    if not await session.scalar(select(func.count()).select_from(Jurisdiction)):
        return [
            "No jurisdiction is set up, so no call can be taken yet: run `dispatch import units FILE`, "
            "or see everything at work with `dispatch demo`."
        ]
    begun = (PolicyVersion.status == PUBLISHED) & (PolicyVersion.effective_at <= func.now())
    active = set(await session.scalars(select(PolicyVersion.jurisdiction_id).where(begun)))
    names = [name for name in await session.scalars(select(Jurisdiction.id)) if name not in active]
    return [
        f"{name} has no active policy, so its calls are refused: run `dispatch import units FILE --policy us-default`."
        for name in names
    ]
