"""Weekly shift patterns turned into spans of time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dispatch.samples.roster import WEEKDAYS, Roster, SampleShift


@dataclass(frozen=True, slots=True)
class ShiftWindow:
    """A unit staffed by a crew (employee numbers) from starts_at until ends_at, both UTC."""

    unit: str
    crew: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime


def shift_windows(roster: Roster, first_day: date, last_day: date) -> list[ShiftWindow]:
    """Every shift that begins on a local day from first_day to last_day, by start and call sign.

    To know who is on duty at midnight, begin a day early: night shifts reach into the next day.
    """
    zone = ZoneInfo(roster.jurisdiction.time_zone)
    windows = [
        _window(shift, first_day + timedelta(days=offset), zone)
        for offset in range((last_day - first_day).days + 1)
        for shift in roster.shifts
        if WEEKDAYS[(first_day + timedelta(days=offset)).weekday()] in shift.days
    ]
    return sorted(windows, key=lambda window: (window.starts_at, window.unit))


def _window(shift: SampleShift, day: date, zone: ZoneInfo) -> ShiftWindow:
    last_day = day if shift.until > shift.starts else day + timedelta(days=1)
    starts_at = datetime.combine(day, shift.starts, tzinfo=zone)
    ends_at = datetime.combine(last_day, shift.until, tzinfo=zone)
    return ShiftWindow(shift.unit, shift.crew, starts_at.astimezone(UTC), ends_at.astimezone(UTC))
