"""Forgets, now and then and in small bites, what needs to be kept for a while only."""

import asyncio
from contextlib import suppress

import structlog
from prometheus_client import Counter
from sqlalchemy import text

from dispatch.db.session import reading, transaction
from dispatch.domain.errors import DispatchError
from dispatch.domain.time import as_utc
from dispatch.operations.kept_answers import BATCH, forget_old_answers
from dispatch.operations.positions import forget_old_tracks
from dispatch.web.services import Services

EVERY_S = 600.0
TRACKS = 500

_JURISDICTIONS = text("select id from jurisdiction order by id")

FORGOTTEN = Counter("dispatch_kept_answers_forgotten_total", "Answers of an Idempotency-Key that were kept long enough")
log = structlog.get_logger("dispatch.housekeeping")


async def keep_house(services: Services, stopping: asyncio.Event) -> None:
    """Old answers and old ways of units are forgotten at once and every ten minutes, until the service stops. Any
    number of processes may.

    A database that does not answer is asked again at the next round.
    """
    while not stopping.is_set():
        try:
            await _forget(services, stopping)
            await _forget_tracks(services, stopping)
        except DispatchError as error:
            log.warning("what was kept long enough could not be forgotten", code=error.code)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), EVERY_S)


async def _forget(services: Services, stopping: asyncio.Event) -> None:
    """Each batch is a transaction of its own, so that no lock is held for long."""
    forgotten, gone = 0, BATCH
    while gone == BATCH and not stopping.is_set():
        async with transaction(services.sessions) as session:
            gone = await forget_old_answers(session, as_utc(services.clock.now()))
        FORGOTTEN.inc(gone)
        forgotten += gone
    if forgotten:
        log.info("kept answers forgotten", count=forgotten)


async def _forget_tracks(services: Services, stopping: asyncio.Event) -> None:
    """Where units were is kept for a month, also when their feed has ended and no new batch drives out the old."""
    async with reading(services.sessions) as session:
        jurisdictions = list(await session.scalars(_JURISDICTIONS))
    forgotten = 0
    for jurisdiction_id in jurisdictions:
        gone = TRACKS
        while gone == TRACKS and not stopping.is_set():
            async with transaction(services.sessions) as session:
                gone = await forget_old_tracks(session, jurisdiction_id, as_utc(services.clock.now()), TRACKS)
            forgotten += gone
    if forgotten:
        log.info("old positions forgotten", batches=forgotten)
