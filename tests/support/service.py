"""The whole service for a test: a real database, a clock that stands still, a small city and a token for every role."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.support.city import NOW, a_city
from tests.support.city_policy import city_policy

from dispatch.app import create_app
from dispatch.config import Settings
from dispatch.db.models import Unit
from dispatch.db.session import Sessions, make_engine, reading, transaction
from dispatch.domain.access import Role
from dispatch.operations.actor import Actor
from dispatch.operations.policies import install_policy
from dispatch.operations.setup import set_up
from dispatch.operations.tokens import NewToken, create_token
from dispatch.workers.timers import TimerWorker

_references = itertools.count(1)


class FixedClock:
    """A clock that moves only when a test says so."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> datetime:
        """The new time, that many seconds later."""
        self.at += timedelta(seconds=seconds)
        return self.at


@dataclass
class Service:
    """One running service and everything a test needs to talk to it."""

    app: FastAPI
    client: httpx.AsyncClient
    clock: FixedClock
    database_url: str
    jurisdiction: str
    tokens: dict[str, str]
    units: dict[str, str]
    sessions: Sessions
    token_ids: dict[str, str] = field(default_factory=dict)

    async def send(self, method: str, path: str, *, by: str | None = "dispatcher", **kwargs: Any) -> httpx.Response:
        """The answer to a request made with the token of a role (or a raw token, or nobody)."""
        headers = dict(kwargs.pop("headers", None) or {})
        if by is not None:
            headers["Authorization"] = f"Bearer {self.tokens.get(by, by)}"
        return await self.client.request(method, path, headers=headers, **kwargs)

    async def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return await self.send("GET", path, **kwargs)

    async def post(self, path: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        return await self.send("POST", path, json={} if body is None else body, **kwargs)

    async def call(self, **given: Any) -> dict[str, Any]:
        """A call that was stored: the whole answer."""
        answer = await self.post("/v1/calls", a_call(**given))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def incident(self, **given: Any) -> str:
        """The id of a fresh incident."""
        return str((await self.call(**given))["incident"]["id"])

    async def assign(self, incident: str, *units: str, **body: Any) -> list[dict[str, Any]]:
        """Assignments that were made."""
        answer = await self.post(f"/v1/incidents/{incident}/assignments", {"units": list(units), **body})
        assert answer.status_code == 201, answer.text
        made: list[dict[str, Any]] = answer.json()["assignments"]
        return made

    async def step(self, assignment: str, status: str, **body: Any) -> dict[str, Any]:
        """The assignment after a step that was taken."""
        answer = await self.post(f"/v1/assignments/{assignment}/status", {"status": status, **body})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def worker(self) -> TimerWorker:
        """A worker that looks after this jurisdiction alone."""
        policies = self.app.state.services.policies
        return TimerWorker(self.sessions, self.clock, policies, only=self.jurisdiction)

    async def after(self, seconds: float) -> int:
        """So much time has passed and the timers that came due were fired: how many."""
        self.clock.advance(seconds)
        return await self.worker().tick()

    async def alarms(self, by: str = "dispatcher", **wanted: Any) -> list[dict[str, Any]]:
        """The alarms as this role sees them, newest first."""
        answer = await self.get("/v1/alarms", by=by, params=wanted)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def token(self, role: Role, **narrowed: Any) -> str:
        """A fresh token."""
        async with transaction(self.sessions) as session:
            wanted = NewToken(f"{role.value} of a test", role, **narrowed)
            _, secret = await create_token(session, self.jurisdiction, wanted, actor="tests", now=self.clock.now())
        return secret

    async def rows(self) -> dict[str, int]:
        """How many rows of this jurisdiction each table holds."""
        async with reading(self.sessions) as session:
            return {
                table: (
                    await session.execute(
                        text(f"select count(*) from {table} where jurisdiction_id = :j"), {"j": self.jurisdiction}
                    )
                ).scalar_one()
                for table in COUNTED
            }

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Rows straight from the database, on a connection of their own."""
        link = await asyncpg.connect(plain_url(self.database_url))
        try:
            return await link.fetch(sql, *values)
        finally:
            await link.close()


COUNTED = (
    "call",
    "call_update",
    "incident",
    "triage_decision",
    "shadow_decision",
    "assignment",
    "event_log",
    "unit",
    "responder",
    "agency",
    "program",
    "access_token",
    "idempotency_key",
    "timer",
    "alarm",
    "unserved",
    "follow_up",
    "premise_hazard",
)


def plain_url(url: str) -> str:
    """The address as asyncpg itself reads it."""
    return url.replace("postgresql+asyncpg://", "postgresql://")


def a_call(**given: Any) -> dict[str, Any]:
    """A call body that is accepted; what is given replaces or (as None) removes a field."""
    body = {
        "source": "cad-east",
        "source_ref": f"ref-{next(_references)}",
        "received_at": NOW.isoformat(),
        "channel": "911",
        "call_type": {"code": "WELCHK", "text": "WELFARE CHECK"},
        "narrative": "neighbour not seen for three days, no knife seen",
        "location": {"lat": 44.051, "lon": -124.901, "address": "4217 Grove St", "place": "private_residence"},
        "caller": {"name": "Zebulon Quartermain", "phone": "+1-555-0142", "language": "en"},
        **given,
    }
    return {name: value for name, value in body.items() if value is not None}


@asynccontextmanager
async def a_service(
    database_url: str, *, extra_units: int = 0, settings: Settings | None = None, raises: bool = True
) -> AsyncIterator[Service]:
    """A service over the database, in a jurisdiction of its own, so that tests do not meet each other's rows."""
    clock = FixedClock()
    settings = settings or Settings(data_dir=Path("/nonexistent"), log_level="info")
    engine = make_engine(database_url)
    jurisdiction = f"city-{secrets.token_hex(5)}"
    app = create_app(settings, database_url=database_url, engine=engine, clock=clock)
    transport = httpx.ASGITransport(app, raise_app_exceptions=raises)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        try:
            sessions = app.state.services.sessions
            service = Service(app, client, clock, database_url, jurisdiction, {}, {}, sessions)
            await _furnish(service, extra_units)
            yield service
        finally:
            await asyncio.shield(engine.dispose())


async def _furnish(service: Service, extra_units: int) -> None:
    j, now = service.jurisdiction, service.clock.now()
    async with transaction(service.sessions) as session:
        await set_up(session, a_city(j, extra_units=extra_units), Actor(j, "tests", now))
        await install_policy(session, j, city_policy(), {}, actor="tests", now=now)
        rows = await session.execute(
            text(f"select call_sign, id from {Unit.__tablename__} where jurisdiction_id = :j"), {"j": j}
        )
        service.units = {row.call_sign: row.id for row in rows}
        for role in Role:
            bound: dict[str, Any] = {
                Role.INTEGRATION: {"source": "cad-east"},
                Role.RESPONDER: {"unit_id": service.units["CR1"]},
            }.get(role, {})
            row, secret = await create_token(session, j, NewToken(role.value, role, **bound), actor="tests", now=now)
            service.tokens[role.value] = secret
            service.token_ids[role.value] = row.id


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def service(worker_database_url: str) -> AsyncIterator[Service]:
    """A service in a jurisdiction of its own inside this worker's database."""
    async with a_service(worker_database_url) as running:
        yield running
