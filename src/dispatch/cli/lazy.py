"""Commands that are imported when they are called: `dispatch --help` must not pay for a database driver."""

import os
import sys
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from dispatch.cli.exits import Exit, exit_code
from dispatch.cli.output import show_error, words
from dispatch.domain.errors import DispatchError


class Verb(NamedTuple):
    """One command or group of commands: its name, the module whose `app` it is, and its line in --help."""

    name: str
    module: str
    help: str
    panel: str


class LazyGroup(TyperGroup):
    """A group that shows stubs, and loads the module of a command only to run it. Errors become exit codes."""

    verbs: tuple[Verb, ...] = ()

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for verb in self.verbs:
            self.commands[verb.name] = TyperCommand(verb.name, help=verb.help, rich_help_panel=verb.panel)

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the registry, which is the order of a day's work."""
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The named command, now with its module loaded."""
        name, command, rest = super().resolve_command(ctx, args)
        verb = next((verb for verb in self.verbs if verb.name == name), None)
        return (name, self._loaded(verb), rest) if verb else (name, command, rest)

    def _loaded(self, verb: Verb) -> Any:
        # The one place that imports by name while running: each command brings its own weight and no other's.
        command = get_command(import_module(verb.module).app)
        command.name = verb.name
        return command

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; a refusal becomes its words on stderr and its exit code, never a trace."""
        try:
            return super().invoke(ctx)
        except DispatchError as error:
            show_error(error, as_json=bool(ctx.find_root().meta.get("json")))
            raise typer.Exit(exit_code(error)) from None
        except BrokenPipeError:
            # The reader of our output (head, less) has gone; what it read was right.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(Exit.OK) from None
        except KeyboardInterrupt:
            words().print("[yellow]Stopped before the end.[/]")
            raise typer.Exit(Exit.INTERRUPTED) from None
