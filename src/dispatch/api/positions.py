"""Automatic vehicle location: positions of one unit or of many at once, and where a unit has been."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dispatch.api.answers import refusals, require_order
from dispatch.api.bodies import Moment, Part, Word
from dispatch.api.calls import actor_of
from dispatch.api.roster import Lat, Lon, UnitOut
from dispatch.db.lookup import get_unit
from dispatch.domain.access import Permission
from dispatch.domain.errors import FieldProblem, Invalid, NotFound
from dispatch.operations.positions import Seen, take_positions, take_positions_of
from dispatch.queries.tracks import track
from dispatch.web.routes import CommandRoute, CurrentAct, QueryRoute, requires

commands = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["positions"])
queries = APIRouter(prefix="/v1", route_class=QueryRoute, tags=["positions"])

MOST_IN_A_BATCH = 5000
LONGEST_TRACK = timedelta(hours=4)
MOST_POINTS = 20_000


class Position(Part):
    lat: Lat = Field(examples=[44.06])
    lon: Lon = Field(examples=[-124.93])
    at: Moment = Field(examples=["2026-11-23T14:01:58Z"])
    accuracy_m: float | None = Field(None, ge=0, allow_inf_nan=False)


class UnitPosition(Position):
    unit: Word = Field(examples=["CR2"], description="Id or call sign")


class PositionsBody(Part):
    positions: list[Position] = Field(min_length=1, max_length=1000)


class BatchBody(Part):
    positions: list[UnitPosition] = Field(min_length=1, max_length=MOST_IN_A_BATCH)


class RefusedOut(BaseModel):
    """A position that was not taken. index: in the list that was sent."""

    index: int
    unit: str
    code: str = Field(examples=["unknown_unit", "time_in_future"])
    detail: str

    model_config = {"from_attributes": True}


class BatchAnswer(BaseModel):
    """taken: positions kept. moved: units that are somewhere else now; of the others something newer was known."""

    taken: int = Field(examples=[1200])
    moved: int
    refused: list[RefusedOut]


class PointOut(BaseModel):
    at: datetime
    lat: float = Field(examples=[44.06])
    lon: float = Field(examples=[-124.93])

    model_config = {"from_attributes": True}


class Track(BaseModel):
    items: list[PointOut]
    is_whole: bool = Field(
        examples=[True], description="False when there are more points than one answer holds; ask for less time"
    )


@commands.post("/positions", response_model=BatchAnswer, responses=refusals(), summary="Where many units are")
@requires(Permission.UNIT_POSITION)
async def post_batch(body: BatchBody, act: CurrentAct) -> BatchAnswer:
    """Positions of many units in any order, also late ones; sending them again changes nothing but the history.

    What cannot be taken is listed in `refused` and holds nothing else back.
    """
    batch = [Seen(one.unit, one.lat, one.lon, one.at) for one in body.positions]
    done = await take_positions(act.session, batch, actor_of(act), act.principal)
    refused = [RefusedOut.model_validate(one) for one in done.refused]
    return BatchAnswer(taken=done.taken, moved=done.moved, refused=refused)


@commands.post("/units/{unit}/positions", response_model=UnitOut, responses=refusals(404), summary="Where a unit is")
@requires(Permission.UNIT_POSITION)
async def post_positions(unit: str, body: PositionsBody, act: CurrentAct) -> UnitOut:
    """The newest of the positions is the unit's, unless a newer one is known: order of arrival does not matter."""
    batch = [Seen(unit, one.lat, one.lon, one.at) for one in body.positions]
    return UnitOut.at(await take_positions_of(act.session, unit, batch, actor_of(act), act.principal), act.now)


@queries.get("/units/{unit}/positions", response_model=Track, responses=refusals(404), summary="Where a unit has been")
@requires(Permission.ROSTER_READ)
async def get_positions(
    unit: str,
    act: CurrentAct,
    since: Annotated[Moment, Query(alias="from")],
    until: Annotated[Moment | None, Query(alias="to", description="Default: now")] = None,
) -> Track:
    """The unit's way between two moments, at most four hours; kept for 30 days."""
    row = await get_unit(act.session, act.principal.jurisdiction, unit)
    if not (act.principal.sees_agency(row.agency_id) and act.principal.sees_responder_type(row.responder_type)):
        raise NotFound(f"There is no unit {unit}.", fix="List the roster with GET /v1/units.", units=[unit])
    end = until or act.now
    require_order(since, end)
    if end - since > LONGEST_TRACK:
        problem = FieldProblem("/from", "span", "at most four hours before `to`")
        raise Invalid("The span is not one that can be shown.", fix="Ask for four hours or less.", errors=[problem])
    found = await track(act.session, act.principal.jurisdiction, row.id, since, end, MOST_POINTS + 1)
    points = [PointOut.model_validate(one) for one in found[:MOST_POINTS]]
    return Track(items=points, is_whole=len(found) <= MOST_POINTS)
