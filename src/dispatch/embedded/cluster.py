"""One cluster on disk: its programs, its account, its socket directory, and initdb when it is new."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dispatch.domain.errors import Unavailable
from dispatch.embedded.account import Account, copied_for, server_account
from dispatch.embedded.binaries import Binaries, find_binaries
from dispatch.embedded.home import Home

USER = "dispatch"
PORT = 5432
SOCKET_PATH_LIMIT = 103  # bytes: 107 on Linux, 103 on macOS
INIT_LIMIT_S = 120.0
SHORT_TEMP = Path("/tmp")  # noqa: S108 - only mkdtemp makes something in it
# Ours holds secrets and PG* variables; the server needs neither.
CLEAN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A home with the programs and the account to run it."""

    home: Home
    binaries: Binaries
    account: Account
    socket_dir: Path
    durable: bool


def open_cluster(home: Home, *, temp: Path, durable: bool, chosen: Path | None) -> Cluster:
    """The cluster of this home, initialised when new, with programs its account can run."""
    account = server_account(home.data)
    binaries = _runnable(find_binaries(chosen=chosen, major=home.major()), account, home)
    account.own(home.log)
    cluster = Cluster(home, binaries, account, _socket_directory(home, account, temp), durable)
    if home.major() is None:
        _initialise(cluster)
    return cluster


def _runnable(binaries: Binaries, account: Account, home: Home) -> Binaries:
    if account.can_run(binaries.postgres):
        return binaries
    if not binaries.parts:
        raise Unavailable(
            f"The account the server would run under cannot execute {binaries.postgres}.",
            fix="Install PostgreSQL where every account can run it, or run Dispatch under an ordinary account.",
        )
    copy = home.software / binaries.version
    bin_dir = copy / binaries.bin_dir.relative_to(binaries.parts[0].parent)
    moved = Binaries(bin_dir, binaries.version)
    if not account.can_run(moved.postgres):
        home.software.mkdir(mode=0o755, exist_ok=True)
        home.software.chmod(0o755)
        copied_for(account, binaries.parts, copy)
    return moved


def _socket_directory(home: Home, account: Account, temp: Path) -> Path:
    """A private directory whose socket path fits the system's limit: in the home, else a short one, written down."""
    if _fits(home.run):
        account.own(home.run)
        return home.run
    if home.socket_record.is_file():
        recorded = Path(home.socket_record.read_text(encoding="utf-8").strip())
        if _is_private(recorded, account):
            return recorded
    place = temp if _fits(temp / "dispatch-12345678") else SHORT_TEMP
    short = Path(tempfile.mkdtemp(prefix="dispatch-", dir=place))
    account.own(short)
    home.socket_record.write_text(f"{short}\n", encoding="utf-8")
    return short


def _fits(directory: Path) -> bool:
    return len(os.fsencode(directory / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT


def _is_private(directory: Path, account: Account) -> bool:
    # lstat: in a directory open to all, somebody else may have put a link or a directory of theirs there.
    try:
        found = directory.lstat()
    except FileNotFoundError:
        return False
    return found.st_uid == account.uid and (found.st_mode & 0o170777) == 0o040700


def forget_socket_directory(home: Home, socket_dir: Path) -> None:
    """Nothing is left of a short socket directory outside the home."""
    if socket_dir != home.run:
        shutil.rmtree(socket_dir, ignore_errors=True)
        home.socket_record.unlink(missing_ok=True)


def _initialise(cluster: Cluster) -> None:
    """A new cluster in place, whole: it is made beside and renamed, so an interrupted attempt leaves no half."""
    home, fresh = cluster.home, cluster.home.root / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    if home.data.is_dir() and any(home.data.iterdir()):
        raise Unavailable(
            f"{home.data} exists and holds no PostgreSQL data.", fix="Move that directory away, then start again."
        )
    cluster.account.own(fresh)
    command: list[str | Path] = [
        cluster.binaries.initdb,
        "-D",
        fresh,
        "-U",
        USER,
        "--auth-local=trust",
        "--auth-host=reject",
    ]
    command += ["--encoding=UTF8", "--no-locale", "--data-checksums", "--no-instructions"]
    if cluster.binaries.major >= 17:
        # Sorted by code point, and still knowing that É is the capital of é.
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if not cluster.durable:
        command.append("--no-sync")
    made = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=CLEAN_ENVIRONMENT,
        timeout=INIT_LIMIT_S,
        **cluster.account.run_as(),
    )
    if made.returncode != 0:
        said = "\n".join(made.stdout.decode("utf-8", "replace").splitlines()[-12:])
        raise Unavailable(f"The database cluster could not be made in {home.root}:\n{said}", fix="See the lines above.")
    fresh.rename(home.data)
