"""Calls about the same thing are linked, and units' positions come in batches.

Revision: 0008
After: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIMESTAMP = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Calls of before are not compared: the cursors start at the end of the log."""
    op.add_column("incident", sa.Column("linked_to", sa.Text(), nullable=True))
    # No row has the new column yet, so that checking all of them takes no time that anybody would notice.
    op.execute(
        "-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid\n"
        "alter table incident add constraint fk_incident_linked_to foreign key (jurisdiction_id, linked_to) "
        "references incident (jurisdiction_id, id)"
    )
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        "alter table incident add constraint ck_incident_not_linked_to_itself check (linked_to <> id)"
    )
    op.create_index(
        "ix_incident_linked_to",
        "incident",
        ["jurisdiction_id", "linked_to"],
        postgresql_where=sa.text("linked_to is not null"),
    )
    _create_call_profile()
    _create_incident_link()
    op.create_table(
        "link_cursor",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("jurisdiction_id", name=op.f("pk_link_cursor")),
    )
    op.execute(
        "insert into link_cursor (jurisdiction_id, seq) "
        "select jurisdiction_id, max(seq) from event_log group by jurisdiction_id"
    )
    _create_unit_track()


def _create_call_profile() -> None:
    op.create_table(
        "call_profile",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("profiled_at", TIMESTAMP, nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("incident_type", sa.Text(), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("uncertainty_m", sa.Double(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("door", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("words", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("marks", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("jurisdiction_id", "call_id", name=op.f("pk_call_profile")),
    )
    op.create_index("ix_call_profile_near", "call_profile", ["jurisdiction_id", "cell", "at"])
    op.create_index(
        "ix_call_profile_address",
        "call_profile",
        ["jurisdiction_id", "address", "at"],
        postgresql_where=sa.text("address is not null"),
    )
    op.create_index(
        "ix_call_profile_phone",
        "call_profile",
        ["jurisdiction_id", "phone", "at"],
        postgresql_where=sa.text("phone is not null"),
    )
    op.create_index("ix_call_profile_age", "call_profile", ["profiled_at"])


def _create_incident_link() -> None:
    op.create_table(
        "incident_link",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("state in ('proposed', 'linked', 'separate')", name=op.f("ck_incident_link_state_known")),
        sa.CheckConstraint("incident_id <> other_id", name=op.f("ck_incident_link_two_incidents")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"],
            ["incident.jurisdiction_id", "incident.id"],
            name="fk_incident_link_incident",
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "other_id"], ["incident.jurisdiction_id", "incident.id"], name="fk_incident_link_other"
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "incident_id", "other_id", name=op.f("pk_incident_link")),
    )
    op.create_index("ix_incident_link_other", "incident_link", ["jurisdiction_id", "other_id"])


def _create_unit_track() -> None:
    op.create_table(
        "unit_track",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("first_at", TIMESTAMP, nullable=False),
        sa.Column("last_at", TIMESTAMP, nullable=False),
        sa.Column("unit_ids", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("at", postgresql.ARRAY(TIMESTAMP), nullable=False),
        sa.Column("lat", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("lon", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_unit_track")),
    )
    op.create_index("ix_unit_track_span", "unit_track", ["jurisdiction_id", "last_at", "first_at"])


def downgrade() -> None:
    """Links are gone; every incident stands for itself again, as it was closed or left."""
    op.drop_table("unit_track")
    op.drop_table("link_cursor")
    op.drop_table("incident_link")
    op.drop_table("call_profile")
    op.drop_index("ix_incident_linked_to", table_name="incident")
    op.drop_constraint(op.f("ck_incident_not_linked_to_itself"), "incident", type_="check")
    op.drop_constraint("fk_incident_linked_to", "incident", type_="foreignkey")
    op.drop_column("incident", "linked_to")
