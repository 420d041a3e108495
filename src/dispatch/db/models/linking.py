"""Which calls are about the same thing: what is compared, what was found, and what a person said to it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class CallProfile(Table):
    """What of a call is compared with other calls. Derived, and thrown away after a day."""

    __tablename__ = "call_profile"
    __table_args__ = (
        Index("ix_call_profile_near", "jurisdiction_id", "cell", "at"),
        Index(
            "ix_call_profile_address", "jurisdiction_id", "address", "at", postgresql_where=text("address is not null")
        ),
        Index("ix_call_profile_phone", "jurisdiction_id", "phone", "at", postgresql_where=text("phone is not null")),
        Index("ix_call_profile_age", "profiled_at"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(primary_key=True)
    incident_id: Mapped[str]
    at: Mapped[datetime]
    profiled_at: Mapped[datetime]
    category: Mapped[str]
    incident_type: Mapped[str]
    cell: Mapped[int | None] = mapped_column(BigInteger)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    uncertainty_m: Mapped[float | None]
    address: Mapped[str | None]
    door: Mapped[str | None]
    phone: Mapped[str | None]
    words: Mapped[list[str]]
    marks: Mapped[list[str]]


class IncidentLink(Table):
    """An incident that may be the same as an older one. state separate: a person said no, and it is not asked again."""

    __tablename__ = "incident_link"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"],
            ["incident.jurisdiction_id", "incident.id"],
            name="fk_incident_link_incident",
        ),
        ForeignKeyConstraint(
            ["jurisdiction_id", "other_id"], ["incident.jurisdiction_id", "incident.id"], name="fk_incident_link_other"
        ),
        CheckConstraint("state in ('proposed', 'linked', 'separate')", name="state_known"),
        CheckConstraint("incident_id <> other_id", name="two_incidents"),
        Index("ix_incident_link_other", "jurisdiction_id", "other_id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    incident_id: Mapped[str] = mapped_column(primary_key=True)
    other_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    automatic: Mapped[bool]
    score: Mapped[float | None]
    parts: Mapped[list[Any]]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]


class LinkCursor(Table):
    """How far in the log calls have been compared. Whoever holds the row is the only one who compares."""

    __tablename__ = "link_cursor"

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
