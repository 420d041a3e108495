"""Old kept answers are found without reading them all, and the feed knows which places of the log are still open.

Revision: 0004
After: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# An advisory lock of two numbers stands for a place of the log: this prefix with the high bits, then the low 32 bits.
OPEN_PLACE = 0x4C4F


def upgrade() -> None:
    """No row changes but that it no longer says its transaction, which nobody reads any more."""
    op.create_index("ix_idempotency_key_created", "idempotency_key", ["created_at"])
    # Whoever is about to take places in the log first holds a lock that names the last place taken, until it ends.
    op.execute(
        f"""
        create function hold_place_in_log() returns trigger language plpgsql as $$
        declare place bigint;
        begin
          if coalesce(current_setting('dispatch.holds_place', true), '') = '' then
            select last_value into place from event_log_seq_seq;
            perform pg_advisory_xact_lock_shared(({OPEN_PLACE} << 16) | (place >> 32)::int, (place << 32 >> 32)::int);
            perform set_config('dispatch.holds_place', 'yes', true);
          end if;
          return null;
        end
        $$
        """
    )
    op.execute(
        "create trigger event_log_holds_place before insert on event_log "
        "for each statement execute function hold_place_in_log()"
    )
    # The order of the two looks matters: a place taken after the first is beyond the answer, whoever held one before
    # and is not seen by the second has ended, and a later statement with a snapshot of its own sees what it did.
    op.execute(
        f"""
        create function event_log_horizon() returns bigint language plpgsql as $$
        declare taken bigint; held bigint;
        begin
          if current_setting('transaction_isolation') <> 'read committed' then
            raise exception 'the horizon of the log is older than the snapshot of this transaction';
          end if;
          select last_value into taken from event_log_seq_seq;
          select min(((classid::bigint & 65535) << 32) | objid::bigint) into held from pg_locks
           where locktype = 'advisory' and objsubid = 2 and classid::bigint >> 16 = {OPEN_PLACE}
             and database = (select oid from pg_database where datname = current_database());
          return least(taken, held);
        end
        $$
        """
    )
    op.execute("-- squawk-ignore ban-drop-column\nalter table event_log drop column tx")


def downgrade() -> None:
    op.execute("alter table event_log add column tx xid8 default pg_current_xact_id() not null")
    op.execute("drop function event_log_horizon()")
    op.execute("drop trigger event_log_holds_place on event_log")
    op.execute("drop function hold_place_in_log()")
    op.drop_index("ix_idempotency_key_created", table_name="idempotency_key")
