"""Lists of senders: what they hold active at one moment, so that what is gone from a list is noticed."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dispatch.api.answers import refusals
from dispatch.api.bodies import Moment, Part, Word
from dispatch.api.calls import actor_of
from dispatch.domain.access import Permission
from dispatch.domain.listing import CloseRule, Listed
from dispatch.operations.listings import Listing, take_listing
from dispatch.web.routes import CommandRoute, CurrentAct, requires

commands = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["calls"])

MOST_ON_A_LIST = 5000
MOST_UNITS = 200


class ListedBody(Part):
    source_ref: Word = Field(examples=["2026-000123"])
    units: list[Word] = Field(default_factory=list, max_length=MOST_UNITS, description="Who the sender says is on it")


class CloseBody(Part):
    """Closes what the sender no longer lists. Needs `incident.change` beside `call.write`."""

    after_lists: Annotated[int, Field(ge=2, le=10_000, description="So many whole lists in a row lack it")]


class ListingBody(Part):
    """All calls that the sender lists as active at one moment; each was sent with `POST /v1/calls` before."""

    source: Word = Field(examples=["cad-east"])
    listed_at: Moment = Field(examples=["2026-11-23T14:01:58Z"], description="When the list was true at the sender")
    calls: list[ListedBody] = Field(max_length=MOST_ON_A_LIST)
    is_whole: bool = Field(True, description="False when some rows could not be read: then nothing counts as gone")
    close_absent: CloseBody | None = None


class ListingAnswer(BaseModel):
    """What the list says that the one before did not, in numbers of calls."""

    new: int = Field(examples=[3])
    still: int = Field(examples=[58])
    changed: int = Field(description="Of `still`: the sender's units on it are others")
    reappeared: int
    vanished: int = Field(description="No longer listed, which says nothing of how they ended")
    unknown: list[str] = Field(description="References of no stored call: send these calls, then the next list")
    closed: list[str] = Field(description="Numbers of incidents that `close_absent` closed")
    reopened: list[str] = Field(description="Numbers of incidents so closed that are listed again")
    doubted: bool = Field(description="Too much is missing at once: nothing counts as gone until the next list says so")
    is_late: bool = Field(description="A newer list was known; calls that no list had are noted as gone")
    is_repeat: bool = Field(description="This list was known; nothing changed")

    model_config = {"from_attributes": True}


@commands.post("/listings", response_model=ListingAnswer, responses=refusals(413), summary="What a sender lists now")
@requires(Permission.CALL_WRITE)
async def post_listing(body: ListingBody, act: CurrentAct) -> ListingAnswer:
    """Notices what is new on a sender's list, gone from it or back on it; sending a list again changes nothing.

    What is gone is flagged (`not_listed_since`) and stays as it is: a sender may close, withhold or lose a call.
    """
    act.principal.require_source(body.source)
    if body.close_absent is not None:
        act.principal.require(Permission.INCIDENT_CHANGE)
    close = CloseRule(body.close_absent.after_lists) if body.close_absent else None
    calls = [Listed(one.source_ref, tuple(one.units)) for one in body.calls]
    said = Listing(body.source, body.listed_at, calls, body.is_whole, close)
    return ListingAnswer.model_validate(await take_listing(act.session, said, actor_of(act)))
