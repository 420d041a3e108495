"""Several processes share one server; it ends with the last of them, however they end."""

import os
from pathlib import Path

import psutil
import pytest
from tests.embedded.claimant import Claimant, answers, eventually, has_ended, postmaster_pid

from dispatch.domain.errors import Unavailable
from dispatch.embedded.home import Home
from dispatch.embedded.server import EmbeddedPostgres


def test_processes_that_start_at_once_share_one_server_and_the_last_to_leave_ends_it(
    initialised: Path, home: Home
) -> None:
    claimants = [Claimant(initialised) for _ in range(4)]

    addresses = {claimant.started() for claimant in claimants}
    assert len(addresses) == 1
    for claimant in claimants[:-1]:
        claimant.leave()
    assert answers(addresses.pop())

    claimants[-1].leave()
    assert has_ended(home)


def test_the_first_to_come_may_go_first(initialised: Path) -> None:
    first = Claimant(initialised)
    first.started()
    second = EmbeddedPostgres(initialised, durable=False)
    connection = second.start()

    first.leave()

    assert answers(connection.dsn("postgres"))
    second.stop()


def test_the_server_ends_when_its_only_claimant_is_killed_and_stays_a_zombie(initialised: Path, home: Home) -> None:
    claimant = Claimant(initialised)
    claimant.started()

    claimant.kill()

    assert eventually(lambda: has_ended(home))
    assert psutil.Process(claimant.process.pid).status() == psutil.STATUS_ZOMBIE
    claimant.bury()


def test_the_killing_of_the_one_that_began_it_does_not_end_the_server_of_the_others(
    initialised: Path, home: Home
) -> None:
    beginner = Claimant(initialised)
    beginner.started()
    with EmbeddedPostgres(initialised, durable=False) as connection:
        server = postmaster_pid(home)

        beginner.bury()

        assert not eventually(lambda: has_ended(home), within_s=1.5)
        assert answers(connection.dsn("postgres"))
        assert postmaster_pid(home) == server


def test_a_claim_that_names_a_living_process_of_somebody_else_does_not_count(initialised: Path, home: Home) -> None:
    claimant = Claimant(initialised)
    claimant.started()
    (home.claims / f"{os.getpid()}-feedbeef").write_text("a reused number\n", encoding="utf-8")

    claimant.leave()

    assert eventually(lambda: has_ended(home))


def test_a_forked_child_cannot_give_back_its_parents_claim(initialised: Path, home: Home) -> None:
    server = EmbeddedPostgres(initialised, durable=False)
    connection = server.start()

    child = os.fork()
    if child == 0:
        server.stop()
        os._exit(0)
    os.waitpid(child, 0)

    assert answers(connection.dsn("postgres"))
    server.stop()
    assert has_ended(home)


def test_durable_work_is_never_given_a_server_that_may_lose_it(initialised: Path) -> None:
    with EmbeddedPostgres(initialised, durable=False):
        durable = EmbeddedPostgres(initialised)

        with pytest.raises(Unavailable, match="without durability"):
            durable.start()
