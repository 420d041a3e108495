"""Is it alive, is it ready, how is it doing: the only routes that need no token, besides the status page."""

from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic import BaseModel, Field
from sqlalchemy import text

from dispatch import __version__
from dispatch.api.answers import refusals
from dispatch.db.migrate import head_revision
from dispatch.db.models import PolicyVersion
from dispatch.db.session import reading
from dispatch.domain.access import Permission
from dispatch.domain.errors import Unavailable
from dispatch.queries import feed
from dispatch.web.routes import CurrentAct, FeedRoute, requires
from dispatch.web.services import Services

public = APIRouter(tags=["operations"])
queries = APIRouter(prefix="/v1", route_class=FeedRoute, tags=["operations"])


class Health(BaseModel):
    status: str = Field(examples=["ok"])


class Readiness(BaseModel):
    """Ready when the database answers and has the schema of this version."""

    ready: bool
    database: str = Field(examples=["ok", "unreachable"])
    schema_revision: str | None
    expected_revision: str


class Status(BaseModel):
    """How the service is doing."""

    version: str = Field(examples=["0.1.0"])
    time: datetime
    schema_revision: str | None
    policy: str | None = Field(
        description="`id@version` of the policy that decides; null: none, and nothing is triaged"
    )
    last_seq: int
    incidents_waiting: int
    incidents_active: int
    units_available: int
    units_total: int


@public.get("/", include_in_schema=False)
async def index() -> RedirectResponse:
    """Whoever opens the address in a browser finds the contract; relative, so that a proxy may prefix it."""
    return RedirectResponse("docs")


@public.get("/healthz", response_model=Health, summary="Is the process alive?")
async def healthz() -> Health:
    """Answers without touching anything else."""
    return Health(status="ok")


@public.get(
    "/readyz",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not ready; says why"}},
    summary="Can it take calls?",
)
async def readyz(request: Request, response: Response) -> Readiness:
    """503 while the database does not answer or has another schema."""
    services: Services = request.app.state.services
    expected = head_revision()
    try:
        async with reading(services.sessions) as session:
            revision = (await session.execute(text("select version_num from alembic_version"))).scalar_one_or_none()
    except Unavailable:
        response.status_code = 503
        return Readiness(ready=False, database="unreachable", schema_revision=None, expected_revision=expected)
    ready = revision == expected
    if not ready:
        response.status_code = 503
    return Readiness(ready=ready, database="ok", schema_revision=revision, expected_revision=expected)


@public.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}}},
    summary="Prometheus metrics",
)
async def metrics(request: Request) -> Response:
    """Counts and durations by route, of all processes together; nothing about calls, people or places."""
    services: Services = request.app.state.services
    counted = services.settings.metrics_dir
    return Response(
        generate_latest(REGISTRY if counted is None else _of_all_processes(counted)),
        headers={"Content-Type": CONTENT_TYPE_LATEST},
    )


def _of_all_processes(directory: Path) -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(directory))  # type: ignore[no-untyped-call]
    return registry


@queries.get("/status", response_model=Status, responses=refusals(), summary="How is it doing?")
@requires(Permission.STATUS_READ)
async def get_status(act: CurrentAct) -> Status:
    """Version, policy, queue and roster in numbers; of the roster what `GET /v1/units` lists for this token."""
    asked = {
        "jurisdiction_id": act.principal.jurisdiction,
        "now": act.now,
        "hidden": sorted(act.principal.hidden_responder_types()),
        "agencies": None if act.principal.agencies is None else sorted(act.principal.agencies),
    }
    row = (await act.session.execute(_STATUS, asked)).one()
    return Status(
        version=__version__,
        time=act.now,
        schema_revision=row.schema_revision,
        policy=row.policy,
        last_seq=await feed.last_seq(act.session, act.principal),
        incidents_waiting=row.waiting,
        incidents_active=row.active,
        units_available=row.units_available,
        units_total=row.units_total,
    )


_STATUS = text(
    f"""
    select (select version_num from alembic_version) as schema_revision,
           (select id || '@' || version from {PolicyVersion.__tablename__}
             where jurisdiction_id = :jurisdiction_id and status = 'published' and effective_at <= :now
             order by effective_at desc, ordinal desc limit 1) as policy,
           (select count(*) from incident where jurisdiction_id = :jurisdiction_id
              and status in ('pending', 'held')) as waiting,
           (select count(*) from incident where jurisdiction_id = :jurisdiction_id and status = 'active') as active,
           roster.available as units_available, roster.total as units_total
      from (select count(*) filter (where status = 'available') as available, count(*) as total from unit
             where jurisdiction_id = :jurisdiction_id and responder_type <> all(:hidden)
               and (cast(:agencies as text[]) is null or agency_id = any(cast(:agencies as text[])))) as roster
    """  # noqa: S608 - the table name is a constant of the schema
)
