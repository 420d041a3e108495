"""Tokens: made by an administrator, shown once, revoked at once."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from dispatch.api.answers import refusals
from dispatch.api.bodies import Moment, Part, Word
from dispatch.api.calls import actor_of
from dispatch.db.lookup import get_unit
from dispatch.db.models import AccessToken
from dispatch.domain.access import Permission, Role
from dispatch.operations.tokens import NewToken, create_token, revoke_token
from dispatch.web.routes import CommandRoute, CurrentAct, QueryRoute, requires

commands = APIRouter(prefix="/v1/tokens", route_class=CommandRoute, tags=["tokens"])
queries = APIRouter(prefix="/v1/tokens", route_class=QueryRoute, tags=["tokens"])


class TokenOut(BaseModel):
    """A token without its secret."""

    id: str = Field(examples=["tok_01KAQ4Z0000000000000000000"])
    name: str
    person: str | None = Field(description="Whose it is, as its maker said")
    role: str = Field(examples=["integration"])
    scopes: list[str] | None
    agencies: list[str] | None
    source: str | None
    unit_id: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None

    model_config = {"from_attributes": True}


class NewTokenOut(TokenOut):
    """The only answer that shows the secret."""

    token: str | None = Field(
        examples=["dsp_live_..."], description="The secret; null when the answer is a repeat: it is kept nowhere"
    )


class TokenList(BaseModel):
    items: list[TokenOut]


class NewTokenBody(Part):
    name: Word = Field(examples=["CAD East, production"])
    person: Word | None = Field(
        None, examples=["Ana Ruiz"], description="Whose it is. Two-person rules count tokens of one person as one"
    )
    role: Role
    scopes: list[Word] | None = Field(None, max_length=100, description="Narrow the role to these permissions")
    agencies: list[Word] | None = Field(None, max_length=100, description="Narrow to these agencies")
    source: Word | None = Field(None, description="The only source whose calls it may post; required for integrations")
    unit: Word | None = Field(None, description="The unit it speaks for; required for responders")
    expires_at: Moment | None = None


@queries.get("", response_model=TokenList, responses=refusals(), summary="List tokens")
@requires(Permission.TOKEN_WRITE)
async def list_tokens(act: CurrentAct) -> TokenList:
    """All tokens of the jurisdiction, newest first, without their secrets. For a token kept to agencies: those kept to
    no others.
    """
    query = select(AccessToken).where(AccessToken.jurisdiction_id == act.principal.jurisdiction)
    if act.principal.agencies is not None:
        query = query.where(AccessToken.agencies.contained_by(sorted(act.principal.agencies)))
    rows = await act.session.scalars(query.order_by(AccessToken.id.desc()).limit(1000))
    return TokenList(items=[TokenOut.model_validate(row) for row in rows])


@commands.post("", status_code=201, response_model=NewTokenOut, responses=refusals(404), summary="Make a token")
@requires(Permission.TOKEN_WRITE)
async def post_token(body: NewTokenBody, request: Request, act: CurrentAct) -> NewTokenOut:
    """The secret is in this answer and nowhere else: only its hash is kept."""
    hidden = act.principal.hidden_responder_types()
    unit = (
        await get_unit(act.session, act.principal.jurisdiction, body.unit, hidden_types=hidden) if body.unit else None
    )
    act.principal.require_agencies(body.agencies)
    act.principal.require_scopes(body.scopes)
    wanted = NewToken(
        body.name,
        body.role,
        body.scopes,
        body.agencies,
        body.source,
        unit.id if unit else None,
        body.expires_at,
        body.person,
    )
    row, secret = await create_token(
        act.session,
        act.principal.jurisdiction,
        wanted,
        actor=act.principal.subject,
        now=act.now,
        request_id=act.request_id,
    )
    shown = TokenOut.model_validate(row).model_dump()
    # What an Idempotency-Key keeps must not hold the secret.
    kept = NewTokenOut(**shown, token=None).model_dump_json()
    request.state.kept_answer = Response(kept, status_code=201, media_type="application/json")
    return NewTokenOut(**shown, token=secret)


@commands.post("/{token_id}:revoke", response_model=TokenOut, responses=refusals(404), summary="Revoke a token")
@requires(Permission.TOKEN_WRITE)
async def post_revoke(token_id: str, act: CurrentAct) -> TokenOut:
    """It opens nothing any more, here at once and in other processes within a second."""
    row = await revoke_token(act.session, token_id, actor_of(act))
    act.services.tokens.forget()
    return TokenOut.model_validate(row)
