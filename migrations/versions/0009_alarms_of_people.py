"""Two more kinds of alarm: a unit's emergency, and a unit that asks for help.

Revision: 0009
After: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = (
    "'unassigned', 'offer_unanswered', 'offer_incomplete', 'turnout_overdue', 'travel_overdue', 'welfare_missed', "
    "'welfare_escalated', 'hold_due', 'feed_silent', 'step_moved_on', 'step_declined', 'risk_raised', 'timer_failed'"
)


def upgrade() -> None:
    """Every alarm of before is still of a known kind."""
    _known(f"{BEFORE}, 'unit_emergency', 'backup_requested'")


def downgrade() -> None:
    """Alarms of the new kinds are gone; what was told of them stays in the log."""
    op.execute("delete from alarm where kind in ('unit_emergency', 'backup_requested')")
    _known(BEFORE)


def _known(kinds: str) -> None:
    # Alarms are few: the check of all of them takes milliseconds.
    op.execute("-- squawk-ignore ban-drop-constraint\nalter table alarm drop constraint ck_alarm_kind_known")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"alter table alarm add constraint ck_alarm_kind_known check (kind in ({kinds}))"
    )
