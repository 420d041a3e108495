"""The world that the benchmarks run in: a durable embedded PostgreSQL, the sample city, a policy and tokens."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from dispatch.db.migrate import upgrade
from dispatch.db.session import make_engine, make_sessions, transaction
from dispatch.domain.access import Role
from dispatch.domain.unit import UnitStatus
from dispatch.embedded.database import ensure_database
from dispatch.embedded.server import EmbeddedPostgres
from dispatch.operations.actor import Actor
from dispatch.operations.policies import install_policy
from dispatch.operations.setup import AgencyRecord, ProgramRecord, SetUp, UnitRecord, set_up
from dispatch.operations.tokens import NewToken, create_token
from dispatch.policies import read_shipped
from dispatch.samples import load_roster

BUILD = Path(__file__).resolve().parents[1] / "build"
POLICY = "us-default"
JURISDICTION = "bench"


@dataclass(frozen=True, slots=True)
class World:
    """url: for SQLAlchemy. dsn: for asyncpg. token: a dispatcher's. cad: of a CAD integration, bound to bench-cad."""

    url: str
    dsn: str
    token: str
    cad: str


@contextmanager
def a_world() -> Iterator[World]:
    """A database of its own, fresh, with the sample city's roster, all units in service."""
    name = f"bench_{datetime.now(UTC):%Y%m%d%H%M%S%f}"
    with EmbeddedPostgres(BUILD / "bench-postgres") as connection:
        ensure_database(connection, name)
        url = connection.url(name)
        upgrade(url)
        token, cad = asyncio.run(_fill(url))
        yield World(url, connection.dsn(name), token, cad)


async def _fill(url: str) -> tuple[str, str]:
    roster = load_roster()
    now = datetime.now(UTC)
    actor = Actor(JURISDICTION, "bench", now)
    wanted = SetUp(
        JURISDICTION,
        "Bench",
        roster.jurisdiction.time_zone,
        [AgencyRecord(one.id, one.name, one.kind) for one in roster.agencies],
        [ProgramRecord(one.id, one.agency, one.responder_type, one.name) for one in roster.programs],
        [
            UnitRecord(
                unit.call_sign,
                unit.agency,
                unit.program,
                unit.responder_type,
                unit.capabilities,
                unit.vehicle,
                unit.is_mobile,
                unit.min_crew,
                unit.capacity,
                unit.home_position,
                UnitStatus.AVAILABLE,
            )
            for unit in roster.units
        ],
    )
    engine = make_engine(url, pool_size=1)
    try:
        async with transaction(make_sessions(engine)) as session:
            await set_up(session, wanted, actor)
            await install_policy(session, JURISDICTION, dict(read_shipped(POLICY)), {}, actor="bench", now=now)
            _, secret = await create_token(
                session, JURISDICTION, NewToken("bench", Role.DISPATCHER), actor="bench", now=now
            )
            _, cad = await create_token(
                session, JURISDICTION, NewToken("cad", Role.INTEGRATION, source="bench-cad"), actor="bench", now=now
            )
    finally:
        await engine.dispose()
    return secret, cad


_FLEET = """
insert into unit (jurisdiction_id, id, call_sign, agency_id, responder_type, status, status_at, capabilities, mobile,
                  min_crew, capacity, version)
select $1, 'unt_' || lpad(n::text, 26, '0'), 'F' || n, (select id from agency where jurisdiction_id = $1 limit 1),
       (array['police', 'ems', 'police', 'fire'])[1 + n % 4], 'available', now(), '{als}', true, 1, 1, 1
from generate_series(1, $2::int) n
"""


def add_fleet(world: World, units: int) -> None:
    """So many police, fire and EMS units more, F1 and on: in service, staffed by their status, seen nowhere yet."""
    asyncio.run(_execute(world.dsn, _FLEET, JURISDICTION, units))


async def _execute(dsn: str, sql: str, *values: object) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql, *values)
    finally:
        await connection.close()
