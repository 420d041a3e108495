"""Stacks: incidents that are kept for a busy unit, in an order."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dispatch.api.answers import AssignmentOut, assignment_out, refusals
from dispatch.api.bodies import NoteText, Part, Word
from dispatch.api.calls import actor_of
from dispatch.db.lookup import get_unit
from dispatch.domain.access import Permission
from dispatch.domain.assignment import AssignmentMode
from dispatch.domain.errors import NotFound
from dispatch.operations.stack import Stack, reorder, stack
from dispatch.queries.stacks import stack_of
from dispatch.web.routes import Act, CommandRoute, CurrentAct, QueryRoute, requires

commands = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["assignments"])
queries = APIRouter(prefix="/v1", route_class=QueryRoute, tags=["assignments"])


class StackBody(Part):
    """The busy unit for which the incident is kept, by call sign or id."""

    unit: Word = Field(examples=["CR2"])
    mode: AssignmentMode | None = Field(None, description="How it begins; default: as its responder type is used to")
    step: int | None = Field(None, ge=1, le=100, description="The plan step that this fills")
    role: Word | None = Field(None, examples=["primary"])
    reason: NoteText | None = Field(None, examples=["same team as last week, done in ten minutes"])


class OrderBody(Part):
    """All that is kept for the unit, as ids of assignments, in the order that is wanted."""

    order: Annotated[
        list[Word],
        Field(max_length=50, examples=[["asg_01KAQ4Z0000000000000000001", "asg_01KAQ4Z0000000000000000000"]]),
    ]


class StackedOut(BaseModel):
    """One incident that is kept for the unit. It waits on the queue all the same, with its age and its timers."""

    assignment: str = Field(examples=["asg_01KAQ4Z0000000000000000000"])
    position: int = Field(description="1 is next; gaps are left by what was dropped")
    incident_id: str
    incident: str = Field(description="Its number", examples=["1042"])
    incident_type: str | None = Field(description="null for whoever is told one way, as is `priority`")
    priority: int | None
    waited_s: int
    reserved_at: datetime
    mode: str
    reason: str | None


class StackOut(BaseModel):
    """What is kept for a unit, the next one first."""

    unit: str
    status: str = Field(description="Of the unit")
    items: list[StackedOut]


@commands.post(
    "/incidents/{incident_id}:stack",
    status_code=201,
    response_model=AssignmentOut,
    responses=refusals(404, 409),
    summary="Keep it for a busy unit",
)
@requires(Permission.ASSIGNMENT_WRITE)
async def post_stack(incident_id: str, body: StackBody, act: CurrentAct) -> AssignmentOut:
    """The incident stays on the queue. When the unit is free, an alarm proposes it; a desk is offered it at once.

    409 for a life threat, for a unit that is free, out of service, or on the incident already.
    """
    command = Stack(incident_id, body.unit, body.mode, body.step, body.role, body.reason)
    return assignment_out(await stack(act.session, command, actor_of(act), act.principal), act.principal)


@commands.post(
    "/units/{unit}/stack:reorder", response_model=StackOut, responses=refusals(404, 409), summary="Change its order"
)
@requires(Permission.ASSIGNMENT_WRITE)
async def post_order(unit: str, body: OrderBody, act: CurrentAct) -> StackOut:
    """`order` names each assignment of the stack once. One is dropped with the status cancelled, sent with ordered."""
    await reorder(act.session, unit, body.order, actor_of(act), act.principal)
    return await _shown(unit, act)


@queries.get("/units/{unit}/stack", response_model=StackOut, responses=refusals(404), summary="What is kept for it")
@requires(Permission.ASSIGNMENT_READ)
async def get_stack(unit: str, act: CurrentAct) -> StackOut:
    """The next one first. A token kept to agencies or to a unit sees theirs alone."""
    return await _shown(unit, act)


async def _shown(name: str, act: Act) -> StackOut:
    who = act.principal
    unit = await get_unit(act.session, who.jurisdiction, name, hidden_types=who.hidden_responder_types())
    if not who.sees_agency(unit.agency_id) or who.unit not in (None, unit.id):
        raise NotFound(f"There is no unit {name}.", fix="List the roster with GET /v1/units.", units=[name])
    items = [
        StackedOut(
            assignment=one.row.id,
            position=one.row.stack_position or 0,
            incident_id=one.row.incident_id,
            incident=one.number,
            incident_type=None if who.is_one_way else one.incident_type,
            priority=None if who.is_one_way else one.priority,
            waited_s=max(0, round((act.now - one.opened_at).total_seconds())),
            reserved_at=one.row.reserved_at or one.row.created_at,
            mode=one.row.mode,
            reason=one.row.reason,
        )
        for one in await stack_of(act.session, unit)
    ]
    return StackOut(unit=unit.call_sign, status=unit.status, items=items)
