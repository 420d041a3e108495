"""A client of a running service: requests with a token, refusals as the errors that the command line knows."""

import sys
import uuid
from typing import Any

import httpx
from httpx_retries import Retry, RetryTransport

from dispatch.domain.errors import Conflict, DispatchError, Invalid, NotFound, Refused, Unauthenticated, Unavailable

TIMEOUT_S = 60.0
# 0.5, 1, 2, 4 and 8 seconds: a service that starts again is back by then.
MOST_RETRIES = 5
FIRST_WAIT_S = 0.25

# httpcore asks for sniffio at every request, and a failed import searches the disk each time; so it fails at once.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

_BY_STATUS: dict[int, type[DispatchError]] = {
    401: Unauthenticated,
    403: Refused,
    404: NotFound,
    409: Conflict,
    422: Invalid,
}


class _Again(Retry):
    """When a request is sent again: the connection ended or the service said 429 or 503, but not where nothing listened
    from the first: a wrong address is told at once.
    """

    def is_retryable_exception(self, exception: Exception) -> bool:
        if isinstance(exception, httpx.ConnectError) and self.attempts_made == 0:
            return False
        return super().is_retryable_exception(exception)


async def _give_a_key(request: httpx.Request) -> None:
    # Given once before the first attempt, so that a request sent again is known to be the same.
    if request.method == "POST":
        request.headers.setdefault("Idempotency-Key", str(uuid.uuid4()))


def open_client(url: str, token: str) -> httpx.AsyncClient:
    """A client that keeps its connections; close it. What was sent and not answered is sent again, each POST under one
    Idempotency-Key, so that it is done once.
    """
    again = _Again(
        total=MOST_RETRIES,
        allowed_methods=("GET", "POST"),
        status_forcelist=(429, 503),
        backoff_factor=FIRST_WAIT_S,
        backoff_jitter=0,
    )
    return httpx.AsyncClient(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_S,
        trust_env=False,
        transport=RetryTransport(httpx.AsyncHTTPTransport(trust_env=False), retry=again),
        event_hooks={"request": [_give_a_key]},
    )


def unreachable(url: str, error: httpx.HTTPError) -> Unavailable:
    """The refusal when nothing answers there."""
    return Unavailable(
        f"No service answers at {url} ({error.__class__.__name__}).",
        fix="Start one with `dispatch serve` or `dispatch demo`, or give another --url.",
    )


def answer(response: httpx.Response) -> Any:
    """The body of a good answer. Raises the error that the problem document tells of."""
    if response.is_success:
        return response.json()
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    kind = _BY_STATUS.get(response.status_code, Unavailable if response.status_code >= 500 else DispatchError)
    raise kind(problem.get("detail") or f"The service answered {response.status_code}.", fix=problem.get("fix") or "")
