"""Incidents: the queue, one incident, its log and decisions, and what people do to it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from dispatch.api.answers import (
    PAGE,
    AssignmentOut,
    Cursor,
    EventOut,
    IncidentOut,
    KeptForOut,
    Limit,
    assignment_out,
    event_out,
    refusals,
)
from dispatch.api.bodies import Answers, Moment, NoteText, Part, Word
from dispatch.api.calls import actor_of, json_answer
from dispatch.api.link_answers import LinkOut
from dispatch.api.passing_answers import QueuedIncident, passing_data
from dispatch.api.premise_answers import HazardsOut, incident_hazards
from dispatch.api.triage_answer import RecommendationOut, TriageOut
from dispatch.api.valve import triage_for
from dispatch.db.lookup import get_incident, no_incident
from dispatch.db.models import Incident, TriageDecisionRow
from dispatch.domain.access import Permission, Principal
from dispatch.domain.assignment import ACTIVE
from dispatch.domain.classification import HIGHEST_PRIORITY, LOWEST_PRIORITY, Category
from dispatch.domain.incident import DISPOSITIONS, IncidentStatus
from dispatch.domain.redaction import redacted_advice, redacted_call, redacted_link, redacted_places
from dispatch.operations import decisions
from dispatch.operations import incidents as change
from dispatch.queries import feed, incidents, links
from dispatch.queries.incidents import CallNow
from dispatch.queries.passing import passing
from dispatch.queries.recommendation import full_recommendation
from dispatch.queries.stacks import kept_for
from dispatch.web.paging import decode_cursor, encode_cursor
from dispatch.web.routes import Act, CommandRoute, CurrentAct, QueryRoute, requires

queries = APIRouter(prefix="/v1/incidents", route_class=QueryRoute, tags=["incidents"])
commands = APIRouter(prefix="/v1/incidents", route_class=CommandRoute, tags=["incidents"])

PRIORITIES = range(HIGHEST_PRIORITY, LOWEST_PRIORITY + 1)
SEQUENCE = range(2**62)


class IncidentPage(BaseModel):
    items: list[QueuedIncident]
    next: str | None = Field(description="Cursor of the next page; null at the end")


class CallOut(BaseModel):
    """A call as its sender said it last, without name, phone and door for roles that may not see who called."""

    id: str
    version: int = Field(description="1 for the first content; later updates count up")
    incident_id: str = Field(description="The incident that the call opened; another one where it was linked since")
    source: str
    source_ref: str
    received_at: datetime
    recorded_at: datetime
    channel: str | None
    type_code: str | None
    type_text: str | None
    narrative: str | None
    flags: list[str]
    location: dict[str, Any] | None
    caller: dict[str, Any] | None


class DecisionOut(BaseModel):
    """One decision, whole, with what was given to it."""

    id: str
    ordinal: int
    decided_at: datetime
    trigger: str = Field(examples=["call", "call_update", "retriage", "override"])
    actor: str
    triage: TriageOut
    given: dict[str, Any]
    override_reason: str | None
    note: str | None


class IncidentDetail(BaseModel):
    """One incident with its calls, the decision that stands and its units.

    calls: also those linked to it. linked_calls: how many there are about it, by whichever of its incidents one asks.
    """

    incident: QueuedIncident
    linked_calls: int
    calls: list[CallOut]
    links: list[LinkOut] = Field(description="Other incidents that are, may be or are not the same; likest first")
    triage: TriageOut
    assignments: list[AssignmentOut]
    hazards: HazardsOut | None = Field(description="Of the place; null for roles that may know none, and says nothing")


class Timeline(BaseModel):
    items: list[EventOut]
    next: str | None


class Decisions(BaseModel):
    items: list[DecisionOut]


class TriageAnswer(BaseModel):
    incident: IncidentOut
    triage: TriageOut


class RetriageBody(Part):
    """What was learnt since. All of it may be empty: then the same facts meet the policy of now."""

    answers: Answers = Field(default_factory=dict, examples=[{"weapon": "in_hand"}])
    note: NoteText | None = Field(None, examples=["caller now says he has a knife"])
    type_code: Word | None = None
    type_text: Word | None = None


class OverrideBody(Part):
    """A person's decision, with a reason code."""

    reason: Literal[tuple(decisions.OVERRIDE_REASONS)] = Field(description="Why, as a code")  # type: ignore[valid-type]
    note: NoteText | None = None
    category: Category | None = None
    priority: int | None = Field(None, ge=0, le=4)
    incident_type: Word | None = None
    responder_type: Word | None = Field(None, examples=["community_responder"])


class HoldBody(Part):
    until: Moment = Field(examples=["2026-11-23T16:00:00Z"])
    reason: NoteText = Field(examples=["caller asked for a visit in the afternoon"])


class CloseBody(Part):
    disposition: Word = Field(examples=["resolved"], description=f"One of: {', '.join(DISPOSITIONS)}")
    note: NoteText | None = None
    final_type: Word | None = Field(None, description="An incident type of the policy that decides now")
    cancel: bool = Field(False, description="True: it never needed anyone; the incident becomes `cancelled`")


class ReopenBody(Part):
    reason: NoteText = Field(examples=["caller rang again"])


@queries.get("", response_model=IncidentPage, responses=refusals(), summary="The queue")
@requires(Permission.INCIDENT_READ)
async def list_incidents(
    act: CurrentAct,
    status: Annotated[list[IncidentStatus] | None, Query(description="Default: pending, held and active")] = None,
    category: Category | None = None,
    priority: Annotated[int | None, Query(ge=0, le=4)] = None,
    listed: Annotated[bool | None, Query(description="False: only those that their sender no longer lists")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> IncidentPage:
    """By priority, then age, oldest first. Any incident can be taken, not only the first.

    One that was passed on stays here until somebody has accepted it, and says in `awaiting_transfer` who was asked.
    """
    wanted = incidents.QueueFilter(
        [one.value for one in status] if status else incidents.OPEN,
        category.value if category else None,
        priority,
        listed,
    )
    after: Any = tuple(decode_cursor(cursor, [PRIORITIES, datetime, str], act.asked)) if cursor else None
    rows = await incidents.queue(act.session, act.principal.jurisdiction, wanted, after=after, limit=limit)
    last = rows[-1] if len(rows) == limit else None
    passed = await passing(
        act.session, act.principal.jurisdiction, [row.id for row in rows], act.principal.hidden_responder_types()
    )
    kept = await _kept_for(act, rows)
    return IncidentPage(
        items=[
            QueuedIncident.model_validate(
                {**incident_data(row, act.principal), **passing_data(passed.get(row.id), act.now), **kept[row.id]}
            )
            for row in rows
        ],
        next=encode_cursor([last.priority, last.opened_at, last.id], act.asked) if last else None,
    )


@queries.get("/{incident_id}", response_model=IncidentDetail, responses=refusals(404), summary="One incident")
@requires(Permission.INCIDENT_READ_OWN)
async def get_one(incident_id: str, act: CurrentAct) -> Response:
    """By id or number. For a responder: the incident that its unit is on or is offered, while it is, and no other."""
    jurisdiction = act.principal.jurisdiction
    row = await get_incident(act.session, jurisdiction, incident_id)
    units = await incidents.assignments_of(act.session, jurisdiction, row.id)
    if not act.principal.sees_incident([unit.unit_id for unit in units if unit.unit_id and unit.status in ACTIVE]):
        raise no_incident(incident_id)
    calls = await incidents.calls_of(act.session, jurisdiction, row.id)
    linked = await links.links_of(act.session, jurisdiction, row.id)
    sees_all = act.principal.may(Permission.INCIDENT_READ)
    decision = await decisions.standing_decision(act.session, jurisdiction, row.decision_id)
    passed = await passing(act.session, jurisdiction, [row.id], act.principal.hidden_responder_types())
    return json_answer(
        {
            "incident": {
                **incident_data(row, act.principal),
                **passing_data(passed.get(row.id), act.now),
                **(await _kept_for(act, [row]))[row.id],
            },
            "linked_calls": await links.linked_calls(act.session, jurisdiction, row.linked_to or row.id),
            "calls": [call_data(call, act) for call in calls],
            "links": [_link(one, act.principal) for one in linked if sees_all or one.state == "linked"],
            "triage": triage_for(act.principal, decision.decision),
            "assignments": [
                assignment_out(unit, act.principal).model_dump(mode="json")
                for unit in units
                if act.principal.sees_responder_type(unit.responder_type)
            ],
            "hazards": await incident_hazards(act, row),
        },
        200,
    )


@queries.get("/{incident_id}/timeline", response_model=Timeline, responses=refusals(404), summary="Its log")
@requires(Permission.INCIDENT_READ)
async def get_timeline(incident_id: str, act: CurrentAct, cursor: Cursor = None, limit: Limit = PAGE) -> Timeline:
    """Everything that was recorded about the incident, in order: who did what, when it happened, when it was told."""
    row = await get_incident(act.session, act.principal.jurisdiction, incident_id)
    after: Any = decode_cursor(cursor, [SEQUENCE], act.asked)[0] if cursor else 0
    events = await feed.timeline(act.session, act.principal, row.id, after=after, limit=limit)
    return Timeline(
        items=[event_out(event, act.principal) for event in events],
        next=encode_cursor([events[-1].seq], act.asked) if len(events) == limit else None,
    )


@queries.get("/{incident_id}/decisions", response_model=Decisions, responses=refusals(404), summary="Its decisions")
@requires(Permission.INCIDENT_READ)
async def get_decisions(incident_id: str, act: CurrentAct) -> Response:
    """Every triage decision and override, in order, each with what was given and the policy that answered."""
    row = await get_incident(act.session, act.principal.jurisdiction, incident_id)
    found = await incidents.decisions_of(act.session, act.principal.jurisdiction, row.id)
    return json_answer({"items": [_decision_data(one, act.principal) for one in found]}, 200)


@queries.get(
    "/{incident_id}/recommendation",
    response_model=RecommendationOut,
    responses=refusals(404),
    summary="Who could go, and why",
)
@requires(Permission.INCIDENT_READ)
async def get_recommendation(incident_id: str, act: CurrentAct) -> Response:
    """Units, shortfalls, and every unit that is not offered, each with its reasons. Writes nothing."""
    row = await get_incident(act.session, act.principal.jurisdiction, incident_id)
    hidden = act.principal.hidden_responder_types()
    roster = await act.services.rosters.get(act.session, act.principal.jurisdiction, act.now)
    advice = await full_recommendation(act.session, row, roster, act.now, hidden, act.services.routing)
    advice["hazards"] = await incident_hazards(act, row)
    return json_answer(redacted_advice(advice, act.principal), 200)


@commands.post(
    "/{incident_id}:retriage", response_model=TriageAnswer, responses=refusals(404, 409), summary="Triage again"
)
@requires(Permission.INCIDENT_CHANGE)
async def post_retriage(incident_id: str, body: RetriageBody, act: CurrentAct) -> Response:
    """A new decision from all that was known plus this. After a person's override it may raise the urgency only."""
    more = decisions.MoreKnown(dict(body.answers), body.note, body.type_code, body.type_text)
    data = await decisions.retriage(act.session, incident_id, more, act.services.policies, actor_of(act))
    return await _triage_answer(act, incident_id, data)


@commands.post(
    "/{incident_id}:override", response_model=TriageAnswer, responses=refusals(404, 409), summary="Decide otherwise"
)
@requires(Permission.INCIDENT_OVERRIDE)
async def post_override(incident_id: str, body: OverrideBody, act: CurrentAct) -> Response:
    """A person's decision stands beside what triage said, with its reason code."""
    wish = decisions.Override(
        body.reason, body.note, body.category, body.priority, body.incident_type, body.responder_type
    )
    data = await decisions.override(act.session, incident_id, wish, act.services.policies, actor_of(act))
    return await _triage_answer(act, incident_id, data)


@commands.post("/{incident_id}:hold", response_model=IncidentOut, responses=refusals(404, 409), summary="Hold it")
@requires(Permission.INCIDENT_CHANGE)
async def post_hold(incident_id: str, body: HoldBody, act: CurrentAct) -> Response:
    """The incident waits on purpose until a moment. Refused while a unit is on it."""
    row = await change.hold(act.session, incident_id, body.until, body.reason, actor_of(act))
    return json_answer(incident_data(row, act.principal), 200)


@commands.post("/{incident_id}:close", response_model=IncidentOut, responses=refusals(404, 409), summary="Close it")
@requires(Permission.INCIDENT_CHANGE)
async def post_close(incident_id: str, body: CloseBody, act: CurrentAct) -> Response:
    """Over, with a disposition. Refused while a unit is still on it."""
    wish = change.Close(body.disposition, body.note, body.final_type, body.cancel)
    row = await change.close(act.session, incident_id, wish, act.services.policies, actor_of(act))
    return json_answer(incident_data(row, act.principal), 200)


@commands.post("/{incident_id}:reopen", response_model=IncidentOut, responses=refusals(404, 409), summary="Reopen it")
@requires(Permission.INCIDENT_CHANGE)
async def post_reopen(incident_id: str, body: ReopenBody, act: CurrentAct) -> Response:
    """On the queue again, with its old age."""
    row = await change.reopen(act.session, incident_id, body.reason, actor_of(act))
    return json_answer(incident_data(row, act.principal), 200)


async def _triage_answer(act: Act, incident_id: str, data: dict[str, Any]) -> Response:
    row = await get_incident(act.session, act.principal.jurisdiction, incident_id)
    return json_answer(
        {
            "incident": incident_data(row, act.principal),
            "triage": triage_for(act.principal, data),
        },
        200,
    )


def incident_data(row: Incident, principal: Principal) -> dict[str, Any]:
    """An incident as this principal may see it: without the door for those who may not know who called."""
    return redacted_places(IncidentOut.model_validate(row).model_dump(mode="json"), principal)


async def _kept_for(act: Act, rows: Sequence[Incident]) -> dict[str, dict[str, Any]]:
    """Incident id -> the field that names the busy units that it is kept for."""
    hidden = act.principal.hidden_responder_types()
    found = await kept_for(act.session, act.principal.jurisdiction, [row.id for row in rows], hidden)
    return {
        row.id: {
            "stacked_for": [
                KeptForOut.model_validate(one).model_dump(mode="json")
                for one in found.get(row.id, ())
                if act.principal.may(Permission.INCIDENT_READ)
            ]
        }
        for row in rows
    }


def _link(one: links.Link, principal: Principal) -> dict[str, Any]:
    shown = LinkOut.model_validate(one).model_dump(mode="json")
    return {**shown, "parts": redacted_link(shown["parts"], principal)}


def call_data(said: CallNow, act: Act) -> dict[str, Any]:
    """A call as its sender said it last, as this principal may see it."""
    call, shown = said.call, redacted_call(said.body, act.principal)
    call_type = said.body.get("call_type") or {}
    return {
        "id": call.id,
        "incident_id": call.incident_id,
        "source": call.source,
        "source_ref": call.source_ref,
        "received_at": call.received_at,
        "recorded_at": call.recorded_at,
        "version": said.version,
        "channel": said.body.get("channel"),
        "type_code": call_type.get("code"),
        "type_text": call_type.get("text"),
        "narrative": said.body.get("narrative"),
        "flags": said.flags,
        "location": shown.get("location"),
        "caller": shown.get("caller"),
    }


def _decision_data(row: TriageDecisionRow, principal: Principal) -> dict[str, Any]:
    return {
        "id": row.id,
        "ordinal": row.ordinal,
        "decided_at": row.decided_at,
        "trigger": row.trigger,
        "actor": row.actor,
        "triage": triage_for(principal, row.decision),
        "given": redacted_places(row.given, principal),
        "override_reason": row.override_reason,
        "note": row.note,
    }
