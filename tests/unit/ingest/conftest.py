"""What tests of reading share: the folder of real files (which may be absent), and files written for one test."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

REAL_CALLS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "calls"


@pytest.fixture
def real_file() -> Callable[[str], str]:
    """The path of a real call file; the test is skipped where the folder of real data is absent."""

    def find(name: str) -> str:
        path = REAL_CALLS / name
        if not path.is_file():
            pytest.skip(f"needs the real file {name} in ../shared/data/calls, which is not part of the project")
        return str(path)

    return find


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """Writes text or bytes to a file of that name (packed when it ends in .gz) and gives its path."""

    def write(name: str, content: str | bytes) -> str:
        raw = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return str(path)

    return write
