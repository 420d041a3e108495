"""The units that could be sent, as the router sees them, and a copy of them that knows when it is out of date."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.candidates import read_candidates, zone_of
from dispatch.domain.geo import LatLon
from dispatch.domain.unit import UnitStatus
from dispatch.routing.candidates import Candidate

# Of each responder type, how many free units the answer to a new call looks at.
NEAREST = 5

_POSITIONS = text(
    "select id, lat, lon, position_at from unit where jurisdiction_id = :jurisdiction_id and position_at is not null"
)
POSITIONS_HOLD = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class UnitsOfType:
    """The units of one responder type in id order. free: could take a job now; of those, `places` travel from there."""

    units: tuple[Candidate, ...]
    free: tuple[Candidate, ...]
    stay: tuple[Candidate, ...]
    places: tuple[tuple[float, float, Candidate], ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """All units of a jurisdiction as candidates, in id order and by responder type, and the zone of its hours."""

    candidates: tuple[Candidate, ...]
    by_type: dict[str, UnitsOfType]
    zone: tzinfo
    read_at: datetime
    good_until: datetime

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


class RosterCopies:
    """One copy per jurisdiction; a reader that knows the present fingerprint gets the copy or a fresh one."""

    def __init__(self) -> None:
        self._copies: dict[str, tuple[int, Roster]] = {}
        self._placed: dict[str, datetime] = {}

    async def get(self, session: AsyncSession, jurisdiction_id: str, fingerprint: int, now: datetime) -> Roster:
        """A roster that is true for this fingerprint at this moment.

        The fingerprint was read in the caller's transaction and changes with every committed change of a unit, so an
        equal one means an equal roster; shifts that begin or end, and midnight, make a copy old by themselves.
        Positions come too often to be counted as changes: they are read on their own, at most half a second old.
        """
        known, copy = self._copies.get(jurisdiction_id, (None, None))
        if copy is None or known != fingerprint or not copy.read_at <= now < copy.good_until:
            copy = await read_roster(session, jurisdiction_id, now)
        elif now - self._placed[jurisdiction_id] < POSITIONS_HOLD:
            return copy
        else:
            copy = await _placed_anew(session, jurisdiction_id, copy)
        self._copies[jurisdiction_id] = (fingerprint, copy)
        self._placed[jurisdiction_id] = now
        return copy


async def _placed_anew(session: AsyncSession, jurisdiction_id: str, roster: Roster) -> Roster:
    """The roster with every unit where it was last seen; the same one when none was seen since."""
    seen = {row.id: row for row in await session.execute(_POSITIONS, {"jurisdiction_id": jurisdiction_id})}
    moved = [
        replace(unit, position=LatLon(row.lat, row.lon), position_at=row.position_at)
        if (row := seen.get(unit.unit_id)) is not None and row.position_at != unit.position_at
        else unit
        for unit in roster.candidates
    ]
    if all(new is old for new, old in zip(moved, roster.candidates, strict=True)):
        return roster
    return replace(roster, candidates=tuple(moved), by_type=_by_type(moved))


def _by_type(candidates: Iterable[Candidate]) -> dict[str, UnitsOfType]:
    found: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        found.setdefault(candidate.responder_type, []).append(candidate)
    return {kind: _of_type(units) for kind, units in found.items()}


async def read_roster(session: AsyncSession, jurisdiction_id: str, now: datetime) -> Roster:
    """Every unit of the roster as the router sees it at this moment. Days are days of the jurisdiction's time zone."""
    zone = await zone_of(session, jurisdiction_id)
    candidates, changes = await read_candidates(session, jurisdiction_id, now, zone)
    # Certificates end at midnight, shifts at any time.
    good_until = min([_midnight_after(now.astimezone(zone).date(), zone), *changes])
    return Roster(candidates, _by_type(candidates), zone, now, good_until)


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
