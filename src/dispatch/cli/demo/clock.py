"""The demo's time: one clock jumps from event to event, one runs faster than real time, and the service reads either.

The service runs in a process of its own and must live in the same moment, so what a clock knows is three numbers in
memory that both processes map.
"""

import asyncio
import mmap
import tempfile
import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_AT_US, _STARTED_NS, _SPEED_PPM = range(3)  # each is written whole: nobody ever reads half of a new moment
_BYTES = 3 * 8
_PPM = 1_000_000


class SharedClock:
    """Tells the moment that the demo is at. fd: the file that both processes map."""

    def __init__(self, fd: int) -> None:
        self._cells = memoryview(mmap.mmap(fd, _BYTES)).cast("q")

    def now(self) -> datetime:
        at_us, started_ns = self._cells[_AT_US], self._cells[_STARTED_NS]
        if started_ns:
            # Monotonic time is the machine's: the same number in every process.
            at_us += (time.monotonic_ns() - started_ns) * self._cells[_SPEED_PPM] // (1000 * _PPM)
        return _EPOCH + at_us * _MICROSECOND


class _OwnClock(SharedClock):
    """The demo's own end, which also sets it. It stands at a moment until somebody moves it."""

    def __init__(self, at: datetime) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - without a name; gone when the last process lets go of it
        self._file.truncate(_BYTES)
        super().__init__(self.fd)
        self._set(at)

    @property
    def fd(self) -> int:
        """What the service needs to read this clock."""
        return self._file.fileno()

    def _set(self, at: datetime) -> None:
        self._cells[_AT_US] = (at - _EPOCH) // _MICROSECOND


class SteppedClock(_OwnClock):
    """Stands still until it is told the next moment. Never goes back."""

    async def wait_until(self, moment: datetime) -> None:
        """It is that moment, at once."""
        self._set(max(self.now(), moment))


class RunningClock(_OwnClock):
    """Stands at a moment until it is started, then runs `speed` seconds for each real one."""

    def __init__(self, at: datetime, speed: float) -> None:
        super().__init__(at)
        self._speed = speed
        self._cells[_SPEED_PPM] = round(speed * _PPM)

    def start(self) -> None:
        """It runs from now on."""
        self._cells[_STARTED_NS] = time.monotonic_ns()

    async def wait_until(self, moment: datetime) -> None:
        """It is that moment, after as much real time as the speed makes of it."""
        left = (moment - self.now()).total_seconds()
        if left > 0:
            await asyncio.sleep(left / self._speed)


DemoClock = SteppedClock | RunningClock
