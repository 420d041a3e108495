"""`dispatch openapi`: the HTTP contract as JSON, without a database."""

import typer

from dispatch.cli.output import AsJson, emit
from dispatch.cli.server import make_app
from dispatch.config import load_settings

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

NOWHERE = "postgresql+asyncpg://nobody@127.0.0.1:1/none"  # never connected to


@app.command(epilog="[bold]Example[/]\n\n  dispatch openapi > openapi.json")
def openapi(as_json: AsJson = False) -> None:
    """Print the OpenAPI 3.1 document of this version."""
    emit(make_app(load_settings(), NOWHERE).openapi())
