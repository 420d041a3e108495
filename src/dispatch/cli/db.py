"""`dispatch db`: bring the database to the schema of this version, or say how it differs."""

import asyncio
from typing import Annotated

import typer
from alembic.util.exc import CommandError

from dispatch.cli.exits import Exit
from dispatch.cli.output import AsJson, emit, words
from dispatch.config import load_settings
from dispatch.db import migrate
from dispatch.db.session import make_engine
from dispatch.embedded.database import database_url

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="rich", help="The database's schema.")

Revision = Annotated[str, typer.Option("--to", help="A revision; default the newest.")]


@app.command(epilog="[bold]Example[/]\n\n  dispatch db upgrade --json")
def upgrade(to: Revision = "head", as_json: AsJson = False) -> None:
    """Bring the database to the schema of this version. Doing it twice changes nothing."""
    with database_url(load_settings()) as url:
        before = revision_of(url)
        migrate.upgrade(url, to)
        after = revision_of(url)
    if as_json:
        emit({"before": before, "after": after, "head": migrate.head_revision()})
    else:
        did = "was there already" if before == after else f"was {before or 'empty'}"
        words().print(f"[green]✓[/] the database is at revision [bold]{after}[/] [dim]({did})[/]")


@app.command(epilog="[bold]Example[/]\n\n  dispatch db check || dispatch db upgrade")
def check(as_json: AsJson = False) -> None:
    """Say whether the database has exactly the schema that this version expects. Exit code 1: it has not."""
    with database_url(load_settings()) as url:
        revision, head, difference = revision_of(url), migrate.head_revision(), None
        if revision == head:
            try:
                migrate.check(url)
            except CommandError as found:
                difference = str(found)
    passed = revision == head and difference is None
    if as_json:
        emit({"passed": passed, "revision": revision, "head": head, "difference": difference})
    elif passed:
        words().print(f"[green]✓[/] the schema is as this version expects, revision [bold]{revision}[/]")
    elif difference is None:
        words().print(f"[bold red]✗[/] the database is at {revision or 'no revision'}, this version expects {head}")
        words().print("  [green]→[/] Run `dispatch db upgrade`.")
    else:
        words().print(f"[bold red]✗[/] the schema differs: {difference}", markup=False)
    if not passed:
        raise typer.Exit(Exit.FAILED)


def revision_of(url: str) -> str | None:
    """The revision of the database, None before the first migration."""

    async def ask() -> str | None:
        engine = make_engine(url, pool_size=1)
        try:
            return await migrate.current_revision(engine)
        finally:
            await engine.dispose()

    return asyncio.run(ask())
