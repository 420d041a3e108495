"""Which account the server runs under: PostgreSQL refuses to run as root, so root lends it another one."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from dispatch.domain.errors import Unavailable

PREFERRED = ("postgres", "nobody")


class RunAs(TypedDict, total=False):
    """What subprocess needs to start a program under another account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group; `lent` when it is not the account of this process."""

    uid: int
    gid: int
    lent: bool

    def run_as(self) -> RunAs:
        """Arguments for subprocess; none when the account is already ours, since only root may change it."""
        return RunAs(user=self.uid, group=self.gid, extra_groups=[]) if self.lent else RunAs()

    def own(self, path: Path) -> None:
        """A directory that only this account may enter; it and its parents are made when missing."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.lent:
            os.chown(path, self.uid, self.gid)
        path.chmod(0o700)

    def can_enter(self, path: Path) -> bool:
        """True when programs of this account reach the directory; tried, because modes do not tell of ACLs."""
        if not self.lent:
            return os.access(path, os.X_OK)
        tried = subprocess.run(
            ["/bin/sh", "-c", 'cd "$1"', "sh", path], cwd="/", capture_output=True, timeout=10, **self.run_as()
        )
        return tried.returncode == 0

    def can_run(self, program: Path) -> bool:
        """True when this account can execute the program and find its libraries."""
        try:
            tried = subprocess.run([program, "--version"], cwd="/", capture_output=True, timeout=10, **self.run_as())
        except OSError:
            return False
        return tried.returncode == 0


def server_account(data_dir: Path) -> Account:
    """The present account; for root the owner of the existing cluster, else `postgres`, else `nobody`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), lent=False)
    if data_dir.is_dir():
        owner = data_dir.stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid, lent=True)
    for name in PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, lent=True)
    raise Unavailable(
        "PostgreSQL refuses to run as root, and this system has neither an account `postgres` nor `nobody`.",
        fix="Run Dispatch under an ordinary account, or set DISPATCH_DATABASE_URL to a running server.",
    )


def copied_for(account: Account, parts: tuple[Path, ...], target: Path) -> None:
    """The program trees side by side under target, readable for the account, replaced as a whole or not at all."""
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for part in parts:
        shutil.copytree(part, fresh / part.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "include"))
    for path in (fresh, *fresh.rglob("*")):
        # A private umask may have made the originals private as well.
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044) | _executable(path))
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def _executable(path: Path) -> int:
    return 0o011 if path.is_file() and path.stat().st_mode & 0o100 else 0
