"""Who is asking: a bearer token becomes a principal, or the request ends here."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.domain.access import ONE_WAY_TYPES, POLICE_TYPES, Principal, Role
from dispatch.domain.errors import Unauthenticated
from dispatch.operations.tokens import hash_of
from dispatch.web.services import Services

_FIND = text(
    """
    select t.jurisdiction_id, t.id, t.role, t.scopes, t.agencies, t.source, t.unit_id, t.expires_at, t.revoked_at,
           array(select u.responder_type from unit u
                  where u.jurisdiction_id = t.jurisdiction_id and (u.agency_id = any(t.agencies) or u.id = t.unit_id)
                 union
                 select p.responder_type from program p
                  where p.jurisdiction_id = t.jurisdiction_id and p.agency_id = any(t.agencies)
                 union
                 select o.responder_type from unit u
                   join unit o on o.jurisdiction_id = u.jurisdiction_id and o.agency_id = u.agency_id
                  where u.jurisdiction_id = t.jurisdiction_id and u.id = t.unit_id
                    and u.responder_type <> all(:one_way) and o.responder_type = any(:police)) as disciplines
    from access_token t where t.token_hash = :token_hash
    """
)
# A unit of an agency that fields police speaks for police, whatever it is itself: its report desk, its outreach.
_SIDES = {"police": sorted(POLICE_TYPES), "one_way": sorted(ONE_WAY_TYPES)}
_HOW = "Send `Authorization: Bearer <token>`; an administrator makes tokens with `dispatch token create`."


async def authenticate(header: str | None, session: AsyncSession, services: Services, now: datetime) -> Principal:
    """The principal behind the Authorization header. Raises Unauthenticated when there is none that counts."""
    scheme, _, secret = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("This needs a token.", fix=_HOW)
    token_hash = hash_of(secret.strip())
    known = services.tokens.find(token_hash)
    if known is not None:
        return known
    row = (await session.execute(_FIND, {"token_hash": token_hash, **_SIDES})).one_or_none()
    if row is None:
        raise Unauthenticated("This token is not known.", fix=_HOW)
    if row.revoked_at is not None:
        raise Unauthenticated("This token was revoked.", fix=_HOW)
    if row.expires_at is not None and row.expires_at <= now:
        raise Unauthenticated("This token has expired.", fix=_HOW)
    principal = Principal(
        jurisdiction=row.jurisdiction_id,
        subject=row.id,
        role=Role(row.role),
        scopes=None if row.scopes is None else frozenset(row.scopes),
        agencies=None if row.agencies is None else frozenset(row.agencies),
        source=row.source,
        unit=row.unit_id,
        disciplines=frozenset(row.disciplines),
    )
    if row.expires_at is None:
        services.tokens.keep(token_hash, principal)
    return principal
