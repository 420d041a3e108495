"""Who gets a connection, and in which order: first come, first served, and the one used last first."""

import asyncio
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.util.concurrency import greenlet_spawn

WAIT_S = 10.0


class Connections:
    """The connections of one engine, lent to one user at a time.

    The engine's own pool wakes whoever waits, but lets newcomers overtake: under load beyond its size a few requests
    waited until they were refused while others were served all the time. Here nobody is overtaken. The connection used
    last is lent first, since its server process still has everything at hand.
    """

    def __init__(self, engine: Engine, size: int) -> None:
        self.engine = engine
        self._turns = asyncio.Semaphore(size)
        self._idle: list[Any] = []
        event.listen(engine, "engine_disposed", self._forget)

    async def take(self) -> Any:
        """A connection that is not known to be dead. Raises TimeoutError when none came free for 10 s.

        The driver knows it without asking the server, so after a restart of the database no request pays for a
        connection that died while nobody used it.
        """
        if self._turns.locked():
            async with asyncio.timeout(WAIT_S):
                await self._turns.acquire()
        else:
            await self._turns.acquire()
        try:
            while True:
                pooled: Any = self._idle.pop() if self._idle else await greenlet_spawn(self.engine.raw_connection)
                if not pooled.driver_connection.is_closed():
                    return pooled
                await greenlet_spawn(pooled.invalidate)
        except BaseException:
            self._turns.release()
            raise

    async def give_back(self, pooled: Any) -> None:
        """The connection may be lent again, unless it is dead or somebody left it inside a transaction."""
        try:
            if not pooled.is_valid:
                return
            driver = pooled.driver_connection
            if driver.is_closed() or driver.is_in_transaction():
                await greenlet_spawn(pooled.invalidate)
            else:
                self._idle.append(pooled)
        finally:
            self._turns.release()

    def _forget(self, _: Engine) -> None:
        while self._idle:
            self._idle.pop().invalidate()
