"""The units that could be sent, as the router sees them, and a copy of them that knows when it is out of date."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.domain.geo import LatLon
from dispatch.domain.unit import UnitStatus
from dispatch.routing.candidates import COMMAND, Candidate

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)

# Of each responder type, how many free units the answer to a new call looks at.
NEAREST = 5
CANDIDATES_KEPT = 20_000

# One pass over what is on duty now: asked unit by unit, each look would read all responders of the city. Whether a
# unit has any shift is asked in the order of an index: else the whole table is read for a unit that has none.
_CANDIDATES = text(
    """
    with on_duty as (
      select distinct on (unit_id) unit_id, id, starts_at, ends_at from shift
      where jurisdiction_id = :jurisdiction_id and starts_at <= :now and ends_at > :now
      order by unit_id, ends_at desc
    ), coming as (
      select unit_id, min(case when starts_at > :now then starts_at else ends_at end) as next_change
      from shift where jurisdiction_id = :jurisdiction_id and ends_at > :now
      group by unit_id
    ), member as (
      select d.unit_id, m.responder_id
      from on_duty d join shift_member m on m.jurisdiction_id = :jurisdiction_id and m.shift_id = d.id
    ), crew as (
      select unit_id, count(*) as crew from member group by unit_id
    ), spoken as (
      select m.unit_id, array_agg(distinct l) as languages
      from member m join responder r on r.jurisdiction_id = :jurisdiction_id and r.id = m.responder_id,
           unnest(r.languages) as l
      group by m.unit_id
    ), held as (
      select m.unit_id,
             array_agg(distinct k.name)
               filter (where k.expires_on is null or k.expires_on >= cast(:today as date)) as certifications,
             array_agg(distinct k.name) filter (where k.expires_on < cast(:today as date)) as expired
      from member m join certification k on k.jurisdiction_id = :jurisdiction_id and k.responder_id = m.responder_id
      group by m.unit_id
    ), busy as (
      select b.unit_id, count(*) as active, min(i.number) as number
      from assignment b join incident i on i.jurisdiction_id = b.jurisdiction_id and i.id = b.incident_id
      where b.jurisdiction_id = :jurisdiction_id and b.is_open and b.status <> 'reserved'
      group by b.unit_id
    )
    select u.id, u.call_sign, u.responder_type, u.program_id, u.agency_id, u.status, u.lat, u.lon, u.position_at,
           u.home_lat, u.home_lon, u.capabilities, u.mobile, u.min_crew, u.capacity,
           d.starts_at, d.ends_at,
           (select x.starts_at from shift x where x.jurisdiction_id = u.jurisdiction_id and x.unit_id = u.id
             order by x.starts_at limit 1) is not null as has_shifts,
           n.next_change,
           coalesce(c.crew, 0) as crew, s.languages, h.certifications, h.expired,
           coalesce(b.active, 0) as active, b.number
    from unit u
    left join on_duty d on d.unit_id = u.id
    left join coming n on n.unit_id = u.id
    left join crew c on c.unit_id = u.id
    left join spoken s on s.unit_id = u.id
    left join held h on h.unit_id = u.id
    left join busy b on b.unit_id = u.id
    where u.jurisdiction_id = :jurisdiction_id
    order by u.id
    """
)


_POSITIONS = text(
    "select id, lat, lon, position_at from unit where jurisdiction_id = :jurisdiction_id and position_at is not null"
)
POSITIONS_HOLD = timedelta(milliseconds=500)

_ZONE = text("select time_zone from jurisdiction where id = :jurisdiction_id")


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
    zone = ZoneInfo(await session.scalar(_ZONE, {"jurisdiction_id": jurisdiction_id}) or "UTC")
    today = now.astimezone(zone).date()
    rows = (await session.execute(_CANDIDATES, {"jurisdiction_id": jurisdiction_id, "now": now, "today": today})).all()
    candidates = tuple([_candidate(_hashable(row)) for row in rows])
    return Roster(
        candidates,
        _by_type(candidates),
        zone,
        now,
        # Certificates end at midnight, shifts at any time.
        min([_midnight_after(today, zone), *(row.next_change for row in rows if row.next_change is not None)]),
    )


def _midnight_after(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)


def is_free(unit: Candidate) -> bool:
    """True when the unit could take a job now, as far as its status says."""
    return unit.status is UnitStatus.AVAILABLE and unit.active_assignments < unit.capacity


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


class _Row(NamedTuple):
    """What _CANDIDATES answers about one unit, in its order."""

    id: str
    call_sign: str
    responder_type: str
    program_id: str | None
    agency_id: str
    status: str
    lat: float | None
    lon: float | None
    position_at: datetime | None
    home_lat: float | None
    home_lon: float | None
    capabilities: tuple[str, ...]
    mobile: bool
    min_crew: int
    capacity: int
    starts_at: datetime | None
    ends_at: datetime | None
    has_shifts: bool
    next_change: datetime | None
    crew: int
    languages: tuple[str, ...] | None
    certifications: tuple[str, ...] | None
    expired: tuple[str, ...] | None
    active: int
    number: str | None


def _hashable(row: Iterable[Any]) -> _Row:
    return _Row._make([tuple(value) if type(value) is list else value for value in row])


# A unit is the same candidate until something about it changes, and between two looks at the roster few do.
@lru_cache(maxsize=CANDIDATES_KEPT)
def _candidate(row: _Row) -> Candidate:
    position = LatLon(row.lat, row.lon) if row.lat is not None and row.lon is not None else None
    # Half a home is none: one bad row must not take the recommendation from every call.
    home = LatLon(row.home_lat, row.home_lon) if row.home_lat is not None and row.home_lon is not None else None
    # A unit without any shift is staffed by status alone: small agencies and imported rosters have no shift table.
    by_status = not row.has_shifts and row.status != UnitStatus.OFF_DUTY.value
    return Candidate(
        unit_id=row.id,
        call_sign=row.call_sign,
        responder_type=row.responder_type,
        program=row.program_id,
        agency=row.agency_id,
        status=UnitStatus(row.status),
        position=position,
        position_at=row.position_at,
        home=home,
        capabilities=frozenset(row.capabilities) | frozenset(row.certifications or ()),
        lapsed=frozenset(row.expired or ()) - frozenset(row.certifications or ()),
        languages=frozenset(row.languages or ()),
        crew=row.crew if row.has_shifts else row.min_crew,
        min_crew=row.min_crew,
        on_shift_from=row.starts_at,
        on_shift_until=FOREVER if by_status else row.ends_at,
        capacity=row.capacity,
        active_assignments=row.active,
        incident=row.number,
        # By what the unit itself is for: a firefighter who may command rides an engine like anybody else.
        commands=row.capabilities == (COMMAND,),
        mobile=row.mobile,
    )
