"""The clocks that a demo hands to the service: one jumps from event to event, one runs faster than real time."""

import asyncio
import time
from datetime import datetime, timedelta


class SteppedClock:
    """Stands still until it is told the next moment. Never goes back."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    async def wait_until(self, moment: datetime) -> None:
        """It is that moment, at once."""
        self._at = max(self._at, moment)


class RunningClock:
    """Stands at a moment until it is started, then runs `speed` seconds for each real one."""

    def __init__(self, at: datetime, speed: float) -> None:
        self._at = at
        self._speed = speed
        self._started: float | None = None

    def start(self) -> None:
        """It runs from now on."""
        self._started = time.monotonic()

    def now(self) -> datetime:
        passed_s = 0.0 if self._started is None else time.monotonic() - self._started
        return self._at + timedelta(seconds=passed_s * self._speed)

    async def wait_until(self, moment: datetime) -> None:
        """It is that moment, after as much real time as the speed makes of it."""
        left = (moment - self.now()).total_seconds()
        if left > 0:
            await asyncio.sleep(left / self._speed)


DemoClock = SteppedClock | RunningClock
