"""One way in for every route: who is asking, may they, begin, do, remember the answer, commit, reply.

The commit happens here, before the reply leaves, so that no client is ever told of something that was not stored.
"""

import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.session import NeedsTransaction, following, hide_one_way, lone_statement, reading, transaction
from dispatch.domain.access import Permission, Principal
from dispatch.domain.time import as_utc
from dispatch.web.auth import authenticate
from dispatch.web.idempotency import answer_again, key_of, remember
from dispatch.web.input import CheckedRequest, read_whole
from dispatch.web.paging import question_of
from dispatch.web.services import Services

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

# Declared in OpenAPI by the composition root; checked in _begin, before the body is looked at.
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token from `dispatch token create`, sent as `Authorization: Bearer dsp_...`.",
}


@dataclass(frozen=True, slots=True)
class Act:
    """What an endpoint works with: one session in one transaction, who is asking, and when."""

    session: AsyncSession
    principal: Principal
    services: Services
    now: datetime
    request_id: str
    path: str = ""
    query: bytes = b""

    @property
    def asked(self) -> str:
        """What a list was asked for, wherever its page begins and however long it is: a cursor holds for this alone."""
        return question_of(self.path, self.query)


def requires(permission: Permission) -> Callable[[Endpoint], Endpoint]:
    """The endpoint is closed to everyone whose role or scopes lack this permission."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.__permission__ = permission  # type: ignore[attr-defined]
        return endpoint

    return mark


def permission_of(route: APIRoute) -> Permission | None:
    """The permission a route demands, or None where nobody set one (a defect that a test finds)."""
    found: Permission | None = getattr(route.endpoint, "__permission__", None)
    return found


def _parameters_of(dependant: Dependant) -> frozenset[str]:
    """The query parameters of an endpoint and of all that it depends on, as they are written."""
    own = frozenset(field.alias for field in dependant.query_params)
    return own.union(*(_parameters_of(one) for one in dependant.dependencies))


def act_of(request: Request) -> Act:
    """The act that the route began: for the hottest endpoints, where a dependency costs as much as the database."""
    act: Act = request.state.act
    return act


async def _current_act(request: Request) -> Act:
    # Async, since a plain function would be run in a thread.
    return act_of(request)


CurrentAct = Annotated[Act, Depends(_current_act)]


class CommandRoute(APIRoute):
    """A route that changes the world: one transaction, committed before the reply."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        permission, parameters = permission_of(self), _parameters_of(self.dependant)

        async def handle(request: Request) -> Response:
            services: Services = request.app.state.services
            read = await read_whole(request, services.settings.max_body_bytes)
            async with transaction(services.sessions) as session:
                act = await _begin(read, session, services, permission, parameters)
                return await _once(read, act, inner)

        return handle


class LoneStatementRoute(CommandRoute):
    """A command that usually writes with one statement, which is then its own transaction, committed before the reply.

    With an Idempotency-Key, whose answer is stored beside the work, and whenever the endpoint raises NeedsTransaction,
    it is an ordinary command.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = self._straight(super(CommandRoute, self).get_route_handler())
        permission, parameters = permission_of(self), _parameters_of(self.dependant)

        async def handle(request: Request) -> Response:
            services: Services = request.app.state.services
            read = await read_whole(request, services.settings.max_body_bytes)
            if key_of(read) is None:
                with suppress(NeedsTransaction):
                    async with lone_statement(services.sessions) as session:
                        await _begin(read, session, services, permission, parameters)
                        return await inner(read)
            async with transaction(services.sessions) as session:
                act = await _begin(read, session, services, permission, parameters)
                return await _once(read, act, inner)

        return handle

    def _straight(self, inner: Handler) -> Handler:
        """Without a query there is only the body to check: the framework's search for dependencies, forms and their
        cleaning up costs a tenth of such a request.
        """
        field, endpoint = self.body_field, self.endpoint
        if field is None or self.dependant.dependencies:
            return inner

        async def handle(request: Request) -> Response:
            if request.scope["query_string"] or not await request.body():
                return await inner(request)
            sent = await request.json()
            body, errors = field.validate(sent, {}, loc=("body",))
            if errors:
                raise RequestValidationError(errors, body=sent)
            response: Response = await endpoint(body=body, request=request)
            return response

        return handle


class QueryRoute(APIRoute):
    """A route that only looks: one snapshot of the database, and a write in it fails.

    Whoever may not know of what is told one way looks at a database in which it does not exist.
    """

    session = staticmethod(reading)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        permission, parameters = permission_of(self), _parameters_of(self.dependant)

        async def handle(request: Request) -> Response:
            services: Services = request.app.state.services
            read = await read_whole(request, services.settings.max_body_bytes)
            async with self.session(services.sessions) as session:
                act = await _begin(read, session, services, permission, parameters)
                if act.principal.hidden_responder_types():
                    await hide_one_way(session)
                return await inner(read)

        return handle


class FeedRoute(QueryRoute):
    """A route that follows the log: it only looks too, but always at the newest state."""

    session = staticmethod(following)


async def _begin(
    request: CheckedRequest,
    session: AsyncSession,
    services: Services,
    permission: Permission | None,
    parameters: frozenset[str],
) -> Act:
    now = as_utc(services.clock.now())
    principal = await authenticate(request.headers.get("authorization"), session, services, now)
    if permission is None:
        raise RuntimeError(f"{request.url.path} has no permission; mark the endpoint with @requires")
    path, query = request.scope["path"], request.scope["query_string"]
    act = Act(session, principal, services, now, request.state.request_id, path, query)
    request.state.act = act
    principal.require(permission)
    request.check(parameters)
    return act


async def _once(request: CheckedRequest, act: Act, inner: Callable[[Request], Awaitable[Response]]) -> Response:
    key = key_of(request)
    if key is None:
        return await inner(request)
    body = await request.body()
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body).digest()
    earlier = await answer_again(act.session, act.principal, key, fingerprint)
    if earlier is not None:
        return earlier
    response = await inner(request)
    kept = getattr(request.state, "kept_answer", None) or response
    await remember(act.session, act.principal, key, fingerprint, kept, act.now)
    return response
