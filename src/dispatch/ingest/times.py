"""Reading a clock that someone else wrote: formats, zones, wrong labels, and hours that happen twice."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

AMBIGUOUS = "time_happened_twice"
NONEXISTENT = "time_never_happened"
ZONE_ASSUMED = "zone_assumed"

_ZONE_LABEL = re.compile(r"\s*(?:UTC|GMT|Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)


class ClockReading(StrEnum):
    """How far the zone that a file writes beside its times can be believed."""

    AS_WRITTEN = "as_written"  # an offset counts; a time without one is in the mapping's zone
    LOCAL_DESPITE_LABEL = "local_despite_label"  # says UTC, is the wall clock of the mapping's zone
    UTC_IS_LOCAL = "utc_is_local"  # shifted by the offset: its UTC rendering is the wall clock


@dataclass(frozen=True, slots=True)
class TimeReading:
    """How to read the times of one file. zone None: the file does not say, UTC is assumed and flagged."""

    formats: tuple[str, ...]
    zone: ZoneInfo | None
    clock: ClockReading = ClockReading.AS_WRITTEN


# The times of one row often repeat (an officer's own report has five equal ones), and strptime is slow.
@lru_cache(maxsize=4_096)
def read_moment(text: str, how: TimeReading) -> tuple[datetime, str | None]:
    """An aware time in the file's own zone, and a flag when the wall clock alone does not decide.

    An hour that happened twice is read as the first of the two. Raises ValueError when no format fits.
    """
    written = _first_that_fits(text, how)
    if how.clock is ClockReading.UTC_IS_LOCAL and written.tzinfo is not None:
        written = written.astimezone(UTC).replace(tzinfo=None)
    if written.tzinfo is not None:
        return (written.astimezone(how.zone) if how.zone else written), None
    if how.zone is None:
        return written.replace(tzinfo=UTC), ZONE_ASSUMED
    return _on_the_wall(written, how.zone)


def _on_the_wall(wall: datetime, zone: ZoneInfo) -> tuple[datetime, str | None]:
    first = wall.replace(tzinfo=zone, fold=0)
    offset, other = first.utcoffset(), first.replace(fold=1).utcoffset()
    if offset == other or offset is None or other is None:
        return first, None
    if offset > other:
        return first, AMBIGUOUS
    # A wall time inside the spring gap: going through UTC moves it to the hour that the clocks showed instead.
    return first.astimezone(UTC).astimezone(zone), NONEXISTENT


def _first_that_fits(text: str, how: TimeReading) -> datetime:
    if how.clock is ClockReading.LOCAL_DESPITE_LABEL:
        text = _ZONE_LABEL.sub("", text)
    for form in how.formats:
        try:
            return _read(text, form)
        except (ValueError, OverflowError, OSError):
            continue
    raise ValueError(f"'{text}' fits none of the time formats: {', '.join(how.formats)}")


def _read(text: str, form: str) -> datetime:
    if form == "iso":
        return datetime.fromisoformat(text.removesuffix(" UTC") + "+00:00" if text.endswith(" UTC") else text)
    if form == "epoch_s":
        return _since_epoch(float(text))
    if form == "epoch_ms":
        return _since_epoch(float(text) / 1000)
    return datetime.strptime(text, form)  # noqa: DTZ007 -- the zone is put on by read_moment


def _since_epoch(seconds: float) -> datetime:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    if not 1970 <= moment.year <= 2100:
        raise ValueError("not a plausible number of seconds")
    return moment


def out_of_order(steps: Sequence[tuple[str, datetime | None]]) -> list[str]:
    """Names of the steps that lie before an earlier step: a clock set wrong, or a button pressed late."""
    found, latest = [], None
    for name, at in steps:
        if at is None:
            continue
        if latest is not None and at < latest:
            found.append(name)
        else:
            latest = at
    return found
