"""Alarms: what somebody must look at and say so."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dispatch.api.answers import PAGE, Cursor, Limit, refusals, require_order
from dispatch.api.bodies import Moment, NoteText, Part
from dispatch.api.calls import actor_of
from dispatch.db.lookup import get_incident
from dispatch.domain.access import Permission
from dispatch.domain.alarm import AlarmKind, Severity
from dispatch.operations.alarms import acknowledge
from dispatch.queries import alarms
from dispatch.web.paging import decode_cursor, encode_cursor
from dispatch.web.routes import CommandRoute, CurrentAct, QueryRoute, requires

commands = APIRouter(prefix="/v1/alarms", route_class=CommandRoute, tags=["alarms"])
queries = APIRouter(prefix="/v1/alarms", route_class=QueryRoute, tags=["alarms"])


class AlarmOut(BaseModel):
    """An alarm. The same thing wrong again before anybody acknowledged counts up `times`."""

    id: str = Field(examples=["alm_01KAQ4Z0000000000000000000"])
    kind: str = Field(examples=["offer_unanswered"])
    severity: str = Field(examples=["attention"])
    for_supervisor: bool
    message: str = Field(examples=["CR2 did not answer the offer of #1042."])
    raised_at: datetime
    last_raised_at: datetime
    times: int
    subject_id: str = Field(description="The assignment, incident or feed that it is about")
    incident_id: str | None
    priority: int | None
    unit: str | None = Field(validation_alias="call_sign")
    responder_type: str | None
    payload: dict[str, Any]
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None

    model_config = {"from_attributes": True}


class AlarmPage(BaseModel):
    items: list[AlarmOut]
    next: str | None = Field(description="Cursor of the next page; null at the end")


class AcknowledgeBody(Part):
    note: NoteText | None = Field(None, examples=["called CR2 by radio, all well"])


@queries.get("", response_model=AlarmPage, responses=refusals(404), summary="What must be looked at")
@requires(Permission.ALARM_READ)
async def list_alarms(
    act: CurrentAct,
    acknowledged: Annotated[bool | None, Query(description="false: only those that nobody has acknowledged")] = None,
    kind: AlarmKind | None = None,
    severity: Severity | None = None,
    for_supervisor: bool | None = None,
    incident: Annotated[str | None, Query(description="Incident id or number", max_length=200)] = None,
    from_: Annotated[Moment | None, Query(alias="from", description="Raised at or after")] = None,
    to: Annotated[Moment | None, Query(description="Raised before")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> AlarmPage:
    """Newest first."""
    require_order(from_, to)
    jurisdiction = act.principal.jurisdiction
    wanted = alarms.AlarmFilter(
        is_acknowledged=acknowledged,
        kind=kind.value if kind else None,
        severity=severity.value if severity else None,
        for_supervisor=for_supervisor,
        incident=(await get_incident(act.session, jurisdiction, incident)).id if incident else None,
        from_at=from_,
        to_at=to,
        agencies=act.principal.agencies,
        hidden_types=act.principal.hidden_responder_types(),
    )
    after: Any = tuple(decode_cursor(cursor, [datetime, str], act.asked)) if cursor else None
    rows = await alarms.page(act.session, jurisdiction, wanted, after=after, limit=limit)
    last = rows[-1] if len(rows) == limit else None
    return AlarmPage(
        items=[AlarmOut.model_validate(row) for row in rows],
        next=encode_cursor([last.raised_at, last.id], act.asked) if last else None,
    )


@commands.post("/{alarm_id}:acknowledge", response_model=AlarmOut, responses=refusals(404), summary="I have seen it")
@requires(Permission.ALARM_ACKNOWLEDGE)
async def post_acknowledge(alarm_id: str, body: AcknowledgeBody, act: CurrentAct) -> AlarmOut:
    """It leaves the list of what must be looked at. Who was first stays; a second time changes nothing."""
    row = await acknowledge(act.session, alarm_id, body.note, actor_of(act), act.principal)
    return AlarmOut.model_validate(row)
