"""Who needs the server: one locked file per claimant, and the locks that put starting and stopping in order.

A claim counts while its file is locked. The kernel drops the lock when the claimant ends, however it ends, so a
zombie, a process number given to somebody else or a claimant in another container is never misjudged.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from dispatch.domain.errors import Unavailable

STEP_S = 0.01


class FileLock:
    """An exclusive lock on a file or directory, held until released or until the process ends.

    Programs started meanwhile do not inherit it, unless handed its `fd`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def acquire(self, *, timeout_s: float = 0.0) -> bool:
        """True when the lock is now held; False when another process kept it all that time."""
        deadline = time.monotonic() + timeout_s
        # Opened for reading: flock asks no more, and another account's lock file can then be waited for.
        creating = 0 if self.path.is_dir() else os.O_CREAT
        fd = os.open(self.path, os.O_RDONLY | creating | os.O_CLOEXEC, 0o644)
        while not _try_lock(fd):
            if time.monotonic() >= deadline:
                os.close(fd)
                return False
            time.sleep(STEP_S)
        self._fd = fd
        return True

    @property
    def fd(self) -> int:
        """To hand to a child, which then holds the lock too, with its own children, until the last of them ends."""
        if self._fd is None:
            raise ValueError(f"{self.path} is not locked by this object")
        return self._fd

    def release(self) -> None:
        """This process holds the lock no more; releasing twice does no harm."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    @contextmanager
    def held(self, *, timeout_s: float) -> Iterator[None]:
        """The lock for the length of the block. Raises Unavailable when it cannot be had in time."""
        if not self.acquire(timeout_s=timeout_s):
            raise Unavailable(
                f"Another process has kept {self.path} locked for {timeout_s:.0f} s, so it is still starting or "
                "stopping the embedded database.",
                fix="Try again; if it lasts, look into supervisor.log beside that file.",
            )
        try:
            yield
        finally:
            self.release()


def is_locked(path: Path) -> bool:
    """True while some process holds the lock on this file; False when nobody does or there is no such file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(fd)
    finally:
        os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Claim:
    """This process needs the server, until dropped or until the process ends."""

    def __init__(self, directory: Path) -> None:
        """Make it while holding the lock of the directory's owner: an unlocked claim is swept as dead."""
        self.pid = os.getpid()
        self.path = directory / f"{self.pid}-{secrets.token_hex(4)}"
        self._lock = FileLock(self.path)
        self._lock.acquire()
        # Read by people only.
        self.path.write_text(f"pid {self.pid}\n", encoding="utf-8")

    def drop(self) -> None:
        """The claim is gone. In a forked child nothing happens: the claim is its parent's."""
        if self.pid == os.getpid():
            self.path.unlink(missing_ok=True)
            self._lock.release()

    def __enter__(self) -> "Claim":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.drop()


def live_claims(directory: Path) -> list[Path]:
    """The claims whose owners live; the files of the dead are removed. Call it holding the lock."""
    living = []
    for path in sorted(directory.iterdir()):
        if is_locked(path):
            living.append(path)
        else:
            path.unlink(missing_ok=True)
    return living
