"""A place: hazards that somebody stands by, and incidents of before, with how far was looked and what that can tell."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from dispatch.api.answers import refusals
from dispatch.api.calls import json_answer
from dispatch.api.premise_answers import HazardsOut, hazards_data, placed, sentences
from dispatch.db.lookup import get_incident, no_incident
from dispatch.db.models import Incident
from dispatch.domain.access import Permission
from dispatch.domain.assignment import ACTIVE
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.geo import LatLon
from dispatch.domain.premise import DEFAULT_RADIUS_M, LONGEST_SEARCH_M, Place, Search, Told, search_of
from dispatch.domain.redaction import not_shown
from dispatch.queries import incidents
from dispatch.queries.premise import place_at, place_of
from dispatch.queries.premise_history import HistoryOf, data_since, has_unplaced, history_near
from dispatch.web.routes import Act, CurrentAct, QueryRoute, requires

queries = APIRouter(prefix="/v1", route_class=QueryRoute, tags=["premise"])

# Whoever maintains hazards sees those that ran out this lately, so that they are reviewed or let go.
EXPIRED_LATELY = timedelta(days=30)
YEAR = 365

Radius = Annotated[
    float,
    Query(ge=1, le=LONGEST_SEARCH_M, allow_inf_nan=False, description="Metres; never less than the position is unsure"),
]
Days = Annotated[int, Query(ge=1, le=3650, description="How far back to count incidents")]


class LatestOut(BaseModel):
    """One incident of before."""

    id: str
    number: str = Field(examples=["1042"])
    status: str
    category: str
    incident_type: str
    disposition: str | None
    opened_at: datetime
    distance_m: float | None = Field(description="Null where a position is missing or not shown")
    same_address: bool | None


class HistoryOut(BaseModel):
    """Incidents of before near the place. Linked incidents are one. Outcomes are those of the reader's own agencies."""

    told: str = Field(examples=["found"])
    limits: list[str] = Field(description="What keeps it from telling", examples=[["incidents_without_a_position"]])
    days: int = Field(examples=[365])
    since: datetime
    data_since: datetime | None = Field(description="The oldest incident on record; null when there is none")
    is_whole: bool = Field(description="False when the record is younger than `since`: what was before is not known")
    incidents: int
    open_now: int
    same_address: int | None = Field(description="Null where the address is missing or not shown")
    same_phone: int | None = Field(
        description="From the caller's telephone, anywhere; null when not asked or not shown"
    )
    uncertain: int = Field(description="Of these, incidents whose own position may be wrong by more than `radius_m`")
    by_category: dict[str, int]
    by_incident_type: dict[str, int]
    by_disposition: dict[str, int]
    by_responder_type: dict[str, int] = Field(description="Incidents at which somebody of this type arrived")
    by_outcome: dict[str, int]
    latest: list[LatestOut] | None = Field(description="Newest first; null for those who may not read other incidents")


class PlaceOut(BaseModel):
    lat: float | None
    lon: float | None
    uncertainty_m: float | None
    address: str | None = Field(description="Folded, without the door, as it is compared", examples=["100 grove st"])
    door: str | None


class PremiseOut(BaseModel):
    """What is on record of a place, as far as the reader may know."""

    place: PlaceOut
    as_of: datetime
    asked_radius_m: float
    radius_m: float | None = Field(description="How far around the position was looked; null without a position")
    widened: list[str] = Field(description="Why that is further than was asked", examples=[["uncertain_position"]])
    limits: list[str] = Field(description="What keeps it from telling", examples=[["position_missing"]])
    why: list[str] = Field(description="The same in sentences")
    not_shown: list[str] = Field(description="What is never shown to this token, whether there is any or not")
    hazards: HazardsOut
    prior: HistoryOut | None = Field(description="Null for those who may not know it")


@queries.get("/premise", response_model=PremiseOut, responses=refusals(), summary="What is known of a place")
@requires(Permission.PREMISE_READ)
async def get_premise(
    act: CurrentAct,
    lat: Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False)] = None,
    lon: Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False)] = None,
    uncertainty_m: Annotated[float | None, Query(ge=0, le=1_000_000, allow_inf_nan=False)] = None,
    address: Annotated[str | None, Query(max_length=500, examples=["100 Grove St, Apt 3"])] = None,
    radius_m: Radius = DEFAULT_RADIUS_M,
    days: Days = YEAR,
) -> Response:
    """By position, by address, or both. By an address alone it looks around the newest incident there, and says so.

    Nothing found is `none_on_record`, or `cannot_tell` where the place is not known well enough: never that it is safe.
    """
    place = place_at(_position(lat, lon), uncertainty_m, address)
    search = search_of(await placed(act, place), radius_m)
    return json_answer(await _premise(act, search, days, None), 200)


@queries.get(
    "/incidents/{incident_id}/premise",
    response_model=PremiseOut,
    responses=refusals(404),
    summary="What is known of the place of an incident",
)
@requires(Permission.PREMISE_READ_OWN)
async def get_incident_premise(
    incident_id: str, act: CurrentAct, radius_m: Radius = DEFAULT_RADIUS_M, days: Days = YEAR
) -> Response:
    """As `GET /v1/premise` for where the incident is, without the incident itself. A responder sees that of its own."""
    row = await get_incident(act.session, act.principal.jurisdiction, incident_id)
    units = await incidents.assignments_of(act.session, act.principal.jurisdiction, row.id)
    if not act.principal.sees_incident([unit.unit_id for unit in units if unit.unit_id and unit.status in ACTIVE]):
        raise no_incident(incident_id)
    search = search_of(await placed(act, place_of(row)), radius_m)
    return json_answer(await _premise(act, search, days, row), 200)


async def _premise(act: Act, search: Search, days: int, incident: Incident | None) -> dict[str, Any]:
    maintains = act.principal.may(Permission.PREMISE_REVIEW)
    hazards = await hazards_data(act, search, since=act.now - EXPIRED_LATELY if maintains else None)
    prior = await _prior(act, search, days, incident)
    withheld = not_shown(act.principal)
    lines = [
        line
        for part in (hazards, prior)
        if part is not None
        for line in sentences(search, Told(part["told"]), part["limits"], withheld)
    ]
    return {
        "place": _shown(search.place),
        "as_of": act.now,
        "asked_radius_m": search.asked_radius_m,
        "radius_m": search.radius_m,
        "widened": list(search.widened),
        "limits": list(search.limits),
        "why": list(dict.fromkeys(lines)),
        "not_shown": withheld,
        "hazards": hazards,
        "prior": prior,
    }


async def _prior(act: Act, search: Search, days: int, incident: Incident | None) -> dict[str, Any] | None:
    who = act.principal
    if not who.sees_history:
        return None
    since = act.now - timedelta(days=days)
    without = () if incident is None else (incident.id, incident.linked_to or incident.id)
    phone = incident.phone_key if incident is not None and who.sees_caller else None
    asked = HistoryOf(search, since, act.now, without, phone)
    found = await history_near(act.session, who, asked, with_latest=who.may(Permission.INCIDENT_READ))
    oldest = await data_since(act.session, who.jurisdiction)
    is_blind = search.place.address is None and await has_unplaced(act.session, who.jurisdiction, since, act.now)
    limits = ["incidents_without_a_position"] if is_blind else []
    return {
        "told": search.told(found.incidents, *limits).value,
        "limits": [*search.limits, *limits],
        "days": days,
        "since": since,
        "data_since": oldest,
        "is_whole": oldest is not None and oldest <= since,
        "incidents": found.incidents,
        "open_now": found.open_now,
        "same_address": found.same_address if search.place.address else None,
        "same_phone": found.same_phone,
        "uncertain": found.uncertain,
        **{f"by_{name}": counts for name, counts in found.by.items()},
        "latest": [_latest(act, row) for row in found.latest] if who.may(Permission.INCIDENT_READ) else None,
    }


def _latest(act: Act, row: dict[str, Any]) -> dict[str, Any]:
    shown = {name: row[name] for name in LatestOut.model_fields if name in row}
    is_exact = act.principal.sees_place
    apart = row["apart"]
    return shown | {
        "distance_m": round(apart, 1) if apart is not None and is_exact else None,
        "same_address": row["same_address"] if is_exact else None,
    }


def _shown(place: Place) -> dict[str, Any]:
    position = place.position
    return {
        "lat": position.lat if position else None,
        "lon": position.lon if position else None,
        "uncertainty_m": place.uncertainty_m,
        "address": place.address,
        "door": place.door,
    }


def _position(lat: float | None, lon: float | None) -> LatLon | None:
    if (lat is None) != (lon is None):
        raise Invalid(
            "A position is a latitude and a longitude.",
            fix="Send both, or neither and an address.",
            errors=[FieldProblem("lat" if lat is None else "lon", "half_a_position", "is missing")],
        )
    return None if lat is None or lon is None or (lat, lon) == (0, 0) else LatLon(lat, lon)
