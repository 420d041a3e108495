"""What the end-to-end tests share: the command as a process, in a data directory of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.embedded.server import EmbeddedPostgres

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "calls"
LIMIT_S = 600

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(data_dir: Path) -> dict[str, str]:
    """A process environment in which only the data directory is chosen."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT / "src"),
        "DISPATCH_DATA_DIR": str(data_dir),
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }


def command(*arguments: str) -> list[str]:
    """The command line, run by this interpreter."""
    return [sys.executable, "-c", "from dispatch.cli.main import run; run()", *arguments]


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One data directory for all tests of this folder; its server runs on between the commands, which share it."""
    folder = tmp_path_factory.mktemp("dispatch")
    with EmbeddedPostgres(folder):
        yield folder


@pytest.fixture(scope="session")
def run(data_dir: Path) -> Run:
    """Runs the command to its end."""

    def run_it(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
        env = environment(data_dir) | more.pop("env", {})
        return subprocess.run(
            command(*arguments), env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False, **more
        )

    return run_it


def summary_of(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The summary that a demo printed."""
    assert ended.returncode == 0, ended.stderr + ended.stdout[-3000:]
    return json.loads(ended.stdout)
