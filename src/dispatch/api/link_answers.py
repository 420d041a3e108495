"""How likeness of calls is shown: its score, its parts, its reasons."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class ScorePart(BaseModel):
    """One piece of evidence: positive speaks for the same thing."""

    name: str = Field(examples=["distance"])
    log_odds: float
    because: str


class CandidateOut(BaseModel):
    """An open incident that a new call may be about. verdict: `link` when the service will link it by itself."""

    incident: str
    number: str
    verdict: Literal["link", "propose"]
    score: float = Field(description="Sum of the parts, in natural logarithms of odds")
    parts: list[ScorePart]
    reasons: list[str] = Field(description="The same in sentences, the weightiest first")


class LinkOut(BaseModel):
    """Another incident, and how it stands to this one."""

    incident: str
    number: str
    status: str
    priority: int
    incident_type: str
    state: Literal["proposed", "linked", "separate"]
    automatic: bool = Field(description="True until a person said something")
    score: float | None
    parts: list[ScorePart]
    decided_by: str
    decided_at: datetime

    model_config = {"from_attributes": True}
