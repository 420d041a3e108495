"""Where units have been: one row per batch of positions, never one per position."""

from datetime import datetime

from sqlalchemy import BigInteger, Double, Identity, Index
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class UnitTrack(Table):
    """The positions of one batch, as arrays of one length. Kept for a time only."""

    __tablename__ = "unit_track"
    __table_args__ = (Index("ix_unit_track_span", "jurisdiction_id", "last_at", "first_at"),)

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    recorded_at: Mapped[datetime]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    one_way: Mapped[bool] = mapped_column(server_default="false")
    unit_ids: Mapped[list[str]]
    at: Mapped[list[datetime]] = mapped_column(ARRAY(TIMESTAMP(timezone=True)))
    lat: Mapped[list[float]] = mapped_column(ARRAY(Double))
    lon: Mapped[list[float]] = mapped_column(ARRAY(Double))
