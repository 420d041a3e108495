"""The roster: agencies, programs, units and responders."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from dispatch.api.answers import Cursor, Limit, refusals
from dispatch.api.bodies import Moment, NoteText, Part, Word
from dispatch.api.calls import actor_of
from dispatch.db.models import Unit
from dispatch.domain.access import Permission
from dispatch.domain.unit import UnitStatus
from dispatch.operations import roster as change
from dispatch.queries import roster_lists
from dispatch.routing.eligibility import STALE_AFTER
from dispatch.web.paging import decode_cursor, encode_cursor
from dispatch.web.routes import CommandRoute, CurrentAct, QueryRoute, requires

commands = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["roster"])
queries = APIRouter(prefix="/v1", route_class=QueryRoute, tags=["roster"])

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
TypeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]
CallSign = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./-]{0,31}$")]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


def _on_earth(point: list[float]) -> list[float]:
    if abs(point[1]) > 90:
        raise ValueError("a point is [longitude, latitude], and no latitude is beyond 90")
    return point


# A list and not a pair: readers of the contract trip over arrays whose places have schemas of their own.
Point = Annotated[list[Lon], Field(min_length=2, max_length=2), AfterValidator(_on_earth)]
Ring = Annotated[list[Point], Field(min_length=3, max_length=2000)]
Area = Annotated[list[Ring], Field(min_length=1, max_length=100)]
Rest = Annotated[int, Field(ge=0, le=7 * 86_400, description="Seconds of rest that its people have after a shift")]
PAGE = 500


class Out(BaseModel):
    model_config = {"from_attributes": True}


class AgencyOut(Out):
    id: str = Field(examples=["community-safety"])
    name: str
    kind: str
    contact: str | None
    rest_s: int = Field(description="Seconds of rest that its people have after a shift")
    version: int


class ProgramOut(Out):
    id: str = Field(examples=["behavioral-health-team"])
    agency_id: str
    responder_type: str
    name: str
    description: str | None
    version: int


class UnitOut(Out):
    id: str = Field(examples=["unt_01KAQ4Z0000000000000000000"])
    call_sign: str = Field(examples=["CR2"])
    agency_id: str
    program_id: str | None
    responder_type: str
    capabilities: list[str]
    vehicle: str | None
    mobile: bool
    min_crew: int
    capacity: int
    home_lat: float | None
    home_lon: float | None
    lat: float | None
    lon: float | None
    position_at: datetime | None
    position_age_s: int | None = Field(None, description="How long ago it was seen there; null when never seen")
    is_position_stale: bool | None = Field(None, description="True when that is too long ago to count on")
    status: str
    status_at: datetime
    status_reason: str | None
    area: list[Ring] | None = Field(description="What it serves, as rings of [lon, lat]; null for everywhere")
    break_until: datetime | None = Field(description="On a break until then; null when it is on none")
    due_off_at: datetime | None = Field(description="Its shift ended then, while it was at work; null otherwise")
    version: int

    @classmethod
    def at(cls, row: Unit, now: datetime) -> "UnitOut":
        """The unit as it stands at this moment, with the age of its position."""
        shown = cls.model_validate(row)
        if row.break_until is not None and row.break_until <= now:
            shown.break_until = None
        if row.position_at is not None:
            age = now - row.position_at
            shown.position_age_s, shown.is_position_stale = max(0, int(age.total_seconds())), age > STALE_AFTER
        return shown


class CertificationOut(Out):
    name: str
    issued_on: date | None
    expires_on: date | None


class ResponderOut(Out):
    id: str = Field(examples=["rsp_01KAQ4Z0000000000000000000"])
    employee_number: str
    name: str
    agency_id: str
    skills: list[str]
    languages: list[str]
    certifications: list[CertificationOut]
    rest_until: datetime | None = Field(description="Not to work before this, since the last shift was only then over")
    version: int


class AgencyPage(BaseModel):
    items: list[AgencyOut]
    next: str | None


class ProgramPage(BaseModel):
    items: list[ProgramOut]
    next: str | None


class UnitPage(BaseModel):
    items: list[UnitOut]
    next: str | None


class ResponderPage(BaseModel):
    items: list[ResponderOut]
    next: str | None


class NewAgency(Part):
    id: Slug = Field(examples=["community-safety"])
    name: Word
    kind: Word = Field(examples=["city", "county", "contracted", "transit"])
    contact: Word | None = None
    rest_s: Rest = 0


class NewProgram(Part):
    id: Slug = Field(examples=["behavioral-health-team"], description="The id under which the policy knows it")
    agency_id: Slug
    responder_type: TypeName = Field(examples=["community_responder"])
    name: Word
    description: NoteText | None = None


class NewUnit(Part):
    call_sign: CallSign = Field(examples=["CR2"])
    agency_id: Slug
    program_id: Slug | None = None
    responder_type: TypeName = Field(examples=["community_responder"])
    capabilities: list[Word] = Field(default_factory=list, max_length=100)
    vehicle: Word | None = None
    mobile: bool = True
    min_crew: int = Field(1, ge=0, le=50)
    capacity: int = Field(1, ge=1, le=1000, description="Assignments at once; more than 1 for desks")
    home_lat: Lat | None = None
    home_lon: Lon | None = None
    area: Area | None = None
    status: UnitStatus = UnitStatus.OFF_DUTY

    @model_validator(mode="after")
    def _whole_home(self) -> "NewUnit":
        if (self.home_lat is None) != (self.home_lon is None):
            raise PydanticCustomError("half_a_position", "home_lat and home_lon go together")
        return self


class NewCertification(Part):
    name: Word = Field(examples=["paramedic"])
    issued_on: date | None = None
    expires_on: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "NewCertification":
        if self.issued_on and self.expires_on and self.expires_on < self.issued_on:
            raise PydanticCustomError("dates_reversed", "expires_on lies before issued_on")
        return self


class NewResponder(Part):
    employee_number: Word
    name: Word
    agency_id: Slug
    skills: list[Word] = Field(default_factory=list, max_length=100)
    languages: list[Word] = Field(default_factory=list, max_length=50)
    certifications: list[NewCertification] = Field(default_factory=list, max_length=100)


class AgencyChange(Part):
    name: Word | None = Field(None, examples=["Office of Community Safety"])
    kind: Word | None = None
    contact: Word | None = None
    rest_s: Rest | None = None


class ProgramChange(Part):
    name: Word | None = Field(None, examples=["Behavioral health team"])
    description: NoteText | None = None


class UnitChange(Part):
    capabilities: list[Word] | None = Field(None, max_length=100)
    vehicle: Word | None = Field(None, examples=["Van 12"])
    mobile: bool | None = None
    min_crew: int | None = Field(None, ge=0, le=50)
    home_lat: Lat | None = None
    home_lon: Lon | None = None
    area: Area | None = Field(None, description="Rings of [lon, lat]; null for everywhere")

    @model_validator(mode="after")
    def _whole_home(self) -> "UnitChange":
        told = {"home_lat", "home_lon"} & self.model_fields_set
        if len(told) == 1 or (self.home_lat is None) != (self.home_lon is None):
            raise PydanticCustomError("half_a_position", "home_lat and home_lon go together")
        return self


class ResponderChange(Part):
    name: Word | None = None
    skills: list[Word] | None = Field(None, max_length=100)
    languages: list[Word] | None = Field(None, max_length=50)
    certifications: list[NewCertification] | None = Field(None, max_length=100)
    rest_until: Moment | None = Field(None, description="Null: rested, whatever the last shift was")


class UnitStatusBody(Part):
    """A unit's own status. While it is on an assignment, step the assignment instead."""

    status: UnitStatus
    reason: NoteText | None = None
    occurred_at: Moment | None = None


def _pages(kind: str, out: type[Out], page: type[BaseModel]) -> None:
    """GET /v1/<kind>: a page of the roster, in id order."""

    @queries.get(f"/{kind}", response_model=page, responses=refusals(), summary=f"List {kind}", name=f"list_{kind}")
    @requires(Permission.ROSTER_READ)
    async def list_kind(
        act: CurrentAct,
        agency: Annotated[str | None, Query(max_length=200)] = None,
        cursor: Cursor = None,
        limit: Limit = PAGE,
    ) -> Any:
        """A page in id order. Units and people of other agencies are left out for a token kept to some."""
        after: Any = decode_cursor(cursor, [str], act.asked)[0] if cursor else ""
        rows = await roster_lists.page(act.session, act.principal, kind, agency=agency, after=after, limit=limit)
        following = encode_cursor([rows[-1].id], act.asked) if len(rows) == limit else None
        return page(items=[_shown(out, row, act.now) for row in rows], next=following)


def _shown(out: type[Out], row: Any, now: datetime) -> Out:
    return UnitOut.at(row, now) if out is UnitOut else out.model_validate(row)


_pages("agencies", AgencyOut, AgencyPage)
_pages("programs", ProgramOut, ProgramPage)
_pages("units", UnitOut, UnitPage)
_pages("responders", ResponderOut, ResponderPage)


@commands.post("/agencies", status_code=201, response_model=AgencyOut, responses=refusals(409), summary="Add an agency")
@requires(Permission.ROSTER_WRITE)
async def post_agency(body: NewAgency, act: CurrentAct) -> AgencyOut:
    """The agency exists. A token that is kept to agencies adds no other."""
    act.principal.require_agency(body.id)
    return AgencyOut.model_validate(await change.add_agency(act.session, body.model_dump(), actor_of(act)))


@commands.post(
    "/programs", status_code=201, response_model=ProgramOut, responses=refusals(409), summary="Add a program"
)
@requires(Permission.ROSTER_WRITE)
async def post_program(body: NewProgram, act: CurrentAct) -> ProgramOut:
    """The program exists on the roster. What it takes is the policy's to say."""
    act.principal.require_sight_of_all()
    act.principal.require_agency(body.agency_id)
    return ProgramOut.model_validate(await change.add_program(act.session, body.model_dump(), actor_of(act)))


@commands.post("/units", status_code=201, response_model=UnitOut, responses=refusals(409), summary="Add a unit")
@requires(Permission.ROSTER_WRITE)
async def post_unit(body: NewUnit, act: CurrentAct) -> UnitOut:
    """The unit exists, with the status given."""
    act.principal.require_agency(body.agency_id)
    values = body.model_dump(mode="json")
    row = await change.add_unit(act.session, values, act.services.policies, actor_of(act))
    return UnitOut.at(row, act.now)


@commands.post(
    "/responders", status_code=201, response_model=ResponderOut, responses=refusals(409), summary="Add a responder"
)
@requires(Permission.ROSTER_WRITE)
async def post_responder(body: NewResponder, act: CurrentAct) -> ResponderOut:
    """The person exists, with skills, languages and certifications."""
    act.principal.require_agency(body.agency_id)
    return ResponderOut.model_validate(await change.add_responder(act.session, body.model_dump(), actor_of(act)))


@commands.patch("/agencies/{agency_id}", response_model=AgencyOut, responses=refusals(404), summary="Change an agency")
@requires(Permission.ROSTER_WRITE)
async def patch_agency(agency_id: str, body: AgencyChange, act: CurrentAct) -> AgencyOut:
    """Only the fields sent are changed."""
    act.principal.require_agency(agency_id)
    values = body.model_dump(exclude_unset=True)
    return AgencyOut.model_validate(await change.change_agency(act.session, agency_id, values, actor_of(act)))


@commands.patch(
    "/programs/{program_id}", response_model=ProgramOut, responses=refusals(404), summary="Change a program"
)
@requires(Permission.ROSTER_WRITE)
async def patch_program(program_id: str, body: ProgramChange, act: CurrentAct) -> ProgramOut:
    """Only the fields sent are changed."""
    values = body.model_dump(exclude_unset=True)
    row = await change.change_program(act.session, program_id, values, actor_of(act))
    act.principal.require_agency(row.agency_id)
    return ProgramOut.model_validate(row)


@commands.patch("/units/{unit}", response_model=UnitOut, responses=refusals(404), summary="Change a unit")
@requires(Permission.ROSTER_WRITE)
async def patch_unit(unit: str, body: UnitChange, act: CurrentAct) -> UnitOut:
    """Only the fields sent are changed."""
    row = await change.change_unit(act.session, unit, body.model_dump(exclude_unset=True), actor_of(act))
    act.principal.require_agency(row.agency_id)
    return UnitOut.at(row, act.now)


@commands.patch(
    "/responders/{responder_id}", response_model=ResponderOut, responses=refusals(404), summary="Change a responder"
)
@requires(Permission.ROSTER_WRITE)
async def patch_responder(responder_id: str, body: ResponderChange, act: CurrentAct) -> ResponderOut:
    """Only the fields sent are changed; certifications are replaced as a whole."""
    values = body.model_dump(exclude_unset=True)
    row = await change.change_responder(act.session, responder_id, values, actor_of(act))
    act.principal.require_agency(row.agency_id)
    return ResponderOut.model_validate(row)


@commands.post("/units/{unit}/status", response_model=UnitOut, responses=refusals(404, 409), summary="A unit's status")
@requires(Permission.UNIT_STATUS)
async def post_unit_status(unit: str, body: UnitStatusBody, act: CurrentAct) -> UnitOut:
    """In or out of service, on or off duty, or emergency. Refused with 409 while an assignment holds the unit."""
    row = await change.set_unit_status(
        act.session, unit, body.status, body.reason, body.occurred_at, actor_of(act), act.principal
    )
    return UnitOut.at(row, act.now)
