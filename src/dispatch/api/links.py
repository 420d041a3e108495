"""Calls that may be about the same thing: what is shown of them, and what people say to it."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from dispatch.api.answers import IncidentOut, refusals
from dispatch.api.bodies import Part, Word
from dispatch.api.calls import actor_of
from dispatch.domain.access import Permission
from dispatch.operations import linking
from dispatch.web.routes import CommandRoute, CurrentAct, requires

commands = APIRouter(prefix="/v1/incidents", route_class=CommandRoute, tags=["incidents"])


class LinkBody(Part):
    """What a person says. `link` and `keep_separate` name the other incident; `unlink` and `confirm` need none."""

    do: Literal["link", "keep_separate", "unlink", "confirm"] = "link"
    incident: Word | None = Field(None, examples=["1039"], description="Id or number of the other incident")

    @model_validator(mode="after")
    def _names_the_other(self) -> "LinkBody":
        if (self.incident is None) == (self.do in ("link", "keep_separate")):
            raise PydanticCustomError(
                "other_incident", "`link` and `keep_separate` name the other `incident`; `unlink` and `confirm` do not"
            )
        return self


class LinkAnswer(BaseModel):
    """incident: as it stands now. leader: the one that stands for both, or that it was taken from."""

    incident: IncidentOut
    leader: IncidentOut
    raised: list[str] = Field(description="What is graver now that all calls are decided as a whole")


@commands.post("/{incident_id}:link", response_model=LinkAnswer, responses=refusals(404, 409), summary="Same, or not")
@requires(Permission.INCIDENT_CHANGE)
async def post_link(incident_id: str, body: LinkBody, act: CurrentAct) -> LinkAnswer:
    """Says that the incident is the same as another (`link`), is not (`keep_separate`), is its own again (`unlink`), or
    that everything the service linked to it is right (`confirm`).

    A linked incident ends as a duplicate and the other stands for both; no call is dropped, each keeps its decision.
    """
    actor, policies = actor_of(act), act.services.policies
    if body.do == "confirm":
        done = await linking.confirm(act.session, incident_id, policies, actor)
    elif body.do == "unlink":
        done = await linking.unlink(act.session, incident_id, policies, actor)
    elif body.do == "link":
        done = await linking.link(act.session, incident_id, body.incident or "", policies, actor)
    else:
        done = await linking.keep_separate(act.session, incident_id, body.incident or "", policies, actor)
    return LinkAnswer(
        incident=IncidentOut.model_validate(done.incident),
        leader=IncidentOut.model_validate(done.leader),
        raised=done.raised,
    )
