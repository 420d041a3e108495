"""What happens when: a heap of moments, worked off one after another under the demo's clock."""

import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from dispatch.cli.demo.clock import DemoClock

Deed = Callable[[], Awaitable[None]]


class Agenda:
    """Deeds in the order of their moments; those of one moment in the order in which they were added."""

    def __init__(self, clock: DemoClock) -> None:
        self._clock = clock
        self._order = itertools.count()
        self._heap: list[tuple[datetime, int, Deed]] = []

    @property
    def now(self) -> datetime:
        """The moment it is."""
        return self._clock.now()

    def add(self, moment: datetime, deed: Deed) -> None:
        """The deed will be done then, or next when that has passed."""
        heapq.heappush(self._heap, (moment, next(self._order), deed))

    def add_in(self, seconds: float, deed: Deed) -> None:
        """The deed will be done so many seconds from now."""
        self.add(self.now + timedelta(seconds=seconds), deed)

    async def work_off(self) -> None:
        """Every deed is done, those included that were added meanwhile."""
        while self._heap:
            moment, _, deed = heapq.heappop(self._heap)
            await self._clock.wait_until(moment)
            await deed()
