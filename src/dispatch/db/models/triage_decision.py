"""Every answer that triage or a person gave for an incident, whole, in order, never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class TriageDecisionRow(Table):
    """One decision: what was given, what was answered, under which policy text. Evaluating again gives the same."""

    __tablename__ = "triage_decision"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"],
            ["incident.jurisdiction_id", "incident.id"],
            name="fk_triage_decision_incident",
        ),
        UniqueConstraint("jurisdiction_id", "incident_id", "ordinal", name="uq_triage_decision_ordinal"),
        CheckConstraint("trigger <> 'override' or override_reason is not null", name="override_has_reason"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    incident_id: Mapped[str]
    ordinal: Mapped[int]
    decided_at: Mapped[datetime]
    trigger: Mapped[str]
    actor: Mapped[str]
    given: Mapped[dict[str, Any]]
    decision: Mapped[dict[str, Any]]
    policy_id: Mapped[str]
    policy_version: Mapped[int]
    policy_sha256: Mapped[str]
    override_reason: Mapped[str | None]
    note: Mapped[str | None]
