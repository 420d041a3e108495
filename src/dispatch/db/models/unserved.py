"""Why a call did not get a program that would take it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table
from dispatch.domain.unserved import UnservedReason


class Unserved(Table):
    """One program that this incident was for and did not get, and the last known reason. step: the plan's, if any."""

    __tablename__ = "unserved"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"],
            ["incident.jurisdiction_id", "incident.id"],
            name="fk_unserved_incident",
        ),
        CheckConstraint(f"reason in ({', '.join(repr(one.value) for one in UnservedReason)})", name="reason_known"),
        Index("ix_unserved_recorded", "jurisdiction_id", "recorded_at", "incident_id", "program"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    incident_id: Mapped[str] = mapped_column(primary_key=True)
    program: Mapped[str] = mapped_column(primary_key=True)
    responder_type: Mapped[str]
    verdict: Mapped[str]
    reason: Mapped[str]
    detail: Mapped[list[str]] = mapped_column(server_default="{}")
    step: Mapped[int | None]
    recorded_at: Mapped[datetime]
