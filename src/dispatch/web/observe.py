"""Every request has an id, a line in the log and a place in the metrics; nothing private is in any of them."""

import re
import time
from functools import lru_cache

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatch.db.ids import new_id
from dispatch.domain.ids import Prefix

REQUESTS = Counter(
    "dispatch_http_requests_total", "Requests by route, method and status", ["route", "method", "status"]
)
DURATION = Histogram(
    "dispatch_http_request_seconds",
    "Time from the first byte of a request to the last of its answer",
    ["route", "method"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)

_SAFE_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
log = structlog.get_logger("dispatch.http")


class Observe:
    """ASGI middleware, written without a task group: it must cost next to nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"cache-control", b"no-store"),
                ]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            _record(scope, status, request_id, time.perf_counter() - started)


@lru_cache(maxsize=2000)
def _meters(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    """The two series of a route; looking labels up anew costs more than counting."""
    return REQUESTS.labels(route, method, str(status)), DURATION.labels(route, method)


def _record(scope: Scope, status: int, request_id: str, seconds: float) -> None:
    # The route's pattern, never the path: a path can hold an id, and an unknown one can hold anything.
    route = getattr(scope.get("route"), "path", None) or "unmatched"
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    act = scope["state"].get("act")
    if act is None or not act.principal.is_one_way:  # numbers that anybody may read say nothing of them
        count, duration = _meters(route, method, status)
        count.inc()
        duration.observe(seconds)
    write = log.warning if status >= 500 else log.info
    write("request", route=route, method=method, status=status, ms=round(seconds * 1000, 1), request_id=request_id)


_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"})


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text = value.decode("latin-1")
            return text if _SAFE_ID.fullmatch(text) else new_id(Prefix.REQUEST)
    return new_id(Prefix.REQUEST)
