"""The schema after migration is the one that the service relies on: comparing models alone does not see triggers."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from tests.support.city_policy import city_policy
from tests.support.postgres import Databases, FreshDatabase
from tests.support.service import Service, plain_url

from dispatch.db import errors
from dispatch.db.migrate import check, current_revision, downgrade, head_revision, upgrade
from dispatch.db.schema import Table

DUMP = """
    select 'column ' || c.relname || '.' || a.attname as name,
           format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
             || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
             || ' ' || a.attidentity::text || a.attgenerated::text as what
      from pg_attribute a join pg_class c on c.oid = a.attrelid
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
    union all
    select 'constraint ' || conname, conrelid::regclass || ' ' || pg_get_constraintdef(oid)
      from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
    union all
    select 'index ' || indexname, indexdef from pg_indexes where schemaname = 'public'
    union all
    select 'trigger ' || tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all
    select 'function ' || proname, prosrc from pg_proc p where pronamespace = 'public'::regnamespace
       and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    union all
    select 'sequence ' || sequencename, start_value::text from pg_sequences where schemaname = 'public'
    order by 1
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
APPEND_ONLY = ("call", "call_update", "event_log", "shadow_decision", "triage_decision")


async def _dump(url: str) -> dict[str, str]:
    link = await asyncpg.connect(plain_url(url))
    try:
        return {row["name"]: row["what"] for row in await link.fetch(DUMP)}
    finally:
        await link.close()


def schema_of(url: str) -> dict[str, str]:
    """Name -> definition of all that a migration made."""
    return {name: what for name, what in asyncio.run(_dump(url)).items() if "alembic_version" not in name + what}


def test_up_down_up_ends_where_it_began_and_down_leaves_nothing(databases: Databases) -> None:
    with databases.fresh_database() as url:
        upgrade(url)
        first = schema_of(url)
        downgrade(url, "base")
        assert schema_of(url) == {}
        upgrade(url)
        assert schema_of(url) == first


def test_models_and_migrations_agree(databases: Databases) -> None:
    with databases.fresh_database() as url:
        upgrade(url)
        check(url)


def test_what_the_models_would_create_is_what_the_migrations_create(databases: Databases) -> None:
    async def create(url: str) -> None:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(Table.metadata.create_all)
        await engine.dispose()

    with databases.fresh_database() as migrated, databases.fresh_database() as made:
        upgrade(migrated)
        asyncio.run(create(made))
        want, got = schema_of(made), schema_of(migrated)

    written_by_hand = {name for name in got if name.split()[0] in ("trigger", "function")}
    assert {name: what for name, what in got.items() if name not in written_by_hand} == want


def test_rows_that_may_never_change_have_both_triggers(databases: Databases) -> None:
    with databases.fresh_database() as url:
        upgrade(url)
        triggers = {name: what for name, what in schema_of(url).items() if name.startswith("trigger")}

    for table in APPEND_ONLY:
        assert "BEFORE DELETE OR UPDATE" in triggers[f"trigger {table}_is_append_only"]
        assert "BEFORE TRUNCATE" in triggers[f"trigger {table}_is_never_emptied"]
    assert "BEFORE DELETE OR UPDATE" in triggers["trigger policy_version_keeps_its_text"]
    assert "BEFORE TRUNCATE" in triggers["trigger policy_version_is_never_emptied"]
    assert "BEFORE INSERT ON public.event_log FOR EACH STATEMENT" in triggers["trigger event_log_holds_place"]
    assert "BEFORE DELETE OR UPDATE" in triggers["trigger premise_hazard_keeps_its_words"]
    assert "BEFORE TRUNCATE" in triggers["trigger premise_hazard_is_never_emptied"]
    sides = {f"trigger {table}_takes_side" for table in ("unit", "program", "shift", "shift_member")}
    assert sides <= set(triggers)
    assert len(triggers) == 2 * len(APPEND_ONLY) + 5 + len(sides)


def test_the_database_knows_its_revision(databases: Databases) -> None:
    async def revision(url: str) -> str | None:
        engine = create_async_engine(url)
        try:
            return await current_revision(engine)
        finally:
            await engine.dispose()

    with databases.fresh_database() as url:
        assert asyncio.run(revision(url)) is None
        upgrade(url)
        assert asyncio.run(revision(url)) == head_revision()


def test_every_key_is_led_by_the_jurisdiction() -> None:
    for table in Table.metadata.sorted_tables:
        leading = next(iter(table.primary_key.columns)).name
        assert leading == ("id" if table.name == "jurisdiction" else "jurisdiction_id"), table.name


def test_every_foreign_key_and_unique_key_is_led_by_the_jurisdiction() -> None:
    for table in Table.metadata.sorted_tables:
        for constraint in table.constraints:
            columns = [column.name for column in getattr(constraint, "columns", [])]
            if columns and type(constraint).__name__ in ("ForeignKeyConstraint", "UniqueConstraint"):
                assert columns[0] == "jurisdiction_id" or constraint.name == "uq_access_token_hash", constraint.name


def test_every_constraint_in_the_table_of_errors_exists(databases: Databases) -> None:
    with databases.fresh_database() as url:
        upgrade(url)
        names = {name.partition(" ")[2] for name in schema_of(url)}

    assert set(errors._BY_CONSTRAINT) <= names
    assert set(errors._FIELDS) <= set(errors._BY_CONSTRAINT)


def test_every_constraint_that_a_request_can_break_says_so_in_words() -> None:
    """Foreign keys that a body names, and unique keys that two bodies can claim."""
    ours = {"jurisdiction", "incident", "call", "assignment", "policy_version"}
    for table in Table.metadata.sorted_tables:
        for constraint in table.foreign_key_constraints:
            target = constraint.referred_table.name
            if table.name in ("program", "unit", "responder") and target not in ours:
                assert constraint.name in errors._BY_CONSTRAINT, constraint.name
    for name in ("uq_assignment_active_unit", "uq_assignment_unit_on_incident", "uq_call_source_ref"):
        assert name in errors._BY_CONSTRAINT


@pytest.mark.anyio
@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_what_was_said_is_never_changed_removed_or_emptied(service: Service, table: str) -> None:
    draft = {"id": "test-city", "texts": city_policy(2)}
    assert (await service.post("/v1/policies", draft, by="analyst")).status_code == 201
    assert (await service.post("/v1/policies/test-city@2:shadow", by="analyst")).status_code == 200
    got = await service.call(source_ref="append-only")
    assert got["call"]["version"] == 1
    body = {"source": "cad-east", "source_ref": "append-only", "narrative": "x", "updated_at": "2026-11-23T14:00:01Z"}
    assert (await service.post("/v1/calls", body)).status_code == 200
    before = await service.rows()
    where = f"where jurisdiction_id = '{service.jurisdiction}'"

    for statement in (
        f"update {table} set jurisdiction_id = jurisdiction_id {where}",
        f"delete from {table} {where}",
        f"truncate {table} cascade",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="never changed or removed"):
            await service.fetch(statement)

    assert before[table] > 0
    assert await service.rows() == before


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        ("update assignment set status = 'cleared', outcome = null", "ck_assignment_cleared_has_outcome"),
        ("update assignment set status = 'lost'", "ck_assignment_status_known"),
        ("update incident set status = 'closed', disposition = null", "ck_incident_closed_has_disposition"),
        ("update incident set priority = 5", "ck_incident_priority_range"),
        ("update incident set category = 'other'", "ck_incident_category_known"),
        ("update unit set status = 'lost'", "ck_unit_status_known"),
        ("update unit set lat = 1, lon = null", "ck_unit_position_whole"),
        ("update unit set capacity = 0", "ck_unit_capacity_positive"),
    ],
)
async def test_the_database_refuses_what_no_code_should_write(service: Service, sql: str, constraint: str) -> None:
    await service.assign(await service.incident(), "P1")

    with pytest.raises(asyncpg.CheckViolationError, match=constraint):
        await service.fetch(f"{sql} where jurisdiction_id = '{service.jurisdiction}'")


@pytest.mark.anyio
async def test_the_database_itself_refuses_a_second_active_assignment_of_a_unit(service: Service) -> None:
    await service.assign(await service.incident(), "P1")
    other = await service.incident()

    with pytest.raises(asyncpg.UniqueViolationError, match="uq_assignment_active_unit"):
        await service.fetch(
            "insert into assignment (jurisdiction_id, id, incident_id, unit_id, call_sign, agency_id, responder_type,"
            " category, incident_type, priority, mode, status, assigned_by, created_at)"
            " select jurisdiction_id, 'asg_second', $2, unit_id, call_sign, agency_id, responder_type, category,"
            " incident_type, priority, mode, 'ordered', assigned_by, created_at"
            " from assignment where jurisdiction_id = $1",
            service.jurisdiction,
            other,
        )


def test_migrations_give_up_rather_than_wait_for_ever() -> None:
    env = (Path(__file__).parents[2] / "migrations" / "env.py").read_text()

    assert re.search(r"set lock_timeout", env)
    assert re.search(r"set statement_timeout", env)


def test_two_upgrades_at_once_are_one_upgrade(databases: Databases, fresh_database: FreshDatabase) -> None:
    program = "import sys; from dispatch.db.migrate import upgrade; upgrade(sys.argv[1])"

    with databases.fresh_database() as url, fresh_database() as whole:
        running = [subprocess.Popen([sys.executable, "-c", program, url], env=ENVIRONMENT) for _ in range(2)]
        assert [one.wait(timeout=40) for one in running] == [0, 0]
        assert schema_of(url) == schema_of(whole)
