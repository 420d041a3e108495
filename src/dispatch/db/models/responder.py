"""A person on a unit, with skills, languages and certifications that expire."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class Responder(Table):
    """A person who can crew a unit. rest_until: no work before this, since the last shift was only then over."""

    __tablename__ = "responder"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "agency_id"], ["agency.jurisdiction_id", "agency.id"], name="fk_responder_agency"
        ),
        Index("uq_responder_employee_number", "jurisdiction_id", "employee_number", "agency_id", unique=True),
        Index("ix_responder_agency", "jurisdiction_id", "agency_id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdiction.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    employee_number: Mapped[str]
    name: Mapped[str]
    agency_id: Mapped[str]
    skills: Mapped[list[str]] = mapped_column(server_default="{}")
    languages: Mapped[list[str]] = mapped_column(server_default="{}")
    rest_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Certification(Table):
    """A licence or certificate of a responder. Past its last day it no longer counts; NULL does not expire."""

    __tablename__ = "certification"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "responder_id"],
            ["responder.jurisdiction_id", "responder.id"],
            name="fk_certification_responder",
        ),
        CheckConstraint(
            "expires_on is null or issued_on is null or expires_on >= issued_on", name="expires_after_issue"
        ),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    responder_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    issued_on: Mapped[date | None]
    expires_on: Mapped[date | None]
