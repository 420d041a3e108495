"""The composition root: settings, engine, routes. The only place that knows all the parts."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch import __version__
from dispatch.api import (
    alarms,
    assignments,
    calls,
    certifications,
    feed,
    follow_ups,
    hazards,
    health,
    incidents,
    links,
    listings,
    notices,
    outcomes,
    passing_on,
    policies,
    policy_life,
    positions,
    premise,
    reevaluation,
    reports,
    roster,
    shifts,
    stacks,
    tokens,
    turns,
    waiting,
)
from dispatch.api.answers import only_refusals
from dispatch.config import Settings
from dispatch.db.active_policy import ActivePolicies
from dispatch.db.session import make_engine, make_sessions, reading
from dispatch.domain.errors import DispatchError
from dispatch.domain.time import Clock, as_utc
from dispatch.queries.recommendation import RoutingRules
from dispatch.queries.roster import RosterCopies
from dispatch.queries.travel import ROADS_FILE, OutsideEngine, TravelChoice, read_network
from dispatch.routing.coverage import CoverageRule, Measure
from dispatch.web import problems
from dispatch.web.auth_cache import TokenCache
from dispatch.web.logs import configure_logging
from dispatch.web.observe import Observe
from dispatch.web.routes import BEARER
from dispatch.web.services import Services
from dispatch.web.streams import OpenStreams
from dispatch.workers.housekeeping import keep_house
from dispatch.workers.linker import Linker
from dispatch.workers.timers import TimerWorker

DESCRIPTION = """
Open computer-aided dispatch: calls come in, triage says who should go and why, a person assigns, history knows.

Every route under `/v1` needs a token with the right role. Every POST may carry an `Idempotency-Key`. Every error is a
problem document (RFC 9457) with a `code`, a sentence, and what to do.
"""


MODULES = (
    *(calls, listings, incidents, links, assignments, turns, passing_on, outcomes, stacks, follow_ups, reevaluation),
    *(roster, shifts, positions, policies, policy_life, feed, tokens, alarms, reports, health, waiting),
    *(premise, hazards, certifications, notices),
)


GARBAGE_AFTER = 10_000  # objects made and not yet freed: a dozen requests


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def create_app(
    settings: Settings, *, database_url: str, engine: AsyncEngine | None = None, clock: Clock | None = None
) -> FastAPI:
    """The whole service over one database. Give an engine to share it; otherwise the app makes and disposes one."""
    configure_logging(settings)
    own = engine or make_engine(database_url, pool_size=settings.pool_size)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services: Services = app.state.services
        with suppress(DispatchError):  # without a database the service still starts, and says so on /readyz
            async with reading(services.sessions) as session:
                await services.policies.warm(session, as_utc(services.clock.now()))
        _keep_what_stays_from_the_collector()
        linker = Linker(services.sessions, services.policies, services.clock)
        beside = [
            asyncio.create_task(keep_house(services, app.state.stopping)),
            asyncio.create_task(linker.run(app.state.stopping)),
        ]
        if settings.timers:
            timers = TimerWorker(services.sessions, services.clock, services.policies)
            beside.append(asyncio.create_task(timers.run(app.state.stopping)))
        yield
        app.state.stopping.set()
        await asyncio.gather(*beside)
        if engine is None:
            await own.dispose()

    # Its pages /docs and /redoc load nothing from outside: a dispatch centre may have no way out.
    app = FastAPIOffline(
        title="Dispatch",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        redirect_slashes=False,
    )
    app.state.stopping = asyncio.Event()
    app.state.services = Services(
        settings=settings,
        sessions=make_sessions(own),
        clock=clock or SystemClock(),
        policies=ActivePolicies(),
        rosters=RosterCopies(),
        tokens=TokenCache(),
        streams=OpenStreams(most=settings.max_streams, most_per_token=settings.max_streams_per_token),
        routing=_routing(settings),
    )
    problems.install(app)
    app.openapi = partial(_openapi, app)  # type: ignore[method-assign]
    app.add_middleware(Observe)
    for module in MODULES:
        for name in ("commands", "queries", "public"):
            router: APIRouter | None = getattr(module, name, None)
            if router is not None:
                # Each route knows its whole path. Included routers would be matched twice, one inside the other, for
                # every request: a fifth of the cost of the cheapest ones.
                app.router.routes.extend(router.routes)
    return app


def _keep_what_stays_from_the_collector() -> None:
    # Policies are hundreds of thousands of objects that stay until the end: looking through them for garbage stops
    # every request for a fifth of a second.
    gc.collect()
    gc.freeze()
    # What a request leaves behind has hardly any cycles; looking for them after every few hundred objects costs each
    # request a thirtieth of its time.
    gc.set_threshold(GARBAGE_AFTER, 20, 20)


def _routing(settings: Settings) -> RoutingRules:
    """What the settings and the data directory say of travel, coverage and the reserve."""
    engine = OutsideEngine(settings.travel_url, settings.travel_limit_s) if settings.travel_url else None
    return RoutingRules(
        TravelChoice(read_network(settings.data_dir / ROADS_FILE), engine),
        CoverageRule(Measure(settings.coverage)),
        settings.reserve,
    )


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The contract, with the problem document as a component that every refusal points to."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        document["components"]["securitySchemes"] = {"token": BEARER}
        for path, item in document["paths"].items():
            for operation in item.values():
                operation["security"] = [{"token": []}] if path.startswith("/v1/") else []
                if "requestBody" in operation:
                    operation["responses"] |= {str(status): entry for status, entry in only_refusals(413, 415).items()}
        app.openapi_schema = document
    return app.openapi_schema
