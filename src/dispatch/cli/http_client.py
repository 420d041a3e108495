"""A client of a running service: requests with a token, refusals as the errors that the command line knows."""

import sys
from typing import Any

import httpx

from dispatch.domain.errors import Conflict, DispatchError, Invalid, NotFound, Refused, Unauthenticated, Unavailable

TIMEOUT_S = 60.0

# httpcore asks for sniffio at every request, and a failed import searches the disk each time; so it fails at once.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

_BY_STATUS: dict[int, type[DispatchError]] = {
    401: Unauthenticated,
    403: Refused,
    404: NotFound,
    409: Conflict,
    422: Invalid,
}


def open_client(url: str, token: str) -> httpx.AsyncClient:
    """A client that keeps its connections; close it."""
    return httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_S, trust_env=False
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
