"""The one-way valve is a wall in the database: what is one way does not exist for the police's role.

Revision: 0018
After: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, DropSequence, Sequence

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Prefixes of the advisory locks that stand for places of the log: of all rows, and of the rows that everybody may see.
OPEN_PLACE, OPEN_PLACE_FOR_ALL = 0x4C4F, 0x4C50

# The rows of a table that exist on the police's side of the wall.
OPEN_ROWS = {
    "unit": "not one_way",
    "program": "not is_one_way(responder_type)",
    "agency": "not one_way",
    "responder": "(jurisdiction_id, agency_id) in (select a.jurisdiction_id, a.id from agency a)",
    "certification": "(jurisdiction_id, responder_id) in (select r.jurisdiction_id, r.id from responder r)",
    "shift": "not one_way",
    "shift_member": "not one_way",
    "assignment": "not is_one_way(responder_type)",
    "assignment_responder": "exists (select from assignment a"
    " where a.jurisdiction_id = assignment_responder.jurisdiction_id and a.id = assignment_responder.assignment_id)",
    "also_outcome": "exists (select from assignment a where a.jurisdiction_id = also_outcome.jurisdiction_id"
    " and a.id = also_outcome.assignment_id)",
    "follow_up": "not is_one_way(responder_type)",
    "unserved": "not is_one_way(responder_type)",
    "alarm": "not is_one_way(responder_type)",
    "timer": """
      subject_id <> 'positions:one_way' and case substr(subject_id, 1, 4)
        when 'asg_' then exists (select from assignment a
                                  where a.jurisdiction_id = timer.jurisdiction_id and a.id = timer.subject_id)
        when 'unt_' then exists (select from unit u
                                  where u.jurisdiction_id = timer.jurisdiction_id and u.id = timer.subject_id)
        when 'sft_' then exists (select from shift s
                                  where s.jurisdiction_id = timer.jurisdiction_id and s.id = timer.subject_id)
        else true
      end""",
    "unit_track": "not one_way",
    "event_log": "open_seq is distinct from 0 and not is_one_way(payload ->> 'responder_type')",
    "access_token": """
      (unit_id is null or exists (select from unit u where u.jurisdiction_id = access_token.jurisdiction_id
                                                       and u.id = access_token.unit_id))
      and not exists (select from unnest(agencies) as named
                       where named not in (select a.id from agency a
                                            where a.jurisdiction_id = access_token.jurisdiction_id))""",
    "idempotency_key": "exists (select from access_token t where t.jurisdiction_id = idempotency_key.jurisdiction_id"
    " and t.id = idempotency_key.token_id)",
}

# Of the service's own work alone: nobody's question reads them.
NOT_FOR_POLICE = "idempotency_key, link_cursor, call_profile"

WORDS = (
    """
    create function is_one_way(responder_type text) returns boolean language sql immutable parallel safe as $$
      select coalesce(responder_type in ('cvi'), false)
    $$
    """,
    """
    create function hides_one_way() returns boolean language sql stable as $$
      select current_user = 'dispatch_police' or coalesce(current_setting('dispatch.one_way', true), '') = 'hidden'
    $$
    """,
    """
    -- The place of a row among those that everybody may see; 0 for one that those who see nothing of what is one way
    -- never see: theirs are counted without it, so that no gap says that something happened.
    create function open_place(of_jurisdiction text, type text, incident_id text, payload jsonb) returns bigint
    language sql volatile as $$
      select case
        when is_one_way(payload ->> 'responder_type') or type like 'token.%' or type = 'roster.imported' then 0
        when incident_id is null and payload ->> 'responder_type' is null
             and exists (select from agency a where a.jurisdiction_id = of_jurisdiction
                                                and a.id = payload ->> 'agency' and a.one_way) then 0
        else nextval('event_log_open_seq')
      end
    $$
    """,
)

HOLD_BOTH = f"""
    create or replace function hold_place_in_log() returns trigger language plpgsql as $$
    declare place bigint; open_place bigint;
    begin
      if coalesce(current_setting('dispatch.holds_place', true), '') = '' then
        -- Few statements, since every call pays for them.
        select a.last_value, o.last_value into place, open_place from event_log_seq_seq a, event_log_open_seq o;
        perform pg_advisory_xact_lock_shared(({OPEN_PLACE} << 16) | (place >> 32)::int, (place << 32 >> 32)::int),
                pg_advisory_xact_lock_shared(
                  ({OPEN_PLACE_FOR_ALL} << 16) | (open_place >> 32)::int, (open_place << 32 >> 32)::int),
                set_config('dispatch.holds_place', 'yes', true);
      end if;
      return null;
    end
    $$
"""

HOLD_ONE = f"""
    create or replace function hold_place_in_log() returns trigger language plpgsql as $$
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

# An agency that fields nobody but such responders stands on their side. A shift stands on the side of its unit, and who is
# on it with it: written down, since every recommendation reads all of them; asked for each row, it took as long as the rest.
TAKE_SIDES = (
    """
    create function agency_takes_side() returns trigger language plpgsql as $$
    begin
      if is_one_way(new.responder_type) then
        update agency a set one_way = true
        where a.jurisdiction_id = new.jurisdiction_id and a.id = new.agency_id and not a.one_way
          and not exists (select from unit u where u.jurisdiction_id = a.jurisdiction_id and u.agency_id = a.id
                                               and not is_one_way(u.responder_type))
          and not exists (select from program p where p.jurisdiction_id = a.jurisdiction_id and p.agency_id = a.id
                                                  and not is_one_way(p.responder_type));
      else
        update agency a set one_way = false
        where a.jurisdiction_id = new.jurisdiction_id and a.id = new.agency_id and a.one_way;
      end if;
      return null;
    end
    $$
    """,
    "create trigger unit_takes_side after insert or update of responder_type, agency_id on unit"
    " for each row execute function agency_takes_side()",
    "create trigger program_takes_side after insert or update of responder_type, agency_id on program"
    " for each row execute function agency_takes_side()",
    """
    update agency a set one_way = true from (
      select f.jurisdiction_id, f.agency_id
      from (select u.jurisdiction_id, u.agency_id, u.responder_type from unit u
            union all
            select p.jurisdiction_id, p.agency_id, p.responder_type from program p) f
      group by 1, 2 having bool_and(is_one_way(f.responder_type))
    ) o where o.jurisdiction_id = a.jurisdiction_id and o.agency_id = a.id
    """,
    """
    create function shift_takes_side() returns trigger language plpgsql as $$
    begin
      new.one_way := coalesce((select u.one_way from unit u where u.jurisdiction_id = new.jurisdiction_id
                                                              and u.id = new.unit_id), false);
      return new;
    end
    $$
    """,
    """
    create function shift_member_takes_side() returns trigger language plpgsql as $$
    begin
      new.one_way := coalesce((select s.one_way from shift s where s.jurisdiction_id = new.jurisdiction_id
                                                               and s.id = new.shift_id), false);
      return new;
    end
    $$
    """,
    "create trigger shift_takes_side before insert on shift for each row execute function shift_takes_side()",
    "create trigger shift_member_takes_side before insert on shift_member"
    " for each row execute function shift_member_takes_side()",
    "update shift s set one_way = true from unit u"
    " where u.jurisdiction_id = s.jurisdiction_id and u.id = s.unit_id and u.one_way",
    "update shift_member m set one_way = true from shift s"
    " where s.jurisdiction_id = m.jurisdiction_id and s.id = m.shift_id and s.one_way",
)

# As event_log_horizon, of the places that everybody may see. The order of the two looks matters there and here.
OPEN_HORIZON = f"""
    create function event_log_open_horizon() returns bigint language plpgsql as $$
    declare taken bigint; held bigint;
    begin
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'the horizon of the log is older than the snapshot of this transaction';
      end if;
      select last_value into taken from event_log_open_seq;
      select min(((classid::bigint & 65535) << 32) | objid::bigint) into held from pg_locks
       where locktype = 'advisory' and objsubid = 2 and classid::bigint >> 16 = {OPEN_PLACE_FOR_ALL}
         and database = (select oid from pg_database where datname = current_database());
      return least(taken, held);
    end
    $$
"""

# What a community violence intervention program is told of an incident, and nothing else of it: after the scene is safe.
NOTICES = (
    """
    create schema cvi
    """,
    """
    create view cvi.notice with (security_barrier) as
      select i.jurisdiction_id, i.id as incident_id, p.id as program, i.category,
             round(i.lat::numeric, 3)::float8 as lat, round(i.lon::numeric, 3)::float8 as lon,
             date_trunc('minute', i.opened_at) as happened_at,
             coalesce(d.decision -> 'facts' -> 'retaliation_risk' ->> 'value', 'unknown') as retaliation_risk
      from incident i
      join triage_decision d on d.jurisdiction_id = i.jurisdiction_id and d.id = i.decision_id
      cross join lateral jsonb_array_elements(d.decision -> 'programs') as v
      join program p on p.jurisdiction_id = i.jurisdiction_id and p.id = v ->> 'program'
      where is_one_way(v ->> 'responder_type') and v ->> 'verdict' = 'eligible' and i.linked_to is null
        and (i.status = 'closed' or d.decision -> 'facts' -> 'scene_clear' ->> 'value' = 'yes')
        and p.agency_id = any(string_to_array(current_setting('dispatch.agencies', true), chr(31)))
    """,
)

# The two roles exist where this login may make or use them; where it may not, the owner of the tables is held by the
# same policies, and a setting of the transaction says which side it is on. Safe to call again, when roles were made.
BUILD = """
    create function build_one_way_wall() returns text language plpgsql as $build$
    declare one text; walled text; kept text := current_schema();
    begin
      foreach one in array array['dispatch_police', 'dispatch_cvi'] loop
        begin
          if not exists (select from pg_roles where rolname = one) then
            execute format('create role %I nologin', one);
          end if;
          if not may_become(one) then
            execute format('grant %I to %I', one, current_user);
          end if;
        exception
          when duplicate_object or unique_violation or insufficient_privilege then null;
        end;
      end loop;
      if may_become('dispatch_police') then
        execute format('grant usage on schema %I to dispatch_police', kept);
        execute format('grant select on all tables in schema %I to dispatch_police', kept);
        execute format('alter default privileges in schema %I grant select on tables to dispatch_police', kept);
        grant select on sequence event_log_open_seq to dispatch_police;
        revoke select on NOT_FOR_POLICE from dispatch_police;
      end if;
      if may_become('dispatch_cvi') then
        grant usage on schema cvi to dispatch_cvi;
        grant select on cvi.notice to dispatch_cvi;
      end if;
      for walled in select polrelid::regclass::text from pg_policy where polname = 'one_way_valve' loop
        execute format('alter table %s %s row level security', walled,
                       case when may_become('dispatch_police') then 'no force' else 'force' end);
      end loop;
      return wall_stands();
    end
    $build$
""".replace("NOT_FOR_POLICE", NOT_FOR_POLICE)

MAY_BECOME = (
    """
    create function may_become(one text) returns boolean language sql stable as $$
      select coalesce((
        select case when current_setting('server_version_num')::int >= 160000
                    then pg_has_role(current_user, oid, 'set') else pg_has_role(current_user, oid, 'member') end
        from pg_roles where rolname = one), false)
    $$
    """,
    """
    -- By what the wall stands: a role of its own, the owner held by policies, or nothing.
    create function wall_stands() returns text language sql stable as $$
      select case
        when case when may_become('dispatch_police') then has_table_privilege('dispatch_police', 'unit', 'select') end
          then 'role'
        when exists (select from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)) then 'nothing'
        when exists (select from pg_policy where polname = 'one_way_valve')
             and (select bool_and(c.relforcerowsecurity) from pg_policy p join pg_class c on c.oid = p.polrelid
                   where p.polname = 'one_way_valve') then 'setting'
        else 'nothing'
      end
    $$
    """,
)

# Until the transaction ends. The role cannot write, and cannot give itself more rights.
SIDES = (
    """
    create function hide_one_way() returns void language plpgsql as $$
    begin
      perform set_config('dispatch.one_way', 'hidden', true);
      if wall_stands() = 'role' then
        set local role dispatch_police;
      end if;
    end
    $$
    """,
    """
    create function stand_one_way(of_agencies text[]) returns void language plpgsql as $$
    begin
      perform set_config('dispatch.agencies', array_to_string(of_agencies, chr(31)), true);
      if may_become('dispatch_cvi') then
        if has_table_privilege('dispatch_cvi', 'cvi.notice', 'select') then
          set local role dispatch_cvi;
        end if;
      end if;
    end
    $$
    """,
)


def upgrade() -> None:
    """No row changes but agencies, units and shifts, which say on which side they are. Rows of the log keep the places that they have."""
    op.execute(  # a few thousand rows: written anew in milliseconds
        "-- squawk-ignore adding-field-with-default\n"
        "alter table unit add column one_way boolean generated always as (responder_type = 'cvi') stored"
    )
    for table in ("unit_track", "agency", "shift", "shift_member"):
        op.add_column(table, sa.Column("one_way", sa.Boolean(), nullable=False, server_default="false"))
    _own_names()
    op.add_column("event_log", sa.Column("open_seq", sa.BigInteger(), nullable=True))
    op.execute(CreateSequence(Sequence("event_log_open_seq")))
    op.execute("select setval('event_log_open_seq', last_value, is_called) from event_log_seq_seq")
    op.execute("alter table event_log alter column open_seq set default nextval('event_log_open_seq')")
    op.execute(
        "create index ix_event_log_open on event_log (jurisdiction_id, coalesce(open_seq, seq))"
        " where open_seq is distinct from 0"
    )
    for made in (*WORDS, *TAKE_SIDES, HOLD_BOTH, OPEN_HORIZON, *NOTICES, *MAY_BECOME, BUILD, *SIDES):
        op.execute(made)
    for table, rows in OPEN_ROWS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"create policy one_way_valve on {table} using (not (select hides_one_way()) or ({rows}))")
    op.execute("select build_one_way_wall()")


def _own_names() -> None:
    # A name that is taken on the other side of the wall must not be refused on this one: that would tell of it.
    op.execute("-- squawk-ignore ban-drop-constraint\nalter table unit drop constraint uq_unit_call_sign")
    op.create_index("uq_unit_call_sign", "unit", ["jurisdiction_id", "call_sign", "one_way"], unique=True)
    op.execute(
        "-- squawk-ignore ban-drop-constraint\nalter table responder drop constraint uq_responder_employee_number"
    )
    op.create_index(
        "uq_responder_employee_number", "responder", ["jurisdiction_id", "employee_number", "agency_id"], unique=True
    )


def downgrade() -> None:
    """Fails where two units or people have one name by now: rename them first. The roles stay, without any right."""
    for table in OPEN_ROWS:
        op.execute(f"drop policy one_way_valve on {table}")
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"alter table {table} disable row level security")
    op.execute(
        """
        do $$ begin
          if may_become('dispatch_police') then
            execute format('alter default privileges in schema %I revoke select on tables from dispatch_police',
                           current_schema());
            execute format('revoke all on all tables in schema %I from dispatch_police', current_schema());
            execute format('revoke all on all sequences in schema %I from dispatch_police', current_schema());
            execute format('revoke usage on schema %I from dispatch_police', current_schema());
          end if;
        end $$
        """
    )
    op.execute("drop view cvi.notice")
    op.execute("drop schema cvi")
    op.execute(HOLD_ONE)
    for function in ("stand_one_way(text[])", "hide_one_way()", "build_one_way_wall()", "wall_stands()"):
        op.execute(f"drop function {function}")
    for function in ("may_become(text)", "event_log_open_horizon()", "open_place(text, text, text, jsonb)"):
        op.execute(f"drop function {function}")
    for function in ("hides_one_way()", "is_one_way(text)"):
        op.execute(f"drop function {function}")
    op.drop_index("ix_event_log_open", table_name="event_log")
    op.execute("-- squawk-ignore ban-drop-column\nalter table event_log drop column open_seq")
    op.execute(DropSequence(Sequence("event_log_open_seq")))
    op.drop_index("uq_responder_employee_number", table_name="responder")
    op.create_unique_constraint("uq_responder_employee_number", "responder", ["jurisdiction_id", "employee_number"])
    op.drop_index("uq_unit_call_sign", table_name="unit")
    op.create_unique_constraint("uq_unit_call_sign", "unit", ["jurisdiction_id", "call_sign"])
    for table in ("shift_member", "shift", "unit", "program"):
        op.execute(f"drop trigger {table}_takes_side on {table}")
    for whose in ("shift_member", "shift", "agency"):
        op.execute(f"drop function {whose}_takes_side()")
    for table in ("unit_track", "agency", "shift", "shift_member"):
        op.execute(f"-- squawk-ignore ban-drop-column\nalter table {table} drop column one_way")
    op.execute("-- squawk-ignore ban-drop-column\nalter table unit drop column one_way")
