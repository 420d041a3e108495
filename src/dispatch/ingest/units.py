"""Reading which units went, what they are, and where their times contradict each other."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from dispatch.ingest.history_call import HistoryCall, UnitTimes
from dispatch.ingest.times import out_of_order

LONG_STEP = timedelta(hours=6)
NUMBERED = "#"  # the key in types_by_prefix for a unit whose name starts with a digit
_LETTERS = re.compile(r"^[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class FileUnit:
    """A unit that a file names: its type in the file's words, the type of responder, and on how many calls it was."""

    unit: str
    unit_type: str | None
    responder_type: str
    calls: int


def split_units(cell: str, separators: str | None) -> list[str]:
    """The units named in a cell, each once, in the order they are written. separators: any of these characters."""
    if not separators:
        return [cell] if cell else []
    for separator in separators[1:]:
        cell = cell.replace(separator, separators[0])
    return list(dict.fromkeys(name for name in cell.split(separators[0]) if name))


def type_of_unit(unit: str, by_prefix: Mapping[str, str]) -> str | None:
    """The type that the letters of the unit's name stand for, the longest prefix first: ARS736 is ARS, not A."""
    letters = _LETTERS.match(unit)
    if letters is None:
        return by_prefix.get(NUMBERED)
    name = letters.group().upper()
    return next((by_prefix[name[:size]] for size in range(len(name), 0, -1) if name[:size] in by_prefix), None)


def warnings_of(unit: UnitTimes) -> list[str]:
    """What is odd about the times of one unit: steps that go back in time, steps that took longer than six hours."""
    found = [f"out_of_order:{step}" for step in out_of_order(unit.steps())]
    known = [(step, at) for step, at in unit.steps() if at is not None]
    for (_, before), (step, at) in pairwise(known):
        if at - before > LONG_STEP:
            found.append(f"long_step:{step}")
    return found


def with_overlaps(calls: Sequence[HistoryCall]) -> list[HistoryCall]:
    """The same calls, those sharing a unit at the same time flagged `unit_overlap:<unit>`.

    A file names a unit twice at once when crews trade vehicles, or when a clear was never pressed. A replay cannot
    give one unit to two incidents, so it must know.
    """
    spans: dict[str, list[tuple[datetime, datetime, int]]] = defaultdict(list)
    for place, call in enumerate(calls):
        for unit in call.unit_times:
            if (span := unit.span()) is not None:
                spans[unit.unit].append((*span, place))
    overlapping: dict[int, list[str]] = defaultdict(list)
    for unit_name, intervals in spans.items():
        for place in _touching(sorted(intervals)):
            overlapping[place].append(f"unit_overlap:{unit_name}")
    return [
        replace(call, warnings=(*call.warnings, *overlapping[place])) if place in overlapping else call
        for place, call in enumerate(calls)
    ]


def _touching(intervals: list[tuple[datetime, datetime, int]]) -> set[int]:
    found: set[int] = set()
    open_until, open_place = None, -1
    for start, end, place in intervals:
        if open_until is not None and start < open_until:
            found |= {place, open_place}
        if open_until is None or end > open_until:
            open_until, open_place = end, place
    return found


def distinct_units(calls: Iterable[HistoryCall]) -> list[FileUnit]:
    """Each unit of the calls once, by name. The first type that the file gives for it counts."""
    seen: dict[str, FileUnit] = {}
    for call in calls:
        for unit in call.unit_times:
            known = seen.get(unit.unit) or FileUnit(unit.unit, unit.unit_type, unit.responder_type, 0)
            seen[unit.unit] = replace(known, calls=known.calls + 1)
    return [seen[name] for name in sorted(seen)]
