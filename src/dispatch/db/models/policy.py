"""Published policies: exact text and hash. A published version never changes."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class PolicyVersion(Table):
    """One version of a policy: its files as text, its parents' files, and whether it decides now."""

    __tablename__ = "policy_version"
    __table_args__ = (
        CheckConstraint("status in ('draft', 'shadow', 'active', 'retired')", name="status_known"),
        Index("uq_policy_version_active", "jurisdiction_id", unique=True, postgresql_where=text("status = 'active'")),
    )

    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdiction.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    texts: Mapped[dict[str, Any]]
    parents: Mapped[dict[str, Any]]
    status: Mapped[str]
    written_by: Mapped[str]
    published_by: Mapped[str | None]
    effective_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
