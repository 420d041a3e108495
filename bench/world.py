"""The world that the benchmarks run in: a durable embedded PostgreSQL, the sample city, a policy and tokens."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

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
