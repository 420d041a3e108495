"""Hazards of places: recorded with an expiry, reviewed, withdrawn, and listed by when they run out."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from dispatch.api.answers import PAGE, Cursor, Limit, refusals
from dispatch.api.bodies import Moment, NoteText, Part, Word
from dispatch.api.calls import actor_of, json_answer
from dispatch.api.premise_answers import HazardOut, hazard_data
from dispatch.api.roster import Lat, Lon
from dispatch.db.models import PremiseHazard
from dispatch.domain.access import Permission
from dispatch.domain.geo import LatLon
from dispatch.domain.hazard import LONGEST_RADIUS_M, HazardKinds, Sensitivity, SourceKind
from dispatch.operations.call_body import without_nul
from dispatch.operations.hazard_reviews import no_hazard, review, withdraw
from dispatch.operations.hazards import RecordHazard, record, record_at_incident
from dispatch.queries import hazard_lists
from dispatch.web.paging import decode_cursor, encode_cursor
from dispatch.web.routes import Act, CommandRoute, CurrentAct, QueryRoute, requires

commands = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["premise"])
queries = APIRouter(prefix="/v1", route_class=QueryRoute, tags=["premise"])

HazardWords = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(without_nul)
]
Door = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20), AfterValidator(without_nul)
]
AddressText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(without_nul)
]


class SourceBody(Part):
    """Who says so: an agency by its id, a person, or a document."""

    kind: SourceKind = Field(examples=["document"])
    name: Word = Field(examples=["Tier II filing 2026-114"])


class PlaceBody(Part):
    """A position, an address, or both. door: apartment or room; default: the one in the address."""

    lat: Lat | None = Field(None, examples=[44.06])
    lon: Lon | None = Field(None, examples=[-124.93])
    address: AddressText | None = Field(None, examples=["100 Grove St"])
    door: Door | None = Field(None, examples=["3b"])

    @model_validator(mode="after")
    def _is_somewhere(self) -> "PlaceBody":
        if (self.lat is None) != (self.lon is None):
            raise PydanticCustomError("half_a_position", "lat and lon go together; send both or neither")
        if self.lat is None and self.address is None:
            raise PydanticCustomError("place_missing", "needs a position or an address")
        return self


class _HazardBody(Part):
    kind: Word = Field(examples=["dog"], description="One of GET /v1/hazard-kinds")
    words: HazardWords = Field(examples=["Two large dogs loose behind the gate"])
    expires_at: Moment = Field(
        examples=["2027-05-01T00:00:00Z"], description="Never without: at most so many days as its kind allows"
    )
    sensitivity: Sensitivity | None = Field(None, description="Who may read it; default: as its kind has it")
    endangers_responders: bool | None = Field(
        None, description="True: also those who may not read it are warned. Must be said of most health records"
    )
    radius_m: Annotated[float, Field(ge=1, le=LONGEST_RADIUS_M, allow_inf_nan=False)] | None = None
    agency: Word | None = Field(None, description="Whose record it is, where the token speaks for several or for all")


class HazardBody(_HazardBody):
    """What somebody knows of a place, who says so, and until when."""

    place: PlaceBody
    source: SourceBody


class IncidentHazardBody(_HazardBody):
    """What was found at an incident: its place is the incident's, and the incident is the source."""

    door: Door | None = Field(None, examples=["3b"])


class ReviewBody(Part):
    expires_at: Moment = Field(examples=["2027-05-01T00:00:00Z"], description="Until when it stands from now on")


class WithdrawBody(Part):
    reason: NoteText = Field(examples=["the dogs are gone, said the new tenant"])


class RecordedOut(BaseModel):
    """The hazard as whoever recorded it sees it."""

    hazard: HazardOut


class HazardPage(BaseModel):
    items: list[HazardOut]
    not_shown: list[str] = Field(description="What is never listed for this token, whether there is any or not")
    next: str | None = Field(description="Cursor of the next page; null at the end")


class KindOut(BaseModel):
    """One kind of hazard."""

    kind: str = Field(examples=["dog"])
    title: str
    warning: str
    sensitivity: str
    endangers_responders: bool = Field(description="True where every hazard of the kind may hurt whoever goes there")
    most_days: int = Field(description="The longest that one stands without being reviewed")
    radius_m: float = Field(description="How far it reaches when nothing is said")


class Kinds(BaseModel):
    items: list[KindOut]


@commands.post(
    "/hazards",
    status_code=201,
    response_model=RecordedOut,
    responses=refusals(409),
    summary="Record a hazard of a place",
)
@requires(Permission.PREMISE_WRITE)
async def post_hazard(body: HazardBody, act: CurrentAct) -> Response:
    """In force at once, for everyone who may read it, until it expires. The very same again is 409."""
    row = await record(act.session, command_of(body), await _kinds(act), actor_of(act), act.principal)
    return json_answer({"hazard": hazard_data(row, act.principal, act.now)}, 201)


@commands.post(
    "/incidents/{incident_id}/hazards",
    status_code=201,
    response_model=RecordedOut,
    responses=refusals(404, 409),
    summary="Record a hazard found at an incident",
)
@requires(Permission.PREMISE_WRITE)
async def post_incident_hazard(incident_id: str, body: IncidentHazardBody, act: CurrentAct) -> Response:
    """The incident gives the place and is the source. A responder records it at the incident that its unit is on."""
    command = RecordHazard(**_said(body), source_kind=SourceKind.INCIDENT, source="", door=body.door)
    kinds = await _kinds(act)
    row = await record_at_incident(act.session, incident_id, command, kinds, actor_of(act), act.principal)
    return json_answer({"hazard": hazard_data(row, act.principal, act.now)}, 201)


@commands.post(
    "/hazards/{hazard_id}:review",
    response_model=RecordedOut,
    responses=refusals(404, 409),
    summary="Look again and say until when",
)
@requires(Permission.PREMISE_REVIEW)
async def post_review(hazard_id: str, body: ReviewBody, act: CurrentAct) -> Response:
    """It stands until the new moment, at most as long as its kind allows; one that had expired is in force again."""
    kinds = await _kinds(act)
    row = await review(act.session, hazard_id, body.expires_at, kinds, actor_of(act), act.principal)
    return json_answer({"hazard": hazard_data(row, act.principal, act.now)}, 200)


@commands.post(
    "/hazards/{hazard_id}:withdraw",
    response_model=RecordedOut,
    responses=refusals(404, 409),
    summary="Withdraw it, with a reason",
)
@requires(Permission.PREMISE_WRITE)
async def post_withdraw(hazard_id: str, body: WithdrawBody, act: CurrentAct) -> Response:
    """Shown no more, and kept with the reason. By whoever recorded it, or by those who review."""
    row = await withdraw(act.session, hazard_id, body.reason, actor_of(act), act.principal)
    return json_answer({"hazard": hazard_data(row, act.principal, act.now)}, 200)


@queries.get("/hazards", response_model=HazardPage, responses=refusals(), summary="Hazards by when they run out")
@requires(Permission.PREMISE_REVIEW)
async def list_hazards(
    act: CurrentAct,
    state: Annotated[
        Literal["in_force", "expired", "withdrawn"], Query(description="Which ones; the default is in force")
    ] = "in_force",
    expires_within_days: Annotated[
        int | None, Query(ge=1, le=3650, description="In force: only those that run out this soon")
    ] = None,
    kind: Annotated[str | None, Query(max_length=200)] = None,
    agency: Annotated[str | None, Query(max_length=200, description="Whose record it is")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Response:
    """Those that run out first come first: what needs somebody to look again."""
    soon = act.now + timedelta(days=expires_within_days) if expires_within_days is not None else None
    wanted = hazard_lists.HazardFilter(
        state, soon, kind, agency, act.principal.agencies, tuple(sorted(hazard_lists.unread(act.principal)))
    )
    after: Any = tuple(decode_cursor(cursor, [datetime, str], act.asked)) if cursor else None
    rows = await hazard_lists.page(
        act.session, act.principal.jurisdiction, wanted, now=act.now, after=after, limit=limit
    )
    last = rows[-1] if len(rows) == limit else None
    return json_answer(
        {
            "items": [shown for row in rows if (shown := hazard_data(row, act.principal, act.now)) is not None],
            "not_shown": sorted(hazard_lists.unread(act.principal)),
            "next": encode_cursor([last.expires_at, last.id], act.asked) if last else None,
        },
        200,
    )


@queries.get("/hazards/{hazard_id}", response_model=HazardOut, responses=refusals(404), summary="One hazard")
@requires(Permission.PREMISE_READ)
async def get_hazard(hazard_id: str, act: CurrentAct) -> Response:
    """Also one that has expired or was withdrawn, with the reason."""
    row = await act.session.get(PremiseHazard, (act.principal.jurisdiction, hazard_id))
    shown = None if row is None else hazard_data(row, act.principal, act.now)
    if shown is None:
        raise no_hazard(hazard_id)
    return json_answer(shown, 200)


@queries.get("/hazard-kinds", response_model=Kinds, responses=refusals(), summary="The kinds of hazards")
@requires(Permission.PREMISE_READ_OWN)
async def list_kinds(act: CurrentAct) -> Kinds:
    """The closed list of the policy that decides now: shipped kinds, and those that the city added."""
    kinds = await _kinds(act)
    return Kinds(
        items=[
            KindOut(
                kind=one.name,
                title=one.title,
                warning=one.warning,
                sensitivity=one.sensitivity.value,
                endangers_responders=one.endangers,
                most_days=one.most_days,
                radius_m=one.radius_m,
            )
            for one in kinds.by_name.values()
        ]
    )


async def _kinds(act: Act) -> HazardKinds:
    return await act.services.policies.hazard_kinds(act.session, act.principal.jurisdiction, act.now)


def command_of(body: HazardBody) -> RecordHazard:
    """The body as a command."""
    place = body.place
    return RecordHazard(
        **_said(body),
        source_kind=body.source.kind,
        source=body.source.name,
        position=LatLon(place.lat, place.lon) if place.lat is not None and place.lon is not None else None,
        address=place.address,
        door=place.door,
    )


def _said(body: _HazardBody) -> dict[str, Any]:
    return {
        "kind": body.kind,
        "words": body.words,
        "expires_at": body.expires_at,
        "sensitivity": body.sensitivity,
        "endangers": body.endangers_responders,
        "radius_m": body.radius_m,
        "agency": body.agency,
    }
