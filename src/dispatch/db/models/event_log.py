"""The append-only log: what happened, when, by whom, in the order in which it became true."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, Sequence, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table

OPEN_PLACES = Sequence("event_log_open_seq", metadata=Table.metadata)


class EventRow(Table):
    """One row of the log. A trigger refuses every update and delete; another marks the places that are still open.

    open_seq: its place among the rows that are not hidden by the one-way valve, which no hidden row moves; 0 for a
    hidden one, NULL for rows older than the wall, whose place is `seq`.

    No foreign keys: the busiest table must not lock rows of others, and what it says stays true when they change.
    """

    __tablename__ = "event_log"
    __table_args__ = (
        Index("ix_event_log_incident", "jurisdiction_id", "incident_id", "seq"),
        Index(
            "ix_event_log_open",
            "jurisdiction_id",
            text("coalesce(open_seq, seq)"),
            postgresql_where=text("open_seq is distinct from 0"),
        ),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    open_seq: Mapped[int | None] = mapped_column(BigInteger, server_default=text("nextval('event_log_open_seq')"))
    id: Mapped[str]
    type: Mapped[str]
    schema_version: Mapped[int]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]
    subject_id: Mapped[str]
    incident_id: Mapped[str | None]
    request_id: Mapped[str | None]
    payload: Mapped[dict[str, Any]]
