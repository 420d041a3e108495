"""Who should go to which waiting incident: for all of them at once, and for one unit that has become free."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from dispatch.api.answers import refusals
from dispatch.api.calls import json_answer
from dispatch.domain.access import Permission
from dispatch.queries import waiting
from dispatch.web.routes import CurrentAct, QueryRoute, requires

queries = APIRouter(prefix="/v1", route_class=QueryRoute, tags=["incidents"])


class FitOut(BaseModel):
    """A unit for a waiting incident, to lead it; what else its plan wants is in the incident's recommendation."""

    incident_id: str
    incident: str = Field(description="Its number", examples=["1042"])
    priority: int
    waited_s: int
    over_age: bool = Field(description="It has waited longer than a call of its priority may")
    unit: str
    unit_id: str
    responder_type: str
    step: int = Field(description="The step of the plan that the unit would fill")
    eta_s: int | None
    reasons: list[str]
    why: str


class Fits(BaseModel):
    items: list[FitOut]


@queries.get("/recommendations", response_model=Fits, responses=refusals(), summary="Who goes to what waits")
@requires(Permission.INCIDENT_READ)
async def get_recommendations(act: CurrentAct) -> Response:
    """One free unit for each of the 200 most urgent incidents that nobody is on, matched at the least total cost.

    Life threats first. Writes nothing: a person assigns.
    """
    hidden = act.principal.hidden_responder_types()
    jurisdiction = act.principal.jurisdiction
    roster = await act.services.rosters.get(act.session, jurisdiction, act.now)
    found = await waiting.match_all(act.session, jurisdiction, roster, act.now, hidden)
    return json_answer({"items": found}, 200)


@queries.get(
    "/units/{unit}/recommendation", response_model=Fits, responses=refusals(404), summary="What a free unit should take"
)
@requires(Permission.INCIDENT_READ)
async def get_unit_recommendation(unit: str, act: CurrentAct) -> Response:
    """Waiting incidents that the unit could lead: highest priority, then over age, then nearest. Writes nothing."""
    hidden = act.principal.hidden_responder_types()
    jurisdiction = act.principal.jurisdiction
    roster = await act.services.rosters.get(act.session, jurisdiction, act.now)
    found = await waiting.for_unit(act.session, jurisdiction, unit, roster, act.now, hidden)
    return json_answer({"items": found}, 200)
