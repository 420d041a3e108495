"""The thing being handled; one or more calls are linked to it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Sequence, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table
from dispatch.domain.classification import Category
from dispatch.domain.incident import IncidentStatus

INCIDENT_NUMBER = Sequence("incident_number_seq", start=1001, metadata=Table.metadata)


class Incident(Table):
    """An incident and its present state. The four types keep what was thought when: as sent, triaged, found, final.

    plan_step: the step of the plan that is being tried. step_since: since when; None means since it was opened.
    address_key, phone_key: the address without its door and the first caller's telephone, folded, to find repeats by.
    linked_to: the incident that stands for both when they are one thing; that one is never linked itself.
    not_listed_since: the first list of its sender that the call which opened it was not on; None while it is listed, or
    when its sender keeps no list.
    """

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("jurisdiction_id", "number", name="uq_incident_number"),
        CheckConstraint(
            f"status in ({', '.join(repr(status.value) for status in IncidentStatus)})", name="status_known"
        ),
        CheckConstraint(
            f"category in ({', '.join(repr(category.value) for category in Category)})", name="category_known"
        ),
        CheckConstraint("priority between 0 and 4", name="priority_range"),
        CheckConstraint("status <> 'closed' or disposition is not null", name="closed_has_disposition"),
        Index(
            "ix_incident_open_queue",
            "jurisdiction_id",
            "priority",
            "opened_at",
            postgresql_where=text("status in ('pending', 'held', 'active')"),
        ),
        Index("ix_incident_opened", "jurisdiction_id", "opened_at", "id"),
        Index(
            "ix_incident_near",
            "jurisdiction_id",
            text("floor(lat * 500)"),
            text("floor(lon * 500)"),
            "opened_at",
            postgresql_where=text("lat is not null"),
        ),
        Index("ix_incident_without_position", "jurisdiction_id", "opened_at", postgresql_where=text("lat is null")),
        Index(
            "ix_incident_address",
            "jurisdiction_id",
            "address_key",
            "opened_at",
            postgresql_where=text("address_key is not null"),
        ),
        Index(
            "ix_incident_phone",
            "jurisdiction_id",
            "phone_key",
            "opened_at",
            postgresql_where=text("phone_key is not null"),
        ),
        ForeignKeyConstraint(
            ["jurisdiction_id", "linked_to"], ["incident.jurisdiction_id", "incident.id"], name="fk_incident_linked_to"
        ),
        CheckConstraint("linked_to <> id", name="not_linked_to_itself"),
        Index("ix_incident_linked_to", "jurisdiction_id", "linked_to", postgresql_where=text("linked_to is not null")),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(server_default=text("nextval('incident_number_seq')::text"))
    status: Mapped[str]
    category: Mapped[str]
    incident_type: Mapped[str]
    priority: Mapped[int]
    needs_human: Mapped[bool]
    opened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    decision_id: Mapped[str]
    plan_step: Mapped[int] = mapped_column(server_default="1")
    step_since: Mapped[datetime | None]
    initial_type: Mapped[str | None]
    triage_type: Mapped[str]
    on_scene_type: Mapped[str | None]
    final_type: Mapped[str | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    uncertainty_m: Mapped[float | None]
    address: Mapped[str | None]
    address_key: Mapped[str | None]
    phone_key: Mapped[str | None]
    place: Mapped[str | None]
    caller_language: Mapped[str | None]
    held_until: Mapped[datetime | None]
    status_reason: Mapped[str | None]
    disposition: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    linked_to: Mapped[str | None]
    not_listed_since: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
