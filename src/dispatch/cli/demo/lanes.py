"""Requests that nobody waits for: beside one another, but one after another in each lane."""

import asyncio
from collections.abc import Awaitable, Callable

AT_ONCE = 6


class Lanes:
    """Work by lane. A step on the way changes nothing for other incidents, so the next deed need not wait for it."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    def put(self, lane: str, work: Callable[[], Awaitable[None]]) -> None:
        """The work is done after all that was put into its lane before."""
        self._last[lane] = asyncio.create_task(self._after(self._last.get(lane), work))

    async def emptied(self, lane: str) -> None:
        """Everything in the lane is done."""
        task = self._last.pop(lane, None)
        if task is not None:
            await task

    async def all_emptied(self) -> None:
        """Everything in every lane is done."""
        while self._last:
            await self.emptied(next(iter(self._last)))

    async def _after(self, before: asyncio.Task[None] | None, work: Callable[[], Awaitable[None]]) -> None:
        if before is not None:
            await before
        async with self._room:
            await work()
