"""What is assigned: a crew and vehicle, a desk or an outreach pair."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table
from dispatch.domain.unit import UnitStatus


class Unit(Table):
    """A unit and where it stands now. `version` rises with every change, so a reader can tell stale from fresh.

    break_until: no work before this unless it is recalled. due_off_at: when its shift ended while it was at work; it
    goes off duty when it is free. area: rings of [lon, lat] that it serves, NULL for everywhere.
    """

    __tablename__ = "unit"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "agency_id"], ["agency.jurisdiction_id", "agency.id"], name="fk_unit_agency"
        ),
        ForeignKeyConstraint(
            ["jurisdiction_id", "program_id"], ["program.jurisdiction_id", "program.id"], name="fk_unit_program"
        ),
        Index("uq_unit_call_sign", "jurisdiction_id", "call_sign", "one_way", unique=True),
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
    one_way: Mapped[bool | None] = mapped_column(Boolean, Computed("responder_type = 'cvi'", persisted=True))
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
    break_until: Mapped[datetime | None]
    break_reason: Mapped[str | None]
    due_off_at: Mapped[datetime | None]
    area: Mapped[list[Any] | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
