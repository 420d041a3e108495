"""The demo's hands: every request that it makes of the service, counted and timed."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from dispatch.domain.errors import Unavailable

PAGE = 1000


@dataclass(slots=True)
class Traffic:
    """What went over the wire. unexpected: a line for each answer that should not have been."""

    requests: int = 0
    calls_ms: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    conflicts: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answer:
    """status and body of an answer; code: the problem's, empty for a good one."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """True when it was done."""
        return self.status < 300

    @property
    def code(self) -> str:
        """The stable word for what was refused."""
        return "" if self.ok else str(self.body.get("code", self.status))


class Dispatcher:
    """Speaks to one service over kept-alive connections, with one token."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.traffic = Traffic()

    async def post_call(self, body: Mapping[str, Any]) -> Answer:
        """One call is posted."""
        started = time.perf_counter()
        answer = await self._send("POST", "/v1/calls", body)
        self.traffic.calls_ms.append((time.perf_counter() - started) * 1000)
        return answer

    async def recommendation(self, incident: str) -> Answer:
        """Who could go now."""
        return await self._send("GET", f"/v1/incidents/{incident}/recommendation")

    async def assign(self, incident: str, body: Mapping[str, Any]) -> Answer:
        """All of the units, or none; a conflict is an answer too."""
        return await self._send("POST", f"/v1/incidents/{incident}/assignments", body, refused=(409,))

    async def step(self, assignment: str, body: Mapping[str, Any]) -> Answer:
        """One step of an assignment."""
        return await self._send("POST", f"/v1/assignments/{assignment}/status", body, refused=(409,))

    async def release(self, assignment: str) -> Answer:
        """The unit that waits short of the scene may go in."""
        return await self._send("POST", f"/v1/assignments/{assignment}:release", {}, refused=(409,))

    async def unit_status(self, call_sign: str, status: str) -> Answer:
        """The unit comes on duty or goes."""
        path = f"/v1/units/{call_sign}/status"
        return await self._send("POST", path, {"status": status}, refused=(409,))

    async def close(self, incident: str, disposition: str, note: str | None = None) -> Answer:
        """The incident is over."""
        return await self._send("POST", f"/v1/incidents/{incident}:close", {"disposition": disposition, "note": note})

    async def feed(self) -> AsyncIterator[list[dict[str, Any]]]:
        """Every row of the log, a page at a time, until there is none left."""
        after = 0
        while True:
            answer = await self._send("GET", f"/v1/feed?after={after}&limit={PAGE}")
            if not answer.ok or not answer.body["items"]:
                return
            after = answer.body["last_seq"]
            yield answer.body["items"]

    async def history(self) -> AsyncIterator[dict[str, Any]]:
        """Every assignment, newest first, as the service exports it."""
        headers = {"Accept": "application/x-ndjson"}
        with _answering("GET", "/v1/assignments"):
            async with self._client.stream("GET", "/v1/assignments", headers=headers) as response:
                self._count(response, "GET", "/v1/assignments", ())
                if response.status_code == 200:
                    async for line in response.aiter_lines():
                        yield orjson.loads(line)

    async def _send(self, method: str, path: str, body: Any = None, refused: tuple[int, ...] = ()) -> Answer:
        content = None if body is None else orjson.dumps(body)
        headers = None if body is None else {"Content-Type": "application/json"}
        with _answering(method, path):
            response = await self._client.request(method, path, content=content, headers=headers)
        answer = Answer(response.status_code, _json(response))
        self._count(response, method, path, refused, answer)
        return answer

    def _count(
        self,
        response: httpx.Response,
        method: str,
        path: str,
        refused: tuple[int, ...],
        answer: Answer | None = None,
    ) -> None:
        traffic, status = self.traffic, response.status_code
        traffic.requests += 1
        traffic.statuses[status] += 1
        if status == 409 and answer is not None:
            traffic.conflicts[answer.code] += 1
        if status >= 300 and status not in refused:
            detail = answer.body.get("detail", "") if answer is not None else ""
            traffic.unexpected.append(f"{method} {path.partition('?')[0]} answered {status}: {detail}")


@contextmanager
def _answering(method: str, path: str) -> Iterator[None]:
    """Raises Unavailable where the service ends the connection or does not answer in time."""
    try:
        yield
    except httpx.TransportError as error:
        raise Unavailable(
            f"The service did not answer {method} {path.partition('?')[0]} ({type(error).__name__}).",
            fix="Read the log of the demo, and start it again when the machine is less busy.",
        ) from error


def _json(response: httpx.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except ValueError:
        return {}
