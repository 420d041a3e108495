"""Staged units and whoever took a call over are missed; appointments have an end; what is owed is found.

Revision: 0019
After: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ALARMS = (
    "'unassigned', 'offer_unanswered', 'offer_incomplete', 'turnout_overdue', 'travel_overdue', 'welfare_missed', "
    "'welfare_escalated', 'hold_due', 'feed_silent', 'step_moved_on', 'step_declined', 'risk_raised', 'timer_failed', "
    "'unit_emergency', 'backup_requested', 'shift_overrun', 'hand_off_refused', 'transfer_returned', "
    "'appointment_missed', 'arrived_unreleased', 'position_silent', 'positions_silent', 'stack_next', 'stack_graver', "
    "'stack_left'"
)
TIMERS = (
    "'unassigned', 'offer', 'turnout', 'travel', 'welfare_check', 'hold_due', 'feed_silent', 'step_wait', "
    "'step_declined', 'shift_end', 'hand_off', 'appointment', 'position_silent'"
)
UNSERVED = (
    "'outside_hours', 'outside_area', 'disqualifier', 'not_for_this_caller', 'not_told', 'none_on_duty', 'none_free', "
    "'declined', 'wait_too_long', 'override', 'not_triaged', 'not_in_plan', 'not_asked', 'ended_before'"
)
NEW_ALARMS = "'staged_unreleased', 'transfer_silent'"
NEW_TIMERS = "'staged', 'transfer'"


def upgrade() -> None:
    """Who is staged or has a call now is not watched until the next step; open appointments last half an hour."""
    # Outcomes with details are new, so that few rows are in it; writing waits while the table is read once.
    op.create_index(
        "ix_assignment_owed",
        "assignment",
        ["jurisdiction_id", "created_at", "id"],
        postgresql_where=sa.text("jsonb_path_exists(outcomes, '$[*].lacks[*]')"),
    )
    _known("alarm", f"{ALARMS}, {NEW_ALARMS}")
    _known("timer", f"{TIMERS}, {NEW_TIMERS}")
    _known("unserved", f"{UNSERVED}, 'not_finished'", of="reason")
    op.add_column("assignment", sa.Column("scheduled_until", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.execute(
        "update assignment set scheduled_until = scheduled_for + interval '30 minutes' where kind = 'appointment'"
    )


def downgrade() -> None:
    """Alarms of these kinds are gone; what was told of them stays in the log."""
    op.drop_index("ix_assignment_owed", table_name="assignment")
    op.drop_column("assignment", "scheduled_until")
    op.execute(f"delete from alarm where kind in ({NEW_ALARMS})")
    op.execute(f"delete from timer where kind in ({NEW_TIMERS})")
    op.execute("update unserved set reason = 'not_asked' where reason = 'not_finished'")
    _known("unserved", UNSERVED, of="reason")
    _known("alarm", ALARMS)
    _known("timer", TIMERS)


def _known(table: str, words: str, *, of: str = "kind") -> None:
    # These tables are small: the check of all their rows takes milliseconds.
    name = f"ck_{table}_{of}_known"
    op.execute(f"-- squawk-ignore ban-drop-constraint\nalter table {table} drop constraint {name}")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"alter table {table} add constraint {name} check ({of} in ({words}))"
    )
