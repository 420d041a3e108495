"""Who runs what: the jurisdiction, its agencies and their programs."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class Jurisdiction(Table):
    """One city, county or region; the key that everything else is led by."""

    __tablename__ = "jurisdiction"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    time_zone: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Agency(Table):
    """An organisation that fields responders, city-run or contracted. rest_s: the rest of its people after a shift.

    one_way: it fields none but those who are told one way; a trigger writes it.
    """

    __tablename__ = "agency"

    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdiction.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    contact: Mapped[str | None]
    rest_s: Mapped[int] = mapped_column(server_default="0")
    one_way: Mapped[bool] = mapped_column(server_default="false")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Program(Table):
    """One responder program of one agency. What it takes and refuses is the policy's; this row is the roster's."""

    __tablename__ = "program"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "agency_id"], ["agency.jurisdiction_id", "agency.id"], name="fk_program_agency"
        ),
        Index("ix_program_agency", "jurisdiction_id", "agency_id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdiction.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    responder_type: Mapped[str]
    name: Mapped[str]
    description: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
