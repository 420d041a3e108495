"""Follow-ups: promised, listed by when they are due, and done with what came of them."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dispatch.api.answers import PAGE, Cursor, Limit, refusals
from dispatch.api.assignments import catalogue_of
from dispatch.api.bodies import Moment, NoteText, Part, Word
from dispatch.api.calls import actor_of
from dispatch.db.lookup import get_incident
from dispatch.db.models import FollowUp
from dispatch.domain.access import Permission, Principal
from dispatch.domain.redaction import redacted_assignment
from dispatch.operations.follow_ups import Promise, complete, promise
from dispatch.queries import follow_ups
from dispatch.web.paging import decode_cursor, encode_cursor
from dispatch.web.routes import CommandRoute, CurrentAct, QueryRoute, requires

commands = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["follow-ups"])
queries = APIRouter(prefix="/v1", route_class=QueryRoute, tags=["follow-ups"])


class PromiseBody(Part):
    """What will be done, and by when. No clinical detail: that belongs to the program's own record."""

    due_at: Moment = Field(examples=["2026-11-26T17:00:00Z"])
    what: NoteText = Field(examples=["visit again with housing navigator"])
    unit: Word | None = Field(
        None, description="Who does it, such as a navigator's unit; default: the unit of the assignment"
    )


class DoneBody(Part):
    """What came of it, as a word of the outcome list."""

    outcome: Word = Field(examples=["contact_made"])
    note: NoteText | None = None


class FollowUpOut(BaseModel):
    """A follow-up. `done_at` is null while it is open; `is_overdue` when its time has passed meanwhile."""

    id: str = Field(examples=["fup_01KAQ4Z0000000000000000000"])
    assignment_id: str
    incident_id: str
    unit: str = Field(examples=["CR2"])
    agency: str
    program: str | None
    responder_type: str
    what: str
    due_at: datetime
    is_overdue: bool
    created_at: datetime
    done_at: datetime | None
    outcome: str | None
    note: str | None

    @classmethod
    def at(cls, row: FollowUp, now: datetime, principal: Principal) -> "FollowUpOut":
        """The follow-up as it stands at this moment and as this principal may see it."""
        seen = redacted_assignment(_seen_of(row), principal)
        return cls(
            id=row.id,
            assignment_id=row.assignment_id,
            incident_id=row.incident_id,
            unit=row.call_sign,
            agency=row.agency_id,
            program=row.program_id,
            responder_type=row.responder_type,
            what=row.what,
            due_at=row.due_at,
            is_overdue=row.done_at is None and row.due_at < now,
            created_at=row.created_at,
            done_at=row.done_at,
            outcome=seen["outcome"],
            note=row.note,
        )


def _seen_of(row: FollowUp) -> dict[str, str | None]:
    who = {"agency": row.agency_id, "unit_id": row.unit_id, "responder_type": row.responder_type}
    return {**who, "outcome": row.outcome}


class FollowUpPage(BaseModel):
    items: list[FollowUpOut]
    next: str | None = Field(description="Cursor of the next page; null at the end")


@commands.post(
    "/assignments/{assignment_id}/follow-ups",
    status_code=201,
    response_model=FollowUpOut,
    responses=refusals(404, 409),
    summary="Promise a follow-up",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_follow_up(assignment_id: str, body: PromiseBody, act: CurrentAct) -> FollowUpOut:
    """It is open until somebody says what came of it, and is listed for the unit that does it."""
    wanted = Promise(assignment_id, body.due_at, body.what, body.unit)
    made = await promise(act.session, wanted, actor_of(act), act.principal)
    return FollowUpOut.at(made, act.now, act.principal)


@commands.post(
    "/follow-ups/{follow_up_id}:complete",
    response_model=FollowUpOut,
    responses=refusals(404, 409),
    summary="A follow-up is done",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_complete(follow_up_id: str, body: DoneBody, act: CurrentAct) -> FollowUpOut:
    """409 when it was done before, with what came of it then."""
    row = await complete(
        act.session, follow_up_id, body.outcome, body.note, actor_of(act), act.principal, await catalogue_of(act)
    )
    return FollowUpOut.at(row, act.now, act.principal)


@queries.get("/follow-ups", response_model=FollowUpPage, responses=refusals(404), summary="What is still to be done")
@requires(Permission.ASSIGNMENT_READ)
async def list_follow_ups(
    act: CurrentAct,
    open_: Annotated[bool | None, Query(alias="open", description="false: only those that are done")] = None,
    due_before: Moment | None = None,
    agency: Annotated[str | None, Query(max_length=200)] = None,
    program: Annotated[str | None, Query(max_length=200)] = None,
    incident: Annotated[str | None, Query(description="Incident id or number", max_length=200)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> FollowUpPage:
    """Soonest due first, the overdue before all. A token kept to agencies or to a unit sees theirs alone."""
    jurisdiction = act.principal.jurisdiction
    wanted = follow_ups.FollowUpFilter(
        is_open=open_,
        due_before=due_before,
        agency=agency,
        program=program,
        incident=(await get_incident(act.session, jurisdiction, incident)).id if incident else None,
        agencies=act.principal.agencies,
        only_unit=act.principal.unit,
        hidden_types=act.principal.hidden_responder_types(),
    )
    after: Any = tuple(decode_cursor(cursor, [datetime, str], act.asked)) if cursor else None
    rows = await follow_ups.page(act.session, jurisdiction, wanted, after=after, limit=limit)
    last = rows[-1] if len(rows) == limit else None
    return FollowUpPage(
        items=[FollowUpOut.at(row, act.now, act.principal) for row in rows],
        next=encode_cursor([last.due_at, last.id], act.asked) if last else None,
    )
