"""One contact received, immutable once stored, with the exact bytes that the sender sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class Call(Table):
    """The first content of a contact. Later versions of the same contact are rows of call_update."""

    __tablename__ = "call"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"], ["incident.jurisdiction_id", "incident.id"], name="fk_call_incident"
        ),
        UniqueConstraint("jurisdiction_id", "source", "source_ref", name="uq_call_source_ref"),
        Index("ix_call_incident", "jurisdiction_id", "incident_id"),
        Index(
            "ix_call_unmapped_type",
            "jurisdiction_id",
            "source",
            "type_code",
            "type_text",
            postgresql_where=text("not type_mapped"),
        ),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    incident_id: Mapped[str]
    source: Mapped[str]
    source_ref: Mapped[str]
    received_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    revised_at: Mapped[datetime]
    channel: Mapped[str | None]
    type_code: Mapped[str | None]
    type_text: Mapped[str | None]
    type_mapped: Mapped[bool]
    narrative: Mapped[str | None]
    body: Mapped[dict[str, Any]]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    flags: Mapped[list[str]]


class CallUpdate(Table):
    """A later version of a call, as the sender revised it. Versions count from 2."""

    __tablename__ = "call_update"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "call_id"], ["call.jurisdiction_id", "call.id"], name="fk_call_update_call"
        ),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    revised_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    body: Mapped[dict[str, Any]]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    flags: Mapped[list[str]]
