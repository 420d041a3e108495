"""What somebody must look at and say so; never only a line of a log."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table
from dispatch.domain.alarm import AlarmKind, Severity


class Alarm(Table):
    """An alarm. The same thing wrong again before anybody acknowledged counts up `times` instead of a second row."""

    __tablename__ = "alarm"
    __table_args__ = (
        CheckConstraint(f"kind in ({', '.join(repr(kind.value) for kind in AlarmKind)})", name="kind_known"),
        CheckConstraint(f"severity in ({', '.join(repr(one.value) for one in Severity)})", name="severity_known"),
        CheckConstraint("(acknowledged_at is null) = (acknowledged_by is null)", name="acknowledged_whole"),
        Index(
            "uq_alarm_unacknowledged",
            "jurisdiction_id",
            "subject_id",
            "kind",
            unique=True,
            postgresql_where=text("acknowledged_at is null"),
        ),
        Index("ix_alarm_raised", "jurisdiction_id", "raised_at", "id"),
        Index("ix_alarm_incident", "jurisdiction_id", "incident_id", "raised_at", "id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    severity: Mapped[str]
    for_supervisor: Mapped[bool]
    raised_at: Mapped[datetime]
    last_raised_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(server_default="1")
    subject_id: Mapped[str]
    incident_id: Mapped[str | None]
    priority: Mapped[int | None]
    unit_id: Mapped[str | None]
    call_sign: Mapped[str | None]
    agency_id: Mapped[str | None]
    responder_type: Mapped[str | None]
    message: Mapped[str]
    payload: Mapped[dict[str, Any]]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    note: Mapped[str | None]
