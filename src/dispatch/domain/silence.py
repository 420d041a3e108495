"""Whose positions have stopped: one alarm for a unit, and one for many where it is the location feed that is dead."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.domain.access import ONE_WAY_TYPES

# A unit that has sent no position for so long is not equipped, or its last one was set by hand.
REPORTS_WITHIN = timedelta(days=7)
LOOK_EVERY = timedelta(seconds=15)

# So many silent units, and at least half of those that report, are one broken feed and not so many broken units.
FOLD_FROM = 3
ALL = "positions"

# Each side of the one-way valve is looked at by itself: else one would see from its own alarms that the other reports.
LOOKS = {ALL: False, f"{ALL}:one_way": True}


def look_at(now: datetime) -> datetime:
    """The last moment to look, on the clock's own grid: whose positions began it must show in no alarm's time."""
    return now - (now - now.replace(hour=0, minute=0, second=0, microsecond=0)) % LOOK_EVERY


@dataclass(frozen=True, slots=True)
class Reporting:
    """A unit on duty that has sent positions. waited_since: its last one, or when it came on duty if that is later.

    limit_s: how long it may send none, None for ever.
    """

    unit_id: str
    call_sign: str
    agency_id: str
    responder_type: str
    waited_since: datetime
    limit_s: int | None

    def is_silent(self, now: datetime) -> bool:
        """True when the limit has passed."""
        return self.limit_s is not None and now - self.waited_since > timedelta(seconds=self.limit_s)


@dataclass(frozen=True, slots=True)
class Silence:
    """One thing to tell: a unit, or a group of which so many are silent. subject: what the alarm is about.

    agency_id, responder_type: whose business it is alone; None: everybody's.
    """

    subject: str
    units: tuple[Reporting, ...]
    of: int
    agency_id: str | None = None
    responder_type: str | None = None

    @property
    def is_group(self) -> bool:
        """True for a feed, False for one unit."""
        return self.subject.startswith(ALL)


def silences(watched: Sequence[Reporting], now: datetime, told: Iterable[str] = ()) -> dict[str, Silence]:
    """Everything that should stand as an alarm now, by subject. told: what stands already.

    Units of a group that is silent as a whole are not told of one by one; one that was told of before stays told.
    Units that are known to few are a group of their own and never count in another.
    """
    before = frozenset(told)
    open_to_all = [one for one in watched if one.responder_type not in ONE_WAY_TYPES]
    found = _groups(watched, open_to_all, now)
    folded = {unit.unit_id for one in found for unit in one.units}
    for one in watched:
        if one.is_silent(now) and (one.unit_id not in folded or one.unit_id in before):
            found.append(Silence(one.unit_id, (one,), 1, one.agency_id, one.responder_type))
    return {one.subject: one for one in found}


def _groups(watched: Sequence[Reporting], open_to_all: Sequence[Reporting], now: datetime) -> list[Silence]:
    found: list[Silence] = []
    if len({one.agency_id for one in open_to_all}) > 1:
        found += _folded(ALL, open_to_all, now)
    if not found:
        for agency in sorted({one.agency_id for one in open_to_all}):
            own = [one for one in open_to_all if one.agency_id == agency]
            found += _folded(f"{ALL}:{agency}", own, now, agency)
    few = sorted({(one.agency_id, one.responder_type) for one in watched if one.responder_type in ONE_WAY_TYPES})
    for agency, kind in few:
        own = [one for one in watched if (one.agency_id, one.responder_type) == (agency, kind)]
        found += _folded(f"{ALL}:{agency}:{kind}", own, now, agency, kind)
    return found


def _folded(
    subject: str, group: Sequence[Reporting], now: datetime, agency: str | None = None, kind: str | None = None
) -> list[Silence]:
    silent = tuple(sorted((one for one in group if one.is_silent(now)), key=lambda one: one.unit_id))
    if len(silent) < FOLD_FROM or 2 * len(silent) < len(group):
        return []
    return [Silence(subject, silent, len(group), agency, kind)]
