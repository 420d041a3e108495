"""Certificates that run out: so that somebody renews them before a unit is left out for one."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dispatch.api.answers import PAGE, Cursor, Limit, refusals
from dispatch.domain.access import Permission
from dispatch.queries import certifications
from dispatch.web.paging import decode_cursor, encode_cursor
from dispatch.web.routes import CurrentAct, QueryRoute, requires

queries = APIRouter(prefix="/v1/responders", route_class=QueryRoute, tags=["roster"])

DAYS = range(1, date.max.toordinal() + 1)


class RunningOutOut(BaseModel):
    """One certificate. It counts to the end of its last day in the city, and no longer."""

    responder_id: str = Field(examples=["rsp_01KAQ4Z0000000000000000000"])
    employee_number: str
    responder: str
    agency: str
    name: str = Field(description="Of the certificate", examples=["als"])
    issued_on: date | None
    expires_on: date
    days_left: int = Field(description="Whole days after today; 0 on the last day, negative when it has ended")
    has_expired: bool
    next_shift_at: datetime | None = Field(description="Begin of the first shift that it is not valid to the end of")
    next_unit: str | None = Field(description="The unit of that shift", examples=["M12"])


class RunningOutPage(BaseModel):
    today: date = Field(description="In the city")
    items: list[RunningOutOut]
    next: str | None = Field(description="Cursor of the next page; null at the end")


@queries.get(
    "/certifications", response_model=RunningOutPage, responses=refusals(), summary="Certificates that run out"
)
@requires(Permission.ROSTER_READ)
async def list_running_out(
    act: CurrentAct,
    expiring_within_days: Annotated[int, Query(ge=0, le=3650, description="0: those that end today or have")] = 30,
    agency: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> RunningOutPage:
    """Those that have ended and those that soon will, first the first. A token kept to agencies sees its own people."""
    who = act.principal
    wanted = certifications.Wanted(expiring_within_days, agency, who.agencies, who.hidden_responder_types())
    after: Any = certifications.FIRST
    if cursor:
        ordinal, responder, name = decode_cursor(cursor, [DAYS, str, str], act.asked)
        after = (date.fromordinal(int(str(ordinal))), responder, name)
    rows = await certifications.running_out(
        act.session, who.jurisdiction, wanted, now=act.now, after=after, limit=limit
    )
    day, _ = await certifications.today(act.session, who.jurisdiction, act.now)
    last = rows[-1] if len(rows) == limit else None
    return RunningOutPage(
        today=day,
        items=[_shown(row, day) for row in rows],
        next=encode_cursor([last.expires_on.toordinal(), last.responder_id, last.name], act.asked) if last else None,
    )


def _shown(row: certifications.RunningOut, day: date) -> RunningOutOut:
    left = (row.expires_on - day).days
    return RunningOutOut(
        responder_id=row.responder_id,
        employee_number=row.employee_number,
        responder=row.responder,
        agency=row.agency,
        name=row.name,
        issued_on=row.issued_on,
        expires_on=row.expires_on,
        days_left=left,
        has_expired=left < 0,
        next_shift_at=row.next_shift_at,
        next_unit=row.next_unit,
    )
