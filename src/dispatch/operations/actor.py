"""Who does an operation, when, and under which request: stamped on every row that it writes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.timers import UNTIMED, Timing


@dataclass(frozen=True, slots=True)
class Actor:
    """jurisdiction_id leads every key. subject: the token or user. now: the moment of the request, from its clock.

    hidden_types: responder types that do not exist for this actor. agencies: the only ones whose people do; None: all.
    """

    jurisdiction_id: str
    subject: str
    now: datetime
    request_id: str | None = None
    hidden_types: frozenset[str] = frozenset()
    agencies: frozenset[str] | None = None


async def tell(session: AsyncSession, actor: Actor, *entries: log.Entry, timing: Timing = UNTIMED) -> None:
    """The log says what the actor did, and its timers run, after the rows that make it true were written."""
    await session.flush()
    await log.append(
        session,
        entries,
        jurisdiction_id=actor.jurisdiction_id,
        actor=actor.subject,
        recorded_at=actor.now,
        request_id=actor.request_id,
        timing=timing,
    )
