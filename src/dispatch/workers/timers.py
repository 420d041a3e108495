"""Fires timers when they are due: any number of workers, each timer once, whatever dies in the middle."""

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.active_policy import ActivePolicies
from dispatch.db.models import Incident
from dispatch.db.session import Sessions, lone_statement, reading, transaction
from dispatch.db.timers import DueTimer, claim, due_timers, put_off
from dispatch.domain.chain import StepOutlook
from dispatch.domain.errors import DispatchError
from dispatch.domain.time import Clock, as_utc
from dispatch.domain.timers import TimerKind
from dispatch.operations.actor import Actor
from dispatch.operations.due import TIMER_ACTOR, Firing, failed, fire
from dispatch.operations.queue_timers import plant
from dispatch.operations.stack_look import look_at_stacks
from dispatch.queries.chain import step_outlook

LOOK_EVERY_S = 0.5
# A look over a long queue takes a while; limits are minutes, and calls that come in go first.
REST_PER_LOOK = 20.0
BATCH = 50
TRY_AGAIN_S = 5.0
TELL_AFTER_FAILURES = 3

_JURISDICTIONS = text("select id from jurisdiction order by id")
_NEEDS_OUTLOOK = frozenset({TimerKind.STEP_WAIT, TimerKind.STEP_DECLINED})

Looked = Callable[[DueTimer], Awaitable[None]]


class TimerWorker:
    """One worker. only: the one jurisdiction that it looks after, None for all of them."""

    def __init__(self, sessions: Sessions, clock: Clock, policies: ActivePolicies, *, only: str | None = None) -> None:
        self._sessions = sessions
        self._clock = clock
        self._policies = policies
        self._only = only
        self.name = f"{socket.gethostname()}:{os.getpid()}"

    async def run(self, stopping: asyncio.Event) -> None:
        """Returns when it is told to stop and the timer that is being fired is done. No failure ends it."""
        plant_at = 0.0
        while not stopping.is_set():
            try:
                began = time.monotonic()
                if began >= plant_at:
                    await self.plant()
                    await self.look_at_stacks()
                    plant_at = time.monotonic() + REST_PER_LOOK * (time.monotonic() - began)
                await self.fire_due()
            except Exception as error:  # a database that is away comes back, and the timers are still there
                structlog.get_logger().error("timers_not_looked_at", error=_named(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), LOOK_EVERY_S)

    async def tick(self) -> int:
        """Incidents that wait have their timers, and all that were due are fired. Returns how many."""
        await self.plant()
        await self.look_at_stacks()
        return await self.fire_due()

    async def fire_due(self) -> int:
        """All timers that were due are fired. Returns how many."""
        now = as_utc(self._clock.now())
        fired = 0
        while True:
            async with lone_statement(self._sessions) as session:
                due = await due_timers(session, now, BATCH, self._only)
            done = sum([await self._fire(one, now) for one in due])
            fired += done
            if done < BATCH:
                return fired

    async def plant(self) -> None:
        """Every incident that waits has its timers."""
        now = as_utc(self._clock.now())
        for jurisdiction_id in [self._only] if self._only is not None else await self._jurisdictions():
            async with transaction(self._sessions) as session:
                with suppress(DispatchError):  # without a policy the shipped limits hold
                    await self._policies.standing(session, jurisdiction_id, now)
                limits = await self._policies.limits(session, jurisdiction_id, now)
                await plant(session, limits, Actor(jurisdiction_id, TIMER_ACTOR, now))

    async def look_at_stacks(self) -> None:
        """What is kept for busy units is as it should be. A failure is no reason not to fire timers."""
        now = as_utc(self._clock.now())
        for jurisdiction_id in [self._only] if self._only is not None else await self._jurisdictions():
            try:
                async with transaction(self._sessions) as session:
                    limits = await self._policies.limits(session, jurisdiction_id, now)
                    await look_at_stacks(session, limits, Actor(jurisdiction_id, TIMER_ACTOR, now))
            except Exception as error:
                structlog.get_logger().error("stacks_not_looked_at", error=_named(error))

    async def _jurisdictions(self) -> list[str]:
        async with reading(self._sessions) as session:
            return list(await session.scalars(_JURISDICTIONS))

    async def _fire(self, one: DueTimer, now: datetime) -> bool:
        """True when this worker fired it. What fails is left for later, and somebody is told when it fails again."""
        try:
            async with transaction(self._sessions) as session:
                mine = await claim(session, one, now, self.name)
                if mine is None:
                    return False
                limits = await self._policies.limits(session, one.jurisdiction_id, now)
                actor = Actor(one.jurisdiction_id, TIMER_ACTOR, now)
                await fire(Firing(session, mine, limits, actor, await _outlook(session, mine, now)))
            return True
        except Exception as error:
            structlog.get_logger().error("timer_failed", kind=one.kind.value, timer=one.id, error=_named(error))
            await self._put_off(one, now, _named(error))
            return False

    async def _put_off(self, one: DueTimer, now: datetime, why: str) -> None:
        async with transaction(self._sessions) as session:
            await put_off(session, one, now, TRY_AGAIN_S * 2 ** min(one.attempts, 6))
            if one.attempts + 1 >= TELL_AFTER_FAILURES:
                await failed(session, one, Actor(one.jurisdiction_id, TIMER_ACTOR, now), why)


async def _outlook(session: AsyncSession, timer: DueTimer, now: datetime) -> StepOutlook | None:
    """How the incident's plan stands, for the timers that go on along it: the one place where the router is asked."""
    if timer.kind not in _NEEDS_OUTLOOK:
        return None
    incident = await session.get_one(Incident, (timer.jurisdiction_id, timer.incident_id))
    return await step_outlook(session, incident, now)


def _named(error: Exception) -> str:
    """The kind of failure, without what was said: messages may hold names and places."""
    return getattr(error, "code", type(error).__name__)
