"""One unit given to one incident, from offer to clear. The database is the referee of "one unit, one incident"."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Computed, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table
from dispatch.domain.assignment import ACTIVE, AssignmentMode, AssignmentStatus, OfferRule
from dispatch.domain.transfer import AssignmentKind

# One of its outcomes lacks details that belong to it; the index finds what is asked in these words.
OWES = "jsonb_path_exists(outcomes, '$[*].lacks[*]')"


def _listed(values: object) -> str:
    return ", ".join(sorted(repr(str(value)) for value in values))  # type: ignore[attr-defined]


class Assignment(Table):
    """An assignment with every time stamp. `holds_unit` is true while a unit that does not stack is taken by it.

    outcomes: all that came of it with details, the primary first; null where the word in `outcome` tells all. cause:
    why it was cancelled, as a code. stack_position: its place among what waits for its unit, while it is reserved.

    crew_id: the shift of a crew that staffs several units, so that only one of them is taken at a time.
    unit_id: None for a transfer to an agency or to an outside party, whose name is the call_sign.
    decision_id: the decision that the incident followed when it was made.
    takes_over_from: the assignment whose responsibility it is asked to take, and has from taken_over_at on.
    released_at: since when a staged unit may go in.
    scheduled_until: until when the appointment of scheduled_for lasts.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"],
            ["incident.jurisdiction_id", "incident.id"],
            name="fk_assignment_incident",
        ),
        ForeignKeyConstraint(
            ["jurisdiction_id", "unit_id"], ["unit.jurisdiction_id", "unit.id"], name="fk_assignment_unit"
        ),
        CheckConstraint(f"status in ({_listed(AssignmentStatus)})", name="status_known"),
        CheckConstraint(f"mode in ({_listed(AssignmentMode)})", name="mode_known"),
        CheckConstraint(f"offer_rule in ({_listed(OfferRule)})", name="offer_rule_known"),
        CheckConstraint("status <> 'cleared' or outcome is not null", name="cleared_has_outcome"),
        CheckConstraint(f"kind in ({_listed(AssignmentKind)})", name="kind_known"),
        CheckConstraint(
            "unit_id is not null or (kind = 'transfer' and not exclusive)", name="only_a_transfer_has_no_unit"
        ),
        CheckConstraint("(kind = 'appointment') = (scheduled_for is not null)", name="appointment_has_its_hour"),
        CheckConstraint("(released_at is null) = (released_by is null)", name="released_whole"),
        Index(
            "uq_assignment_active_unit", "jurisdiction_id", "unit_id", unique=True, postgresql_where=text("holds_unit")
        ),
        Index(
            "uq_assignment_active_crew", "jurisdiction_id", "crew_id", unique=True, postgresql_where=text("holds_unit")
        ),
        Index(
            "uq_assignment_unit_on_incident",
            "jurisdiction_id",
            "incident_id",
            "unit_id",
            unique=True,
            postgresql_where=text("is_open"),
        ),
        Index("ix_assignment_created", "jurisdiction_id", "created_at", "id"),
        Index("ix_assignment_unit", "jurisdiction_id", "unit_id", "created_at", "id"),
        Index("ix_assignment_incident", "jurisdiction_id", "incident_id", "created_at", "id"),
        Index("ix_assignment_agency", "jurisdiction_id", "agency_id", "created_at", "id"),
        Index("ix_assignment_program", "jurisdiction_id", "program_id", "created_at", "id"),
        Index("ix_assignment_responder_type", "jurisdiction_id", "responder_type", "created_at", "id"),
        Index("ix_assignment_category", "jurisdiction_id", "category", "created_at", "id"),
        Index("ix_assignment_outcome", "jurisdiction_id", "outcome", "created_at", "id"),
        Index(
            "ix_assignment_kind",
            "jurisdiction_id",
            "kind",
            "created_at",
            "id",
            postgresql_where=text("kind <> 'dispatch'"),
        ),
        Index(
            "ix_assignment_owed",
            "jurisdiction_id",
            "created_at",
            "id",
            postgresql_where=text(OWES),
        ),
        Index(
            "ix_assignment_stack",
            "jurisdiction_id",
            "unit_id",
            "stack_position",
            postgresql_where=text("status = 'reserved'"),
        ),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    incident_id: Mapped[str]
    unit_id: Mapped[str | None]
    call_sign: Mapped[str]
    agency_id: Mapped[str]
    program_id: Mapped[str | None]
    responder_type: Mapped[str]
    category: Mapped[str]
    incident_type: Mapped[str]
    priority: Mapped[int]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    mode: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="dispatch")
    status: Mapped[str]
    exclusive: Mapped[bool] = mapped_column(server_default="true")
    is_open: Mapped[bool] = mapped_column(
        Boolean, Computed(f"status in ({_listed(ACTIVE)}) or status = 'reserved'", persisted=True)
    )
    holds_unit: Mapped[bool] = mapped_column(
        Boolean, Computed(f"exclusive and status in ({_listed(ACTIVE)})", persisted=True)
    )
    crew_id: Mapped[str | None]
    decision_id: Mapped[str | None]
    scheduled_for: Mapped[datetime | None]
    scheduled_until: Mapped[datetime | None]
    takes_over_from: Mapped[str | None]
    take_over_asked_at: Mapped[datetime | None]
    taken_over_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None]
    step: Mapped[int | None]
    offer_id: Mapped[str | None]
    offer_rule: Mapped[str | None]
    answer_by: Mapped[datetime | None]
    role: Mapped[str | None]
    eta_s: Mapped[int | None]
    recommended: Mapped[bool | None]
    assigned_by: Mapped[str]
    reason: Mapped[str | None]
    cause: Mapped[str | None]
    outcome: Mapped[str | None]
    outcomes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    stack_position: Mapped[int | None]
    stack_told_at: Mapped[datetime | None]
    note: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    reserved_at: Mapped[datetime | None]
    offered_at: Mapped[datetime | None]
    ordered_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    timed_out_at: Mapped[datetime | None]
    rescinded_at: Mapped[datetime | None]
    en_route_at: Mapped[datetime | None]
    staged_at: Mapped[datetime | None]
    on_scene_at: Mapped[datetime | None]
    transporting_at: Mapped[datetime | None]
    at_destination_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class AlsoOutcome(Table):
    """An outcome beside the primary one, so that history can be asked by any of them. created_at: of the assignment."""

    __tablename__ = "also_outcome"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "assignment_id"],
            ["assignment.jurisdiction_id", "assignment.id"],
            name="fk_also_outcome_assignment",
        ),
        Index("ix_also_outcome_code", "jurisdiction_id", "code", "created_at", "assignment_id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    assignment_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]


class AssignmentResponder(Table):
    """Who was on the unit when it was assigned, so that history can be asked by person."""

    __tablename__ = "assignment_responder"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "assignment_id"],
            ["assignment.jurisdiction_id", "assignment.id"],
            name="fk_assignment_responder_assignment",
        ),
        Index("ix_assignment_responder_person", "jurisdiction_id", "responder_id", "assignment_id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    assignment_id: Mapped[str] = mapped_column(primary_key=True)
    responder_id: Mapped[str] = mapped_column(primary_key=True)
