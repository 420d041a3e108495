"""What the service itself says at the end of a run: nothing in a summary rests on the demo's own memory alone."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from dispatch.cli.demo.dispatcher import Dispatcher

INTERVALS = ("queue", "turnout", "travel", "response", "scene")
ENDS = ("cleared_at", "declined_at", "timed_out_at", "rescinded_at", "cancelled_at")
PATIENCE = 20  # looks at the feed, half a second apart: other work on the server may hold it back for a moment


@dataclass(slots=True)
class Evidence:
    """events: rows of the feed by type. calls: distinct calls that it tells of. intervals: priority -> name -> seconds.

    assignments, missing: by priority, and by priority and interval. first_units: priority -> incident -> seconds until
    the first unit was given to it, whoever came later. double_booked: times that a unit which carries one
    job at a time had two.
    """

    events: Counter[str] = field(default_factory=Counter)
    calls: set[str] = field(default_factory=set)
    assignments: Counter[int] = field(default_factory=Counter)
    intervals: dict[int, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    missing: Counter[tuple[int, str]] = field(default_factory=Counter)
    first_units: dict[int, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    double_booked: int = 0


async def gather(dispatcher: Dispatcher, posted: int, capacities: dict[str, int]) -> Evidence:
    """Reads the whole feed and the whole history."""
    for _ in range(PATIENCE):
        found = Evidence()
        async for page in dispatcher.feed():
            for event in page:
                found.events[event["type"]] += 1
                if event["type"] == "call.received":
                    found.calls.add(event["subject_id"])
        if len(found.calls) >= posted:
            break
        await asyncio.sleep(0.5)
    held: dict[str, list[tuple[str, str]]] = defaultdict(list)
    async for row in dispatcher.history():
        _count(found, row)
        if capacities.get(row["unit"]) == 1:
            held[row["unit"]].append((row["created_at"], next((row[end] for end in ENDS if row[end]), "9999")))
    found.double_booked = sum(_overlaps(spans) for spans in held.values())
    return found


def _count(found: Evidence, row: dict[str, Any]) -> None:
    priority = row["priority"]
    found.assignments[priority] += 1
    for name in INTERVALS:
        seconds = row["intervals_s"].get(name)
        if seconds is None:
            found.missing[priority, name] += 1
        else:
            found.intervals[priority][name].append(seconds)
    queued = row["intervals_s"].get("queue")
    if queued is not None:
        first = found.first_units[priority]
        first[row["incident_id"]] = min(queued, first.get(row["incident_id"], queued))


def _overlaps(spans: list[tuple[str, str]]) -> int:
    ordered = sorted((datetime.fromisoformat(start), _end(end)) for start, end in spans)
    return sum(later[0] < earlier[1] for earlier, later in pairwise(ordered))


def _end(text: str) -> datetime:
    return datetime.fromisoformat("9999-12-31T00:00:00+00:00" if text == "9999" else text)
