"""What is waited for: one row for each, written with what starts it and gone with what ends it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table
from dispatch.domain.timers import TimerKind


class Timer(Table):
    """A timer. subject_id: the assignment, incident or feed that it is about. fired_at: when its work was done.

    due_at is the truth for people; wake_at is when a worker looks next, later than due_at only after a failure.
    No foreign keys: a timer must never lock rows of others, and it is deleted with the reason for it.
    """

    __tablename__ = "timer"
    __table_args__ = (
        CheckConstraint(f"kind in ({', '.join(repr(kind.value) for kind in TimerKind)})", name="kind_known"),
        Index(
            "uq_timer_running",
            "jurisdiction_id",
            "subject_id",
            "kind",
            unique=True,
            postgresql_where=text("fired_at is null"),
        ),
        Index("ix_timer_wake", "wake_at", "id", postgresql_where=text("fired_at is null")),
        Index("ix_timer_subject", "jurisdiction_id", "subject_id", "kind"),
        Index("ix_timer_incident", "jurisdiction_id", "incident_id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[str]
    incident_id: Mapped[str | None]
    due_at: Mapped[datetime]
    wake_at: Mapped[datetime]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default="0")
    fired_at: Mapped[datetime | None]
    fired_by: Mapped[str | None]
