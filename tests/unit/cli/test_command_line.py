"""What every command shares: help, exit codes, and that asking for help costs little."""

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module

import pytest
from typer.testing import Result

from dispatch.cli.exits import Exit, exit_code
from dispatch.cli.main import VERBS
from dispatch.domain import errors

Invoke = Callable[..., Result]

HEAVY = ("pydantic", "sqlalchemy", "fastapi", "asyncpg", "pyarrow", "httpx", "ruamel", "dispatch.triage")


def test_help_lists_every_command_without_loading_any(process_environment: dict[str, str]) -> None:
    script = (
        "import sys\nfrom dispatch.cli.main import app\n"
        "try:\n    app(['--help'], prog_name='dispatch')\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=process_environment, check=True
    )

    assert all(verb.name in done.stdout for verb in VERBS)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_command_loads_and_shows_its_help(invoke: Invoke, verb: object) -> None:
    name, module = verb.name, verb.module  # type: ignore[attr-defined]

    result = invoke(name, "--help")

    assert result.exit_code == 0
    assert f"{name}" in result.stdout
    assert import_module(module).app is not None


def test_a_misspelt_command_suggests_the_right_one(invoke: Invoke) -> None:
    result = invoke("triag")

    assert result.exit_code == Exit.USAGE
    assert "triage" in result.stderr


def test_the_version_is_said_on_stdout(invoke: Invoke) -> None:
    assert invoke("--version").stdout.startswith("dispatch ")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NotFound("x"), 3),
        (errors.UnitAlreadyAssigned("x"), 4),
        (errors.StaleVersion("x"), 4),
        (errors.Refused("x"), 4),
        (errors.Unauthenticated("x"), 4),
        (errors.PolicyInvalid("x"), 1),
        (errors.TooLarge("x"), 1),
        (errors.Unavailable("x"), 1),
        (errors.DispatchError("x"), 1),
    ],
)
def test_every_refusal_has_the_exit_code_of_its_kind(error: errors.DispatchError, code: int) -> None:
    assert exit_code(error) == code
