"""The process of the demo's service, begun before anything is known of it: loading takes it the longest."""

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

STOP_LIMIT_S = 10


class BegunService:
    """A process that loads the service and waits for its orders."""

    def __init__(self, process: "subprocess.Popen[bytes]", line: socket.socket, words: IO[bytes]) -> None:
        self._process = process
        self._line = line
        self._words = words
        self._ordered = False

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def order(self, orders: bytes, fds: Sequence[int]) -> str:
        """What the process answers, once it did as told: a word, or nothing when it ended. fds: files it gets too."""
        self._ordered = True
        try:
            socket.send_fds(self._line, [b"\n"], list(fds))
            self._line.sendall(orders + b"\n")
            with self._line.makefile("r", encoding="utf-8") as answers:
                return answers.readline().strip()
        except (BrokenPipeError, ConnectionResetError):
            return ""

    def said_while_loading(self) -> str:
        """What it wrote before its orders gave it a log: nothing, or why it could not be loaded."""
        self._words.seek(0)
        return self._words.read().decode(errors="replace")

    def end(self) -> None:
        """The process is gone; one that serves has answered what was under way."""
        self._line.close()
        if not self._ordered:
            self._process.kill()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def begun_service() -> Iterator[BegunService]:
    """The process exists as long as the block lasts: it ends by itself when this one does, however that ends.

    In a session of its own, so that Ctrl+C reaches the demo alone, which then lets it answer what is under way.
    """
    ours, theirs = socket.socketpair()
    with tempfile.TemporaryFile() as words:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dispatch.cli.demo.service", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=words,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        service = BegunService(process, ours, words)
        try:
            yield service
        finally:
            service.end()
