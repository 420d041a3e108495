"""Assignments: units given to incidents, their steps, and their history."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from dispatch.api.answers import PAGE, AssignmentOut, Cursor, Limit, assignment_out, refusals, require_order
from dispatch.api.bodies import Moment, NoteText, Part, Word
from dispatch.api.calls import actor_of
from dispatch.api.history_files import as_csv, as_geojson, as_ndjson
from dispatch.api.shifts import Warned, warned
from dispatch.domain.access import Permission, Principal
from dispatch.domain.assignment import CANCEL_CAUSES, AssignmentMode, AssignmentStatus, OfferRule
from dispatch.domain.care import MOST_OUTCOMES, Said
from dispatch.domain.classification import Category
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.intervals import INTERVALS
from dispatch.domain.outcome import Catalogue, Detail
from dispatch.domain.timers import TimeLimits
from dispatch.domain.transfer import AssignmentKind
from dispatch.operations.arrivals import NOT_RELEASED, WHY_NOT_RELEASED, went_in_unreleased
from dispatch.operations.assignment_steps import StatusStep
from dispatch.operations.assignments import AssignUnits, assign_units, check_in, step_assignment
from dispatch.queries import history
from dispatch.web.accept import preferred
from dispatch.web.paging import decode_cursor, encode_cursor
from dispatch.web.routes import Act, CommandRoute, CurrentAct, QueryRoute, requires

commands = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["assignments"])
queries = APIRouter(prefix="/v1", route_class=QueryRoute, tags=["assignments"])


class AssignBody(Part):
    """Units by call sign or id: all of them, or none."""

    units: list[Word] = Field(min_length=1, max_length=50, examples=[["CR2"]])
    mode: AssignmentMode | None = Field(
        None, description="Default: police, fire and EMS are ordered, everyone else is offered the job"
    )
    offer: OfferRule | None = Field(
        None,
        description="How several offers end. `first_of`: the first to accept takes it, the others are taken back. "
        "`all_of`: all are wanted. Left out, each stands alone",
    )
    step: int | None = Field(None, ge=1, le=100, description="The plan step that this fills")
    role: Word | None = Field(None, examples=["primary"])
    eta_s: dict[Word, Annotated[int, Field(strict=True, ge=0, le=1_000_000)]] | None = Field(
        None, max_length=50, description="Expected seconds by call sign, as recommended"
    )
    recommended: bool | None = Field(None, description="Whether the units were the recommended ones")
    reason: NoteText | None = Field(None, description="Why these units, when they were not the recommended ones")


class Assigned(BaseModel):
    """What was made. A unit that the recommendation would have left out goes, with a warning that says why."""

    assignments: list[AssignmentOut]
    warnings: list[Warned]


class Stepped(AssignmentOut):
    """The assignment after its step, and what somebody should know about it; nobody is held back."""

    warnings: list[Warned]


class SaidBody(Part):
    """One thing that came of it, with the details that its word needs (`GET /v1/outcomes`)."""

    code: Word = Field(examples=["report_taken"])
    report_number: Word | None = Field(None, examples=["26-004711"])
    referred_to: Word | None = Field(None, examples=["Sobering center"])
    destination: Word | None = Field(None, examples=["Harbor shelter"])
    doses: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    due_at: Moment | None = Field(None, description="When the follow-up is due that it promises")
    what: NoteText | None = Field(None, description="What will be done then; no clinical detail")

    def said(self) -> Said:
        """As the catalogue reads it."""
        return Said(self.code, {one: value for one in Detail if (value := getattr(self, one.value)) is not None})


class StatusBody(Part):
    """One step. `occurred_at` may lie in the past; `reason`, `cause` and `outcome` are asked for where the step needs
    them.

    `outcome` is the one word that stands for all; `outcomes` says more than one, or the details of one.
    """

    status: AssignmentStatus
    occurred_at: Moment | None = None
    reason: NoteText | None = None
    cause: Word | None = Field(None, description=f"Why it is cancelled: {', '.join(CANCEL_CAUSES)}")
    outcome: Word | None = Field(None, examples=["de_escalated"])
    outcomes: list[SaidBody] = Field(default_factory=list, max_length=MOST_OUTCOMES)
    note: NoteText | None = None


class CheckInBody(Part):
    """Nothing needs saying."""

    note: NoteText | None = Field(None, examples=["all well, still talking"])


class HistoryItem(AssignmentOut):
    """An assignment with its incident's number, when its call came in, who was on the unit, and its intervals."""

    incident: str = Field(description="Incident number")
    call_received_at: datetime
    responders: list[str]
    intervals_s: dict[str, float | None] = Field(description="Seconds by interval name; null where a stamp is missing")


_COLUMNS = (
    *(name for name in HistoryItem.model_fields if name != "intervals_s"),
    *(f"{name}_s" for name in INTERVALS),
)


class HistoryPage(BaseModel):
    items: list[HistoryItem]
    next: str | None


@commands.post(
    "/incidents/{incident_id}/assignments",
    status_code=201,
    response_model=Assigned,
    responses=refusals(404, 409),
    summary="Assign units",
)
@requires(Permission.ASSIGNMENT_WRITE)
async def post_assignments(incident_id: str, body: AssignBody, act: CurrentAct) -> Assigned:
    """All of the units are on the incident, or none is: 409 `unit_already_assigned` names each taken unit and where."""
    command = AssignUnits(
        incident_id, body.units, body.mode, body.step, body.role, body.eta_s, body.recommended, body.reason, body.offer
    )
    made = await assign_units(act.session, command, actor_of(act), act.principal, await limits_of(act))
    return Assigned(
        assignments=[assignment_out(row, act.principal) for row in made.assignments],
        warnings=[
            one for row in made.assignments for one in warned(row.call_sign, made.doubts.get(row.unit_id or "", ()))
        ],
    )


@commands.post(
    "/assignments/{assignment_id}/status",
    response_model=Stepped,
    responses=refusals(404, 409),
    summary="One step of an assignment",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_status(assignment_id: str, body: StatusBody, act: CurrentAct) -> Stepped:
    """409 `illegal_transition` lists the steps that are legal from here. What speaks against a step is a warning."""
    said = tuple(one.said() for one in body.outcomes)
    command = StatusStep(
        assignment_id, body.status, body.occurred_at, body.reason, body.outcome, body.note, body.cause, said
    )
    row = await step_assignment(
        act.session, command, actor_of(act), act.principal, await limits_of(act), await catalogue_of(act)
    )
    unreleased = (
        [Warned(unit=row.call_sign, code=NOT_RELEASED, why=WHY_NOT_RELEASED)] if went_in_unreleased(row) else []
    )
    return Stepped(**assignment_out(row, act.principal).model_dump(), warnings=unreleased)


@commands.post(
    "/assignments/{assignment_id}:check-in",
    response_model=AssignmentOut,
    responses=refusals(404, 409),
    summary="All is well with the unit",
)
@requires(Permission.ASSIGNMENT_STATUS)
async def post_check_in(assignment_id: str, body: CheckInBody, act: CurrentAct) -> AssignmentOut:
    """Answers the welfare check; the next one is a whole interval away. 409 when the unit is not on scene."""
    row = await check_in(act.session, assignment_id, body.note, actor_of(act), act.principal, await limits_of(act))
    return assignment_out(row, act.principal)


async def limits_of(act: Act) -> TimeLimits:
    """How long may be waited for what, by the policy that decides now."""
    return await act.services.policies.limits(act.session, act.principal.jurisdiction, act.now)


async def catalogue_of(act: Act) -> Catalogue:
    """What may come of an assignment, by the policy that decides now."""
    return await act.services.policies.outcomes(act.session, act.principal.jurisdiction, act.now)


@queries.get(
    "/assignments",
    response_model=HistoryPage,
    responses={
        200: {
            "description": "A page; the media type follows `Accept`. Files hold every matching row, not a page.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/x-ndjson": {"schema": {"type": "string"}},
                "application/geo+json": {"schema": {"type": "object"}},
            },
        },
        **refusals(),
    },
    summary="History of assignments",
)
@requires(Permission.ASSIGNMENT_READ)
async def list_assignments(
    request: Request,
    act: CurrentAct,
    unit: Annotated[str | None, Query(description="Call sign or id", max_length=200)] = None,
    responder: Annotated[str | None, Query(description="Responder id", max_length=200)] = None,
    responder_type: Annotated[str | None, Query(max_length=200)] = None,
    program: Annotated[str | None, Query(max_length=200)] = None,
    agency: Annotated[str | None, Query(max_length=200)] = None,
    category: Category | None = None,
    outcome: Annotated[str | None, Query(max_length=200)] = None,
    kind: Annotated[AssignmentKind | None, Query(description="For example `transfer` or `hand_off`")] = None,
    owed: Annotated[bool, Query(description="Only those whose outcome still lacks details, such as a number")] = False,
    incident: Annotated[str | None, Query(description="Incident id or number", max_length=200)] = None,
    from_: Annotated[Moment | None, Query(alias="from", description="Assigned at or after")] = None,
    to: Annotated[Moment | None, Query(description="Assigned before")] = None,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees", max_length=200)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Response:
    """Newest first. `Accept: text/csv`, `application/x-ndjson` or `application/geo+json` streams every matching row; it
    takes neither `limit` nor `cursor`.
    """
    require_order(from_, to)
    catalogue = await catalogue_of(act)
    is_health = outcome is not None and (known := catalogue.find(outcome)) is not None and known.is_health
    wanted = history.HistoryFilter(
        unit=unit,
        responder=responder,
        responder_type=responder_type,
        program=program,
        agency=agency,
        category=category.value if category else None,
        outcomes=None if outcome is None else catalogue.words_for(outcome),
        owed=owed,
        without_health_of_others=(is_health or owed) and act.principal.hides_health_of(""),
        kind=kind.value if kind else None,
        incident=incident,
        from_at=from_,
        to_at=to,
        bbox=_bbox(bbox),
        agencies=act.principal.agencies,
        only_unit=act.principal.unit,
        to_the_block=not act.principal.sees_place,
        hidden_types=act.principal.hidden_responder_types(),
    )
    media_type = preferred(request.headers.get("accept", ""), ("application/json", *_FILES))
    if media_type in _FILES:
        _require_whole(request)
        name, write = _FILES[media_type]
        return StreamingResponse(
            write(_every(act, wanted)),
            media_type=media_type,
            headers={"Content-Disposition": f"attachment; filename={name}"},
        )
    after: Any = tuple(decode_cursor(cursor, [datetime, str], act.asked)) if cursor else None
    rows = await history.page(act.session, act.principal.jurisdiction, wanted, after=after, limit=limit)
    last = rows[-1].assignment if len(rows) == limit else None
    page = HistoryPage(
        items=[history_item(row, act.principal) for row in rows],
        next=encode_cursor([last.created_at, last.id], act.asked) if last else None,
    )
    return Response(page.model_dump_json(), media_type="application/json")


_FILES: dict[str, tuple[str, Callable[[AsyncIterator[BaseModel]], AsyncIterator[bytes]]]] = {
    "text/csv": ("assignments.csv", partial(as_csv, columns=_COLUMNS)),
    "application/x-ndjson": ("assignments.ndjson", as_ndjson),
    "application/geo+json": ("assignments.geojson", as_geojson),
}


def history_item(row: history.HistoryRow, principal: Principal) -> HistoryItem:
    """A history row with its intervals, as this principal may see it."""
    item = assignment_out(row.assignment, principal).model_dump()
    return HistoryItem.model_validate(
        {
            **item,
            "incident": row.incident_number,
            "call_received_at": row.call_received_at,
            "responders": list(row.responders),
            "intervals_s": row.intervals_s(),
        }
    )


async def _every(act: Act, wanted: history.HistoryFilter) -> AsyncIterator[HistoryItem]:
    """Every matching row, page by page, in a session of its own: the request's ends before the body is sent."""
    async for row in history.every(act.services.sessions, act.principal.jurisdiction, wanted):
        yield history_item(row, act.principal)


def _require_whole(request: Request) -> None:
    """Raises Invalid for a file that is asked for in part: it would look like the whole, and it was given whole."""
    given = [name for name in ("limit", "cursor") if name in request.query_params]
    if given:
        raise Invalid(
            "A file holds every matching row.",
            fix=f"Leave out {' and '.join(given)}; narrow it with `from` and `to`, or read pages as application/json.",
            errors=[FieldProblem(f"/{name}", "not_for_files", "pages are for application/json") for name in given],
        )


def _bbox(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise ValueError("out of range")
    except ValueError as error:
        raise Invalid(
            "bbox is west,south,east,north in degrees.",
            fix="For example bbox=-125.0,44.0,-124.8,44.1",
            errors=[FieldProblem("bbox", "bad_bbox", "four numbers, west <= east, south <= north")],
        ) from error
    return west, south, east, north
