"""What supervisors ask of the record."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dispatch.api.answers import PAGE, Cursor, Limit, refusals, require_order
from dispatch.api.bodies import Moment
from dispatch.api.calls import actor_of
from dispatch.domain.access import Permission
from dispatch.domain.classification import ORDERED_RESPONDER_TYPES, Category, Verdict
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.formula import Figure
from dispatch.domain.nearest import nearest
from dispatch.domain.unserved import REASONS, UnservedReason
from dispatch.operations.known_words import require_responder_type
from dispatch.queries import unserved
from dispatch.queries.formulas import Asked, formulas
from dispatch.queries.handling import handling
from dispatch.web.paging import decode_cursor, encode_cursor
from dispatch.web.routes import CurrentAct, QueryRoute, requires

queries = APIRouter(prefix="/v1/reports", route_class=QueryRoute, tags=["reports"])


class UnservedOut(BaseModel):
    """One program and the incident that it did not get."""

    incident_id: str
    incident: str = Field(description="Incident number", examples=["1042"])
    category: str
    priority: int
    program: str
    responder_type: str
    verdict: str = Field(description="What triage said of the program", examples=["eligible"])
    reason: str = Field(examples=["none_free"])
    why: str
    detail: list[str] = Field(description="Codes of triage, or of the router where a step of the plan was left")
    step: int | None
    recorded_at: datetime


class UnservedPage(BaseModel):
    items: list[UnservedOut]
    totals: dict[str, int] = Field(description="Rows by reason, over all pages")
    next: str | None


@queries.get(
    "/unserved", response_model=UnservedPage, responses=refusals(), summary="Eligible calls that were not served"
)
@requires(Permission.REPORT_READ)
async def get_unserved(
    act: CurrentAct,
    program: Annotated[str | None, Query(max_length=200)] = None,
    reason: UnservedReason | None = None,
    verdict: Annotated[Verdict | None, Query(description="eligible: only programs that could have gone")] = None,
    from_: Annotated[Moment | None, Query(alias="from", description="Recorded at or after")] = None,
    to: Annotated[Moment | None, Query(description="Recorded before")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> UnservedPage:
    """Every call that a program was for and that none of its programs served, with the reason. Newest first."""
    require_order(from_, to)
    wanted = unserved.UnservedFilter(
        program,
        reason.value if reason else None,
        verdict.value if verdict else None,
        from_,
        to,
        act.principal.hidden_responder_types(),
    )
    jurisdiction = act.principal.jurisdiction
    after: Any = tuple(decode_cursor(cursor, [datetime, str, str], act.asked)) if cursor else None
    rows = await unserved.page(act.session, jurisdiction, wanted, after=after, limit=limit)
    last = rows[-1] if len(rows) == limit else None
    return UnservedPage(
        items=[
            UnservedOut(**{name: getattr(row, name) for name in row.__slots__}, why=REASONS[UnservedReason(row.reason)])
            for row in rows
        ],
        totals=await unserved.totals(act.session, jurisdiction, wanted),
        next=encode_cursor([last.recorded_at, last.incident_id, last.program], act.asked) if last else None,
    )


class HandlingOut(BaseModel):
    """Incidents of one responder type. Each count is part of `associated`; none is a share of another's."""

    responder_type: str = Field(examples=["community_responder"])
    associated: int = Field(description="A unit of the type was given to it, whatever came of that")
    dispatched: int = Field(description="One was ordered, or accepted")
    arrived: int = Field(description="One was on scene")
    arrived_alone: int = Field(description="And no police, fire or EMS unit of another type was, or may have been")
    passed_on: int = Field(description="One left it to others, handed it off or gave it back")
    contact_made: int = Field(description="One cleared and says that somebody was reached")
    handled: int = Field(description="One cleared it, nothing was left to others, and it is closed")
    handled_police_never_assigned: int = Field(description="Of `handled`: police were not even assigned")
    handled_police_never_sent: int = Field(description="Of `handled`: no police unit was ordered or accepted")
    handled_police_never_arrived: int = Field(description="Of `handled`: no police unit was on scene, or may have been")
    still_open: int = Field(description="Not decided yet, so in none of the `handled` counts")

    model_config = {"from_attributes": True}


class HandlingReport(BaseModel):
    items: list[HandlingOut]


@queries.get("/handling", response_model=HandlingReport, responses=refusals(), summary="Who got how far, and alone")
@requires(Permission.REPORT_READ)
async def get_handling(
    act: CurrentAct,
    from_: Annotated[Moment | None, Query(alias="from", description="Opened at or after; default: 30 days ago")] = None,
    to: Annotated[Moment | None, Query(description="Opened before; default: now")] = None,
    category: Category | None = None,
) -> HandlingReport:
    """Counts of incidents by responder type, kept apart: associated, dispatched, arrived, alone, without police.

    An officer who comes with a clinician is police in all of them. Who cleared without a time on scene may have been
    there. "Diversion" is published after many formulas: `GET /v1/reports/formulas` counts each by its name.
    """
    until = to or act.now
    since = from_ or until - timedelta(days=30)
    require_order(since, until)
    found = await handling(
        act.session,
        act.principal.jurisdiction,
        since,
        until,
        category=category.value if category else None,
        ordered=sorted(ORDERED_RESPONDER_TYPES),
        hidden_types=act.principal.hidden_responder_types(),
    )
    return HandlingReport(items=[HandlingOut.model_validate(one) for one in found])


class PublishedOut(BaseModel):
    """A figure that somebody published after this formula."""

    by: str = Field(examples=["Denver, STAR"])
    period: str = Field(examples=["2022"])
    share: float = Field(examples=[0.44])
    counts: tuple[int, int] | None = Field(description="Numerator and denominator, where these were published")
    source: str

    model_config = {"from_attributes": True}


class FormulaOut(BaseModel):
    """One published formula over the incidents asked for. `missing` is in neither count: nobody can tell yet."""

    name: str = Field(examples=["eligible_answered"])
    title: str
    numerator_is: str
    denominator_is: str
    limits: str
    needs: list[str] = Field(description="What must be named with the question; without it `value` is null")
    weight: float = Field(description="What part of the numerator its authors count")
    numerator: int
    denominator: int
    value: float | None = Field(description="Null where the denominator is empty or something needed was not named")
    missing: int
    missing_share: float | None = Field(description="Of the incidents that count or might")
    published: list[PublishedOut]

    @classmethod
    def of(cls, one: Figure) -> "FormulaOut":
        """The figure with what it means."""
        formula = one.formula
        return cls(
            name=formula.name,
            title=formula.title,
            numerator_is=formula.numerator,
            denominator_is=formula.denominator,
            limits=formula.limits,
            needs=list(formula.needs),
            weight=formula.weight,
            numerator=one.numerator,
            denominator=one.denominator,
            value=one.value,
            missing=one.missing,
            missing_share=one.missing_share,
            published=[PublishedOut.model_validate(found) for found in formula.published],
        )


class FormulaReport(BaseModel):
    items: list[FormulaOut]


_Types = Annotated[list[Annotated[str, Field(max_length=200)]] | None, Query(max_length=100)]


@queries.get(
    "/formulas", response_model=FormulaReport, responses=refusals(), summary="Diverted, by each published formula"
)
@requires(Permission.REPORT_READ)
async def get_formulas(
    act: CurrentAct,
    responder_type: Annotated[str, Query(max_length=200)] = "community_responder",
    from_: Annotated[Moment | None, Query(alias="from", description="Opened at or after; default: 30 days ago")] = None,
    to: Annotated[Moment | None, Query(description="Opened before; default: now")] = None,
    own_types: _Types = None,
    diverted_types: _Types = None,
) -> FormulaReport:
    """What cities publish as diverted from police, each formula by its name, with its counts, what is missing in them,
    and what was published after it. They differ eightfold for one city and year: never quote one without its name.

    `own_types`: incident types to which police would not have been sent (repeat the parameter). `diverted_types`: those
    of which a part counts as diverted. Types are as triaged first.
    """
    until = to or act.now
    since = from_ or until - timedelta(days=30)
    require_order(since, until)
    await require_responder_type(act.session, act.services.policies, responder_type, actor_of(act))
    await _require_types(act, own_types=own_types, diverted_types=diverted_types)
    asked = Asked(
        since,
        until,
        responder_type,
        None if own_types is None else tuple(own_types),
        None if diverted_types is None else tuple(diverted_types),
        act.principal.hidden_responder_types(),
    )
    found = await formulas(act.session, act.principal.jurisdiction, asked)
    return FormulaReport(items=[FormulaOut.of(one) for one in found])


async def _require_types(act: CurrentAct, **named: list[str] | None) -> None:
    """Returns when the policy that decides now knows each incident type: a slip would count nothing. Raises Invalid."""
    policy = await act.services.policies.active(act.session, act.principal.jurisdiction, act.now)
    problems = [
        FieldProblem(f"/{name}", "unknown_incident_type", nearest(one, policy.incident_types))
        for name, types in named.items()
        for one in types or ()
        if one not in policy.incident_types
    ]
    if problems:
        raise Invalid(f"{policy.id}@{policy.version} has no such incident type.", fix="Use its types.", errors=problems)
