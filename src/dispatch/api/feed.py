"""The log as a feed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, Field

from dispatch.api.answers import EventOut, Limit, event_out, refusals
from dispatch.db.session import following, hide_one_way
from dispatch.domain.access import Permission
from dispatch.domain.errors import Refused, Unauthenticated
from dispatch.domain.time import as_utc
from dispatch.queries import feed
from dispatch.web.auth import authenticate
from dispatch.web.routes import Act, CurrentAct, FeedRoute, requires
from dispatch.web.streams import CountedStream

queries = APIRouter(prefix="/v1", route_class=FeedRoute, tags=["feed"])

POLL_S = 0.5
HEARTBEAT_S = 5.0
PAGE = 500


class FeedPage(BaseModel):
    """Rows in order. Ask again with `after` = `last_seq`; none is ever skipped."""

    items: list[EventOut]
    last_seq: int = Field(description="The seq to ask after next time")


@queries.get("/feed", response_model=FeedPage, responses=refusals(), summary="The log after a position")
@requires(Permission.FEED_READ)
async def get_feed(
    act: CurrentAct,
    after: Annotated[int, Query(ge=0, le=2**62, description="Show rows with a greater seq")] = 0,
    limit: Limit = PAGE,
) -> FeedPage:
    """Gap-free: a row is shown only when none before it can still be committed."""
    rows = await feed.events_after(act.session, act.principal, after, limit)
    return FeedPage(items=[event_out(row, act.principal) for row in rows], last_seq=rows[-1].seq if rows else after)


@queries.get(
    "/stream",
    responses={
        200: {"description": "Server-sent events; `id` is the seq", "content": {"text/event-stream": {}}},
        **refusals(429),
    },
    response_class=CountedStream,
    summary="The log as it grows",
)
@requires(Permission.FEED_READ)
async def get_stream(
    request: Request,
    act: CurrentAct,
    after: Annotated[int | None, Query(ge=0, le=2**62, description="Default: from now on")] = None,
    last_event_id: Annotated[int | None, Header(ge=0, le=2**62, description="The seq to resume after")] = None,
) -> CountedStream:
    """As /feed, as server-sent events: reconnect with Last-Event-ID and nothing is missed. A heartbeat every 5 s.

    The stream ends when its token is revoked or expires.
    """
    start = after if last_event_id is None else last_event_id
    if start is None:
        start = await feed.last_seq(act.session, act.principal)
    stream = CountedStream(_stream(request, act, start))
    stream.streams, stream.token = act.services.streams, act.principal.subject
    return stream


async def _stream(request: Request, act: Act, after: int) -> AsyncIterator[bytes]:
    """Events after a position until the client leaves, its token counts no more, or the service stops.

    No connection is held between looks.
    """
    stopping: asyncio.Event = request.app.state.stopping
    header = request.headers.get("authorization")
    quiet_s = 0.0
    while not stopping.is_set() and not await request.is_disconnected():
        async with following(act.services.sessions) as session:
            try:
                reader = await authenticate(header, session, act.services, as_utc(act.services.clock.now()))
                reader.require(Permission.FEED_READ)
            except (Unauthenticated, Refused):
                yield b": this token does not count any more\n\n"
                return
            if reader.hidden_responder_types():
                await hide_one_way(session)
            rows = await feed.events_after(session, reader, after, PAGE)
        for row in rows:
            after = row.seq
            body = event_out(row, reader).model_dump_json()
            yield f"id: {row.seq}\nevent: {row.type}\ndata: {body}\n\n".encode()
        if rows:
            quiet_s = 0.0
            continue
        if quiet_s >= HEARTBEAT_S:
            yield b": still here\n\n"
            quiet_s = 0.0
        try:
            await asyncio.wait_for(stopping.wait(), POLL_S)
        except TimeoutError:
            quiet_s += POLL_S
