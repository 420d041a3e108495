"""Assignments say what they are: sent, transferred, an appointment, a notice or a hand-off; a party may be no unit of ours.

Revision: 0014
After: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TIMESTAMP = postgresql.TIMESTAMP(timezone=True)
ALARMS = (
    "'unassigned', 'offer_unanswered', 'offer_incomplete', 'turnout_overdue', 'travel_overdue', 'welfare_missed', "
    "'welfare_escalated', 'hold_due', 'feed_silent', 'step_moved_on', 'step_declined', 'risk_raised', 'timer_failed', "
    "'unit_emergency', 'backup_requested', 'shift_overrun'"
)
TIMERS = (
    "'unassigned', 'offer', 'turnout', 'travel', 'welfare_check', 'hold_due', 'feed_silent', 'step_wait', "
    "'step_declined', 'shift_end'"
)
NEW_ALARMS = "'hand_off_refused', 'transfer_returned', 'appointment_missed', 'arrived_unreleased'"
NEW_TIMERS = "'hand_off', 'appointment'"
CHECKS = {
    "kind_known": "kind in ('appointment', 'dispatch', 'hand_off', 'notice', 'transfer')",
    "only_a_transfer_has_no_unit": "unit_id is not null or (kind = 'transfer' and not exclusive)",
    "appointment_has_its_hour": "(kind = 'appointment') = (scheduled_for is not null)",
    "released_whole": "(released_at is null) = (released_by is null)",
}
COLUMNS = (
    ("scheduled_for", TIMESTAMP),
    ("decision_id", sa.Text()),
    ("takes_over_from", sa.Text()),
    ("take_over_asked_at", TIMESTAMP),
    ("taken_over_at", TIMESTAMP),
    ("released_at", TIMESTAMP),
    ("released_by", sa.Text()),
)


def upgrade() -> None:
    """Whatever was assigned before was sent; what is open at a desk now is a transfer."""
    op.add_column("assignment", sa.Column("kind", sa.Text(), server_default="dispatch", nullable=False))
    for name, kind in COLUMNS:
        op.add_column("assignment", sa.Column(name, kind, nullable=True))
    op.execute("-- squawk-ignore ban-drop-not-null\nalter table assignment alter column unit_id drop not null")
    op.execute(
        """
        update assignment a set kind = 'transfer' from unit u
        where a.is_open and u.jurisdiction_id = a.jurisdiction_id and u.id = a.unit_id and not u.mobile
        """
    )
    op.create_index(
        "ix_assignment_kind",
        "assignment",
        ["jurisdiction_id", "kind", "created_at", "id"],
        postgresql_where=sa.text("kind <> 'dispatch'"),
    )
    # One reading of the table for all of them.
    wanted = ", ".join(f"add constraint ck_assignment_{name} check ({rule})" for name, rule in CHECKS.items())
    op.execute(f"-- squawk-ignore constraint-missing-not-valid\nalter table assignment {wanted}")
    _known("alarm", f"{ALARMS}, {NEW_ALARMS}")
    _known("timer", f"{TIMERS}, {NEW_TIMERS}")


def downgrade() -> None:
    """Transfers to those who are no unit of ours are gone; what was told of them stays in the log."""
    op.execute(f"delete from alarm where kind in ({NEW_ALARMS})")
    op.execute(f"delete from timer where kind in ({NEW_TIMERS})")
    _known("alarm", ALARMS)
    _known("timer", TIMERS)
    dropped = ", ".join(f"drop constraint ck_assignment_{name}" for name in CHECKS)
    op.execute(f"-- squawk-ignore ban-drop-constraint\nalter table assignment {dropped}")
    op.drop_index("ix_assignment_kind", table_name="assignment")
    op.execute("delete from assignment where unit_id is null")
    op.execute("-- squawk-ignore adding-not-nullable-field\nalter table assignment alter column unit_id set not null")
    for name, _ in COLUMNS:
        op.drop_column("assignment", name)
    op.drop_column("assignment", "kind")


def _known(table: str, kinds: str) -> None:
    # Alarms and timers are few: the check of all of them takes milliseconds.
    op.execute(f"-- squawk-ignore ban-drop-constraint\nalter table {table} drop constraint ck_{table}_kind_known")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"alter table {table} add constraint ck_{table}_kind_known check (kind in ({kinds}))"
    )
