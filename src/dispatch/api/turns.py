"""What a step of an assignment is not: a unit turned round, a slip undone, help asked for."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dispatch.api.answers import AssignmentOut, assignment_out, refusals
from dispatch.api.assignments import catalogue_of, limits_of
from dispatch.api.bodies import NoteText, Part, Word
from dispatch.api.calls import actor_of
from dispatch.api.shifts import Warned, warned
from dispatch.domain.access import Permission
from dispatch.operations.backup import AskForBackup, ask_for_backup
from dispatch.operations.exchange import Exchange, exchange
from dispatch.operations.redirect import redirect
from dispatch.operations.undo import undo
from dispatch.web.routes import CommandRoute, CurrentAct, requires

commands = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["assignments"])


class RedirectBody(Part):
    """The unit to turn round, by call sign or id."""

    unit: Word = Field(examples=["M2"])
    reason: NoteText | None = Field(None, examples=["closest medic by far"])


class RedirectedOut(BaseModel):
    """What a redirect did: the assignment that ended, the one that was made, and the incident that waits again."""

    ended: AssignmentOut
    made: AssignmentOut
    from_incident: str = Field(description="Number of the incident that the unit was going to")
    from_status: str = Field(description="What that incident is now: `pending` when nobody else is on it")
    warnings: list[Warned] = Field(description="What speaks against the unit; told, never in the way")


class ExchangeBody(Part):
    """Who leaves and who comes instead, by call sign or id."""

    off: Word = Field(examples=["A12"])
    on: Word = Field(examples=["A14"])
    reason: NoteText | None = Field(None, examples=["closer, and free since a minute"])
    swap: bool = Field(False, description="`on` is at another incident: then `off` goes there")
    outcome: Word | None = Field(None, description="Of a unit that has arrived: with what it clears")


class ExchangedOut(BaseModel):
    """What was left and what was given, of this incident first and of the other one of a swap after it."""

    ended: list[AssignmentOut]
    made: list[AssignmentOut]
    warnings: list[Warned] = Field(description="What speaks against the units; told, never in the way")


Helper = Literal["police", "ems", "fire", "co_responder", "community_responder"]


class BackupBody(Part):
    """One tap: with nothing said it is police, urgently."""

    who: list[Helper] = Field(
        default=["police"], min_length=1, max_length=5, description="Who should come, the first leads"
    )
    urgent: bool = Field(True, description="Somebody is in danger: a life threat from now on")
    reason: NoteText | None = Field(None, examples=["he is getting louder and has picked up a bottle"])


class BackupOut(BaseModel):
    """The incident's number and priority as they stand now, and the alarm that somebody must acknowledge."""

    incident: str = Field(examples=["1042"])
    priority: int = Field(examples=[0])
    alarm: str = Field(examples=["alm_01KAQ4Z0000000000000000000"])


@commands.post(
    "/incidents/{incident_id}:redirect",
    response_model=RedirectedOut,
    responses=refusals(404, 409),
    summary="Turn a unit round",
)
@requires(Permission.ASSIGNMENT_WRITE)
async def post_redirect(incident_id: str, body: RedirectBody, act: CurrentAct) -> RedirectedOut:
    """A unit on its way to something less urgent comes here instead; the other incident waits again with its old age.

    409 when it has arrived there (with the legal steps), when the other is as urgent, or when it was sent elsewhere.
    """
    done = await redirect(
        act.session, incident_id, body.unit, body.reason, actor_of(act), act.principal, await limits_of(act)
    )
    return RedirectedOut(
        ended=assignment_out(done.ended, act.principal),
        made=assignment_out(done.made, act.principal),
        from_incident=done.left.number,
        from_status=done.left.status,
        warnings=warned(done.made.call_sign, done.doubts),
    )


@commands.post(
    "/incidents/{incident_id}:exchange",
    response_model=ExchangedOut,
    responses=refusals(404, 409),
    summary="One unit instead of another",
)
@requires(Permission.ASSIGNMENT_WRITE)
async def post_exchange(incident_id: str, body: ExchangeBody, act: CurrentAct) -> ExchangedOut:
    """Both or nothing. The unit that comes has the step of the plan, the role and the open offer of the one that
    leaves.

    409 when `off` is not there or has arrived and no outcome was said, when `on` is not free, or of a swap nowhere.
    """
    command = Exchange(incident_id, body.off, body.on, body.reason, body.outcome, body.swap)
    done = await exchange(
        act.session, command, actor_of(act), act.principal, await limits_of(act), await catalogue_of(act)
    )
    return ExchangedOut(
        ended=[assignment_out(row, act.principal) for row in done.ended],
        made=[assignment_out(row, act.principal) for row in done.made],
        warnings=[one for row in done.made for one in warned(row.call_sign, done.doubts.get(row.unit_id or "", ()))],
    )


@commands.post(
    "/assignments/{assignment_id}:backup",
    response_model=BackupOut,
    responses=refusals(404, 409),
    summary="Ask for help",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_backup(assignment_id: str, body: BackupBody, act: CurrentAct) -> BackupOut:
    """Those asked for come first in the incident's plan, and an alarm stands until somebody acknowledges it."""
    command = AskForBackup(assignment_id, body.who, body.urgent, body.reason)
    done = await ask_for_backup(act.session, command, actor_of(act), act.principal)
    return BackupOut(incident=done.incident.number, priority=done.incident.priority, alarm=done.alarm)


@commands.post(
    "/assignments/{assignment_id}:undo",
    response_model=AssignmentOut,
    responses=refusals(404, 409),
    summary="Undo a slip",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_undo(assignment_id: str, act: CurrentAct) -> AssignmentOut:
    """The last step is undone, within 60 s and by the one who took it; the log keeps both. A fresh assignment ends.

    409 when it is too late, or something was built on the step since; 403 when somebody else took it.
    """
    row = await undo(act.session, assignment_id, actor_of(act), act.principal, await limits_of(act))
    return assignment_out(row, act.principal)
