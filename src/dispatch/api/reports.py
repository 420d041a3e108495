"""What supervisors ask of the record."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dispatch.api.answers import PAGE, Cursor, Limit, refusals, require_order
from dispatch.api.bodies import Moment
from dispatch.domain.access import Permission
from dispatch.domain.classification import Verdict
from dispatch.domain.unserved import REASONS, UnservedReason
from dispatch.queries import unserved
from dispatch.web.paging import decode_cursor, encode_cursor
from dispatch.web.routes import CurrentAct, QueryRoute, requires

queries = APIRouter(prefix="/v1/reports", route_class=QueryRoute, tags=["reports"])


class UnservedOut(BaseModel):
    """One program and the incident that it did not get."""

    incident_id: str
    incident: str = Field(description="Incident number", examples=["1042"])
    category: str
    priority: int
    program: str
    responder_type: str
    verdict: str = Field(description="What triage said of the program", examples=["eligible"])
    reason: str = Field(examples=["none_free"])
    why: str
    detail: list[str] = Field(description="Codes of triage, or of the router where a step of the plan was left")
    step: int | None
    recorded_at: datetime


class UnservedPage(BaseModel):
    items: list[UnservedOut]
    totals: dict[str, int] = Field(description="Rows by reason, over all pages")
    next: str | None


@queries.get(
    "/unserved", response_model=UnservedPage, responses=refusals(), summary="Eligible calls that were not served"
)
@requires(Permission.REPORT_READ)
async def get_unserved(
    act: CurrentAct,
    program: Annotated[str | None, Query(max_length=200)] = None,
    reason: UnservedReason | None = None,
    verdict: Annotated[Verdict | None, Query(description="eligible: only programs that could have gone")] = None,
    from_: Annotated[Moment | None, Query(alias="from", description="Recorded at or after")] = None,
    to: Annotated[Moment | None, Query(description="Recorded before")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> UnservedPage:
    """Every call that a program was for and that none of its programs served, with the reason. Newest first."""
    require_order(from_, to)
    wanted = unserved.UnservedFilter(
        program,
        reason.value if reason else None,
        verdict.value if verdict else None,
        from_,
        to,
        act.principal.hidden_responder_types(),
    )
    jurisdiction = act.principal.jurisdiction
    after: Any = tuple(decode_cursor(cursor, [datetime, str, str])) if cursor else None
    rows = await unserved.page(act.session, jurisdiction, wanted, after=after, limit=limit)
    last = rows[-1] if len(rows) == limit else None
    return UnservedPage(
        items=[
            UnservedOut(**{name: getattr(row, name) for name in row.__slots__}, why=REASONS[UnservedReason(row.reason)])
            for row in rows
        ],
        totals=await unserved.totals(act.session, jurisdiction, wanted),
        next=encode_cursor([last.recorded_at, last.incident_id, last.program]) if last else None,
    )
