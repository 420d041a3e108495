"""Calls, incidents, decisions, assignments, the roster, policies, tokens and the append-only log.

Revision: 0001
After: nothing
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


APPEND_ONLY = ("event_log", "triage_decision", "call", "call_update")


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's xid8."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def upgrade() -> None:
    """An empty database holds the whole main job; what was said and decided can be added to and never changed."""
    op.execute(sa.schema.CreateSequence(sa.Sequence("incident_number_seq", start=1001)))
    op.create_table(
        "event_log",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tx", TransactionId(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.PrimaryKeyConstraint("jurisdiction_id", "seq", name=op.f("pk_event_log")),
    )
    op.create_index("ix_event_log_incident", "event_log", ["jurisdiction_id", "incident_id", "seq"], unique=False)
    op.create_index("ix_event_log_subject", "event_log", ["jurisdiction_id", "subject_id", "seq"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("jurisdiction_id", "token_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "incident",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), server_default=sa.text("nextval('incident_number_seq')::text"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("incident_type", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("needs_human", sa.Boolean(), nullable=False),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("initial_type", sa.Text(), nullable=True),
        sa.Column("triage_type", sa.Text(), nullable=False),
        sa.Column("on_scene_type", sa.Text(), nullable=True),
        sa.Column("final_type", sa.Text(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("uncertainty_m", sa.Double(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("caller_language", sa.Text(), nullable=True),
        sa.Column("held_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "category in ('behavioral_health', 'quality_of_life', 'reporting', 'violence', 'medical', 'fire', 'police', 'unknown')",
            name=op.f("ck_incident_category_known"),
        ),
        sa.CheckConstraint(
            "status <> 'closed' or disposition is not null", name=op.f("ck_incident_closed_has_disposition")
        ),
        sa.CheckConstraint(
            "status in ('pending', 'held', 'active', 'closed', 'cancelled')", name=op.f("ck_incident_status_known")
        ),
        sa.CheckConstraint("priority between 0 and 4", name=op.f("ck_incident_priority_range")),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_incident")),
        sa.UniqueConstraint("jurisdiction_id", "number", name="uq_incident_number"),
    )
    op.create_index(
        "ix_incident_open_queue",
        "incident",
        ["jurisdiction_id", "priority", "opened_at"],
        unique=False,
        postgresql_where=sa.text("status in ('pending', 'held', 'active')"),
    )
    op.create_index("ix_incident_opened", "incident", ["jurisdiction_id", "opened_at", "id"], unique=False)
    op.create_table(
        "jurisdiction",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jurisdiction")),
    )
    op.create_table(
        "access_token",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("agencies", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("unit_id", sa.Text(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["jurisdiction_id"], ["jurisdiction.id"], name=op.f("fk_access_token_jurisdiction_id")),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_access_token")),
        sa.UniqueConstraint("token_hash", name="uq_access_token_hash"),
    )
    op.create_table(
        "agency",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["jurisdiction_id"], ["jurisdiction.id"], name=op.f("fk_agency_jurisdiction_id")),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_agency")),
    )
    op.create_table(
        "call",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_ref", sa.Text(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revised_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("type_code", sa.Text(), nullable=True),
        sa.Column("type_text", sa.Text(), nullable=True),
        sa.Column("type_mapped", sa.Boolean(), nullable=False),
        sa.Column("narrative", sa.Text(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"], ["incident.jurisdiction_id", "incident.id"], name="fk_call_incident"
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_call")),
        sa.UniqueConstraint("jurisdiction_id", "source", "source_ref", name="uq_call_source_ref"),
    )
    op.create_index("ix_call_incident", "call", ["jurisdiction_id", "incident_id"], unique=False)
    op.create_index(
        "ix_call_unmapped_type",
        "call",
        ["jurisdiction_id", "source", "type_code", "type_text"],
        unique=False,
        postgresql_where=sa.text("not type_mapped"),
    )
    op.create_table(
        "policy_version",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("parents", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("effective_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status in ('draft', 'shadow', 'active', 'retired')", name=op.f("ck_policy_version_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdiction.id"], name=op.f("fk_policy_version_jurisdiction_id")
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", "version", name=op.f("pk_policy_version")),
    )
    op.create_index(
        "uq_policy_version_active",
        "policy_version",
        ["jurisdiction_id"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "triage_decision",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("given", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decision", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("policy_sha256", sa.Text(), nullable=False),
        sa.Column("override_reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "trigger <> 'override' or override_reason is not null", name=op.f("ck_triage_decision_override_has_reason")
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"],
            ["incident.jurisdiction_id", "incident.id"],
            name="fk_triage_decision_incident",
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_triage_decision")),
        sa.UniqueConstraint("jurisdiction_id", "incident_id", "ordinal", name="uq_triage_decision_ordinal"),
    )
    op.create_table(
        "call_update",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revised_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "call_id"], ["call.jurisdiction_id", "call.id"], name="fk_call_update_call"
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "call_id", "version", name=op.f("pk_call_update")),
    )
    op.create_table(
        "program",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Text(), nullable=False),
        sa.Column("responder_type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "agency_id"], ["agency.jurisdiction_id", "agency.id"], name="fk_program_agency"
        ),
        sa.ForeignKeyConstraint(["jurisdiction_id"], ["jurisdiction.id"], name=op.f("fk_program_jurisdiction_id")),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_program")),
    )
    op.create_index("ix_program_agency", "program", ["jurisdiction_id", "agency_id"], unique=False)
    op.create_table(
        "responder",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("employee_number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Text(), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "agency_id"], ["agency.jurisdiction_id", "agency.id"], name="fk_responder_agency"
        ),
        sa.ForeignKeyConstraint(["jurisdiction_id"], ["jurisdiction.id"], name=op.f("fk_responder_jurisdiction_id")),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_responder")),
        sa.UniqueConstraint("jurisdiction_id", "employee_number", name="uq_responder_employee_number"),
    )
    op.create_index("ix_responder_agency", "responder", ["jurisdiction_id", "agency_id"], unique=False)
    op.create_table(
        "certification",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("responder_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "expires_on is null or issued_on is null or expires_on >= issued_on",
            name=op.f("ck_certification_expires_after_issue"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "responder_id"],
            ["responder.jurisdiction_id", "responder.id"],
            name="fk_certification_responder",
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "responder_id", "name", name=op.f("pk_certification")),
    )
    op.create_table(
        "unit",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call_sign", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=True),
        sa.Column("responder_type", sa.Text(), nullable=False),
        sa.Column("capabilities", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("vehicle", sa.Text(), nullable=True),
        sa.Column("mobile", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("min_crew", sa.Integer(), server_default="1", nullable=False),
        sa.Column("capacity", sa.Integer(), server_default="1", nullable=False),
        sa.Column("home_lat", sa.Double(), nullable=True),
        sa.Column("home_lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("position_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), server_default="off_duty", nullable=False),
        sa.Column("status_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status in ('available', 'assigned', 'en_route', 'on_scene', 'transporting', 'at_destination', 'out_of_service', 'off_duty', 'emergency')",
            name=op.f("ck_unit_status_known"),
        ),
        sa.CheckConstraint("(lat is null) = (lon is null)", name=op.f("ck_unit_position_whole")),
        sa.CheckConstraint("capacity >= 1", name=op.f("ck_unit_capacity_positive")),
        sa.CheckConstraint("min_crew >= 0", name=op.f("ck_unit_min_crew_not_negative")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "agency_id"], ["agency.jurisdiction_id", "agency.id"], name="fk_unit_agency"
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "program_id"], ["program.jurisdiction_id", "program.id"], name="fk_unit_program"
        ),
        sa.ForeignKeyConstraint(["jurisdiction_id"], ["jurisdiction.id"], name=op.f("fk_unit_jurisdiction_id")),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_unit")),
        sa.UniqueConstraint("jurisdiction_id", "call_sign", name="uq_unit_call_sign"),
    )
    op.create_index("ix_unit_agency", "unit", ["jurisdiction_id", "agency_id"], unique=False)
    op.create_index("ix_unit_responder_type", "unit", ["jurisdiction_id", "responder_type"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("call_sign", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=True),
        sa.Column("responder_type", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("incident_type", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("exclusive", sa.Boolean(), server_default="true", nullable=False),
        sa.Column(
            "is_open",
            sa.Boolean(),
            sa.Computed(
                "status in ('accepted', 'at_destination', 'en_route', 'offered', 'on_scene', 'ordered', 'staged', 'transporting') or status = 'reserved'",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "holds_unit",
            sa.Boolean(),
            sa.Computed(
                "exclusive and status in ('accepted', 'at_destination', 'en_route', 'offered', 'on_scene', 'ordered', 'staged', 'transporting')",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("eta_s", sa.Integer(), nullable=True),
        sa.Column("recommended", sa.Boolean(), nullable=True),
        sa.Column("assigned_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reserved_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("offered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ordered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("accepted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("declined_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("timed_out_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("rescinded_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("en_route_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("staged_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("on_scene_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("transporting_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("at_destination_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cleared_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("mode in ('offered', 'ordered')", name=op.f("ck_assignment_mode_known")),
        sa.CheckConstraint(
            "status <> 'cleared' or outcome is not null", name=op.f("ck_assignment_cleared_has_outcome")
        ),
        sa.CheckConstraint(
            "status in ('accepted', 'at_destination', 'cancelled', 'cleared', 'declined', 'en_route', 'offered', 'on_scene', 'ordered', 'rescinded', 'reserved', 'staged', 'timed_out', 'transporting')",
            name=op.f("ck_assignment_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"],
            ["incident.jurisdiction_id", "incident.id"],
            name="fk_assignment_incident",
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "unit_id"], ["unit.jurisdiction_id", "unit.id"], name="fk_assignment_unit"
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_assignment")),
    )
    op.create_index(
        "ix_assignment_agency", "assignment", ["jurisdiction_id", "agency_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_assignment_category", "assignment", ["jurisdiction_id", "category", "created_at", "id"], unique=False
    )
    op.create_index("ix_assignment_created", "assignment", ["jurisdiction_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_assignment_incident", "assignment", ["jurisdiction_id", "incident_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_assignment_outcome", "assignment", ["jurisdiction_id", "outcome", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_assignment_program", "assignment", ["jurisdiction_id", "program_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_assignment_responder_type",
        "assignment",
        ["jurisdiction_id", "responder_type", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_assignment_unit", "assignment", ["jurisdiction_id", "unit_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "uq_assignment_active_unit",
        "assignment",
        ["jurisdiction_id", "unit_id"],
        unique=True,
        postgresql_where=sa.text("holds_unit"),
    )
    op.create_index(
        "uq_assignment_unit_on_incident",
        "assignment",
        ["jurisdiction_id", "incident_id", "unit_id"],
        unique=True,
        postgresql_where=sa.text("is_open"),
    )
    op.create_table(
        "shift",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_shift_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "unit_id"], ["unit.jurisdiction_id", "unit.id"], name="fk_shift_unit"
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_unit_time", "shift", ["jurisdiction_id", "unit_id", "starts_at", "ends_at"], unique=False)
    op.create_table(
        "assignment_responder",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("assignment_id", sa.Text(), nullable=False),
        sa.Column("responder_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "assignment_id"],
            ["assignment.jurisdiction_id", "assignment.id"],
            name="fk_assignment_responder_assignment",
        ),
        sa.PrimaryKeyConstraint(
            "jurisdiction_id", "assignment_id", "responder_id", name=op.f("pk_assignment_responder")
        ),
    )
    op.create_index(
        "ix_assignment_responder_person",
        "assignment_responder",
        ["jurisdiction_id", "responder_id", "assignment_id"],
        unique=False,
    )
    op.create_table(
        "shift_member",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("responder_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "responder_id"],
            ["responder.jurisdiction_id", "responder.id"],
            name="fk_shift_member_responder",
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "shift_id"], ["shift.jurisdiction_id", "shift.id"], name="fk_shift_member_shift"
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "shift_id", "responder_id", name=op.f("pk_shift_member")),
    )
    op.create_index("ix_shift_member_responder", "shift_member", ["jurisdiction_id", "responder_id"], unique=False)
    op.execute(
        """
        create function refuse_change() returns trigger language plpgsql as $$
        begin
          raise exception 'rows of % are never changed or removed', tg_table_name using errcode = 'restrict_violation';
        end
        $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_is_append_only before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger {table}_is_never_emptied before truncate on {table} "
            "for each statement execute function refuse_change()"
        )


def downgrade() -> None:
    """Nothing of the schema is left."""
    op.drop_index("ix_shift_member_responder", table_name="shift_member")
    op.drop_table("shift_member")
    op.drop_index("ix_assignment_responder_person", table_name="assignment_responder")
    op.drop_table("assignment_responder")
    op.drop_index("ix_shift_unit_time", table_name="shift")
    op.drop_table("shift")
    op.drop_index("uq_assignment_unit_on_incident", table_name="assignment", postgresql_where=sa.text("is_open"))
    op.drop_index("uq_assignment_active_unit", table_name="assignment", postgresql_where=sa.text("holds_unit"))
    op.drop_index("ix_assignment_unit", table_name="assignment")
    op.drop_index("ix_assignment_responder_type", table_name="assignment")
    op.drop_index("ix_assignment_program", table_name="assignment")
    op.drop_index("ix_assignment_outcome", table_name="assignment")
    op.drop_index("ix_assignment_incident", table_name="assignment")
    op.drop_index("ix_assignment_created", table_name="assignment")
    op.drop_index("ix_assignment_category", table_name="assignment")
    op.drop_index("ix_assignment_agency", table_name="assignment")
    op.drop_table("assignment")
    op.drop_index("ix_unit_responder_type", table_name="unit")
    op.drop_index("ix_unit_agency", table_name="unit")
    op.drop_table("unit")
    op.drop_table("certification")
    op.drop_index("ix_responder_agency", table_name="responder")
    op.drop_table("responder")
    op.drop_index("ix_program_agency", table_name="program")
    op.drop_table("program")
    op.drop_table("call_update")
    op.drop_table("triage_decision")
    op.drop_index(
        "uq_policy_version_active", table_name="policy_version", postgresql_where=sa.text("status = 'active'")
    )
    op.drop_table("policy_version")
    op.drop_index("ix_call_unmapped_type", table_name="call", postgresql_where=sa.text("not type_mapped"))
    op.drop_index("ix_call_incident", table_name="call")
    op.drop_table("call")
    op.drop_table("agency")
    op.drop_table("access_token")
    op.drop_table("jurisdiction")
    op.drop_index("ix_incident_opened", table_name="incident")
    op.drop_index(
        "ix_incident_open_queue",
        table_name="incident",
        postgresql_where=sa.text("status in ('pending', 'held', 'active')"),
    )
    op.drop_table("incident")
    op.drop_table("idempotency_key")
    op.drop_index("ix_event_log_subject", table_name="event_log")
    op.drop_index("ix_event_log_incident", table_name="event_log")
    op.drop_table("event_log")
    op.execute("drop function refuse_change()")
    op.execute(sa.schema.DropSequence(sa.Sequence("incident_number_seq")))
