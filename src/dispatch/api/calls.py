"""Calls come in here."""

from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
import structlog
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from dispatch.api.answers import refusals
from dispatch.api.link_answers import CandidateOut
from dispatch.api.premise_answers import hazards_data, placed
from dispatch.api.triage_answer import ExplanationOut, RecommendationOut, TriageOut
from dispatch.api.valve import triage_for
from dispatch.db.active_policy import PolicyKey
from dispatch.db.lookup import get_incident
from dispatch.db.session import is_lone
from dispatch.domain.access import Permission, Role
from dispatch.domain.errors import DispatchError, Refused
from dispatch.domain.premise import Place, search_of
from dispatch.domain.redaction import redacted_advice
from dispatch.operations.actor import Actor
from dispatch.operations.call_body import CallBody
from dispatch.operations.calls import Received, receive
from dispatch.queries import evaluation, incidents
from dispatch.queries.links import may_be_same
from dispatch.queries.premise import place_at, place_of
from dispatch.queries.recommendation import Need, advise, full_recommendation, no_advice
from dispatch.queries.roster import read_roster
from dispatch.web.routes import Act, CurrentAct, LoneStatementRoute, QueryRoute, act_of, requires

commands = APIRouter(prefix="/v1", route_class=LoneStatementRoute, tags=["calls"])
RECOMMENDATION_FAILED = "recommendation_failed"  # a flag: the call is stored, and the router failed
log = structlog.get_logger("dispatch.calls")

queries = APIRouter(prefix="/v1", route_class=QueryRoute)  # each route says what it is about


class CallRef(BaseModel):
    id: str = Field(examples=["call_01KAQ4Z0000000000000000000"])
    version: int = Field(description="1 for the first content; later updates count up")
    flags: list[str] = Field(
        description="What is missing or uncertain, as stable codes", examples=[["position_missing"]]
    )


class IncidentRef(BaseModel):
    id: str = Field(examples=["inc_01KAQ4Z0000000000000000000"])
    number: str = Field(examples=["1042"])
    status: str
    linked_calls: int


class CallAnswer(BaseModel):
    """What came of the call."""

    call: CallRef
    incident: IncidentRef
    triage: TriageOut
    recommendation: RecommendationOut
    same_as: list[CandidateOut] | None = Field(
        description="Open incidents that the call may be about, likest first. Null for integrations: see the incident"
    )


class UnmappedTypeOut(BaseModel):
    """A call type that the crosswalk lacks: it was read as words, and kept."""

    source: str = Field(examples=["cad-east"])
    type_code: str | None = Field(examples=["WELCHK"])
    type_text: str | None
    calls: int
    first_seen: datetime
    last_seen: datetime

    model_config = {"from_attributes": True}


class UnmappedTypes(BaseModel):
    items: list[UnmappedTypeOut]


def actor_of(act: Act) -> Actor:
    """The principal as the one who does an operation."""
    who = act.principal
    return Actor(who.jurisdiction, who.subject, act.now, act.request_id, who.hidden_responder_types(), who.agencies)


def json_answer(body: dict[str, Any], status: int) -> Response:
    """JSON straight from plain data: the shapes are declared beside the route and held by the contract tests."""
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


@commands.post(
    "/calls",
    status_code=201,
    response_model=CallAnswer,
    responses={
        200: {"model": CallAnswer, "description": "Seen before: unchanged, or a newer version was taken"},
        **refusals(409, 413),
    },
    summary="Ingest one call",
)
@requires(Permission.CALL_WRITE)
async def post_call(
    body: CallBody,
    request: Request,
    questions: Annotated[
        bool | None,
        Query(description="Whether to work out what is worth asking. Default: for people, not for integrations"),
    ] = None,
) -> Response:
    """Stores the call, opens its incident, triages it and recommends units. Safe to repeat by source + source_ref.

    A newer version of the same call (later `updated_at`, or `received_at` without it) is stored and triaged again; an
    older one is refused with 409 `stale_content`; other content of the same age with 409 `conflicting_content`.
    """
    act = act_of(request)
    act.principal.require_source(body.source)
    got = await receive(
        act.session,
        body,
        await request.body(),
        act.services.policies,
        actor_of(act),
        ask=act.principal.role is not Role.INTEGRATION if questions is None else questions,
    )
    triage = triage_for(act.principal, got.decision)
    try:
        advice = redacted_advice(await _advice(body, got, act), act.principal)
    except Exception as error:
        # The call matters more than the advice. What broke a transaction must still undo it.
        if not is_lone(act.session) and isinstance(error, DispatchError | SQLAlchemyError):
            raise
        log.exception("recommendation_failed", incident=got.incident_id, request_id=act.request_id)
        got.flags.append(RECOMMENDATION_FAILED)
        advice = no_advice(act.now)
    answer = _answer(got, advice, triage)
    if act.principal.role is not Role.INTEGRATION:
        answer["same_as"] = await _same_as(act, body, got)
        advice["hazards"] = await _hazards(act, body, got)
    return json_answer(answer, 201 if got.created else 200)


async def _advice(body: CallBody, got: Received, act: Act) -> dict[str, Any]:
    jurisdiction, hidden = act.principal.jurisdiction, act.principal.hidden_responder_types()
    if not got.created:
        # An update need not say again where it is, and units may be on it: only the incident knows.
        incident = await get_incident(act.session, jurisdiction, got.incident_id)
        # Read anew: this transaction may have changed units, and what is not committed must not be copied.
        roster = await read_roster(act.session, jurisdiction, act.now)
        return await full_recommendation(act.session, incident, roster, act.now, hidden)
    location = body.location
    need = Need(
        got.plan.without(hidden),
        got.decision["priority"],
        location.position() if location else None,
        body.caller.language if body.caller else None,
    )
    return await advise(act.session, jurisdiction, need, act.services.rosters, got.roster_fingerprint, act.now)


async def _same_as(act: Act, body: CallBody, got: Received) -> list[dict[str, Any]] | None:
    """None where the comparison failed: the call is stored already, and the linker compares it again."""
    content = body.model_dump(mode="json", exclude_none=True, include={"location", "caller", "narrative"})
    at = body.received_at or act.now
    try:
        return await may_be_same(
            act.session, act.principal.jurisdiction, got.call_id, got.incident_id, at, content, got.decision
        )
    except Exception:
        if not is_lone(act.session):
            raise
        return None


async def _hazards(act: Act, body: CallBody, got: Received) -> dict[str, Any] | None:
    """None where looking failed, or may not be done: the call is stored already, and the incident tells it again."""
    if not act.principal.may(Permission.PREMISE_READ_OWN):
        return None
    try:
        return await hazards_data(act, search_of(await placed(act, await _place(act, body, got))))
    except Exception:
        if not is_lone(act.session):
            raise
        return None


async def _place(act: Act, body: CallBody, got: Received) -> Place:
    if not got.created:
        return place_of(await get_incident(act.session, act.principal.jurisdiction, got.incident_id))
    location = body.location
    return place_at(location.position(), location.uncertainty_m, location.address) if location else Place()


def _answer(got: Received, advice: dict[str, Any], triage: dict[str, Any]) -> dict[str, Any]:
    return {
        "call": {"id": got.call_id, "version": got.call_version, "flags": got.flags},
        "incident": {
            "id": got.incident_id,
            "number": got.incident_number,
            "status": got.incident_status,
            "linked_calls": got.linked_calls,
        },
        "triage": triage,
        "recommendation": advice,
        "same_as": None,
    }


class Evaluation(BaseModel):
    """A decision that was not stored."""

    triage: TriageOut
    explanation: ExplanationOut | None = Field(None, description="With explain=full")


@queries.post(
    "/triage:evaluate",
    response_model=Evaluation,
    responses=refusals(404, 413),
    summary="Triage without storing anything",
    tags=["triage"],
)
@requires(Permission.TRIAGE_EVALUATE)
async def evaluate_call(
    body: CallBody,
    act: CurrentAct,
    policy: Annotated[
        str | None, Query(max_length=200, description="`id@version`; default: the policy that decides now")
    ] = None,
    explain: Annotated[
        Literal["none", "full"],
        Query(description="`full`: also every table, row and clause on the way, as data and text"),
    ] = "none",
) -> Response:
    """The decision that this call would get, with questions and what would change it. Nothing is stored.

    `explain=full` shows rows and programs of the policy itself, so it takes the right to read policies, and is for
    nobody from whom some responders are kept.
    """
    if explain == "full":
        act.principal.require(Permission.POLICY_READ)
        if act.principal.hidden_responder_types():
            raise Refused(
                "The whole way to a decision names responders who are kept from this token.",
                fix="Leave explain out, or ask an analyst.",
            )
    key = PolicyKey.parse(act.principal.jurisdiction, policy) if policy else None
    triage, trace = await evaluation.evaluate_call(
        act.session,
        act.principal.jurisdiction,
        body.facts(),
        act.services.policies,
        key,
        act.now,
        with_trace=explain == "full",
    )
    return json_answer({"triage": triage_for(act.principal, triage), "explanation": trace}, 200)


@queries.get(
    "/call-types/unmapped",
    response_model=UnmappedTypes,
    responses=refusals(),
    summary="Unknown type codes",
    tags=["calls"],
)
@requires(Permission.INCIDENT_READ)
async def list_unmapped(act: CurrentAct, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> UnmappedTypes:
    """Types that senders used and no crosswalk row names, most frequent first: the administrator's list of work."""
    rows = await incidents.unmapped_types(act.session, act.principal.jurisdiction, limit)
    return UnmappedTypes(items=[UnmappedTypeOut.model_validate(row) for row in rows])
