"""A load generator that costs little itself: raw HTTP/1.1 over kept connections, one request in flight on each."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Outcome:
    """What a run of requests gave. latencies_s: one per answer. statuses: how many answers of each status."""

    seconds: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        return len(self.latencies_s) / self.seconds

    def percentile_ms(self, share: float) -> float:
        """The latency in ms that this share of the answers did not exceed."""
        ranked = sorted(self.latencies_s)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000


def post(path: str, body: bytes, token: str = "") -> bytes:
    """A POST request as it goes over the wire."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\n{authorization}Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def get(path: str, token: str) -> bytes:
    """A GET request as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


async def drive(port: int, requests: Iterator[bytes], *, connections: int, keep_bodies: bool = False) -> Outcome:
    """Sends every request once over so many connections; each connection takes the next when its answer is whole."""
    outcome = Outcome()

    async def one_connection() -> None:
        line = await Line.open(port)
        for request in requests:
            _, body = await line.ask(request, outcome)
            if keep_bodies:
                outcome.bodies.append(body)
        line.close()

    started = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(connections)))
    outcome.seconds = time.perf_counter() - started
    return outcome


class Line:
    """One kept connection, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Line":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes, into: Outcome) -> tuple[int, bytes]:
        """Status and body of the answer, which is counted in the outcome."""
        started = time.perf_counter()
        self._writer.write(request)
        status, body = await _answer(self._reader)
        into.latencies_s.append(time.perf_counter() - started)
        into.statuses[status] = into.statuses.get(status, 0) + 1
        return status, body

    def close(self) -> None:
        self._writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return int(head[9:12]), await reader.readexactly(length)


def only(outcome: Outcome, status: int) -> Outcome:
    """The outcome when every answer had this status; anything else makes the figure meaningless."""
    if set(outcome.statuses) != {status}:
        raise RuntimeError(f"expected only {status}, got {outcome.statuses}")
    return outcome
