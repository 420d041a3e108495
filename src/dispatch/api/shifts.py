"""Shifts: crews log on and off, change, and are listed."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dispatch.api.answers import PAGE, Cursor, Limit, refusals, require_order
from dispatch.api.bodies import Moment, NoteText, Part, Word
from dispatch.api.calls import actor_of
from dispatch.domain.access import Permission
from dispatch.operations.breaks import end_break, start_break
from dispatch.operations.crew_changes import ChangeCrew, change_crew
from dispatch.operations.crews import Standing, standing_of
from dispatch.operations.shift_plans import PlanShift, cancel_shift, plan_shift
from dispatch.operations.shifts import LogOn, log_off, log_on
from dispatch.queries import shifts
from dispatch.routing.reasons import sentence
from dispatch.web.paging import decode_cursor, encode_cursor
from dispatch.web.routes import Act, CommandRoute, CurrentAct, QueryRoute, requires

commands = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["shifts"])
queries = APIRouter(prefix="/v1", route_class=QueryRoute, tags=["shifts"])

People = Annotated[list[Word], Field(max_length=50)]


class LogOnBody(Part):
    """Who staffs the unit, and until when. Both may be left out where the roster has planned a shift of this hour."""

    crew: People | None = Field(None, examples=[["4471", "5120"]], description="Ids or employee numbers")
    until: Moment | None = Field(None, examples=["2026-11-24T02:00:00Z"])
    also: list[Word] = Field(
        default_factory=list, max_length=10, description="Units that the same crew staffs too, one at a time"
    )


class LogOffBody(Part):
    """Nothing needs saying."""

    reason: NoteText | None = Field(None, examples=["vehicle to the workshop"])


class CrewBody(Part):
    """Who comes and who goes, as ids or employee numbers; `until` makes the shift longer or shorter."""

    on: People = Field(default_factory=list, examples=[["5120"]])
    off: People = Field(default_factory=list)
    until: Moment | None = None


class BreakBody(Part):
    """Until when the crew has its break."""

    until: Moment = Field(examples=["2026-11-23T14:30:00Z"])
    reason: NoteText | None = Field(None, examples=["meal"])


class BackBody(Part):
    """Nothing needs saying."""

    reason: NoteText | None = Field(None, examples=["called back for a fire"])


class PlanBody(Part):
    """Who will be on the unit, from when until when. Nobody yet is told as too few."""

    unit: Word = Field(examples=["CR2"], description="Id or call sign")
    crew: People = Field(default_factory=list, examples=[["4471", "5120"]], description="Ids or employee numbers")
    starts_at: Moment = Field(examples=["2026-11-24T14:00:00Z"])
    ends_at: Moment = Field(examples=["2026-11-25T02:00:00Z"])


class CallOffBody(Part):
    """Nothing needs saying."""

    reason: NoteText | None = Field(None, examples=["vehicle to the workshop"])


class CrewOut(BaseModel):
    """One person on a shift, with their own hours on it."""

    id: str = Field(examples=["rsp_01KAQ4Z0000000000000000000"])
    employee_number: str
    name: str
    starts_at: datetime
    ends_at: datetime

    model_config = {"from_attributes": True}


class ShiftOut(BaseModel):
    """A shift. `also`: units with the same crew. `closed_at`: when it was ended; null while it is planned or runs."""

    id: str = Field(examples=["sft_01KAQ4Z0000000000000000000"])
    unit: str = Field(examples=["CR2"])
    agency: str
    starts_at: datetime
    ends_at: datetime
    closed_at: datetime | None
    crew: list[CrewOut]
    also: list[str]

    model_config = {"from_attributes": True}


class ShiftPage(BaseModel):
    items: list[ShiftOut]
    next: str | None = Field(description="Cursor of the next page; null at the end")


class Warned(BaseModel):
    """What somebody should know and nobody is kept from."""

    unit: str = Field(examples=["CR2"])
    code: str = Field(examples=["below_minimum_staffing:1/2"])
    why: str


class StandingOut(BaseModel):
    """The unit after the change. `shift`: the one that runs, or null."""

    unit: str = Field(examples=["CR2"])
    status: str
    shift: ShiftOut | None
    warnings: list[Warned]


class PlannedOut(BaseModel):
    """The shift that is to come."""

    shift: ShiftOut
    warnings: list[Warned]


def warned(unit: str, codes: tuple[str, ...]) -> list[Warned]:
    """The warnings about one unit, as they are shown."""
    return [Warned(unit=unit, code=code, why=sentence(code)) for code in codes]


async def _shown(act: Act, standing: Standing) -> StandingOut:
    crew, shift = standing.crew, None
    if crew is not None:
        wanted = shifts.ShiftFilter(unit=standing.unit.id, from_at=act.now, to_at=crew.ends_at)
        found = await shifts.page(act.session, act.principal, wanted, after=None, limit=1)
        shift = ShiftOut.model_validate(found[0])
    unit = standing.unit
    return StandingOut(
        unit=unit.call_sign, status=unit.status, shift=shift, warnings=warned(unit.call_sign, standing.warnings)
    )


@commands.post(
    "/units/{unit}:log-on", response_model=StandingOut, responses=refusals(404, 409), summary="A crew logs on"
)
@requires(Permission.UNIT_STATUS)
async def post_log_on(unit: str, body: LogOnBody, act: CurrentAct) -> StandingOut:
    """The unit is available with this crew. 409 names the unit that one of them is on in these hours.

    Too few people, an expired certificate or rest that is not over are warnings: the unit is on duty, and the
    recommendation says why it is not offered.
    """
    command = LogOn(unit, body.crew, body.until, body.also)
    return await _shown(act, await log_on(act.session, command, actor_of(act), act.principal))


@commands.post(
    "/units/{unit}:log-off", response_model=StandingOut, responses=refusals(404, 409), summary="A crew logs off"
)
@requires(Permission.UNIT_STATUS)
async def post_log_off(unit: str, body: LogOffBody, act: CurrentAct) -> StandingOut:
    """Its shift ends now and it is off duty. 409 names the assignment that it is on."""
    return await _shown(act, await log_off(act.session, unit, body.reason, actor_of(act), act.principal))


@commands.post(
    "/units/{unit}:change-crew",
    response_model=StandingOut,
    responses=refusals(404, 409),
    summary="Who is on the unit changes",
)
@requires(Permission.UNIT_STATUS)
async def post_change_crew(unit: str, body: CrewBody, act: CurrentAct) -> StandingOut:
    """Of the running shift, or of the next one where none runs. Whoever joins a unit at work is on its incident."""
    command = ChangeCrew(unit, body.on, body.off, body.until)
    return await _shown(act, await change_crew(act.session, command, actor_of(act), act.principal))


@commands.post(
    "/units/{unit}:start-break", response_model=StandingOut, responses=refusals(404, 409), summary="A break begins"
)
@requires(Permission.UNIT_STATUS)
async def post_start_break(unit: str, body: BreakBody, act: CurrentAct) -> StandingOut:
    """It is not offered until then. Whoever assigns it all the same is warned, and calls it back."""
    row = await start_break(act.session, unit, body.until, body.reason, actor_of(act), act.principal)
    return await _shown(act, await standing_of(act.session, row, (), actor_of(act)))


@commands.post(
    "/units/{unit}:end-break", response_model=StandingOut, responses=refusals(404, 409), summary="A break is over"
)
@requires(Permission.UNIT_STATUS)
async def post_end_break(unit: str, body: BackBody, act: CurrentAct) -> StandingOut:
    """Before its time; at its time it is over by itself."""
    row = await end_break(act.session, unit, body.reason, actor_of(act), act.principal)
    return await _shown(act, await standing_of(act.session, row, (), actor_of(act)))


@commands.post(
    "/shifts", response_model=PlannedOut, status_code=201, responses=refusals(404, 409), summary="A shift is planned"
)
@requires(Permission.UNIT_STATUS)
async def post_shift(body: PlanBody, act: CurrentAct) -> PlannedOut:
    """For an hour to come, within a year; the crew logs on to it without saying more.

    409 names the unit that one of them is on in these hours. Too few people and too short a rest are warnings.
    """
    command = PlanShift(body.unit, body.crew, body.starts_at, body.ends_at)
    done = await plan_shift(act.session, command, actor_of(act), act.principal)
    wanted = shifts.ShiftFilter(unit=done.unit.id, from_at=done.shift.starts_at, to_at=done.shift.ends_at)
    [row] = await shifts.page(act.session, act.principal, wanted, after=None, limit=1)
    return PlannedOut(shift=ShiftOut.model_validate(row), warnings=warned(done.unit.call_sign, done.warnings))


@commands.post(
    "/shifts/{shift_id}:cancel",
    response_model=StandingOut,
    responses=refusals(404, 409),
    summary="A planned shift is called off",
)
@requires(Permission.UNIT_STATUS)
async def post_cancel_shift(shift_id: str, body: CallOffBody, act: CurrentAct) -> StandingOut:
    """Before it begins; its people are free in these hours. The answer is how the unit stands now."""
    unit = await cancel_shift(act.session, shift_id, body.reason, actor_of(act), act.principal)
    return await _shown(act, await standing_of(act.session, unit, (), actor_of(act)))


@queries.get("/shifts", response_model=ShiftPage, responses=refusals(), summary="Who is on which unit, and when")
@requires(Permission.ROSTER_READ)
async def list_shifts(
    act: CurrentAct,
    unit: Annotated[str | None, Query(description="Call sign or id", max_length=200)] = None,
    responder: Annotated[str | None, Query(description="Id or employee number", max_length=200)] = None,
    agency: Annotated[str | None, Query(max_length=200)] = None,
    from_: Annotated[Moment | None, Query(alias="from", description="Ends after; default: now")] = None,
    to: Annotated[Moment | None, Query(description="Begins before")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> ShiftPage:
    """By when they begin: those that run now and those that are planned, unless `from` says otherwise."""
    require_order(from_, to)
    wanted = shifts.ShiftFilter(unit, responder, agency, from_ or act.now, to)
    after: Any = tuple(decode_cursor(cursor, [datetime, str], act.asked)) if cursor else None
    rows = await shifts.page(act.session, act.principal, wanted, after=after, limit=limit)
    last = rows[-1] if len(rows) == limit else None
    return ShiftPage(
        items=[ShiftOut.model_validate(row) for row in rows],
        next=encode_cursor([last.starts_at, last.id], act.asked) if last else None,
    )
