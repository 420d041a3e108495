"""The one-way valve in the database itself: with every filter of the service forgotten, nothing comes through."""

import asyncpg
import pytest
from sqlalchemy import text
from tests.support.one_way import MARKS, InterventionDay
from tests.support.postgres import FreshDatabase
from tests.support.service import Service, plain_url

from dispatch.db.schema import Table
from dispatch.db.session import hide_one_way, lone_statement, transaction
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES

pytestmark = pytest.mark.anyio

# Tables that hold no row of it, and why. A table that is added later is in neither list until somebody decides.
OPEN = {
    "jurisdiction": "the city",
    "zone": "areas and their demand",
    "call": "what callers said",
    "call_update": "what callers said",
    "incident": "what is handled by all; who is told one way leaves no trace in it",
    "incident_link": "which incidents are one",
    "triage_decision": "what the policy says of a call, whether or not there is anybody; api/valve.py cuts it",
    "shadow_decision": "what another policy would say",
    "policy_version": "the policy",
    "premise_hazard": "what is known of places; who is told one way records none",
    "sender_list": "when senders of calls were heard",
    "listed_call": "which calls senders have on their lists; call signs of the other side are dropped on the way in",
}
CLOSED = {"call_profile", "idempotency_key", "link_cursor"}
SHOOTING = {"call_type": None, "narrative": "shots fired outside"}


async def a_day(service: Service) -> InterventionDay:
    """Rows of violence intervention in every table that can hold any."""
    first, second = await service.incident(**SHOOTING), await service.incident(**SHOOTING)
    await service.assign(first, "P1")
    day = InterventionDay(service)
    await day.begin()
    await day.let_an_offer_time_out(first)
    await service.after(3600)
    await day.decline(first)
    await day.arrive(second)
    await service.after(3600)
    kept = {"Idempotency-Key": "kept"}
    place = {"positions": [{"lat": 44.0, "lon": -124.9, "at": "2026-11-23T15:00:00Z"}]}
    assert (await service.post("/v1/units/V1/positions", place, by=day.phone, headers=kept)).status_code == 200
    await day.hand_over(second)
    closed = {"disposition": "resolved"}
    [police] = (await service.get(f"/v1/incidents/{first}")).json()["assignments"][:1]
    await service.step(police["id"], "cancelled", reason="other")
    assert (await service.post(f"/v1/incidents/{first}:close", closed)).status_code == 200
    return day


async def read_all(service: Service, *, side: str | None = None) -> dict[str, list[str] | None]:
    """Every row of every table of the city, as text; None for a table that is closed to this side."""
    link = await asyncpg.connect(plain_url(service.database_url))
    try:
        async with link.transaction():
            if side is not None:
                await link.fetchval(f"select {side}")
            return {name: await _rows(link, name, service.jurisdiction) for name in Table.metadata.tables}
    finally:
        await link.close()


async def _rows(link: asyncpg.Connection, table: str, jurisdiction: str) -> list[str] | None:
    own = "id" if table == "jurisdiction" else "jurisdiction_id"
    try:
        async with link.transaction():
            rows = await link.fetch(f"select row_to_json(t)::text as row from {table} t where {own} = $1", jurisdiction)
    except asyncpg.InsufficientPrivilegeError:
        return None
    return [row["row"] for row in rows]


async def test_no_table_shows_a_row_of_it_to_the_police_side_whatever_is_asked(service: Service) -> None:
    day = await a_day(service)
    everything = await read_all(service)
    seen = await read_all(service, side="hide_one_way()")
    ids = {row["id"] for row in await service.fetch(_IDS_OF_IT, service.jurisdiction)}

    def tells(row: str) -> bool:
        return MARKS.search(row) is not None or any(one in row for one in ids)

    assert {name for name, rows in seen.items() if rows is None} == CLOSED
    walled = set(seen) - set(OPEN) - CLOSED
    for name in walled:
        hidden = [row for row in everything[name] or [] if tells(row)]
        assert hidden, f"the walk means nothing for {name}: that day left no row in it"
        assert [row for row in seen[name] or [] if tells(row)] == [], name
        # Tokens and imports are told to nobody who is kept to an agency, and take no place in the log either.
        left = [row for row in everything[name] or [] if not tells(row) and '"open_seq":0' not in row]
        assert sorted(left) == sorted(seen[name] or []), name
    for name in OPEN:
        assert not any(one in row for row in seen[name] or [] for one in ids), name
    assert day.assignment in ids


_IDS_OF_IT = """
    select id from unit where jurisdiction_id = $1 and responder_type = 'cvi'
    union all select id from responder where jurisdiction_id = $1 and agency_id = 'harbor-alliance'
    union all select id from assignment where jurisdiction_id = $1 and responder_type = 'cvi'
    union all select s.id from shift s join unit u on u.id = s.unit_id
     where s.jurisdiction_id = $1 and u.responder_type = 'cvi'
    union all select id from access_token where jurisdiction_id = $1
       and (agencies = '{harbor-alliance}' or unit_id in (select id from unit where responder_type = 'cvi'))
"""


async def test_what_the_other_side_has_is_there_for_the_police_side(service: Service) -> None:
    incident = await service.incident()
    await service.assign(incident, "P1", "CR1")

    seen = await read_all(service, side="hide_one_way()")

    for name in (
        "unit",
        "responder",
        "shift",
        "shift_member",
        "assignment",
        "assignment_responder",
        "program",
        "agency",
    ):
        assert seen[name], name
    assert any("P1" in row for row in seen["unit"] or [])
    assert any("CR1" in row for row in seen["assignment"] or [])


async def test_the_police_side_writes_nothing_and_ends_with_its_transaction(service: Service) -> None:
    count = text("select count(*) from unit where jurisdiction_id = :j and responder_type = 'cvi'")
    city = {"j": service.jurisdiction}

    async with transaction(service.sessions) as session:
        await hide_one_way(session)
        assert await session.scalar(count, city) == 0
    async with transaction(service.sessions) as session:
        assert await session.scalar(count, city) == 1
    async with lone_statement(service.sessions) as session:
        with pytest.raises(RuntimeError, match="one transaction"):
            await hide_one_way(session)
    link = await asyncpg.connect(plain_url(service.database_url))
    try:
        async with link.transaction():
            await link.fetchval("select hide_one_way()")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await link.execute("update unit set vehicle = 'x'")
    finally:
        await link.close()


async def test_who_is_told_one_way_reads_notices_and_no_table(service: Service) -> None:
    seen = await read_all(service, side="stand_one_way('{harbor-alliance}')")

    assert [name for name, rows in seen.items() if rows is not None] == []


async def test_the_database_and_the_service_mean_the_same_responder_types(service: Service) -> None:
    rows = await service.fetch("select t, is_one_way(t) as yes from unnest($1::text[]) t", [*SHIPPED_RESPONDER_TYPES])

    assert {row["t"] for row in rows if row["yes"]} == ONE_WAY_TYPES


@pytest.mark.parametrize(("given", "stands"), [("", "setting"), ("dispatch_police", "role")])
async def test_an_owner_who_may_make_no_roles_is_held_by_the_policies_and_a_setting(
    fresh_database: FreshDatabase, given: str, stands: str
) -> None:
    """As on a managed server: the tables belong to a login that is no administrator; it was given the role, or not."""
    with fresh_database() as url:
        link = await asyncpg.connect(plain_url(url))
        try:
            await link.execute(_AN_ORDINARY_OWNER.replace("GIVEN", given))
            assert await link.fetchval("select build_one_way_wall()") == stands
            await link.execute(_TWO_UNITS)
            both = await link.fetch("select call_sign from unit order by 1")
            async with link.transaction():
                await link.fetchval("select hide_one_way()")
                one = await link.fetch("select call_sign from unit")
                agencies = await link.fetch("select id from agency")
            after = await link.fetchval("select count(*) from unit")
        finally:
            await link.close()

    assert [row["call_sign"] for row in both] == ["P1", "V1"]
    assert [row["call_sign"] for row in one] == ["P1"]
    assert [row["id"] for row in agencies] == ["police"]
    assert after == 2


_AN_ORDINARY_OWNER = """
do $$
declare mine text := 't_owner_GIVEN'; one text;
begin
  begin
    execute format('create role %I login', mine);
  exception
    when duplicate_object or unique_violation then null;
  end;
  execute format('alter schema cvi owner to %I', mine);
  execute format('alter view cvi.notice owner to %I', mine);
  for one in select format('alter table %s owner to %I', c.oid::regclass, mine) from pg_class c
              where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace loop
    execute one;
  end loop;
  for one in select format('alter function %s owner to %I', p.oid::regprocedure, mine) from pg_proc p
              where p.pronamespace = 'public'::regnamespace
                and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') loop
    execute one;
  end loop;
  execute format('grant all on schema public to %I', mine);
  if 'GIVEN' <> '' then
    execute format('grant %I to %I', 'GIVEN', mine);
  end if;
  execute format('set session authorization %I', mine);
end $$
"""
_TWO_UNITS = """
    insert into jurisdiction (id, name, time_zone) values ('j', 'J', 'UTC');
    insert into agency (jurisdiction_id, id, name, kind) values ('j', 'police', 'P', 'city'), ('j', 'cvi', 'C', 'city');
    insert into unit (jurisdiction_id, id, call_sign, agency_id, responder_type)
    values ('j', 'a', 'P1', 'police', 'police'), ('j', 'b', 'V1', 'cvi', 'cvi')
"""
