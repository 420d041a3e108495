"""Work that is left after everybody has gone: who promised to come or call again, and by when."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class FollowUp(Table):
    """A follow-up of an assignment. It is open until `done_at`; the result is a word of the outcome list."""

    __tablename__ = "follow_up"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "assignment_id"],
            ["assignment.jurisdiction_id", "assignment.id"],
            name="fk_follow_up_assignment",
        ),
        CheckConstraint("(done_at is null) = (outcome is null)", name="done_has_outcome"),
        Index("ix_follow_up_open", "jurisdiction_id", "due_at", "id", postgresql_where=text("done_at is null")),
        Index("ix_follow_up_due", "jurisdiction_id", "due_at", "id"),
        Index("ix_follow_up_assignment", "jurisdiction_id", "assignment_id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    assignment_id: Mapped[str]
    incident_id: Mapped[str]
    unit_id: Mapped[str]
    call_sign: Mapped[str]
    agency_id: Mapped[str]
    program_id: Mapped[str | None]
    responder_type: Mapped[str]
    what: Mapped[str]
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    outcome: Mapped[str | None]
    note: Mapped[str | None]
