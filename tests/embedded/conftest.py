"""Data directories of one's own, which the server's account can reach and which vanish afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dispatch.embedded.account import server_account
from dispatch.embedded.home import Home, open_home
from dispatch.embedded.server import EmbeddedPostgres

BUILD = Path(__file__).resolve().parents[2] / "build"


@cache
def _base() -> Path:
    """build/ of this checkout; where that lies in a directory that is private to root, the system's temporary files."""
    BUILD.mkdir(exist_ok=True)
    return BUILD if server_account(BUILD / "none").can_enter(BUILD) else Path(tempfile.gettempdir())


def _made() -> Path:
    path = Path(tempfile.mkdtemp(prefix="embedded-", dir=_base()))
    path.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return path


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty data directory."""
    path = _made()
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def initialised() -> Iterator[Path]:
    """A data directory whose cluster exists, shared by the tests of a module; each leaves the server stopped."""
    path = _made()
    with EmbeddedPostgres(path, durable=False):
        pass
    yield path
    shutil.rmtree(path)


@pytest.fixture
def home(initialised: Path) -> Home:
    """The home of the initialised cluster."""
    return open_home(initialised)
