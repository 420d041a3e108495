"""What came of an assignment in several words with details, why it was cancelled, and what waits for a busy unit.

Revision: 0017
After: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TIMESTAMP = postgresql.TIMESTAMP(timezone=True)
BEFORE = (
    "'unassigned', 'offer_unanswered', 'offer_incomplete', 'turnout_overdue', 'travel_overdue', 'welfare_missed', "
    "'welfare_escalated', 'hold_due', 'feed_silent', 'step_moved_on', 'step_declined', 'risk_raised', 'timer_failed', "
    "'unit_emergency', 'backup_requested', 'shift_overrun', 'hand_off_refused', 'transfer_returned', "
    "'appointment_missed', 'arrived_unreleased', 'position_silent', 'positions_silent'"
)
OF_STACKS = "'stack_next', 'stack_graver', 'stack_left'"


def upgrade() -> None:
    """Assignments of before say what they said: one word, a free text, and nothing that waits."""
    op.add_column("assignment", sa.Column("cause", sa.Text(), nullable=True))
    op.add_column("assignment", sa.Column("outcomes", postgresql.JSONB(), nullable=True))
    op.add_column("assignment", sa.Column("stack_position", sa.Integer(), nullable=True))
    op.add_column("assignment", sa.Column("stack_told_at", TIMESTAMP, nullable=True))
    # Nothing is reserved yet, so that the index is empty.
    op.create_index(
        "ix_assignment_stack",
        "assignment",
        ["jurisdiction_id", "unit_id", "stack_position"],
        postgresql_where=sa.text("status = 'reserved'"),
    )
    op.create_table(
        "also_outcome",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("assignment_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "assignment_id"],
            ["assignment.jurisdiction_id", "assignment.id"],
            name="fk_also_outcome_assignment",
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "assignment_id", "code", name=op.f("pk_also_outcome")),
    )
    op.create_index("ix_also_outcome_code", "also_outcome", ["jurisdiction_id", "code", "created_at", "assignment_id"])
    _known(f"{BEFORE}, {OF_STACKS}")


def downgrade() -> None:
    """The primary outcome stays; its details, the others, causes and the order of stacks are gone, not the log."""
    op.execute(f"delete from alarm where kind in ({OF_STACKS})")
    _known(BEFORE)
    op.drop_table("also_outcome")
    op.drop_index("ix_assignment_stack", table_name="assignment")
    for column in ("stack_told_at", "stack_position", "outcomes", "cause"):
        op.drop_column("assignment", column)


def _known(kinds: str) -> None:
    # Alarms are few: the check of all of them takes milliseconds.
    op.execute("-- squawk-ignore ban-drop-constraint\nalter table alarm drop constraint ck_alarm_kind_known")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"alter table alarm add constraint ck_alarm_kind_known check (kind in ({kinds}))"
    )
