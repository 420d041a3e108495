"""Follow-ups: who promised to come or call again, and by when.

Revision: 0010
After: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TIMESTAMP = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Nothing of before is touched."""
    op.create_table(
        "follow_up",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("assignment_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("call_sign", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=True),
        sa.Column("responder_type", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("due_at", TIMESTAMP, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("done_at", TIMESTAMP, nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("(done_at is null) = (outcome is null)", name=op.f("ck_follow_up_done_has_outcome")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "assignment_id"],
            ["assignment.jurisdiction_id", "assignment.id"],
            name="fk_follow_up_assignment",
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_follow_up")),
    )
    op.create_index(
        "ix_follow_up_open",
        "follow_up",
        ["jurisdiction_id", "due_at", "id"],
        postgresql_where=sa.text("done_at is null"),
    )
    op.create_index("ix_follow_up_due", "follow_up", ["jurisdiction_id", "due_at", "id"])
    op.create_index("ix_follow_up_assignment", "follow_up", ["jurisdiction_id", "assignment_id"])


def downgrade() -> None:
    """Follow-ups are gone; that they were promised and done stays in the log."""
    op.drop_table("follow_up")
