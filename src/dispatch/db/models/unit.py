"""What is assigned: a crew and vehicle, a desk or an outreach pair, and the shifts that staff it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table
from dispatch.domain.unit import UnitStatus


class Unit(Table):
    """A unit and where it stands now. `version` rises with every change, so a reader can tell stale from fresh."""

    __tablename__ = "unit"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "agency_id"], ["agency.jurisdiction_id", "agency.id"], name="fk_unit_agency"
        ),
        ForeignKeyConstraint(
            ["jurisdiction_id", "program_id"], ["program.jurisdiction_id", "program.id"], name="fk_unit_program"
        ),
        UniqueConstraint("jurisdiction_id", "call_sign", name="uq_unit_call_sign"),
        CheckConstraint(f"status in ({', '.join(repr(status.value) for status in UnitStatus)})", name="status_known"),
        CheckConstraint("capacity >= 1", name="capacity_positive"),
        CheckConstraint("min_crew >= 0", name="min_crew_not_negative"),
        CheckConstraint("(lat is null) = (lon is null)", name="position_whole"),
        Index("ix_unit_agency", "jurisdiction_id", "agency_id"),
        Index("ix_unit_responder_type", "jurisdiction_id", "responder_type"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdiction.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    call_sign: Mapped[str]
    agency_id: Mapped[str]
    program_id: Mapped[str | None]
    responder_type: Mapped[str]
    capabilities: Mapped[list[str]] = mapped_column(server_default="{}")
    vehicle: Mapped[str | None]
    mobile: Mapped[bool] = mapped_column(server_default="true")
    min_crew: Mapped[int] = mapped_column(server_default="1")
    capacity: Mapped[int] = mapped_column(server_default="1")
    home_lat: Mapped[float | None]
    home_lon: Mapped[float | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    position_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(server_default=UnitStatus.OFF_DUTY.value)
    status_at: Mapped[datetime] = mapped_column(server_default=func.now())
    status_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Shift(Table):
    """A span of time in which a unit is staffed."""

    __tablename__ = "shift"
    __table_args__ = (
        ForeignKeyConstraint(["jurisdiction_id", "unit_id"], ["unit.jurisdiction_id", "unit.id"], name="fk_shift_unit"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_shift_unit_time", "jurisdiction_id", "unit_id", "starts_at", "ends_at"),
        Index("ix_shift_ends", "jurisdiction_id", "ends_at"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class ShiftMember(Table):
    """A responder who is on a unit for a shift."""

    __tablename__ = "shift_member"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "shift_id"], ["shift.jurisdiction_id", "shift.id"], name="fk_shift_member_shift"
        ),
        ForeignKeyConstraint(
            ["jurisdiction_id", "responder_id"],
            ["responder.jurisdiction_id", "responder.id"],
            name="fk_shift_member_responder",
        ),
        Index("ix_shift_member_responder", "jurisdiction_id", "responder_id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    shift_id: Mapped[str] = mapped_column(primary_key=True)
    responder_id: Mapped[str] = mapped_column(primary_key=True)
