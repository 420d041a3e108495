"""With a database that cannot be reached every command says so in a sentence, with what to do, and never a trace."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import Result

from dispatch.cli.exits import Exit
from dispatch.cli.main import VERBS

DEAD = "postgresql://someone:hunter2@127.0.0.1:1/dead_city"
CSV = "unit,responder_type\nE1,fire\n"

# What a command must be told, and those that ask no database.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "demo": ("--exit",),
    "tail": ("--once", "--token", "dsp_x", "--url", "http://127.0.0.1:1"),
    "token create": ("--role", "auditor", "--name", "x"),
    "token revoke": ("tok_01KAQ4Z0000000000000000000",),
    "import calls": ("FILE", "--mapping", "sf-police"),
    "import feed": ("FILE", "--mapping", "houston-feed"),
    "import units": ("FILE",),
    "import zones": ("FILE",),
    "import roads": ("FILE",),
    "import hazards": ("FILE",),
    "policy publish": ("us-default", "--reviewed-by", "x"),
}
WITHOUT = {"openapi", "triage", "policy check", "policy test", "policy explain", "policy diff", "policy docs"} | {
    "policy list"
}


def leaves(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    """The full name of every command below this one."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path)
    else:
        for name, one in inner.items():
            yield from leaves(one, (*path, name))


COMMANDS = [name for verb in VERBS for name in leaves(get_command(import_module(verb.module).app), (verb.name,))]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in WITHOUT])
def test_a_database_that_nobody_reaches_is_a_sentence_and_not_a_trace(
    name: str, invoke: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DISPATCH_DATABASE_URL", DEAD)
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "some.csv").write_text(CSV)
    given = [str(tmp_path / "some.csv") if one == "FILE" else one for one in ARGUMENTS.get(name, ())]

    result = invoke(*name.split(), *given)

    assert result.exit_code in set(Exit) - {Exit.OK, Exit.USAGE}, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert "→" in result.output
    assert "hunter2" not in result.output


def test_the_sentence_names_the_database_and_the_place(
    invoke: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPATCH_DATABASE_URL", DEAD)

    said = " ".join(invoke("db", "check").stderr.split())

    assert "The database 'dead_city' at 127.0.0.1:1 cannot be reached" in said
    assert "DISPATCH_DATABASE_URL" in said


def test_what_asks_no_database_is_a_command() -> None:
    assert set(COMMANDS) >= WITHOUT | set(ARGUMENTS)
