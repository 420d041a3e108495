"""The `triage` and `recommendation` objects of the contract, as schemas."""

from datetime import datetime

from pydantic import BaseModel, Field

from dispatch.api.premise_answers import HazardsOut


class EvidenceOut(BaseModel):
    """A span of the text that a fact rests on; offsets count characters of the text as received."""

    text_of: str = Field(examples=["narrative"])
    start: int
    end: int
    quote: str
    phrase: str
    context: str = Field(examples=["affirmed"])


class FactOut(BaseModel):
    """A fact, where it came from, and its evidence."""

    value: str = Field(examples=["none"])
    from_: str = Field(alias="from", examples=["answers"])
    evidence: list[EvidenceOut]
    note: str | None = None
    conflict: str | None = None


class ReasonOut(BaseModel):
    rule: str = Field(examples=["WC-07"])
    because: str


class ProgramVerdictOut(BaseModel):
    program: str
    responder_type: str
    verdict: str = Field(examples=["eligible"])
    reasons: list[str]


class PlanEntryOut(BaseModel):
    """One slot of a plan step; entries with the same step go together."""

    step: int
    responder_type: str
    program: str | None
    count: int
    role: str
    capabilities: list[str] = Field(default_factory=list)
    wait_limit_s: int | None
    offer: str | None = Field(None, description="`first_of` or `all_of`: offered by itself when the plan comes to it")


class QuestionOut(BaseModel):
    fact: str
    ask: str
    changes: str


class PolicyRefOut(BaseModel):
    id: str
    version: int
    sha256: str


class TriageOut(BaseModel):
    """Who should go and why, under exactly which policy."""

    category: str
    incident_type: str
    priority: int = Field(ge=0, le=4)
    needs_human: bool
    facts: dict[str, FactOut]
    topics: list[str] = Field(default_factory=list)
    reasons: list[ReasonOut]
    programs: list[ProgramVerdictOut]
    plan: list[PlanEntryOut]
    questions: list[QuestionOut]
    would_change_if: list[str]
    warnings: list[str] = Field(default_factory=list)
    policy: PolicyRefOut


class RowTraceOut(BaseModel):
    """What one row did, and which of its conditions did not hold."""

    row: str
    title: str
    result: str = Field(description="hit, added, overtaken, missed, not_read, inactive or shadow_hit")
    when: str = Field(description="What the row asks for, in words")
    why: list[str] = Field(description="Each condition that did not hold, with the value seen")


class TableTraceOut(BaseModel):
    """One table, in the order in which tables are tried."""

    table: str
    title: str
    is_floor: bool
    rows: list[RowTraceOut]


class ClauseTraceOut(BaseModel):
    """One clause of a program. holds: null when it cannot be told."""

    clause: str
    holds: bool | None
    why: list[str]


class ProgramTraceOut(BaseModel):
    """One program, its verdict and each clause that led to it."""

    program: str
    verdict: str
    reasons: list[str]
    clauses: list[ClauseTraceOut]


class ExplanationOut(BaseModel):
    """The whole way to a decision; the facts with their spans stand in the decision itself."""

    tables: list[TableTraceOut]
    programs: list[ProgramTraceOut]
    text: str = Field(description="The same for people")


class PickOut(BaseModel):
    """A unit that could go: rank 1 of each slot is the pick, the rest are next best."""

    unit: str = Field(description="Call sign")
    unit_id: str
    step: int
    slot: int = Field(description="Which slot of the step, from 0")
    rank: int
    pick: bool = Field(description="True for the units that should go; the others are next best")
    role: str
    mode: str = Field(description="How it is told: ordered or offered")
    responder_type: str
    program: str | None
    eta_s: int | None = Field(description="Seconds; null when the place or the unit's position is unknown")
    reasons: list[str] = Field(description="Stable codes", examples=[["first_to_arrive"]])
    why: str = Field(description="The reasons in sentences")


class ShortfallOut(BaseModel):
    """A slot that nobody can fill now, and why."""

    step: int
    slot: int
    role: str
    responder_type: str
    program: str | None
    missing: int
    reasons: list[str]
    why: str
    wait_until: datetime | None = Field(description="Until when the plan waits for it; null: waiting does not help")


class NotOfferedOut(BaseModel):
    """A unit that was not offered, and why."""

    unit: str
    unit_id: str
    agency: str
    reasons: list[str]
    why: str


class TravelOut(BaseModel):
    """Where the times of arrival come from."""

    provider: str = Field(examples=["straight_line", "roads", "engine"])
    reasons: list[str] = Field(description="Why it is not the provider that was configured")
    why: str


class RedirectOut(BaseModel):
    """A unit that a person may turn round for a life threat: cancel its assignment, then assign it here."""

    unit: str
    unit_id: str
    from_incident: str = Field(description="Number of the incident that would return to the queue with its age")
    from_priority: int
    step: int
    slot: int
    eta_s: int
    gain_s: int | None = Field(description="Sooner than the best free unit; null when nobody is free")
    why: str


class RecommendationOut(BaseModel):
    """Advice with reasons; a person assigns."""

    units: list[PickOut]
    shortfalls: list[ShortfallOut]
    not_offered: list[NotOfferedOut]
    active_step: int | None = Field(description="The plan step that the picks fill")
    fallback_at: datetime | None = Field(description="When the next step is due if nobody has taken this one")
    as_of: datetime
    travel: TravelOut
    redirects: list[RedirectOut] = Field(description="Proposed for life threats only, and never done without a person")
    hazards: HazardsOut | None = Field(
        None, description="Of the place; null where nobody looked or the reader may know none, and says nothing"
    )
