"""The baseline: the barest FastAPI endpoint that stores a call and an incident in one durable transaction.

Raw asyncpg on a pool, the body parsed by Pydantic, no token, no triage, no log: what the same stack costs at least.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI
from pydantic import BaseModel

# Two processes start at once, and of two that make a table one fails: they take turns.
TABLES = """
select pg_advisory_xact_lock(1);
create table if not exists bare_call (id bigint generated always as identity primary key, source text not null,
  source_ref text not null, narrative text, recorded_at timestamptz not null default now());
create table if not exists bare_incident (id bigint generated always as identity primary key, call_id bigint not null,
  status text not null, priority int not null, opened_at timestamptz not null default now());
"""


class BareBody(BaseModel):
    source: str
    source_ref: str
    narrative: str | None = None


def create_bare_app(dsn: str) -> FastAPI:
    """An app with one route, POST /bare, over this database."""
    pools: list[asyncpg.Pool] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        pools.append(await asyncpg.create_pool(dsn, min_size=10, max_size=20))
        await pools[0].execute(TABLES)
        yield
        await pools[0].close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/bare", status_code=201)
    async def post_bare(body: BareBody) -> dict[str, int]:
        async with pools[0].acquire() as connection, connection.transaction():
            call_id = await connection.fetchval(
                "insert into bare_call (source, source_ref, narrative) values ($1, $2, $3) returning id",
                body.source,
                body.source_ref,
                body.narrative,
            )
            incident_id = await connection.fetchval(
                "insert into bare_incident (call_id, status, priority) values ($1, 'pending', 3) returning id", call_id
            )
        return {"call": call_id, "incident": incident_id}

    return app
