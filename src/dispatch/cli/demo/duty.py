"""Who is on duty: units come and go with their shifts, and finish what they are at before they go."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dispatch.cli.demo.agenda import Agenda
from dispatch.cli.demo.dispatcher import Dispatcher
from dispatch.operations.setup import ShiftRecord

Freed = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Span:
    """A unit is staffed without a break from starts_at until ends_at."""

    unit: str
    starts_at: datetime
    ends_at: datetime


def duty_spans(shifts: Iterable[ShiftRecord]) -> list[Span]:
    """Shifts of a unit that touch are one span: a change of crew is no going off duty."""
    spans: dict[str, list[Span]] = {}
    for shift in sorted(shifts, key=lambda one: (one.starts_at, one.unit)):
        of_unit = spans.setdefault(shift.unit, [])
        if of_unit and shift.starts_at <= of_unit[-1].ends_at:
            until = max(of_unit[-1].ends_at, shift.ends_at)
            of_unit[-1] = Span(shift.unit, of_unit[-1].starts_at, until)
        else:
            of_unit.append(Span(shift.unit, shift.starts_at, shift.ends_at))
    return [span for of_unit in spans.values() for span in of_unit]


class Duty:
    """Keeps units on and off duty and knows which of them are at work. on_free: told a free unit's type."""

    def __init__(self, agenda: Agenda, dispatcher: Dispatcher, types: Mapping[str, str], on_free: Freed) -> None:
        self._agenda = agenda
        self._dispatcher = dispatcher
        self._types = types
        self._on_free = on_free
        self._jobs: Counter[str] = Counter()
        self._leaving: set[str] = set()

    def plan(self, spans: Iterable[Span], until: datetime) -> None:
        """Every coming and going between now and then is on the agenda."""
        for span in spans:
            if self._agenda.now < span.starts_at <= until:
                self._agenda.add(span.starts_at, lambda unit=span.unit: self._comes(unit))  # type: ignore[misc]
            if self._agenda.now < span.ends_at <= until:
                self._agenda.add(span.ends_at, lambda unit=span.unit: self._goes(unit))  # type: ignore[misc]

    def took(self, unit: str) -> None:
        """The unit has a job more."""
        self._jobs[unit] += 1

    async def released(self, unit: str) -> None:
        """The unit has a job less: it goes home when its shift is over, or is there for whoever waits."""
        self._jobs[unit] -= 1
        if unit in self._leaving:
            if not self._jobs[unit]:
                self._leaving.discard(unit)
                await self._dispatcher.unit_status(unit, "off_duty")
            return
        await self._on_free(self._types[unit])

    async def _comes(self, unit: str) -> None:
        self._leaving.discard(unit)
        if not self._jobs[unit]:
            await self._dispatcher.unit_status(unit, "available")
        await self._on_free(self._types[unit])

    async def _goes(self, unit: str) -> None:
        if self._jobs[unit]:
            self._leaving.add(unit)
        else:
            await self._dispatcher.unit_status(unit, "off_duty")
