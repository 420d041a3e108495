"""Policies: exact text and hash, from draft to publication. A text that was submitted never changes again."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class PolicyVersion(Table):
    """One version of a policy: its files as text, its parents' files, and since when it decides.

    status: draft (its writer may replace it), submitted (frozen, not published), published, withdrawn. At any moment
    the published version with the latest effective_at up to then decides; of two that begin together, the one published
    last (ordinal). withdrawn_by, withdrawn_reason: of the last rollback. shadow_since: it is evaluated beside the
    deciding one and changes nothing.
    """

    __tablename__ = "policy_version"
    __table_args__ = (
        CheckConstraint("status in ('draft', 'submitted', 'published', 'withdrawn')", name="status_known"),
        CheckConstraint(
            "status <> 'published' or (published_by is not null and effective_at is not null and ordinal is not null)",
            name="published_is_whole",
        ),
        CheckConstraint("shadow_since is null or status <> 'draft'", name="shadow_is_frozen"),
        Index(
            "uq_policy_version_ordinal",
            "jurisdiction_id",
            "ordinal",
            unique=True,
            postgresql_where=text("ordinal is not null"),
        ),
        Index(
            "ix_policy_version_deciding",
            "jurisdiction_id",
            "effective_at",
            "ordinal",
            postgresql_where=text("status = 'published'"),
        ),
        Index(
            "uq_policy_version_shadow",
            "jurisdiction_id",
            unique=True,
            postgresql_where=text("shadow_since is not null"),
        ),
    )

    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdiction.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    texts: Mapped[dict[str, Any]]
    parents: Mapped[dict[str, Any]]
    status: Mapped[str]
    written_by: Mapped[str]
    note: Mapped[str | None]
    published_by: Mapped[str | None]
    published_at: Mapped[datetime | None]
    effective_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    withdrawn_reason: Mapped[str | None]
    ordinal: Mapped[int | None]
    shadow_since: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class ShadowDecision(Table):
    """What a version in shadow would have decided where another one did. Nobody was sent because of it.

    ordinal: of the decision it stands beside. first_responder: who would go first, and active_responder: who was to.
    """

    __tablename__ = "shadow_decision"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id", "ordinal"],
            ["triage_decision.jurisdiction_id", "triage_decision.incident_id", "triage_decision.ordinal"],
            name="fk_shadow_decision_beside",
        ),
        ForeignKeyConstraint(
            ["jurisdiction_id", "policy_id", "policy_version"],
            ["policy_version.jurisdiction_id", "policy_version.id", "policy_version.version"],
            name="fk_shadow_decision_policy",
        ),
        Index("ix_shadow_decision_policy", "jurisdiction_id", "policy_id", "policy_version", "decided_at"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    incident_id: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[str] = mapped_column(primary_key=True)
    policy_version: Mapped[int] = mapped_column(primary_key=True)
    policy_sha256: Mapped[str]
    decided_at: Mapped[datetime]
    category: Mapped[str]
    priority: Mapped[int]
    first_responder: Mapped[str]
    active_responder: Mapped[str]
    differs: Mapped[bool]
    decision: Mapped[dict[str, Any]]
