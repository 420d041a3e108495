"""The shapes in which policies, their checks and what they would change are answered."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from dispatch.api.triage_answer import PolicyRefOut, TriageOut
from dispatch.db.active_policy import PolicyKey
from dispatch.db.models import PolicyVersion
from dispatch.queries.policies import status_at

STATUSES = ["draft", "submitted", "scheduled", "active", "superseded", "withdrawn"]


class PolicyOut(BaseModel):
    """A stored version."""

    id: str = Field(examples=["us-default"])
    version: int = Field(examples=[1])
    sha256: str = Field(description="Of its exact text and of all that it stands on")
    status: str = Field(
        examples=STATUSES,
        description="draft: its writer may replace it. submitted: frozen. scheduled: published, begins later. "
        "active: decides now. superseded: decided before. withdrawn: rolled back",
    )
    written_by: str
    note: str | None
    published_by: str | None
    published_at: datetime | None
    effective_at: datetime | None
    withdrawn_by: str | None = Field(None, description="Who rolled it back last")
    withdrawn_reason: str | None = None
    shadow_since: datetime | None = Field(description="Evaluated beside the active one since then; changes nothing")
    created_at: datetime
    updated_at: datetime

    model_config = {"from_attributes": True}


class PolicyText(PolicyOut):
    """One version with its files as they were stored."""

    texts: dict[str, Any]
    parents: dict[str, Any]


class PolicyList(BaseModel):
    items: list[PolicyOut]


class FindingOut(BaseModel):
    """One thing that is wrong or doubtful."""

    severity: str = Field(examples=["error", "warning", "accepted"])
    code: str = Field(examples=["unreachable_row"])
    file: str = Field(examples=["tables/50-care.yaml"])
    line: int | None = Field(examples=[12])
    detail: str = Field(description="What is wrong, and what to do about it")


class CheckOut(BaseModel):
    """What the checks say.

    An error makes an answer wrong and bars publication; a warning may; an accepted one was given a reason.
    """

    passed: bool
    contents: dict[str, int] | None = Field(
        description="How many rows, programs and so on; null when it does not load", examples=[{"rows": 61}]
    )
    findings: list[FindingOut]


class DraftOut(BaseModel):
    policy: PolicyOut
    check: CheckOut


class CaseOut(BaseModel):
    case: str
    at: str = Field(examples=["cases/main.yaml:2"])
    passed: bool
    failures: list[str]
    rows: list[str]


class CasesOut(BaseModel):
    """The worked examples of the policy run against it, and what they cover."""

    passed: bool
    cases: list[CaseOut]
    rows: int = Field(examples=[61])
    without_hit: list[str] = Field(description="Rows that no passing case hits")
    without_near_miss: list[str] = Field(description="Rows that no passing case narrowly misses")


class CellOut(BaseModel):
    """How many calls went from one first responder to another."""

    old: str = Field(examples=["police"])
    new: str = Field(examples=["community_responder"])
    calls: int

    model_config = {"from_attributes": True}


class ChangedCallOut(BaseModel):
    """A call that is decided otherwise."""

    incident: str
    number: str
    old: str = Field(examples=["police"])
    new: str = Field(examples=["community_responder"])
    old_priority: int
    new_priority: int
    old_category: str
    new_category: str

    model_config = {"from_attributes": True}


class ReplayedCallOut(ChangedCallOut):
    changes: list[str] = Field(examples=[["first_responder", "plan"]])
    rows: list[str] = Field(description="The rows of the new policy that decided")


class ReplayOut(BaseModel):
    calls: int
    changed: int
    matrix: list[CellOut]
    listed: list[ReplayedCallOut] = Field(description="The newest changed calls, at most 200")

    model_config = {"from_attributes": True}


class FieldChangeOut(BaseModel):
    field: str
    old: Any
    new: Any

    model_config = {"from_attributes": True}


class ChangeOut(BaseModel):
    """One part of the policy that was added, removed or changed."""

    kind: str = Field(examples=["row"])
    id: str = Field(examples=["QL-07"])
    change: str = Field(examples=["changed"])
    fields: list[FieldChangeOut]

    model_config = {"from_attributes": True}


class DiffOut(BaseModel):
    """What is different, as parts of the policy and, when asked, as decisions on stored calls."""

    old: PolicyRefOut
    new: PolicyRefOut
    changes: list[ChangeOut]
    replay: ReplayOut | None


class ShadowExampleOut(ChangedCallOut):
    decided_at: datetime


class ShadowOut(BaseModel):
    """What a version would have changed while it was in shadow."""

    policy: PolicyOut
    calls: int = Field(description="Decisions that it was evaluated beside")
    changed: int
    share_changed: float | None
    first_at: datetime | None
    last_at: datetime | None
    matrix: list[CellOut]
    examples: list[ShadowExampleOut] = Field(description="The newest changed calls, at most 50")


class RolledBack(BaseModel):
    policy: PolicyOut
    decides: str | None = Field(description="The version that decides now", examples=["us-default@1"])


class ReevaluationOut(BaseModel):
    """An old decision made again."""

    equal: bool = Field(description="True: the same input and the same text gave the same answer, to the letter")
    differs: list[str] = Field(description="Names of the parts that came out otherwise", examples=[[]])
    policy: PolicyRefOut
    stored: TriageOut
    evaluated: TriageOut


def policy_out(row: PolicyVersion, deciding: PolicyKey | None, now: datetime) -> PolicyOut:
    """The version with its status of this moment."""
    return PolicyOut.model_validate(row).model_copy(update={"status": status_at(row, deciding, now)})
