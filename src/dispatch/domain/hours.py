"""Spans of time that must not overlap: of one unit, of one person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From starts_at until just before ends_at. whose: the unit or person."""

    whose: str
    starts_at: datetime
    ends_at: datetime


def collisions(spans: Iterable[Span]) -> list[tuple[Span, Span]]:
    """Each span that begins before an earlier one of its owner has ended, with that one. Touching is no collision."""
    found: list[tuple[Span, Span]] = []
    latest: Span | None = None
    for span in sorted(one for one in spans if one.ends_at > one.starts_at):
        if latest is None or latest.whose != span.whose:
            latest = span
            continue
        if span.starts_at < latest.ends_at:
            found.append((latest, span))
        if span.ends_at > latest.ends_at:
            latest = span
    return found
