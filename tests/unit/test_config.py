"""Settings come from the environment, and a wrong one is named."""

import socket
from pathlib import Path

import pytest

from dispatch.config import Settings, asyncpg_url, choose_port, load_settings
from dispatch.domain.errors import Invalid


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"DISPATCH_{name.upper()}", raising=False)


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("postgres://u:p@db.example:5433/cad", "postgresql+asyncpg://u:p@db.example:5433/cad"),
        ("postgresql:///cad?host=/run/postgresql", "postgresql+asyncpg:///cad?host=/run/postgresql"),
        ("postgresql+asyncpg://db/cad", "postgresql+asyncpg://db/cad"),
        ("postgresql://db/cad?sslmode=verify-full", "postgresql+asyncpg://db/cad?ssl=verify-full"),
        ("postgresql://db/cad?host=a&sslmode=require", "postgresql+asyncpg://db/cad?host=a&ssl=require"),
    ],
)
def test_an_address_is_spoken_to_through_asyncpg(given: str, understood: str) -> None:
    assert asyncpg_url(given) == understood


def test_without_an_address_the_database_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_DATABASE_URL", "")

    assert load_settings().database_url is None


def test_two_clones_have_two_data_directories() -> None:
    assert load_settings().data_dir == Path(__file__).resolve().parents[2] / ".dispatch"


def test_a_relative_data_directory_is_taken_from_where_the_process_began(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISPATCH_DATA_DIR", "here")

    assert load_settings().data_dir == tmp_path / "here"


def test_every_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_PORT", "eighty")
    monkeypatch.setenv("DISPATCH_DATABASE_URL", "mysql://db/cad")

    with pytest.raises(Invalid, match=r"DISPATCH_DATABASE_URL: must begin with postgresql://") as refused:
        load_settings()

    assert {problem.pointer for problem in refused.value.errors} == {"DISPATCH_PORT", "DISPATCH_DATABASE_URL"}


def test_a_password_in_the_address_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_DATABASE_URL", "postgresql://u:hunter2@db/cad")
    assert "hunter2" not in repr(load_settings())

    monkeypatch.setenv("DISPATCH_DATABASE_URL", "oracle://u:hunter2@db/cad")
    with pytest.raises(Invalid) as refused:
        load_settings()
    assert "hunter2" not in f"{refused.value} {refused.value.errors}"


def test_a_taken_port_is_replaced_when_nobody_named_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        taken = busy.getsockname()[1]
        settings = Settings.model_construct(_fields_set=set(), **Settings().model_dump() | {"port": taken})

        assert choose_port(settings) not in (taken, 0)


def test_a_taken_port_that_was_named_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        monkeypatch.setenv("DISPATCH_PORT", str(busy.getsockname()[1]))

        with pytest.raises(Invalid, match="is taken"):
            choose_port(load_settings())


def test_port_0_means_any_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_PORT", "0")

    assert choose_port(load_settings()) > 0
