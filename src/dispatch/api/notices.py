"""Notices for community violence intervention: what it is told of an incident, one way."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dispatch.api.answers import PAGE, Cursor, Limit, refusals
from dispatch.api.bodies import Moment
from dispatch.domain.access import Permission
from dispatch.queries.notices import agency_of, notices
from dispatch.web.paging import decode_cursor, encode_cursor
from dispatch.web.routes import CurrentAct, QueryRoute, requires

queries = APIRouter(prefix="/v1/cvi", route_class=QueryRoute, tags=["cvi"])

SHOWN = timedelta(hours=24)


class NoticeOut(BaseModel):
    """An incident as the program is told of it. Nobody else learns whether it was read, or what came of it."""

    incident_id: str = Field(examples=["inc_01KAQ4Z0000000000000000000"])
    program: str = Field(examples=["peacekeepers"])
    category: str = Field(examples=["violence"])
    lat: float | None = Field(description="To the block, as `lon`; null: the place is not known")
    lon: float | None
    happened_at: datetime = Field(description="When it was reported, to the minute")
    retaliation_risk: Literal["yes", "no", "unknown"]

    model_config = {"from_attributes": True}


class NoticePage(BaseModel):
    items: list[NoticeOut]
    next: str | None = Field(description="Cursor of the next page; null at the end")


@queries.get("/notices", response_model=NoticePage, responses=refusals(), summary="What happened, one way")
@requires(Permission.NOTICE_READ)
async def list_notices(
    act: CurrentAct,
    from_: Annotated[
        Moment | None, Query(alias="from", description="Reported then or later; default: 24 h ago")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> NoticePage:
    """Newest first. An incident appears when its scene is known to be clear or when it is closed, never before.

    Ask for the whole span again: one that was reported earlier may appear later.
    """
    who = act.principal
    who.require_one_way()
    agencies = sorted(who.agencies or ())
    if who.unit is not None:
        agencies = [await agency_of(act.session, who.jurisdiction, who.unit)]
    after: Any = tuple(decode_cursor(cursor, [datetime, str, str], act.asked)) if cursor else None
    since = from_ or act.now - SHOWN
    rows = await notices(act.session, who.jurisdiction, agencies, since, after=after, limit=limit)
    last = rows[-1] if len(rows) == limit else None
    return NoticePage(
        items=[NoticeOut.model_validate(row) for row in rows],
        next=encode_cursor([last.happened_at, last.incident_id, last.program], act.asked) if last else None,
    )
