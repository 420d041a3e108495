"""Where the embedded server keeps its files, and what it writes down for the processes that share it."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from dispatch.domain.errors import Unavailable
from dispatch.embedded.account import Account, server_account
from dispatch.embedded.claims import FileLock

INSIDE = "postgres"
NOTE = "postgres-is-in"
ELSEWHERE = Path("/var/lib/dispatch")
DECIDE_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Running:
    """A server that accepts connections: where its socket is, and whether it keeps promises through a power cut."""

    socket_dir: str
    port: int
    version: str
    durable: bool
    supervisor_pid: int


@dataclass(frozen=True, slots=True)
class Home:
    """The directory of one cluster: data, socket and logs for the server's account, control for ours."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def software(self) -> Path:
        return self.root / "software"

    @property
    def control(self) -> Path:
        return self.root / "control"

    @property
    def claims(self) -> Path:
        return self.control / "claims"

    @property
    def lock(self) -> Path:
        return self.control / "lock"

    @property
    def supervisor_lock(self) -> Path:
        return self.control / "supervisor.lock"

    @property
    def server_lock(self) -> Path:
        return self.control / "server.lock"

    @property
    def supervisor_log(self) -> Path:
        return self.control / "supervisor.log"

    @property
    def startup_log(self) -> Path:
        # Here and not in `log`: we open it with our own rights, and the server's account must not choose what it is.
        return self.control / "startup.log"

    @property
    def socket_record(self) -> Path:
        return self.control / "socket-directory"

    @property
    def running_record(self) -> Path:
        return self.control / "running.json"

    def major(self) -> int | None:
        """The PostgreSQL version that wrote the data; None while there are none."""
        try:
            return int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    def read_running(self) -> Running | None:
        """What the supervisor wrote when the server became ready; None when it is not."""
        try:
            return Running(**json.loads(self.running_record.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write_running(self, running: Running | None) -> None:
        """Everybody sees the whole record or none."""
        if running is None:
            self.running_record.unlink(missing_ok=True)
            return
        _write_whole(self.running_record, json.dumps(asdict(running)))


def open_home(data_dir: Path) -> Home:
    """The home of this data directory's cluster, made when missing. Permissions of existing parents stay as they are.

    Raises Unavailable when this account may not write there.
    """
    try:
        home = _place(data_dir)
        os.close(os.open(home.lock, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))
    except PermissionError as error:
        raise Unavailable(
            f"The data directory {data_dir} cannot be written by this account ({error}).",
            fix="Run Dispatch under the account that made it, or set DISPATCH_DATA_DIR to a directory of your own.",
        ) from None
    return home


def _place(data_dir: Path) -> Home:
    found = _placed(data_dir)
    if found is not None:
        return found
    account = server_account(data_dir / INSIDE / "data")
    _make(data_dir, account)
    # One process decides where, and the others follow.
    with FileLock(data_dir).held(timeout_s=DECIDE_LIMIT_S):
        return _placed(data_dir) or _new_place(data_dir, account)


def _placed(data_dir: Path) -> Home | None:
    note = data_dir / NOTE
    if note.is_file():
        return Home(Path(note.read_text(encoding="utf-8").strip()))
    home = Home(data_dir / INSIDE)
    return home if home.claims.is_dir() else None


def _new_place(data_dir: Path, account: Account) -> Home:
    home = Home(data_dir / INSIDE)
    if not account.can_enter(data_dir):
        # The data lie where the server's account cannot go, such as a private home of root. Opening that directory to
        # others is not ours to do, so the cluster moves and leaves a note.
        home = Home(ELSEWHERE / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16])
    _make(home.root, account)
    home.control.mkdir(mode=0o700, exist_ok=True)
    home.claims.mkdir(mode=0o700, exist_ok=True)
    if home.root.parent != data_dir:
        _write_whole(data_dir / NOTE, f"{home.root}\n")
    return home


def _make(directory: Path, account: Account) -> None:
    """Entered by everybody when the server has another account, listed by nobody but us; existing ones stay."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o711 if account.lent else 0o700
    with suppress(FileExistsError):
        directory.mkdir(mode)
        directory.chmod(mode)  # whatever the umask took away


def _write_whole(path: Path, text: str) -> None:
    """Everybody sees the whole text or what was there before."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
