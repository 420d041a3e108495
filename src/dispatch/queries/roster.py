"""The units that could be sent, as the router sees them, and copies of them that are brought up to date cheaply."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.candidates import Marks, Seen, read_candidates, read_marks, some_candidates, zone_of
from dispatch.domain.geo import LatLon
from dispatch.domain.unit import UnitStatus
from dispatch.routing.candidates import Candidate

# Of each responder type, how many free units the answer to a new call looks at.
NEAREST = 5

POSITIONS_HOLD = timedelta(milliseconds=500)
# However well it was kept up to date, a copy is read whole again after this: what no mark told of heals by itself.
COPY_HOLDS = timedelta(minutes=1)
# Of a jurisdiction: one for who sees every unit, one for who does not.
COPIES_KEPT = 2


@dataclass(frozen=True, slots=True)
class UnitsOfType:
    """The units of one responder type in id order. free: could take a job now; of those, `places` travel from there."""

    units: tuple[Candidate, ...]
    free: tuple[Candidate, ...]
    stay: tuple[Candidate, ...]
    places: tuple[tuple[float, float, Candidate], ...]


@dataclass(frozen=True)
class Roster:
    """All units of a jurisdiction as candidates, in id order and by responder type, and the zone of its hours.

    versions: of the units, in the same order. good_until: when a shift begins or ends next, or a day.
    """

    candidates: tuple[Candidate, ...]
    versions: tuple[int, ...]
    zone: tzinfo
    read_at: datetime
    good_until: datetime

    @cached_property
    def by_type(self) -> dict[str, UnitsOfType]:
        """The units of each responder type that there is one of."""
        found: dict[str, list[Candidate]] = {}
        for candidate in self.candidates:
            found.setdefault(candidate.responder_type, []).append(candidate)
        return {kind: _of_type(units) for kind, units in found.items()}

    def of_types(self, responder_types: Iterable[str]) -> list[Candidate]:
        """The units of these responder types."""
        return [unit for kind in responder_types if kind in self.by_type for unit in self.by_type[kind].units]

    def shortlist(self, responder_types: Iterable[str], scene: LatLon | None) -> list[Candidate]:
        """The free units: of each responder type the nearest few that travel, and every desk.

        All free ones where the scene is not known. Nearness is judged on a plane: enough to leave out the far ones.
        """
        found: list[Candidate] = []
        for kind in responder_types:
            known = self.by_type.get(kind)
            if known is None:
                continue
            if scene is None or len(known.places) <= NEAREST:
                found.extend(known.free)
            else:
                found.extend(known.stay)
                found.extend(_nearest(known.places, scene))
        return found


def _nearest(places: Sequence[tuple[float, float, Candidate]], scene: LatLon) -> list[Candidate]:
    lat, lon, narrowing = scene.lat, scene.lon, math.cos(math.radians(scene.lat))
    away = sorted([((y - lat) ** 2 + ((x - lon) * narrowing) ** 2, index) for index, (y, x, _) in enumerate(places)])
    return [places[index][2] for _, index in away[:NEAREST]]


@dataclass(frozen=True, slots=True)
class _Copy:
    """A roster and the marks by which to tell what changed since. fingerprint: of the units' versions."""

    roster: Roster
    marks: Marks
    fingerprint: int
    marked_at: datetime


class RosterCopies:
    """Copies of the roster that are brought up to date by reading what changed in it, not all of it.

    A unit is another one when its version is: every operation that changes a unit, its crew or its work raises it. The
    units that share its crew are read with it. Shifts that begin or end, and midnight, make a copy old by themselves.
    """

    def __init__(self) -> None:
        self._copies: dict[str, dict[int, _Copy]] = {}

    async def get(
        self, session: AsyncSession, jurisdiction_id: str, now: datetime, *, fingerprint: int | None = None
    ) -> Roster:
        """The roster as this session sees it, which must have changed no unit itself: what it did may be undone.

        fingerprint: as it was read in this transaction (operations/ingest_sql.py). Where it is that of a copy, the
        positions are at most half a second old; without one, everything is as of now.
        """
        copies = self._copies.setdefault(jurisdiction_id, {})
        if fingerprint is not None:
            for copy in copies.values():
                if copy.fingerprint == fingerprint and _holds(copy, now) and now - copy.marked_at < POSITIONS_HOLD:
                    return copy.roster
        marks = await read_marks(session, jurisdiction_id)
        known = copies.pop(len(marks.ids), None)
        if known is not None and _holds(known, now) and known.marks.ids == marks.ids and known.marks.zone == marks.zone:
            roster = await _brought_up_to_date(session, jurisdiction_id, known, marks, now)
        else:
            roster = await read_roster(session, jurisdiction_id, now)
            if [unit.unit_id for unit in roster.candidates] != marks.ids:
                return roster  # a unit was added in the moment between
        # What is read after its marks may be newer than they say, and is then read once more than it need be.
        copies[len(marks.ids)] = _Copy(roster, marks, sum(marks.versions) + (len(marks.ids) << 40), now)
        while len(copies) > COPIES_KEPT:
            del copies[next(iter(copies))]
        return roster


def _holds(copy: _Copy, now: datetime) -> bool:
    return copy.roster.read_at <= now < min(copy.roster.good_until, copy.roster.read_at + COPY_HOLDS)


async def _brought_up_to_date(
    session: AsyncSession, jurisdiction_id: str, copy: _Copy, marks: Marks, now: datetime
) -> Roster:
    """The roster of these marks; the same one when no unit changed or moved."""
    old = copy.roster
    fresh = await _changed(session, jurisdiction_id, copy, marks, now)
    units, versions = list(old.candidates), list(old.versions)
    moved = _moved(copy.marks, marks)
    if not fresh and not moved:
        return old
    for index in moved:
        units[index] = _placed(units[index], marks, index)
    for index, unit_id in enumerate(marks.ids) if fresh else ():
        if (one := fresh.get(unit_id)) is not None:
            units[index], versions[index] = one.candidate, one.version
    changes = [one.next_change for one in fresh.values() if one.next_change is not None]
    return replace(old, candidates=tuple(units), versions=tuple(versions), good_until=min([old.good_until, *changes]))


async def _changed(
    session: AsyncSession, jurisdiction_id: str, copy: _Copy, marks: Marks, now: datetime
) -> dict[str, Seen]:
    """The units whose version is another one, and those that share a crew with one of them or did until now."""
    old, known = copy.roster, copy.roster.versions
    asked = {
        unit.unit_id: unit
        for unit, was, version in zip(old.candidates, known, marks.versions, strict=True)
        if was != version
    }
    if not asked:
        return {}
    wanted = set(asked).union(*(unit.shares_crew for unit in asked.values()))
    fresh: dict[str, Seen] = {}
    while wanted:
        read = await some_candidates(session, jurisdiction_id, sorted(wanted), now, marks.zone)
        fresh |= {one.candidate.unit_id: one for one in read}
        wanted = {unit_id for one in read for unit_id in one.candidate.shares_crew}.difference(fresh)
    return fresh


def _moved(before: Marks, after: Marks) -> list[int]:
    return [index for index, (was, now) in enumerate(zip(before.seen, after.seen, strict=True)) if was != now]


def _placed(unit: Candidate, marks: Marks, index: int) -> Candidate:
    lat, lon, seen = marks.lat[index], marks.lon[index], marks.seen[index]
    return replace(
        unit,
        position=LatLon(lat, lon) if lat is not None and lon is not None else None,
        position_at=None if seen is None else datetime.fromtimestamp(seen, UTC),
    )


async def read_roster(session: AsyncSession, jurisdiction_id: str, now: datetime) -> Roster:
    """Every unit of the roster as the router sees it at this moment. Days are days of the jurisdiction's time zone."""
    zone = await zone_of(session, jurisdiction_id)
    read = await read_candidates(session, jurisdiction_id, now, zone)
    changes = [one.next_change for one in read if one.next_change is not None]
    # Certificates end at midnight, shifts at any time.
    good_until = min([_midnight_after(now.astimezone(zone).date(), zone), *changes])
    candidates = tuple([one.candidate for one in read])
    return Roster(candidates, tuple([one.version for one in read]), zone, now, good_until)


def _midnight_after(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)


def is_free(unit: Candidate) -> bool:
    """True when the unit could take a job now, as far as its status says."""
    return unit.status is UnitStatus.AVAILABLE and unit.active_assignments < unit.capacity and unit.crew_with is None


def _of_type(units: Sequence[Candidate]) -> UnitsOfType:
    free = [unit for unit in units if is_free(unit)]
    stay: list[Candidate] = []
    places: list[tuple[float, float, Candidate]] = []
    for unit in free:
        place = unit.position or unit.home
        if place is None or not unit.mobile:
            stay.append(unit)
        else:
            places.append((place.lat, place.lon, unit))
    return UnitsOfType(tuple(units), tuple(free), tuple(stay), tuple(places))
