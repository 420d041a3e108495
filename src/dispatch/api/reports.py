"""What supervisors ask of the record."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dispatch.api.answers import PAGE, Cursor, Limit, refusals, require_order
from dispatch.api.bodies import Moment
from dispatch.domain.access import Permission
from dispatch.domain.classification import ORDERED_RESPONDER_TYPES, Category, Verdict
from dispatch.domain.unserved import REASONS, UnservedReason
from dispatch.queries import unserved
from dispatch.queries.handling import handling
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
    after: Any = tuple(decode_cursor(cursor, [datetime, str, str], act.asked)) if cursor else None
    rows = await unserved.page(act.session, jurisdiction, wanted, after=after, limit=limit)
    last = rows[-1] if len(rows) == limit else None
    return UnservedPage(
        items=[
            UnservedOut(**{name: getattr(row, name) for name in row.__slots__}, why=REASONS[UnservedReason(row.reason)])
            for row in rows
        ],
        totals=await unserved.totals(act.session, jurisdiction, wanted),
        next=encode_cursor([last.recorded_at, last.incident_id, last.program], act.asked) if last else None,
    )


class HandlingOut(BaseModel):
    """Incidents of one responder type. Each count is part of `associated`; none is a share of another's."""

    responder_type: str = Field(examples=["community_responder"])
    associated: int = Field(description="A unit of the type was given to it, whatever came of that")
    dispatched: int = Field(description="One was ordered, or accepted")
    arrived: int = Field(description="One was on scene")
    arrived_alone: int = Field(description="And no police, fire or EMS unit of another type was")
    passed_on: int = Field(description="One left it to others, handed it off or gave it back")
    contact_made: int = Field(description="One cleared and says that somebody was reached")
    handled: int = Field(description="One cleared it, nothing was left to others, and it is closed")
    handled_police_never_assigned: int = Field(description="Of `handled`: police were not even assigned")
    handled_police_never_sent: int = Field(description="Of `handled`: no police unit was ordered or accepted")
    handled_police_never_arrived: int = Field(description="Of `handled`: no police unit was on scene")
    still_open: int = Field(description="Not decided yet, so in none of the `handled` counts")

    model_config = {"from_attributes": True}


class HandlingReport(BaseModel):
    items: list[HandlingOut]


@queries.get("/handling", response_model=HandlingReport, responses=refusals(), summary="Who got how far, and alone")
@requires(Permission.REPORT_READ)
async def get_handling(
    act: CurrentAct,
    from_: Annotated[Moment | None, Query(alias="from", description="Opened at or after; default: 30 days ago")] = None,
    to: Annotated[Moment | None, Query(description="Opened before; default: now")] = None,
    category: Category | None = None,
) -> HandlingReport:
    """Counts of incidents by responder type, kept apart: associated, dispatched, arrived, alone, without police.

    An officer who comes with a clinician is police in all of them. "Diversion" is published after several formulas;
    each of them is a division of two of these counts.
    """
    until = to or act.now
    since = from_ or until - timedelta(days=30)
    require_order(since, until)
    found = await handling(
        act.session,
        act.principal.jurisdiction,
        since,
        until,
        category=category.value if category else None,
        ordered=sorted(ORDERED_RESPONDER_TYPES),
        hidden_types=act.principal.hidden_responder_types(),
    )
    return HandlingReport(items=[HandlingOut.model_validate(one) for one in found])
