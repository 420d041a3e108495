"""The roster as the router sees it at one moment: all of it, the units that are asked for, or what changed in it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.domain.geo import LatLon
from dispatch.domain.unit import COMMAND, UnitStatus
from dispatch.routing.candidates import Candidate, Ring

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
CANDIDATES_KEPT = 20_000

# One pass over what is on duty now: asked unit by unit, each look would read all responders of the city. Whether a
# unit has any shift is asked in the order of an index: else the whole table is read for a unit that has none.
_SQL = """
    with on_duty as (
      select unit_id, coalesce(crew_of, id) as crew_id, crew_of, starts_at, ends_at from shift
      where jurisdiction_id = :jurisdiction_id and starts_at <= :now and ends_at > :now {of_shift}
    ), coming as (
      select unit_id, min(case when starts_at > :now then starts_at else ends_at end) as next_change
      from shift where jurisdiction_id = :jurisdiction_id and ends_at > :now {of_shift}
      group by unit_id
    ), member as (
      select d.unit_id, m.responder_id, r.languages, r.rest_until
      from on_duty d
      join shift_member m on m.jurisdiction_id = :jurisdiction_id and m.shift_id = d.crew_id
                         and m.starts_at <= :now and m.ends_at > :now
      join responder r on r.jurisdiction_id = :jurisdiction_id and r.id = m.responder_id
    ), crew as (
      select unit_id, count(*) as crew, max(rest_until) as rest_until from member group by unit_id
    ), spoken as (
      select m.unit_id, array_agg(distinct l) as languages from member m, unnest(m.languages) as l group by m.unit_id
    ), held as (
      select m.unit_id,
             array_agg(distinct k.name)
               filter (where (k.expires_on is null or k.expires_on >= cast(:today as date))
                         and (k.issued_on is null or k.issued_on <= cast(:today as date))) as certifications,
             array_agg(distinct k.name) filter (where k.expires_on < cast(:today as date)) as expired
      from member m join certification k on k.jurisdiction_id = :jurisdiction_id and k.responder_id = m.responder_id
      group by m.unit_id
    ), beside as (
      {beside}
    ), busy as (
      select b.unit_id, count(*) filter (where b.status <> 'reserved') as active,
             min(i.number) filter (where b.status <> 'reserved') as number,
             min(b.scheduled_for) filter (where b.status = 'reserved' and b.scheduled_for > :now) as appointment_at
      from assignment b join incident i on i.jurisdiction_id = b.jurisdiction_id and i.id = b.incident_id
      where b.jurisdiction_id = :jurisdiction_id and b.is_open {of_busy}
      group by b.unit_id
    ), shared as (
      select d.unit_id, array_agg(o.unit_id) as units, min(x.call_sign) filter (where b.active > 0) as crew_with
      from on_duty d
      join beside o on o.crew_id = d.crew_id and o.unit_id <> d.unit_id
      join unit x on x.jurisdiction_id = :jurisdiction_id and x.id = o.unit_id
      left join busy b on b.unit_id = o.unit_id
      where d.crew_id in (select crew_of from beside where crew_of is not null)
      group by d.unit_id
    )
    select u.version,
           u.id, u.call_sign, u.responder_type, u.program_id, u.agency_id, u.status, u.lat, u.lon, u.position_at,
           u.home_lat, u.home_lon, u.capabilities, u.mobile, u.min_crew, u.capacity, u.area::text,
           greatest(u.break_until, c.rest_until) as resting_until,
           d.starts_at, d.ends_at,
           (select x.starts_at from shift x where x.jurisdiction_id = u.jurisdiction_id and x.unit_id = u.id
             order by x.starts_at limit 1) is not null as has_shifts,
           least(n.next_change, b.appointment_at) as next_change,
           coalesce(c.crew, 0) as crew, s.languages, h.certifications, h.expired,
           coalesce(b.active, 0) as active, b.number, z.units as shares_crew, z.crew_with, b.appointment_at
    from unit u
    left join on_duty d on d.unit_id = u.id
    left join coming n on n.unit_id = u.id
    left join crew c on c.unit_id = u.id
    left join spoken s on s.unit_id = u.id
    left join held h on h.unit_id = u.id
    left join busy b on b.unit_id = u.id
    left join shared z on z.unit_id = u.id
    where u.jurisdiction_id = :jurisdiction_id {of_unit}
    order by u.id
    """

CANDIDATES = text(
    _SQL.format(of_shift="", of_unit="", of_busy="", beside="select unit_id, crew_id, crew_of from on_duty")
)
# Whose crew a unit shares is found from its own shift: by two indexes, not by a look at everybody on duty.
_SOME = text(
    _SQL.format(
        of_shift="and unit_id = any(:units)",
        of_unit="and u.id = any(:units)",
        of_busy="and b.unit_id in (select unnest(cast(:units as text[])) union all select unit_id from beside)",
        beside="""
      select s.unit_id, d.crew_id, s.crew_of
      from on_duty d join shift s on s.jurisdiction_id = :jurisdiction_id and s.id = d.crew_id
      where s.starts_at <= :now and s.ends_at > :now
      union all
      select s.unit_id, d.crew_id, s.crew_of
      from (select distinct crew_id from on_duty) d
      join shift s on s.jurisdiction_id = :jurisdiction_id and s.crew_of = d.crew_id
      where s.starts_at <= :now and s.ends_at > :now
      """,
    )
)
# One row whatever the size of the roster: a row for each unit would cost more than all the rest.
_MARKS = text(
    """
    select (select time_zone from jurisdiction where id = :jurisdiction_id) as zone,
           coalesce(array_agg(id), '{}') as ids, coalesce(array_agg(version), '{}') as versions,
           coalesce(array_agg(lat), '{}') as lat, coalesce(array_agg(lon), '{}') as lon,
           coalesce(array_agg(seen), '{}') as seen
    from (
      select id, version, lat, lon, extract(epoch from position_at)::float8 as seen
      from unit where jurisdiction_id = :jurisdiction_id order by id
    ) as u
    """
)
_ZONE = text("select time_zone from jurisdiction where id = :jurisdiction_id")


async def zone_of(session: AsyncSession, jurisdiction_id: str) -> ZoneInfo:
    """The time zone whose days count for certificates, and on whose clock policies keep hours."""
    return ZoneInfo(await session.scalar(_ZONE, {"jurisdiction_id": jurisdiction_id}) or "UTC")


@dataclass(frozen=True, slots=True)
class Seen:
    """A unit as it was read. version: the one that the candidate shows. next_change: when its shift begins or ends."""

    candidate: Candidate
    version: int
    next_change: datetime | None


@dataclass(frozen=True, slots=True)
class Marks:
    """By what to tell which units changed since they were read. Lists of equal length, by unit in id order.

    seen: seconds since 1970, or None, at which the unit was at lat and lon.
    """

    zone: ZoneInfo
    ids: list[str]
    versions: list[int]
    lat: list[float | None]
    lon: list[float | None]
    seen: list[float | None]


async def read_marks(session: AsyncSession, jurisdiction_id: str) -> Marks:
    """The marks of every unit that the session may see."""
    row = (await session.execute(_MARKS, {"jurisdiction_id": jurisdiction_id})).one()
    return Marks(ZoneInfo(row.zone or "UTC"), row.ids, row.versions, row.lat, row.lon, row.seen)


async def read_candidates(session: AsyncSession, jurisdiction_id: str, now: datetime, zone: tzinfo) -> list[Seen]:
    """Every unit in id order."""
    return [_seen(row) for row in await session.execute(CANDIDATES, _values(jurisdiction_id, now, zone))]


async def some_candidates(
    session: AsyncSession, jurisdiction_id: str, units: Sequence[str], now: datetime, zone: tzinfo
) -> list[Seen]:
    """The units with these ids, in id order."""
    values = {**_values(jurisdiction_id, now, zone), "units": list(units)}
    return [_seen(row) for row in await session.execute(_SOME, values)]


async def candidates_now(
    session: AsyncSession, jurisdiction_id: str, units: Sequence[str], now: datetime
) -> list[Candidate]:
    """The units with these ids as the router would see them, in id order, on the days of their jurisdiction."""
    zone = await zone_of(session, jurisdiction_id)
    return [one.candidate for one in await some_candidates(session, jurisdiction_id, units, now, zone)]


def _values(jurisdiction_id: str, now: datetime, zone: tzinfo) -> dict[str, Any]:
    return {"jurisdiction_id": jurisdiction_id, "now": now, "today": now.astimezone(zone).date()}


class _Row(NamedTuple):
    """What is read about one unit, in the order of the statement after its version."""

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
    area: str | None
    resting_until: datetime | None
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
    shares_crew: tuple[str, ...] | None
    crew_with: str | None
    appointment_at: datetime | None


def _seen(row: Any) -> Seen:
    version, *values = row
    known = _Row._make([tuple(value) if type(value) is list else value for value in values])
    return Seen(_candidate(known), version, known.next_change)


# A unit is the same candidate until something about it changes, and between two looks at the roster few do.
@lru_cache(maxsize=CANDIDATES_KEPT)
def _candidate(row: _Row) -> Candidate:
    position = LatLon(row.lat, row.lon) if row.lat is not None and row.lon is not None else None
    rings = None if row.area is None else json.loads(row.area)
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
        area=None if rings is None else tuple(_ring(ring) for ring in rings),
        resting_until=row.resting_until,
        shares_crew=frozenset(row.shares_crew or ()),
        crew_with=row.crew_with,
        appointment_at=row.appointment_at,
    )


def _ring(points: list[list[float]]) -> Ring:
    return tuple((lon, lat) for lon, lat in points)
