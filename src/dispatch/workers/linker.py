"""Compares new calls with those on record, a fraction of a second after they were stored."""

import asyncio
import time
from contextlib import suppress

import structlog
from sqlalchemy import text

from dispatch.db.active_policy import ActivePolicies
from dispatch.db.session import Sessions, reading, transaction
from dispatch.domain.time import Clock, as_utc
from dispatch.operations.actor import Actor
from dispatch.operations.link_new import BATCH, LINKER, compare_new

PAUSE_S = 0.2
AFTER_FAILURE_S = 2.0
# Calls that come in go first: after work the linker rests for several times as long as it worked.
REST_PER_WORK = 5.0
TRIES = 3

_log = structlog.get_logger("dispatch.linker")


class Linker:
    """One per process; the database lets one at a time work on a jurisdiction, and remembers how far it came."""

    def __init__(self, sessions: Sessions, policies: ActivePolicies, clock: Clock) -> None:
        self._sessions, self._policies, self._clock = sessions, policies, clock
        self._failed: dict[str, int] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Until the service stops. What fails is tried again, alone at last, and then passed over with a line."""
        pause = 0.0
        while not stopping.is_set():
            began = time.monotonic()
            try:
                async with reading(self._sessions) as session:
                    jurisdictions = list(await session.scalars(text("select id from jurisdiction order by id")))
                read = [await self.turn(jurisdiction_id) for jurisdiction_id in jurisdictions]
                is_behind = max(read, default=0) >= BATCH
                pause = (0.0 if is_behind else PAUSE_S) + REST_PER_WORK * (time.monotonic() - began)
            except Exception as error:  # a database that is away comes back; linking must not end for good
                _log.warning("linking_waits", error=type(error).__name__)
                pause = AFTER_FAILURE_S
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)

    async def turn(self, jurisdiction_id: str) -> int:
        """Up to one batch of the jurisdiction's log is compared. Returns how many rows were read."""
        failed = self._failed.get(jurisdiction_id, 0)
        actor = Actor(jurisdiction_id, LINKER, as_utc(self._clock.now()))
        try:
            async with transaction(self._sessions) as session:
                limit, skip = (1, failed > TRIES) if failed else (BATCH, False)
                done = await compare_new(session, self._policies, actor, limit=limit, skip=skip)
        except Exception as error:
            self._failed[jurisdiction_id] = failed + 1
            _log.warning("linking_failed", jurisdiction=jurisdiction_id, error=type(error).__name__, tries=failed + 1)
            raise
        if failed > TRIES:
            _log.error("linking_skipped", jurisdiction=jurisdiction_id, rows=done.read)
        if done.read:
            self._failed.pop(jurisdiction_id, None)
        return done.read
