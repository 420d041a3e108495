"""What may come of an assignment, for the buttons of a console, and what is said of it after a unit has cleared."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from dispatch.api.answers import AssignmentOut, IncidentOut, assignment_out, refusals
from dispatch.api.assignments import SaidBody, catalogue_of
from dispatch.api.bodies import NoteText, Part, Word
from dispatch.api.calls import actor_of, json_answer
from dispatch.api.incidents import incident_data
from dispatch.domain.access import Permission, Principal
from dispatch.domain.assignment import CANCEL_CAUSES
from dispatch.domain.care import MOST_OUTCOMES
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.nearest import nearest
from dispatch.domain.outcome import Outcome
from dispatch.operations.known_words import known_responder_types
from dispatch.operations.on_scene_type import tell_on_scene_type
from dispatch.operations.outcomes import add_outcomes
from dispatch.web.routes import CommandRoute, CurrentAct, QueryRoute, requires

commands = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["assignments"])
queries = APIRouter(prefix="/v1", route_class=QueryRoute, tags=["assignments"])


class CatalogueEntry(BaseModel):
    """One outcome: who may clear with it, what it needs, and what it says of the incident."""

    code: str = Field(examples=["report_taken"])
    label: str = Field(examples=["Report taken"])
    responder_types: list[str] = Field(description="Who may clear with it; empty for everybody")
    needs: list[str] = Field(description="Details that belong to it, by the names of their fields")
    met: bool | None = Field(description="Whether somebody was reached; null where the word does not tell")
    handles: bool = Field(description="False: the unit did nothing about the incident")
    calls_for: str | None = Field(description="The responder type that must still come")
    health: bool = Field(description="That it happened is somebody's health")
    apco: str | None = Field(description="Disposition of APCO 1.111.2, as in EIDO's registry")
    nemsis: str | None = Field(description="Element and code of NEMSIS 3.5.1", examples=["eDisposition.28=4228001"])
    neris: str | None = Field(description="Value set and value of NERIS", examples=["type_noaction=CANCELLED"])
    formerly: list[str] = Field(description="Older words for the same, still understood")


class CauseOut(BaseModel):
    code: str = Field(examples=["handled_by_another"])
    label: str


class CatalogueOut(BaseModel):
    """Outcomes, the usual ones first, and the causes for which an assignment is cancelled."""

    outcomes: list[CatalogueEntry]
    cancel_causes: list[CauseOut]


class OnSceneTypeBody(Part):
    """An incident type of the policy that decides now."""

    incident_type: Word = Field(examples=["WELFARE"])
    note: NoteText | None = Field(None, examples=["no burglar, a resident without his key"])


class MoreBody(Part):
    """What came of it beside what was said, or in its place; details that were owed."""

    outcomes: list[SaidBody] = Field(min_length=1, max_length=MOST_OUTCOMES)


@queries.get("/outcomes", response_model=CatalogueOut, responses=refusals(), summary="What may come of an assignment")
@requires(Permission.ASSIGNMENT_READ)
async def list_outcomes(
    act: CurrentAct,
    responder_type: Annotated[str | None, Query(max_length=200, description="Only those that it may use")] = None,
) -> CatalogueOut:
    """By the policy that decides now: the outcomes that ship, as it changed them, and its own."""
    catalogue = await catalogue_of(act)
    if responder_type is not None:
        await _require_known(act, responder_type)
    rows = catalogue.rows if responder_type is None else catalogue.of(responder_type)
    return CatalogueOut(
        outcomes=[entry for row in rows if (entry := _entry(row, act.principal)) is not None],
        cancel_causes=[CauseOut(code=code, label=label) for code, label in CANCEL_CAUSES.items()],
    )


@commands.post(
    "/assignments/{assignment_id}:add-outcomes",
    response_model=AssignmentOut,
    responses=refusals(404, 409),
    summary="Say more of what came of it",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_outcomes(assignment_id: str, body: MoreBody, act: CurrentAct) -> AssignmentOut:
    """After it has cleared: a report's number, another outcome, a correction. What is corrected stays beside it."""
    said = [one.said() for one in body.outcomes]
    row = await add_outcomes(act.session, assignment_id, said, actor_of(act), act.principal, await catalogue_of(act))
    return assignment_out(row, act.principal)


@commands.post(
    "/assignments/{assignment_id}:on-scene-type",
    response_model=IncidentOut,
    responses=refusals(404, 409),
    summary="What it is on scene",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_on_scene_type(assignment_id: str, body: OnSceneTypeBody, act: CurrentAct) -> Response:
    """The incident's on-scene type, told by a unit that is there; the last word stands, and it closes with it.

    Neither plan nor priority changes: who needs help asks for it with `:backup`. 409 for a unit that is not on scene.
    """
    row = await tell_on_scene_type(
        act.session,
        assignment_id,
        body.incident_type,
        body.note,
        act.services.policies,
        actor_of(act),
        act.principal,
    )
    return json_answer(incident_data(row, act.principal), 200)


async def _require_known(act: CurrentAct, responder_type: str) -> None:
    principal = act.principal
    everything = await known_responder_types(act.session, act.services.policies, principal.jurisdiction, act.now)
    known = everything - principal.hidden_responder_types()
    if responder_type not in known:
        problem = FieldProblem("responder_type", "unknown_responder_type", nearest(responder_type, known))
        raise Invalid(
            f"There is no responder type {responder_type}.",
            fix=f"Use one of: {', '.join(sorted(known))}.",
            errors=[problem],
        )


def _entry(row: Outcome, principal: Principal) -> CatalogueEntry | None:
    """The outcome without those whom the reader must not know of; None where it is for nobody else."""
    hidden = principal.hidden_responder_types()
    types = [one for one in row.responder_types if one not in hidden]
    if row.responder_types and not types:
        return None
    data: dict[str, Any] = {name: getattr(row, name) for name in CatalogueEntry.model_fields if hasattr(row, name)}
    return CatalogueEntry(
        **{
            **data,
            "responder_types": types,
            "needs": [one.value for one in row.needs],
            "health": row.is_health,
            "calls_for": None if row.calls_for in hidden else row.calls_for,
            "formerly": list(row.formerly),
        }
    )
