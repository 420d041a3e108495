"""Parts of the city and how many calls come from each: what coverage is counted over."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class ZoneRow(Table):
    """A zone by name, with its middle and its demand (calls per hour, or any weight that is one for all)."""

    __tablename__ = "zone"
    __table_args__ = (
        CheckConstraint("demand >= 0", name="demand_not_negative"),
        CheckConstraint("lat between -90 and 90 and lon between -180 and 180", name="on_earth"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdiction.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    lat: Mapped[float]
    lon: Mapped[float]
    demand: Mapped[float]
