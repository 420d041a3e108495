"""The entry point `dispatch`: the list of its commands, each in a module of its own."""

from typing import Annotated

import typer

from dispatch import __version__
from dispatch.cli.garbage import seldom_collect
from dispatch.cli.lazy import LazyGroup, Verb
from dispatch.cli.output import data

SERVICE, POLICY, DATA = "Service", "Policy and triage", "Data"

# One line adds a command: name, module that holds its typer `app`, words for --help, panel.
VERBS = (
    Verb("demo", "dispatch.cli.demo.command", "Play a whole city: calls, triage, units, history.", SERVICE),
    Verb("serve", "dispatch.cli.serve", "Run the service until it is told to stop.", SERVICE),
    Verb("worker", "dispatch.cli.worker", "Fire timers beside the service, or without it.", SERVICE),
    Verb("tail", "dispatch.cli.tail", "Follow what happens in a running service.", SERVICE),
    Verb("token", "dispatch.cli.token", "Make, list and take back tokens.", SERVICE),
    Verb("doctor", "dispatch.cli.doctor", "Say what is wrong with this installation, and what to do.", SERVICE),
    Verb("openapi", "dispatch.cli.openapi", "Print the HTTP contract. Needs no database.", SERVICE),
    Verb("db", "dispatch.cli.db", "Bring the database to this version's schema, or check it.", DATA),
    Verb("report", "dispatch.cli.report", "Say which calls a program should have had, and why it had not.", DATA),
    Verb("import", "dispatch.cli.import_data", "Bring in past calls, or a roster.", DATA),
    Verb("triage", "dispatch.cli.triage", "Say who should go, for every row of a file. Needs no database.", POLICY),
    Verb("policy", "dispatch.cli.policy", "Check, test, explain, compare and publish a policy.", POLICY),
)


class Dispatch(LazyGroup):
    """All commands."""

    verbs = VERBS


def _version(wanted: bool) -> None:
    if wanted:
        data().print(f"dispatch {__version__}")
        raise typer.Exit


HELP = (
    "The right responder to every 911 call, with the reason why.\n\n"
    "Data goes to stdout, words and progress to stderr; every command takes --json. "
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused or conflict, 5 done in part."
)

app = typer.Typer(
    cls=Dispatch,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(help=HELP)
def dispatch(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Options that stand before the command."""


def run() -> None:
    """Runs the command line and ends the process with the exit code of the command."""
    seldom_collect()
    app(prog_name="dispatch")
