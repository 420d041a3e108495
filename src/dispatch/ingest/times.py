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

# Two digits each, as files write them; a text with fewer is left to strptime, and so are its leap seconds.
_PARTS = {
    **{"%Y": r"(?P<Y>[0-9]{4})", "%m": r"(?P<m>0[1-9]|1[0-2])", "%d": r"(?P<d>0[1-9]|[12][0-9]|3[01])"},
    **{"%H": r"(?P<H>[01][0-9]|2[0-3])", "%I": r"(?P<I>0[1-9]|1[0-2])", "%p": r"(?P<p>AM|PM|am|pm)"},
    **{"%M": r"(?P<M>[0-5][0-9])", "%S": r"(?P<S>[0-5][0-9])"},
}
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
    if (fixed := _fixed_widths(form)) and (found := fixed.fullmatch(text)):
        return _written_at(found.groupdict())
    return datetime.strptime(text, form)  # noqa: DTZ007 -- the zone is put on by read_moment


@lru_cache(maxsize=64)
def _fixed_widths(form: str) -> re.Pattern[str] | None:
    """A format as a pattern, three times as fast as strptime; None when it has parts that only strptime knows."""
    parts = re.split(r"(%.)", form)
    if len(set(parts[1::2])) != len(parts[1::2]) or not _PARTS.keys() >= set(parts[1::2]) >= {"%Y", "%m", "%d"}:
        return None
    if ("%I" in parts) != ("%p" in parts) or ("%I" in parts and "%H" in parts):
        return None
    return re.compile("".join(_PARTS[part] if number % 2 else re.escape(part) for number, part in enumerate(parts)))


def _written_at(found: dict[str, str]) -> datetime:
    hour = int(found.get("H", "0"))
    if "I" in found:
        hour = int(found["I"]) % 12 + (12 if found["p"] in ("PM", "pm") else 0)
    return datetime(  # noqa: DTZ001 -- the zone is put on by read_moment
        int(found["Y"]), int(found["m"]), int(found["d"]), hour, int(found.get("M", "0")), int(found.get("S", "0"))
    )


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
