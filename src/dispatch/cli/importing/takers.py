"""Where what is imported goes: straight into the database, or to a running service over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx
import orjson

from dispatch.cli.http_client import answer, open_client, unreachable
from dispatch.cli.service import cli_actor
from dispatch.db.active_policy import ActivePolicies
from dispatch.db.session import Sessions, make_engine, make_sessions, transaction
from dispatch.domain.errors import StaleContent
from dispatch.operations.call_body import CallBody
from dispatch.operations.calls import receive
from dispatch.operations.listings import Listing, ListingTaken, take_listing


class Taker(Protocol):
    """Takes calls and lists, each stored before the next."""

    async def call(self, body: dict[str, Any]) -> str:
        """`new`, `updated` or `unchanged`. Raises StaleContent where something newer is known."""

    async def listing(self, said: Listing) -> ListingTaken:
        """What came of the list."""


class Here:
    """By the operations that also stand behind the routes."""

    def __init__(self, sessions: Sessions, jurisdiction_id: str) -> None:
        self._sessions, self._jurisdiction, self._policies = sessions, jurisdiction_id, ActivePolicies()

    async def call(self, body: dict[str, Any]) -> str:
        actor = cli_actor(self._jurisdiction, datetime.now(UTC))
        async with transaction(self._sessions) as session:
            got = await receive(session, CallBody.model_validate(body), orjson.dumps(body), self._policies, actor)
        return "new" if got.created else "updated" if got.call_version > 1 else "unchanged"

    async def listing(self, said: Listing) -> ListingTaken:
        async with transaction(self._sessions) as session:
            return await take_listing(session, said, cli_actor(self._jurisdiction, datetime.now(UTC)))


class There:
    """By the routes of a running service."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def call(self, body: dict[str, Any]) -> str:
        response = await self._post("/v1/calls", body)
        if response.status_code == 409 and response.json().get("code") == StaleContent.code:
            return "unchanged"
        got = answer(response)
        return "new" if response.status_code == 201 else "updated" if got["call"]["version"] > 1 else "unchanged"

    async def listing(self, said: Listing) -> ListingTaken:
        body = {
            "source": said.source,
            "listed_at": said.listed_at.isoformat(),
            "calls": [{"source_ref": one.ref, "units": list(one.units)} for one in said.calls],
            "is_whole": said.is_whole,
            "close_absent": {"after_lists": said.close.after_lists} if said.close else None,
        }
        got = answer(await self._post("/v1/listings", body))
        lists = {name: tuple(got[name]) for name in ("unknown", "closed", "reopened")}
        return ListingTaken(**{**got, **lists})

    async def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        try:
            return await self._client.post(path, json=body)
        except httpx.HTTPError as error:
            raise unreachable(str(self._client.base_url), error) from error


@asynccontextmanager
async def here(url: str, jurisdiction_id: str) -> AsyncIterator[Taker]:
    """Into the database at this address."""
    engine = make_engine(url, pool_size=1)
    try:
        yield Here(make_sessions(engine), jurisdiction_id)
    finally:
        await engine.dispose()


@asynccontextmanager
async def there(url: str, token: str) -> AsyncIterator[Taker]:
    """Into the service at this address."""
    async with open_client(url, token) as client:
        yield There(client)
