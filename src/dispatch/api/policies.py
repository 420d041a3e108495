"""Policies as they are stored: which decides, and the exact text of each."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import select

from dispatch.api.answers import refusals
from dispatch.db.active_policy import PolicyKey
from dispatch.db.models import PolicyVersion
from dispatch.domain.access import Permission
from dispatch.domain.errors import NotFound
from dispatch.web.routes import CurrentAct, QueryRoute, requires

queries = APIRouter(prefix="/policies", route_class=QueryRoute, tags=["policies"])


class PolicyOut(BaseModel):
    id: str = Field(examples=["us-default"])
    version: int = Field(examples=[1])
    sha256: str
    status: str
    written_by: str
    published_by: str | None
    effective_at: datetime | None
    created_at: datetime

    model_config = {"from_attributes": True}


class PolicyText(PolicyOut):
    """One version with its files as they were published."""

    texts: dict[str, Any]
    parents: dict[str, Any]


class PolicyList(BaseModel):
    items: list[PolicyOut]


@queries.get("", response_model=PolicyList, responses=refusals(), summary="List policies")
@requires(Permission.POLICY_READ)
async def list_policies(act: CurrentAct) -> PolicyList:
    """Every version stored, newest first; the one with status `active` decides."""
    rows = await act.session.scalars(
        select(PolicyVersion)
        .where(PolicyVersion.jurisdiction_id == act.principal.jurisdiction)
        .order_by(PolicyVersion.created_at.desc(), PolicyVersion.id, PolicyVersion.version.desc())
        .limit(1000)
    )
    return PolicyList(items=[PolicyOut.model_validate(row) for row in rows])


@queries.get("/{policy}", response_model=PolicyText, responses=refusals(404), summary="One version, whole")
@requires(Permission.POLICY_READ)
async def get_policy(policy: str, act: CurrentAct) -> PolicyText:
    """`id@version`, with the exact text of every file."""
    key = PolicyKey.parse(act.principal.jurisdiction, policy)
    row = await act.session.get(PolicyVersion, (key.jurisdiction_id, key.id, key.version))
    if row is None:
        raise NotFound(f"There is no policy {policy}.", fix="List them with GET /v1/policies.")
    return PolicyText.model_validate(row)
