"""Answers kept for an `Idempotency-Key` are forgotten when nobody repeats a request that old."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

KEPT_FOR = timedelta(hours=24)
BATCH = 500

# Rows that another process is forgetting right now are its business: nobody waits for anybody. Materialized, since a
# plan that asks for the batch once for each row would find another batch each time.
_FORGET = text(
    """
    with old as materialized (
      select jurisdiction_id, token_id, key from idempotency_key
      where created_at <= :before order by created_at limit :batch for update skip locked
    )
    delete from idempotency_key k using old
    where (k.jurisdiction_id, k.token_id, k.key) = (old.jurisdiction_id, old.token_id, old.key)
    returning 1
    """
)


async def forget_old_answers(session: AsyncSession, now: datetime, batch: int = BATCH) -> int:
    """How many answers older than KEPT_FOR were forgotten, oldest first, `batch` at most. A request that still comes
    with such a key is done anew.
    """
    gone = await session.execute(_FORGET, {"before": now - KEPT_FOR, "batch": batch})
    return len(gone.all())
