"""What may hurt or hinder whoever goes to a place, and until when somebody stands by that."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table
from dispatch.domain.hazard import Sensitivity, SourceKind


class PremiseHazard(Table):
    """A hazard of a place. In force until `expires_at` unless withdrawn; what it says is never changed or removed.

    cell: the square that holds its position (linking/grid.py). address: as written; address_key, door: folded.
    source_kind, source: who says so. agency_id: whose record it is; None: the city's. warning: of its kind, as it was.
    """

    __tablename__ = "premise_hazard"
    __table_args__ = (
        CheckConstraint(
            f"sensitivity in ({', '.join(repr(one.value) for one in Sensitivity)})", name="sensitivity_known"
        ),
        CheckConstraint(
            f"source_kind in ({', '.join(repr(one.value) for one in SourceKind)})", name="source_kind_known"
        ),
        CheckConstraint("lat is not null or address_key is not null", name="has_place"),
        CheckConstraint("(lat is null) = (lon is null) and (lat is null) = (cell is null)", name="position_whole"),
        CheckConstraint("expires_at > created_at", name="expires_after_recording"),
        CheckConstraint("(withdrawn_at is null) = (withdrawn_reason is null)", name="withdrawn_has_reason"),
        ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"],
            ["incident.jurisdiction_id", "incident.id"],
            name="fk_premise_hazard_incident",
        ),
        Index("ix_premise_hazard_near", "jurisdiction_id", "cell", "expires_at"),
        Index(
            "ix_premise_hazard_address",
            "jurisdiction_id",
            "address_key",
            "expires_at",
            postgresql_where=text("address_key is not null"),
        ),
        Index("ix_premise_hazard_expiry", "jurisdiction_id", "expires_at", "id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    sensitivity: Mapped[str]
    endangers_responders: Mapped[bool]
    warning: Mapped[str]
    words: Mapped[str]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    radius_m: Mapped[float]
    cell: Mapped[int | None] = mapped_column(BigInteger)
    address: Mapped[str | None]
    address_key: Mapped[str | None]
    door: Mapped[str | None]
    source_kind: Mapped[str]
    source: Mapped[str]
    incident_id: Mapped[str | None]
    agency_id: Mapped[str | None]
    author: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    withdrawn_reason: Mapped[str | None]
