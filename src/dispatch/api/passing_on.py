"""An incident is passed on: transferred and given back, appointed, handed off, and staged units released."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from dispatch.api.answers import AssignmentOut, assignment_out, refusals
from dispatch.api.assignments import Assigned, limits_of
from dispatch.api.bodies import Moment, NoteText, Part, Word
from dispatch.api.calls import actor_of
from dispatch.api.shifts import warned
from dispatch.domain.access import Permission
from dispatch.operations.appointments import ASSUMED_LENGTH, LONGEST, Appointment, appoint
from dispatch.operations.hand_off import HandOff, answer_hand_off, hand_off
from dispatch.operations.release import release
from dispatch.operations.transfers import GiveBack, Transfer, give_back, transfer
from dispatch.web.routes import CommandRoute, CurrentAct, requires

commands = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["assignments"])

Helper = Literal["police", "ems", "fire", "co_responder", "community_responder"]


class TransferBody(Part):
    """Whom the call is passed on to: exactly one of `unit`, `agency` and `outside`."""

    unit: Word | None = Field(None, description="A desk, by call sign or id", examples=["LINE"])
    agency: Word | None = Field(None, description="Another agency, by id", examples=["city-care"])
    outside: Word | None = Field(
        None, description="A party that the roster does not know, by name", examples=["Lane County 911"]
    )
    responder_type: Word | None = Field(
        None, description="What an outside party is, or which of its disciplines an agency is asked for"
    )
    reason: NoteText | None = Field(None, examples=["the address is in their county"])
    note: NoteText | None = Field(None, description="For example how the party is reached")

    @model_validator(mode="after")
    def _one_of_them(self) -> "TransferBody":
        if sum(one is not None for one in (self.unit, self.agency, self.outside)) != 1:
            raise ValueError("name exactly one of unit, agency and outside")
        return self


class ReturnBody(Part):
    """Why it comes back. With nothing else said it is a life threat, and police and EMS come first."""

    reason: NoteText = Field(examples=["he says that he has the gun in his hand now"])
    who: Annotated[list[Helper], Field(max_length=5)] = Field(
        default=["police", "ems"], description="Who must come, the first leads; empty: the plan stays as it was"
    )
    priority: int | None = Field(None, ge=0, le=4, description="At least so urgent; it is never lowered")
    note: NoteText | None = None


class ReturnedOut(BaseModel):
    """The assignment that ended, the incident as it stands now, and the alarm that somebody must acknowledge."""

    assignment: AssignmentOut
    incident: str = Field(examples=["1042"])
    status: str = Field(examples=["pending"])
    priority: int = Field(examples=[0])
    alarm: str = Field(examples=["alm_01KAQ4Z0000000000000000000"])


class AppointmentBody(Part):
    """Which unit comes or calls, when, and for how long."""

    unit: Word = Field(examples=["TR1"])
    scheduled_for: Moment = Field(examples=["2026-11-24T17:00:00Z"])
    minutes: int | None = Field(
        None,
        strict=True,
        ge=1,
        le=LONGEST // timedelta(minutes=1),
        description=f"How long it lasts; left out: {ASSUMED_LENGTH // timedelta(minutes=1)}",
    )
    reason: NoteText | None = Field(None, examples=["caller is at work until four"])


class HandOffBody(Part):
    """The unit that is asked to take the incident over."""

    unit: Word = Field(examples=["P1"])
    reason: NoteText | None = Field(None, examples=["he wants to press charges"])


class TakeOverBody(Part):
    """Yes, or no with the reason."""

    accept: bool = Field(examples=[True])
    reason: NoteText | None = None


class ReleaseBody(Part):
    """Nothing needs saying."""

    reason: NoteText | None = Field(None, examples=["one in custody, weapon secured"])


@commands.post(
    "/incidents/{incident_id}:transfer",
    status_code=201,
    response_model=Assigned,
    responses=refusals(404, 409),
    summary="Pass a call on",
)
@requires(Permission.ASSIGNMENT_WRITE)
async def post_transfer(incident_id: str, body: TransferBody, act: CurrentAct) -> Assigned:
    """To a desk, another agency or an outside party. The incident waits on the queue until they accept.

    They answer as to any offer (`POST /v1/assignments/{id}/status`); for an outside party whoever rang them does. The
    first to accept has it; other transfers of the incident that nobody answered are taken back.
    """
    command = Transfer(incident_id, body.unit, body.agency, body.outside, body.responder_type, body.reason, body.note)
    made = await transfer(act.session, command, actor_of(act), act.principal, await limits_of(act))
    return Assigned(
        assignments=[assignment_out(row, act.principal) for row in made.assignments],
        warnings=[
            one for row in made.assignments for one in warned(row.call_sign, made.doubts.get(row.unit_id or "", ()))
        ],
    )


@commands.post(
    "/assignments/{assignment_id}:return",
    response_model=ReturnedOut,
    responses=refusals(404, 409),
    summary="Give a call back to 911",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_return(assignment_id: str, body: ReturnBody, act: CurrentAct) -> ReturnedOut:
    """The transfer ends with the outcome `returned_to_911`, and the incident is on the queue again with an alarm.

    409 when it was not accepted (decline it), or for a unit that goes to the scene (hand it off).
    """
    command = GiveBack(assignment_id, body.reason, body.who, body.priority, body.note)
    done = await give_back(act.session, command, actor_of(act), act.principal, await limits_of(act))
    return ReturnedOut(
        assignment=assignment_out(done.assignment, act.principal),
        incident=done.incident.number,
        status=done.incident.status,
        priority=done.incident.priority,
        alarm=done.alarm,
    )


@commands.post(
    "/incidents/{incident_id}/appointments",
    status_code=201,
    response_model=AssignmentOut,
    responses=refusals(404, 409),
    summary="Make an appointment",
)
@requires(Permission.ASSIGNMENT_WRITE)
async def post_appointment(incident_id: str, body: AppointmentBody, act: CurrentAct) -> AssignmentOut:
    """The unit is reserved for the hour and asked shortly before it; an incident that waited is held until then.

    409 for a life threat that nobody is on, and where the unit has as many appointments in that time as it can take.
    """
    lasts = ASSUMED_LENGTH if body.minutes is None else timedelta(minutes=body.minutes)
    command = Appointment(incident_id, body.unit, body.scheduled_for, body.reason, lasts)
    row = await appoint(act.session, command, actor_of(act), act.principal, await limits_of(act))
    return assignment_out(row, act.principal)


@commands.post(
    "/assignments/{assignment_id}:hand-off",
    status_code=201,
    response_model=AssignmentOut,
    responses=refusals(404, 409),
    summary="Ask another unit to take over",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_hand_off(assignment_id: str, body: HandOffBody, act: CurrentAct) -> AssignmentOut:
    """The answer is the assignment of the unit that is asked. Until it accepts or arrives, the first has the incident.

    To ask a unit that is not on the incident takes `assignment.write`.
    """
    command = HandOff(assignment_id, body.unit, body.reason)
    row = await hand_off(act.session, command, actor_of(act), act.principal, await limits_of(act))
    return assignment_out(row, act.principal)


@commands.post(
    "/assignments/{assignment_id}:take-over",
    response_model=AssignmentOut,
    responses=refusals(404, 409),
    summary="Answer a hand-off",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_take_over(assignment_id: str, body: TakeOverBody, act: CurrentAct) -> AssignmentOut:
    """`assignment_id` is the one of the unit that was asked. 409 when nobody asks it."""
    row = await answer_hand_off(
        act.session, assignment_id, body.accept, body.reason, actor_of(act), act.principal, await limits_of(act)
    )
    return assignment_out(row, act.principal)


@commands.post(
    "/assignments/{assignment_id}:release",
    response_model=AssignmentOut,
    responses=refusals(404, 409),
    summary="The scene is safe",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_release(assignment_id: str, body: ReleaseBody, act: CurrentAct) -> AssignmentOut:
    """The staged unit may go in, by the word of a unit on scene or of a dispatcher.

    Also before it is there, where its part in the plan is to stage. 409 for a unit that does not wait.
    """
    row = await release(act.session, assignment_id, body.reason, actor_of(act), act.principal, await limits_of(act))
    return assignment_out(row, act.principal)
