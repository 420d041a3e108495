"""The shapes that several resources answer with, and the refusals that every route can give."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field

from dispatch.db.models import Assignment
from dispatch.domain.access import Principal
from dispatch.domain.assignment import AssignmentStatus, stamp_column
from dispatch.domain.care import shown_entries
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.intervals import explain_warning, time_order_warnings
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
    not_listed_since: datetime | None = Field(
        description="Since when its sender no longer lists the call that opened it - no sign of how it ended; "
        "null: it does, or it keeps no list"
    )
    version: int

    model_config = {"from_attributes": True}


class KeptForOut(BaseModel):
    """A busy unit that the incident is kept for; it waits for anybody all the same."""

    unit: str = Field(examples=["CR2"])
    assignment_id: str
    position: int = Field(description="Its place in the unit's stack; the lowest is next")
    since: datetime

    model_config = {"from_attributes": True}


class OutcomeOut(BaseModel):
    """One thing that came of an assignment, with what the catalogue said of it then.

    lacks: details that it is still owed. earlier: what it said before it was corrected. Details about anybody's
    health are null for those who may not read them.
    """

    code: str = Field(examples=["report_taken"])
    report_number: str | None = None
    referred_to: str | None = None
    destination: str | None = None
    doses: int | None = None
    due_at: datetime | None = None
    what: str | None = None
    follow_up: str | None = Field(None, description="The follow-up that it promised")
    met: bool | None = Field(None, description="Whether somebody was reached; null where the word does not tell")
    handles: bool = Field(True, description="False: the unit did nothing about the incident")
    leaves_to: str | None = Field(None, description="The responder type that must still come")
    health: bool = Field(False, description="That it happened is somebody's health")
    lacks: list[str] = Field(default_factory=list)
    earlier: list[dict[str, Any]] = Field(default_factory=list)


class TimeWarning(BaseModel):
    """What is odd about the times, as a code and a sentence; told, never in the way."""

    code: str = Field(examples=["out_of_order:on_scene_at<en_route_at"])
    why: str


class AssignmentOut(BaseModel):
    """An assignment with every time stamp; null means that it did not happen or nobody said so."""

    id: str = Field(examples=["asg_01KAQ4Z0000000000000000000"])
    incident_id: str
    unit_id: str | None = Field(description="Null for an agency or an outside party, which is no unit of ours")
    unit: str = Field(
        validation_alias="call_sign", description="Call sign, or the name of the agency or party", examples=["CR2"]
    )
    agency: str = Field(validation_alias="agency_id")
    program: str | None = Field(validation_alias="program_id")
    responder_type: str
    category: str
    incident_type: str | None = Field(description="null for whoever is told one way, as is `priority`")
    priority: int | None
    mode: str
    kind: str = Field(
        description="`dispatch`: it goes there. `transfer`: a desk, agency or outside party takes the call over. "
        "`hand_off`: asked to take the incident over. `appointment`: comes or calls at `scheduled_for`. `notice`: told "
        "one way",
        examples=["dispatch"],
    )
    status: str
    scheduled_for: datetime | None
    scheduled_until: datetime | None
    takes_over_from: str | None = Field(
        description="The assignment that it is asked to take the incident over from; done at `taken_over_at`"
    )
    taken_over_at: datetime | None
    released_at: datetime | None = Field(description="Since when it may go in, of one that was staged")
    released_by: str | None
    step: int | None
    offer_id: str | None = Field(description="Offers that were made together share it")
    offer_rule: str | None = Field(description="`first_of`, `all_of`, or null for an offer that stands alone")
    answer_by: datetime | None = Field(description="When an offer that nobody answers times out")
    role: str | None
    eta_s: int | None
    recommended: bool | None
    assigned_by: str
    reason: str | None
    cause: str | None = Field(description="Why it was cancelled, as a code")
    outcome: str | None = Field(description="What came of it, as the one word that stands for all")
    outcomes: list[OutcomeOut] | None = Field(description="All that came of it, the primary first")
    stack_position: int | None = Field(description="Its place among what waits for its unit, while it is reserved")
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
    time_warnings: list[TimeWarning] = Field(
        default_factory=list, description="Times that contradict one another, by the order rules of NEMSIS and NERIS"
    )

    model_config = {"from_attributes": True, "populate_by_name": True}


_ASSIGNMENT_COLUMNS = tuple(
    (name, str(known.validation_alias or name))
    for name, known in AssignmentOut.model_fields.items()
    if name != "time_warnings"
)
_STAMPS = tuple(stamp_column(status) for status in AssignmentStatus)


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
    said = {name: getattr(row, column) for name, column in _ASSIGNMENT_COLUMNS}
    said["time_warnings"] = [{"code": code, "why": explain_warning(code)} for code in _odd_times(row)]
    said["outcomes"] = shown_entries(row.outcome, row.outcomes)
    return AssignmentOut.model_validate(redacted_assignment(said, principal))


def _odd_times(row: Assignment) -> list[str]:
    stamps = {name: moment for name in _STAMPS if (moment := getattr(row, name)) is not None}
    return time_order_warnings({"created_at": row.created_at, **stamps})


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
