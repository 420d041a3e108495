"""What senders list as active, and an alarm for units whose positions stop.

Revision: 0016
After: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TIMESTAMP = postgresql.TIMESTAMP(timezone=True)

ALARMS_BEFORE = (
    "'unassigned', 'offer_unanswered', 'offer_incomplete', 'turnout_overdue', 'travel_overdue', 'welfare_missed', "
    "'welfare_escalated', 'hold_due', 'feed_silent', 'step_moved_on', 'step_declined', 'risk_raised', "
    "'timer_failed', 'unit_emergency', 'backup_requested', 'shift_overrun', "
    "'hand_off_refused', 'transfer_returned', 'appointment_missed', 'arrived_unreleased'"
)
TIMERS_BEFORE = (
    "'unassigned', 'offer', 'turnout', 'travel', 'welfare_check', 'hold_due', 'feed_silent', 'step_wait', "
    "'step_declined', 'shift_end', 'hand_off', 'appointment'"
)


def upgrade() -> None:
    """Incidents of before are listed nowhere: NULL says that nothing is known of a list."""
    op.create_table(
        "sender_list",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("listed_at", TIMESTAMP, nullable=True),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("lists", sa.Integer(), server_default="0", nullable=False),
        sa.Column("doubted", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(["jurisdiction_id"], ["jurisdiction.id"], name=op.f("fk_sender_list_jurisdiction_id")),
        sa.PrimaryKeyConstraint("jurisdiction_id", "source", name=op.f("pk_sender_list")),
    )
    op.create_table(
        "listed_call",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_ref", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("first_listed_at", TIMESTAMP, nullable=False),
        sa.Column("last_listed_at", TIMESTAMP, nullable=False),
        sa.Column("absent_since", TIMESTAMP, nullable=True),
        sa.Column("absent_from", sa.Integer(), nullable=True),
        sa.Column("units", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "call_id"], ["call.jurisdiction_id", "call.id"], name="fk_listed_call"
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "source", "source_ref", name=op.f("pk_listed_call")),
    )
    op.create_index(
        "ix_listed_call_now",
        "listed_call",
        ["jurisdiction_id", "source"],
        postgresql_where=sa.text("absent_since is null"),
    )
    op.create_index("ix_listed_call_call", "listed_call", ["jurisdiction_id", "call_id"])
    op.add_column("incident", sa.Column("not_listed_since", TIMESTAMP, nullable=True))
    _known("alarm", f"{ALARMS_BEFORE}, 'position_silent', 'positions_silent'")
    _known("timer", f"{TIMERS_BEFORE}, 'position_silent'")


def downgrade() -> None:
    """How calls stood on their senders' lists is gone; what the log says of it stays."""
    op.execute("delete from alarm where kind in ('position_silent', 'positions_silent')")
    op.execute("delete from timer where kind = 'position_silent'")
    _known("alarm", ALARMS_BEFORE)
    _known("timer", TIMERS_BEFORE)
    op.drop_column("incident", "not_listed_since")
    op.drop_table("listed_call")
    op.drop_table("sender_list")


def _known(table: str, kinds: str) -> None:
    # Both tables are short: the check of all their rows takes milliseconds.
    op.execute(f"-- squawk-ignore ban-drop-constraint\nalter table {table} drop constraint ck_{table}_kind_known")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"alter table {table} add constraint ck_{table}_kind_known check (kind in ({kinds}))"
    )
