"""Timers that outlive a restart, alarms to acknowledge, offers to several units, and why a program did not serve.

Revision: 0007
After: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIMESTAMP = postgresql.TIMESTAMP(timezone=True)
JSONB = postgresql.JSONB(astext_type=sa.Text())
TIMER_KINDS = (
    "'unassigned', 'offer', 'turnout', 'travel', 'welfare_check', 'hold_due', 'feed_silent', 'step_wait', "
    "'step_declined'"
)
ALARM_KINDS = (
    "'unassigned', 'offer_unanswered', 'offer_incomplete', 'turnout_overdue', 'travel_overdue', 'welfare_missed', "
    "'welfare_escalated', 'hold_due', 'feed_silent', 'step_moved_on', 'step_declined', 'risk_raised', 'timer_failed'"
)
REASONS = (
    "'outside_hours', 'outside_area', 'disqualifier', 'not_for_this_caller', 'not_told', 'none_on_duty', 'none_free', "
    "'declined', 'wait_too_long', 'override', 'not_triaged', 'not_in_plan', 'not_asked', 'ended_before'"
)


def upgrade() -> None:
    """Old incidents stand at the first step of their plan; old assignments were offered one by one."""
    op.add_column("incident", sa.Column("plan_step", sa.Integer(), server_default="1", nullable=False))
    op.add_column("incident", sa.Column("step_since", TIMESTAMP, nullable=True))
    op.add_column("assignment", sa.Column("offer_id", sa.Text(), nullable=True))
    op.add_column("assignment", sa.Column("offer_rule", sa.Text(), nullable=True))
    op.add_column("assignment", sa.Column("answer_by", TIMESTAMP, nullable=True))
    # The column is new, so that there is nothing to wait for while it is validated.
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        "alter table assignment add constraint ck_assignment_offer_rule_known "
        "check (offer_rule in ('all_of', 'first_of'))"
    )
    _create_timer()
    _create_alarm()
    op.create_table(
        "unserved",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("responder_type", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint(f"reason in ({REASONS})", name=op.f("ck_unserved_reason_known")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"],
            ["incident.jurisdiction_id", "incident.id"],
            name="fk_unserved_incident",
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "incident_id", "program", name=op.f("pk_unserved")),
    )
    op.create_index("ix_unserved_recorded", "unserved", ["jurisdiction_id", "recorded_at", "incident_id", "program"])


def _create_timer() -> None:
    op.create_table(
        "timer",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.Column("due_at", TIMESTAMP, nullable=False),
        sa.Column("wake_at", TIMESTAMP, nullable=False),
        sa.Column("payload", JSONB, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fired_at", TIMESTAMP, nullable=True),
        sa.Column("fired_by", sa.Text(), nullable=True),
        sa.CheckConstraint(f"kind in ({TIMER_KINDS})", name=op.f("ck_timer_kind_known")),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_timer")),
    )
    running = sa.text("fired_at is null")
    op.create_index(
        "uq_timer_running",
        "timer",
        ["jurisdiction_id", "subject_id", "kind"],
        unique=True,
        postgresql_where=running,
    )
    op.create_index("ix_timer_wake", "timer", ["wake_at", "id"], postgresql_where=running)
    op.create_index("ix_timer_subject", "timer", ["jurisdiction_id", "subject_id", "kind"])
    op.create_index("ix_timer_incident", "timer", ["jurisdiction_id", "incident_id"])


def _create_alarm() -> None:
    op.create_table(
        "alarm",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("for_supervisor", sa.Boolean(), nullable=False),
        sa.Column("raised_at", TIMESTAMP, nullable=False),
        sa.Column("last_raised_at", TIMESTAMP, nullable=False),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Text(), nullable=True),
        sa.Column("call_sign", sa.Text(), nullable=True),
        sa.Column("agency_id", sa.Text(), nullable=True),
        sa.Column("responder_type", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("payload", JSONB, nullable=False),
        sa.Column("acknowledged_at", TIMESTAMP, nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(f"kind in ({ALARM_KINDS})", name=op.f("ck_alarm_kind_known")),
        sa.CheckConstraint("severity in ('urgent', 'attention')", name=op.f("ck_alarm_severity_known")),
        sa.CheckConstraint(
            "(acknowledged_at is null) = (acknowledged_by is null)", name=op.f("ck_alarm_acknowledged_whole")
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_alarm")),
    )
    op.create_index(
        "uq_alarm_unacknowledged",
        "alarm",
        ["jurisdiction_id", "subject_id", "kind"],
        unique=True,
        postgresql_where=sa.text("acknowledged_at is null"),
    )
    op.create_index("ix_alarm_raised", "alarm", ["jurisdiction_id", "raised_at", "id"])
    op.create_index("ix_alarm_incident", "alarm", ["jurisdiction_id", "incident_id", "raised_at", "id"])


def downgrade() -> None:
    """Nothing is waited for any more; alarms and reasons are gone."""
    op.drop_table("unserved")
    op.drop_table("alarm")
    op.drop_table("timer")
    op.drop_constraint(op.f("ck_assignment_offer_rule_known"), "assignment", type_="check")
    for column in ("answer_by", "offer_rule", "offer_id"):
        op.drop_column("assignment", column)
    op.drop_column("incident", "step_since")
    op.drop_column("incident", "plan_step")
