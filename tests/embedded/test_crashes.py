"""SIGKILL of the server, of its supervisor, or of everything at once loses no committed row and leaks no process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.embedded.claimant import (
    Claimant,
    answers,
    ask,
    eventually,
    has_ended,
    is_running,
    postmaster_pid,
    supervisor_pid,
)

from dispatch.embedded.claims import is_locked
from dispatch.embedded.home import Home
from dispatch.embedded.server import EmbeddedPostgres

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's own")


def kill_everything(claimant: Claimant, home: Home, dsn: str) -> None:
    """Claimant, supervisor and server are dead; backends may not know it yet."""
    claimant.kill()
    for pid in (supervisor_pid(home), postmaster_pid(home)):
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not is_locked(home.supervisor_lock) and not answers(dsn))


def test_a_killed_server_is_back_for_its_claimants_with_every_committed_row(initialised: Path, home: Home) -> None:
    with EmbeddedPostgres(initialised, durable=False) as connection:
        dsn = connection.dsn("postgres")
        ask(dsn, "CREATE TABLE survivors AS SELECT generate_series(1, 100) AS id")

        killed = postmaster_pid(home)
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: not is_running(killed))

        assert eventually(lambda: answers(dsn), within_s=10)
        assert ask(dsn, "SELECT count(*) FROM survivors") == 100


@linux_only
def test_a_killed_supervisor_takes_the_server_along_and_both_are_replaced(initialised: Path, home: Home) -> None:
    with EmbeddedPostgres(initialised, durable=False) as connection:
        before, old_server = supervisor_pid(home), postmaster_pid(home)

        os.kill(before, signal.SIGKILL)

        assert eventually(lambda: not is_running(old_server))
        assert eventually(lambda: answers(connection.dsn("postgres")), within_s=10)
        assert supervisor_pid(home) != before
    assert has_ended(home)


@linux_only
def test_no_server_is_left_when_its_supervisor_and_all_claimants_are_killed(initialised: Path, home: Home) -> None:
    claimant = Claimant(initialised)
    claimant.started()

    os.kill(supervisor_pid(home), signal.SIGKILL)
    claimant.bury()

    assert eventually(lambda: has_ended(home))


def test_after_everything_was_killed_at_once_the_next_start_recovers(initialised: Path, home: Home) -> None:
    claimant = Claimant(initialised)
    dsn = claimant.started()
    ask(dsn, "CREATE TABLE remains AS SELECT 7 AS id")

    kill_everything(claimant, home, dsn)
    claimant.bury()

    with EmbeddedPostgres(initialised, durable=False) as connection:
        assert ask(connection.dsn("postgres"), "SELECT id FROM remains") == 7


def test_a_backend_busy_when_its_server_was_killed_does_not_hinder_the_next_one(initialised: Path, home: Home) -> None:
    claimant = Claimant(initialised)
    dsn = claimant.started()
    ask(dsn, "CREATE OR REPLACE PROCEDURE spin() LANGUAGE plpgsql AS 'BEGIN LOOP END LOOP; END'")
    query = "import asyncio, asyncpg, sys\nasync def go():\n c = await asyncpg.connect(sys.argv[1])\n"
    query += " print('in', flush=True)\n await c.execute('CALL spin()')\nasyncio.run(go())"
    command = [sys.executable, "-c", query, dsn]
    spinner = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert spinner.stdout is not None
    assert spinner.stdout.readline() == "in\n"
    assert eventually(lambda: ask(dsn, "SELECT count(*) FROM pg_stat_activity WHERE query = 'CALL spin()'") == 1)

    kill_everything(claimant, home, dsn)

    with EmbeddedPostgres(initialised, durable=False) as connection:
        assert ask(connection.dsn("postgres"), "SELECT 1") == 1
    spinner.communicate()
    claimant.bury()


def test_leftovers_that_name_a_process_number_now_in_other_use_do_not_stop_the_start(
    initialised: Path, home: Home
) -> None:
    lines = [str(os.getpid()), str(home.data), "1700000000", "5432", str(home.run), "", "", "ready"]
    (home.data / "postmaster.pid").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (home.run / ".s.PGSQL.5432.lock").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (home.run / ".s.PGSQL.5432").touch()

    with EmbeddedPostgres(initialised, durable=False) as connection:
        assert ask(connection.dsn("postgres"), "SELECT 1") == 1


def test_a_supervisor_told_to_end_ends_its_server_first(initialised: Path, home: Home) -> None:
    claimant = Claimant(initialised)
    claimant.started()
    server = postmaster_pid(home)
    claimant.process.send_signal(signal.SIGSTOP)  # so that it does not bring the server back

    os.kill(supervisor_pid(home), signal.SIGTERM)

    assert eventually(lambda: not is_running(server))
    assert eventually(lambda: has_ended(home))
    claimant.bury()
