"""`Idempotency-Key`: the same key and body get the same answer again, stored in the same transaction as the work."""

from datetime import datetime

from fastapi import Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.domain.access import Principal
from dispatch.domain.errors import FieldProblem, IdempotencyMismatch, Invalid

MAX_KEY_CHARS = 200

# Who comes second with a key waits for the first, and then gets its answer instead of a conflict.
_IN_TURN = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
_FIND = text(
    """
    select request_hash, status, media_type, body from idempotency_key
    where jurisdiction_id = :jurisdiction_id and token_id = :token_id and key = :key
    """
)
_REMEMBER = text(
    """
    insert into idempotency_key (jurisdiction_id, token_id, key, request_hash, status, media_type, body, created_at)
    values (:jurisdiction_id, :token_id, :key, :request_hash, :status, :media_type, :body, :created_at)
    """
)


def key_of(request: Request) -> str | None:
    """The key that the client sent, or None. Raises Invalid for one that cannot be stored."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY_CHARS or not key.isprintable():
        raise Invalid(
            f"The Idempotency-Key must be 1 to {MAX_KEY_CHARS} printable characters.",
            fix="Use a UUID.",
            errors=[FieldProblem("Idempotency-Key", "bad_idempotency_key", "empty, too long or not printable")],
        )
    return key


async def answer_again(session: AsyncSession, principal: Principal, key: str, fingerprint: bytes) -> Response | None:
    """The answer given to this key before, marked as a replay. Raises IdempotencyMismatch for another request."""
    await session.execute(_IN_TURN, {"name": f"{principal.jurisdiction}/{principal.subject}/{key}"})
    found = (
        await session.execute(
            _FIND, {"jurisdiction_id": principal.jurisdiction, "token_id": principal.subject, "key": key}
        )
    ).one_or_none()
    if found is None:
        return None
    if bytes(found.request_hash) != fingerprint:
        raise IdempotencyMismatch(
            "This Idempotency-Key was used for a different request.",
            fix="Use a new key for a new request; repeat a request only with its own body.",
        )
    return Response(
        bytes(found.body),
        status_code=found.status,
        media_type=found.media_type,
        headers={"Idempotency-Replayed": "true"},
    )


async def remember(
    session: AsyncSession, principal: Principal, key: str, fingerprint: bytes, response: Response, now: datetime
) -> None:
    """The answer is kept with the work it answers: both are stored, or neither."""
    await session.execute(
        _REMEMBER,
        {
            "jurisdiction_id": principal.jurisdiction,
            "token_id": principal.subject,
            "key": key,
            "request_hash": fingerprint,
            "status": response.status_code,
            "media_type": response.media_type or "application/json",
            "body": bytes(response.body),
            "created_at": now,
        },
    )
