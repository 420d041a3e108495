"""Shifts are logged on and off: nobody is on two units at once, and no unit has two shifts at once.

Revision: 0013
After: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TIMESTAMP = postgresql.TIMESTAMP(timezone=True)
ALARMS = (
    "'unassigned', 'offer_unanswered', 'offer_incomplete', 'turnout_overdue', 'travel_overdue', 'welfare_missed', "
    "'welfare_escalated', 'hold_due', 'feed_silent', 'step_moved_on', 'step_declined', 'risk_raised', 'timer_failed', "
    "'unit_emergency', 'backup_requested'"
)
TIMERS = (
    "'unassigned', 'offer', 'turnout', 'travel', 'welfare_check', 'hold_due', 'feed_silent', 'step_wait', "
    "'step_declined'"
)

# Shifts of one unit that overlap become the one that began first, until the last of them ends; everybody who was on
# one of them keeps their own hours on it. Hours of one person that overlap on two units end where the next ones begin.
MERGE = """
create temporary table merged_shift on commit drop as
with marked as (
  select jurisdiction_id, unit_id, id, starts_at, ends_at,
         max(ends_at) over (partition by jurisdiction_id, unit_id order by starts_at, id
                            rows between unbounded preceding and 1 preceding) as before
  from shift
), counted as (
  select *, count(*) filter (where before is null or starts_at >= before)
              over (partition by jurisdiction_id, unit_id order by starts_at, id) as island
  from marked
)
select jurisdiction_id, id,
       first_value(id) over (partition by jurisdiction_id, unit_id, island order by starts_at, id) as into_id,
       max(ends_at) over (partition by jurisdiction_id, unit_id, island) as until
from counted
"""
MEMBERS = """
create temporary table merged_member on commit drop as
with spans as (
  select m.jurisdiction_id, g.into_id as shift_id, m.responder_id, s.starts_at, s.ends_at,
         max(s.ends_at) over (partition by m.jurisdiction_id, g.into_id, m.responder_id order by s.starts_at, s.id
                              rows between unbounded preceding and 1 preceding) as before, s.id
  from shift_member m
  join shift s on s.jurisdiction_id = m.jurisdiction_id and s.id = m.shift_id
  join merged_shift g on g.jurisdiction_id = m.jurisdiction_id and g.id = m.shift_id
), counted as (
  select *, count(*) filter (where before is null or starts_at > before)
              over (partition by jurisdiction_id, shift_id, responder_id order by starts_at, id) as island
  from spans
), whole as (
  select jurisdiction_id, shift_id, responder_id, min(starts_at) as starts_at, max(ends_at) as ends_at
  from counted group by jurisdiction_id, shift_id, responder_id, island
)
select jurisdiction_id, shift_id, responder_id, starts_at,
       least(ends_at, lead(starts_at) over (partition by jurisdiction_id, responder_id order by starts_at, shift_id))
         as ends_at
from whole
"""


def upgrade() -> None:
    """Shifts of before keep their hours; those that overlapped are put in order (see MERGE)."""
    op.execute("create extension if not exists btree_gist")
    _members_have_hours()
    op.add_column("shift", sa.Column("crew_of", sa.Text(), nullable=True))
    op.add_column("shift", sa.Column("closed_at", TIMESTAMP, nullable=True))
    # The newest that has ended stays open: the service then looks whether its unit still says that it is on duty.
    op.execute(
        """
        update shift s set closed_at = ends_at
        where ends_at <= now() and exists (
          select 1 from shift x where x.jurisdiction_id = s.jurisdiction_id and x.unit_id = s.unit_id
                                  and x.starts_at >= s.ends_at and x.id <> s.id and x.starts_at <= now())
        """
    )
    op.create_index("ix_shift_crew_of", "shift", ["jurisdiction_id", "crew_of"])
    op.create_index(
        "ix_shift_unclosed",
        "shift",
        ["jurisdiction_id", "ends_at", "id"],
        postgresql_where=sa.text("closed_at is null"),
    )
    op.add_column("unit", sa.Column("break_until", TIMESTAMP, nullable=True))
    op.add_column("unit", sa.Column("break_reason", sa.Text(), nullable=True))
    op.add_column("unit", sa.Column("due_off_at", TIMESTAMP, nullable=True))
    op.add_column("unit", sa.Column("area", postgresql.JSONB(), nullable=True))
    op.add_column("responder", sa.Column("rest_until", TIMESTAMP, nullable=True))
    op.add_column("agency", sa.Column("rest_s", sa.Integer(), server_default="0", nullable=False))
    op.add_column("assignment", sa.Column("crew_id", sa.Text(), nullable=True))
    op.create_index(
        "uq_assignment_active_crew",
        "assignment",
        ["jurisdiction_id", "crew_id"],
        unique=True,
        postgresql_where=sa.text("holds_unit"),
    )
    _known("alarm", f"{ALARMS}, 'shift_overrun'")
    _known("timer", f"{TIMERS}, 'shift_end'")


def downgrade() -> None:
    """Hours of single members, breaks, rest and cross-staffing are gone; what was told of them stays in the log."""
    op.execute("delete from alarm where kind = 'shift_overrun'")
    op.execute("delete from timer where kind = 'shift_end'")
    _known("alarm", ALARMS)
    _known("timer", TIMERS)
    op.drop_index("uq_assignment_active_crew", table_name="assignment")
    op.drop_column("assignment", "crew_id")
    op.drop_column("agency", "rest_s")
    op.drop_column("responder", "rest_until")
    for name in ("break_until", "break_reason", "due_off_at", "area"):
        op.drop_column("unit", name)
    op.drop_index("ix_shift_unclosed", table_name="shift")
    op.drop_index("ix_shift_crew_of", table_name="shift")
    op.execute("alter table shift_member drop constraint ex_shift_member_one_unit")
    op.execute("alter table shift drop constraint ex_shift_one_at_a_time")
    op.drop_column("shift", "closed_at")
    op.drop_column("shift", "crew_of")
    op.execute("delete from shift_member where ends_at = starts_at")
    op.execute(
        """
        delete from shift_member m using shift_member n
        where n.jurisdiction_id = m.jurisdiction_id and n.shift_id = m.shift_id and n.responder_id = m.responder_id
          and n.starts_at > m.starts_at
        """
    )
    op.execute(
        """
        delete from shift_member m using shift s
        where s.jurisdiction_id = m.jurisdiction_id and s.id = m.shift_id and s.starts_at = s.ends_at
        """
    )
    op.execute("delete from shift where starts_at = ends_at")
    op.drop_constraint("pk_shift_member", "shift_member")
    op.create_primary_key("pk_shift_member", "shift_member", ["jurisdiction_id", "shift_id", "responder_id"])
    op.drop_constraint(op.f("ck_shift_member_ends_not_before_start"), "shift_member")
    op.drop_column("shift_member", "starts_at")
    op.drop_column("shift_member", "ends_at")
    op.drop_constraint(op.f("ck_shift_ends_not_before_start"), "shift")
    op.create_check_constraint(op.f("ck_shift_ends_after_start"), "shift", "ends_at > starts_at")
    op.execute("drop extension if exists btree_gist")


def _members_have_hours() -> None:
    op.execute(MERGE)
    op.execute(MEMBERS)
    op.execute("delete from shift_member")
    op.execute(
        """
        delete from shift s using merged_shift g
        where g.jurisdiction_id = s.jurisdiction_id and g.id = s.id and g.into_id <> s.id
        """
    )
    op.execute(
        """
        update shift s set ends_at = g.until from merged_shift g
        where g.jurisdiction_id = s.jurisdiction_id and g.id = s.id and s.ends_at <> g.until
        """
    )
    _checked("ban-drop-constraint", "alter table shift drop constraint ck_shift_ends_after_start")
    _checked("ban-drop-constraint", "alter table shift_member drop constraint pk_shift_member")
    for table in ("shift", "shift_member"):
        if table == "shift_member":  # it is empty at this moment
            for name in ("starts_at", "ends_at"):
                _checked("adding-required-field", f"alter table shift_member add column {name} timestamptz not null")
        _checked(
            "constraint-missing-not-valid",
            f"alter table {table} add constraint ck_{table}_ends_not_before_start check (ends_at >= starts_at)",
        )
    op.execute(
        """
        insert into shift_member (jurisdiction_id, shift_id, responder_id, starts_at, ends_at)
        select jurisdiction_id, shift_id, responder_id, starts_at, ends_at from merged_member
        """
    )
    _checked(
        "adding-serial-primary-key-field,constraint-missing-not-valid",
        "alter table shift_member add constraint pk_shift_member "
        "primary key (jurisdiction_id, shift_id, responder_id, starts_at)",
    )
    _checked(
        "constraint-missing-not-valid",
        "alter table shift add constraint ex_shift_one_at_a_time "
        "exclude using gist (jurisdiction_id with =, unit_id with =, tstzrange(starts_at, ends_at) with &&)",
    )
    _checked(
        "constraint-missing-not-valid",
        "alter table shift_member add constraint ex_shift_member_one_unit "
        "exclude using gist (jurisdiction_id with =, responder_id with =, tstzrange(starts_at, ends_at) with &&)",
    )


def _checked(danger: str, statement: str) -> None:
    # A city has some thousand shifts a month: reading them all under a lock takes a second or two.
    op.execute(f"-- squawk-ignore {danger}\n{statement}")


def _known(table: str, kinds: str) -> None:
    # Alarms and timers are few: the check of all of them takes milliseconds.
    op.execute(f"-- squawk-ignore ban-drop-constraint\nalter table {table} drop constraint ck_{table}_kind_known")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"alter table {table} add constraint ck_{table}_kind_known check (kind in ({kinds}))"
    )
