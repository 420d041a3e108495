"""Tokens: made, shown once, kept only as a hash, revoked."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.ids import new_id
from dispatch.db.models import AccessToken, Agency
from dispatch.domain.access import ROLE_PERMISSIONS, Permission, Role
from dispatch.domain.errors import FieldProblem, Invalid, NotFound
from dispatch.domain.ids import Prefix
from dispatch.domain.nearest import nearest
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor, tell

SECRET_PREFIX = "dsp_live_"  # noqa: S105 - a public prefix, so that secret scanners can find leaked tokens


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a new token may do, and whose it is. scopes, agencies: None means all that the role has."""

    name: str
    role: Role
    scopes: Sequence[str] | None = None
    agencies: Sequence[str] | None = None
    source: str | None = None
    unit_id: str | None = None
    expires_at: datetime | None = None
    person: str | None = None


def hash_of(secret: str) -> bytes:
    """SHA-256 of a token. The token has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


async def create_token(
    session: AsyncSession,
    jurisdiction_id: str,
    token: NewToken,
    *,
    actor: str,
    now: datetime,
    request_id: str | None = None,
) -> tuple[AccessToken, str]:
    """The token row and its secret, which nobody can read again.

    Raises Invalid naming each field that could not be meant: no agency, an unknown one, an end that is past.
    """
    _check(token)
    _require_future(token.expires_at, now)
    await _require_agencies(session, jurisdiction_id, token.agencies)
    secret = SECRET_PREFIX + secrets.token_urlsafe(32)
    row = AccessToken(
        jurisdiction_id=jurisdiction_id,
        id=new_id(Prefix.TOKEN),
        name=token.name,
        person=token.person,
        role=token.role.value,
        scopes=None if token.scopes is None else sorted(set(token.scopes)),
        agencies=None if token.agencies is None else sorted(set(token.agencies)),
        source=token.source,
        unit_id=token.unit_id,
        token_hash=hash_of(secret),
        created_at=now,
        created_by=actor,
        expires_at=token.expires_at,
    )
    session.add(row)
    payload = {"name": row.name, "role": row.role, "person": row.person}
    by = Actor(jurisdiction_id, actor, now, request_id)
    await tell(session, by, log.Entry("token.created", row.id, now, None, payload))
    return row, secret


async def revoke_token(session: AsyncSession, token_id: str, actor: Actor) -> AccessToken:
    """The token opens nothing any more. Revoking twice keeps the first time."""
    row = await session.get(AccessToken, (actor.jurisdiction_id, token_id), with_for_update=True)
    kept_to = None if row is None or row.agencies is None else frozenset(row.agencies)
    beyond = actor.agencies is not None and (kept_to is None or not kept_to <= actor.agencies)
    if row is None or beyond:
        raise NotFound(f"There is no token {token_id}.", fix="List the tokens with GET /v1/tokens.")
    if row.revoked_at is None:
        row.revoked_at = actor.now
        await tell(session, actor, log.Entry("token.revoked", row.id, actor.now, None, {"name": row.name}))
    return row


def _require_future(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise Invalid(
            "The token would have expired before it was made.",
            fix="Give a later `expires_at`, or leave it out.",
            errors=[FieldProblem("/expires_at", "time_in_past", f"it is {iso(now)}")],
        )


async def _require_agencies(session: AsyncSession, jurisdiction_id: str, agencies: Sequence[str] | None) -> None:
    if agencies is None:
        return
    if not agencies:
        raise Invalid(
            "A token that is kept to no agency could do nothing.",
            fix="Name its agencies, or leave `agencies` out for all of them.",
            errors=[FieldProblem("/agencies", "empty", "at least one agency")],
        )
    known = set(await session.scalars(select(Agency.id).where(Agency.jurisdiction_id == jurisdiction_id)))
    unknown = sorted(set(agencies) - known)
    if unknown:
        raise Invalid(
            f"There is no agency {', '.join(unknown)}.",
            fix="List them with GET /v1/agencies.",
            errors=[FieldProblem("/agencies", "unknown_agency", f"{name}: {nearest(name, known)}") for name in unknown],
        )


def _check(token: NewToken) -> None:
    if token.role is Role.INTEGRATION and not token.source:
        raise Invalid(
            "An integration's token must be bound to a source.",
            fix="Name the source whose calls it may post.",
            errors=[FieldProblem("/source", "missing", "required for the role integration")],
        )
    if token.role is Role.RESPONDER and not token.unit_id:
        raise Invalid(
            "A responder's token must be bound to a unit.",
            fix="Name the unit.",
            errors=[FieldProblem("/unit", "missing", "required for the role responder")],
        )
    known = {permission.value for permission in Permission}
    unknown = [scope for scope in token.scopes or () if scope not in known]
    beyond = [
        scope
        for scope in token.scopes or ()
        if scope in known and Permission(scope) not in ROLE_PERMISSIONS[token.role]
    ]
    if unknown or beyond:
        raise Invalid(
            "Scopes narrow a role; they cannot name what the role may not do.",
            fix=f"Scopes of {token.role.value}: {', '.join(sorted(p.value for p in ROLE_PERMISSIONS[token.role]))}.",
            errors=[FieldProblem("/scopes", "unknown_scope", scope) for scope in unknown]
            + [FieldProblem("/scopes", "scope_beyond_role", scope) for scope in beyond],
        )
