"""The shapes that several resources answer with, and the refusals that every route can give."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field

from dispatch.db.models import Assignment
from dispatch.domain.access import Principal
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.redaction import redacted_assignment, redacted_event
from dispatch.queries.feed import LoggedEvent
from dispatch.web.paging import DEFAULT_PAGE, MAX_PAGE
from dispatch.web.problems import MEDIA_TYPE

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Rows on a page")]
Cursor = Annotated[str | None, Query(min_length=1, max_length=1000, description="`next` of the page before")]
PAGE = DEFAULT_PAGE

_WHAT = {
    400: "The body or a parameter could not be read",
    401: "No token, or one that does not count",
    403: "The role or its scope does not allow this",
    404: "No such thing here",
    409: "The present state forbids it; `code` says how",
    413: "The body is larger than the service takes",
    415: "The body is not declared to be JSON",
    422: "A field is not valid; `errors` names each one",
    429: "More at once than one token may have; `Retry-After` says when to try again",
    503: "A part of the service does not answer; try again",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries for these refusals besides those that every route can give."""
    return only_refusals(400, 401, 403, 422, 503, *statuses)


def only_refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries for these refusals."""
    return {
        status: {
            "description": _WHAT[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted(set(statuses))
    }


class IncidentOut(BaseModel):
    """An incident as it stands."""

    id: str = Field(examples=["inc_01KAQ4Z0000000000000000000"])
    number: str = Field(examples=["1042"])
    status: str = Field(examples=["pending"])
    category: str = Field(examples=["behavioral_health"])
    incident_type: str = Field(examples=["WELFARE"])
    priority: int = Field(ge=0, le=4, examples=[2])
    needs_human: bool
    opened_at: datetime
    initial_type: str | None
    triage_type: str
    on_scene_type: str | None
    final_type: str | None
    lat: float | None
    lon: float | None
    uncertainty_m: float | None
    address: str | None
    place: str | None
    caller_language: str | None
    held_until: datetime | None
    status_reason: str | None
    disposition: str | None
    closed_at: datetime | None
    plan_step: int = Field(ge=1, description="The step of the plan that is being tried")
    step_since: datetime | None = Field(description="Since when; null: since it was opened")
    linked_to: str | None = Field(description="The incident that stands for this one; null when it stands for itself")
    version: int

    model_config = {"from_attributes": True}


class AssignmentOut(BaseModel):
    """An assignment with every time stamp; null means that it did not happen or nobody said so."""

    id: str = Field(examples=["asg_01KAQ4Z0000000000000000000"])
    incident_id: str
    unit_id: str
    unit: str = Field(validation_alias="call_sign", examples=["CR2"])
    agency: str = Field(validation_alias="agency_id")
    program: str | None = Field(validation_alias="program_id")
    responder_type: str
    category: str
    incident_type: str | None = Field(description="null for whoever is told one way, as is `priority`")
    priority: int | None
    mode: str
    status: str
    step: int | None
    offer_id: str | None = Field(description="Offers that were made together share it")
    offer_rule: str | None = Field(description="`first_of`, `all_of`, or null for an offer that stands alone")
    answer_by: datetime | None = Field(description="When an offer that nobody answers times out")
    role: str | None
    eta_s: int | None
    recommended: bool | None
    assigned_by: str
    reason: str | None
    outcome: str | None
    note: str | None
    lat: float | None
    lon: float | None
    version: int
    created_at: datetime
    reserved_at: datetime | None
    offered_at: datetime | None
    ordered_at: datetime | None
    accepted_at: datetime | None
    declined_at: datetime | None
    timed_out_at: datetime | None
    rescinded_at: datetime | None
    en_route_at: datetime | None
    staged_at: datetime | None
    on_scene_at: datetime | None
    transporting_at: datetime | None
    at_destination_at: datetime | None
    cleared_at: datetime | None
    cancelled_at: datetime | None

    model_config = {"from_attributes": True, "populate_by_name": True}


class EventOut(BaseModel):
    """One row of the log."""

    seq: int
    id: str
    type: str = Field(examples=["incident.opened"])
    schema_version: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    subject_id: str
    incident_id: str | None
    request_id: str | None
    payload: dict[str, Any]

    model_config = {"from_attributes": True}


def assignment_out(row: Assignment, principal: Principal) -> AssignmentOut:
    """An assignment as this principal may see it."""
    return AssignmentOut.model_validate(redacted_assignment(AssignmentOut.model_validate(row).model_dump(), principal))


def event_out(event: LoggedEvent, principal: Principal) -> EventOut:
    """A row of the log as this principal may see it."""
    return EventOut.model_validate(event).model_copy(update={"payload": redacted_event(event.payload, principal)})


def require_order(from_: datetime | None, to: datetime | None) -> None:
    """Raises Invalid when a span of time ends before it begins."""
    if from_ is not None and to is not None and from_ > to:
        raise Invalid(
            "`from` lies after `to`, so nothing could be found.",
            fix="Exchange the two.",
            errors=[FieldProblem("from", "after_to", "must not be later than `to`")],
        )
