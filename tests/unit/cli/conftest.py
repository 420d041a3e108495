"""What tests of the command line share: a runner, a small policy of their own, and the installed command."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dispatch.cli.main import app

HERE = Path(__file__).resolve().parent
MINI = str(HERE / "policies" / "mini")
SOURCE = HERE.parents[2] / "src"


@pytest.fixture
def mini() -> str:
    """The folder of a policy with two incident types and three rows."""
    return MINI


@pytest.fixture
def invoke() -> Callable[..., Result]:
    """Runs a command inside this process."""
    return lambda *args, **kwargs: CliRunner().invoke(app, list(args), **kwargs)


@pytest.fixture
def process_environment() -> dict[str, str]:
    """The environment of a process that finds this checkout and prints plainly."""
    return {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "100", "NO_COLOR": "1"}


@pytest.fixture
def run_process(process_environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Runs the command as a process of its own, as a shell would."""

    def run(*args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-c", "from dispatch.cli.main import run; run()", *args]
        return subprocess.run(
            command, input=stdin, capture_output=True, env=process_environment, timeout=120, check=False
        )

    return run
