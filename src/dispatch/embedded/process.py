"""The server process over a cluster: launched when no earlier one is left, found ready, stopped."""

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from dispatch.domain.errors import Invalid, Unavailable
from dispatch.embedded.claims import FileLock
from dispatch.embedded.cluster import CLEAN_ENVIRONMENT, PORT, Cluster
from dispatch.embedded.home import Home

STEP_S = 0.01
PATIENCE_S = 10.0
LOGS_KEPT = 8
PR_SET_PDEATHSIG = 1

DEFAULTS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # The first plans of an empty table guess at its indexes; they are made anew once somebody has counted its rows.
    "autovacuum_naptime": "5s",
    # DETAIL lines and statements quote whole rows; what a caller told us does not belong in a log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# synchronous_commit stays on even here: a test that kills the server finds what was committed, as in real life. Only a
# power cut loses data.
NOT_DURABLE = DURABLE | {"fsync": "off", "full_page_writes": "off"}


def checked_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings unchanged. Raises Invalid for a name PostgreSQL could not mean, or a broken promise to keep data."""
    for name, value in settings.items():
        if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", name) or "\0" in value:
            raise Invalid(f"{name!r} is not the name of a PostgreSQL setting.", fix="Write it like max_connections.")
        if name in DURABLE:
            raise Invalid(f"{name} follows from `durable`.", fix="Pass durable=False, for data you can lose.")
    return dict(settings)


def launch(cluster: Cluster, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The server process, started and not yet ready. On Linux it shuts down when this process ends, however it ends.

    Raises Unavailable when an earlier server on these data does not end.
    """
    only_server = alone_with(cluster.home)
    try:
        _clear_remains(cluster)
        with cluster.home.startup_log.open("wb") as startup:
            return subprocess.Popen(
                [cluster.binaries.postgres, "-D", cluster.home.data, *_options(cluster, settings)],
                stdin=subprocess.DEVNULL,
                stdout=startup,
                stderr=startup,
                cwd="/",
                env=CLEAN_ENVIRONMENT,
                start_new_session=True,
                preexec_fn=_shut_down_with(os.getpid()),
                pass_fds=(only_server.fd,),
                **cluster.account.run_as(),
            )
    finally:
        only_server.release()


def is_ready(cluster: Cluster, server: subprocess.Popen[bytes]) -> bool:
    """True when this very process has written that it accepts connections."""
    try:
        lines = (cluster.home.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        return False
    return len(lines) >= 8 and lines[0].strip() == str(server.pid) and lines[7].strip() == "ready"


def stop(server: subprocess.Popen[bytes]) -> None:
    """The server has ended: asked to shut down, after three times our patience told to drop everything."""
    for number, limit_s in ((signal.SIGINT, 3 * PATIENCE_S), (signal.SIGQUIT, PATIENCE_S), (signal.SIGKILL, None)):
        server.send_signal(number)
        try:
            server.wait(limit_s)
        except subprocess.TimeoutExpired:
            continue
        return


def alone_with(home: Home) -> FileLock:
    """The lock which every process of a server inherits: held, so no process of an earlier one is left.

    Those that are left are asked to end, after PATIENCE_S killed. Raises Unavailable when even that does not help,
    as with a server in another container.
    """
    lock = FileLock(home.server_lock)
    for number in (signal.SIGINT, signal.SIGKILL):
        if lock.acquire():
            return lock
        for pid in _processes_in(home.data):
            _signal(pid, number)
        if lock.acquire(timeout_s=PATIENCE_S):
            return lock
    raise Unavailable(
        f"An earlier PostgreSQL still works on {home.data} and does not end.",
        fix="End it where it runs (perhaps in another container), then start again.",
    )


def _processes_in(data: Path) -> list[int]:
    """Server processes working on this cluster, also those a killed postmaster left behind."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "cwd") == str(data):
                found.append(int(entry.name))
        except OSError:
            continue
    return found or _postmaster(data)


def _postmaster(data: Path) -> list[int]:
    # Without /proc the pid file must do; its number is trusted because somebody does hold the server lock.
    try:
        return [int((data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])]
    except (OSError, ValueError):
        return []


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _clear_remains(cluster: Cluster) -> None:
    # Nobody else is left, so these are leftovers of a crash; PostgreSQL would refuse to start if the number in them
    # had meanwhile gone to another process, which is the rule rather than the exception in a container.
    (cluster.home.data / "postmaster.pid").unlink(missing_ok=True)
    for left in cluster.socket_dir.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)
    for old in log_files(cluster.home)[:-LOGS_KEPT]:
        old.unlink(missing_ok=True)


def log_files(home: Home) -> list[Path]:
    """The server's logs, oldest first."""
    # Links are passed over: the server's account may write here, and we may be root.
    found = [path for path in home.log.glob("postgres-*.log") if not path.is_symlink()]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def last_words(home: Home, *, lines: int = 12) -> str:
    """The end of what the server last wrote: into its log, or before it had one."""
    said = home.startup_log.read_text("utf-8", "replace")
    if "logging collector" in said:
        said = "".join(log.read_text("utf-8", "replace") for log in log_files(home)[-1:])
    words = said.splitlines()
    return "\n".join(words[-lines:]) or "(the server wrote nothing)"


def _options(cluster: Cluster, settings: Mapping[str, str]) -> list[str]:
    chosen = DEFAULTS | (DURABLE if cluster.durable else NOT_DURABLE) | dict(settings)
    # Last and therefore not to be overruled: reached through the private socket alone.
    chosen |= {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{cluster.socket_dir}"',
        "unix_socket_permissions": "0700",
        "logging_collector": "on",
        "log_destination": "stderr",
        "log_directory": str(cluster.home.log),
        "log_filename": "postgres-%Y%m%d-%H%M%S.log",
        "log_rotation_age": "1d",
        "log_rotation_size": "10MB",
    }
    return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]


def _shut_down_with(parent: int) -> Callable[[], None] | None:
    """What the child does before it becomes the server: ask the kernel for a fast shutdown when the parent is gone."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGINT))
        if os.getppid() != parent:
            os._exit(1)

    return ask
