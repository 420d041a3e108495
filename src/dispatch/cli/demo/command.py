"""`dispatch demo`: the whole main job over a sample city or a file of real calls, once or for as long as you like."""

from importlib import import_module
from typing import Annotated

import typer

from dispatch.cli.demo.begun import begun_service
from dispatch.cli.output import AsJson
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
    # The service is loaded by the other processor while this one loads and reads what it plays.
    with begun_service() as service:
        playing = import_module("dispatch.cli.demo.playing")
        playing.play_city(
            playing.Wanted(calls, mapping, policy, limit), service, speed=None if once else speed, as_json=as_json
        )
