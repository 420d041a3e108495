"""Incidents of before near a place: counts by what they were and how they ended, who was there, and the latest few."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.domain.access import POLICE_TYPES, Principal
from dispatch.domain.outcome import OUTCOMES
from dispatch.domain.premise import SAME_ADDRESS_WITHIN_M, Search, squares

# Squares of about 220 m, as the index of incidents has them (db/models/incident.py).
SQUARES = 500
LATEST = 5

_APART = """
    sqrt(power((i.lat - :lat) * 111195.08, 2)
      + power(least(abs(i.lon - :lon), 360 - abs(i.lon - :lon)) * 111195.08 * cos(radians(:lat)), 2))
"""

# What is linked to another incident is that incident. `near` is read once and counted in several ways.
NEAR = f"""
    with squares as materialized (
      select r, c from unnest(cast(:rows as float8[])) r cross join unnest(cast(:columns as float8[])) c
    ), by_place as (
      select i.* , {_APART} as apart
      from squares
      join incident i on i.jurisdiction_id = :jurisdiction_id and i.lat is not null
        and floor(i.lat * 500) = squares.r and floor(i.lon * 500) = squares.c and i.opened_at >= :since
      where {_APART} <= :radius
    ), by_address as (
      select i.*, case when i.lat is null or not cast(:has_position as boolean) then null else {_APART} end as apart
      from incident i
      where i.jurisdiction_id = :jurisdiction_id and i.address_key = :address and i.opened_at >= :since
    ), near as materialized (
      select distinct on (id) jurisdiction_id, id, number, status, category, incident_type, disposition, opened_at,
             uncertainty_m, apart, coalesce(address_key = :address, false) as same_address
      from (select * from by_place
            union all
            select * from by_address where apart is null or apart <= {SAME_ADDRESS_WITHIN_M}) found
      where linked_to is null and id <> all(cast(:without as text[])) and opened_at <= :until
    ), there as materialized (
      select a.incident_id, a.responder_type, a.agency_id, a.unit_id, a.outcome, a.outcomes, a.on_scene_at
      from near join assignment a on a.jurisdiction_id = near.jurisdiction_id and a.incident_id = near.id
      where a.responder_type <> all(cast(:hidden as text[]))
    )
"""  # noqa: S608 - constants of this module

_COUNTS = text(
    NEAR  # noqa: S608 - constants of this module
    + """
    select 'all' as what, '' as word, count(*) as n from near
    union all select 'open', '', count(*) from near where status in ('pending', 'held', 'active')
    union all select 'same_address', '', count(*) from near where same_address
    union all select 'uncertain', '', count(*) from near where uncertainty_m > :radius
    union all select 'category', category, count(*) from near group by category
    union all select 'incident_type', incident_type, count(*) from near group by incident_type
    union all select 'disposition', disposition, count(*) from near where disposition is not null group by disposition
    union all select 'responder_type', responder_type, count(distinct incident_id) from there
              where on_scene_at is not null group by responder_type
    union all select 'outcome', outcome, count(*) from there
              where outcome is not null
                and (cast(:agencies as text[]) is null or agency_id = any(cast(:agencies as text[])))
                and (cast(:only_unit as text) is null or unit_id = :only_unit)
                and (not cast(:no_health_of_others as boolean) or responder_type = any(cast(:police as text[]))
                     or not coalesce((outcomes -> 0 ->> 'health')::boolean, outcome = any(cast(:health as text[]))))
              group by outcome
    union all select 'latest', to_jsonb(newest) #>> '{}', -row_number() over (order by opened_at desc, id desc)
              from (select id, number, status, category, incident_type, disposition, opened_at, apart, same_address
                    from near order by opened_at desc, id desc limit :latest) newest
    order by 1, 3 desc, 2
    """
)
_SAME_PHONE = text(
    """
    select count(*) from incident
    where jurisdiction_id = :jurisdiction_id and phone_key = :phone and opened_at between :since and :until
      and linked_to is null and id <> all(cast(:without as text[]))
    """
)
# Of the last so long a record is whole only when it is as old.
_DATA_SINCE = text("select min(opened_at) from incident where jurisdiction_id = :jurisdiction_id")


@dataclass(frozen=True, slots=True)
class HistoryOf:
    """Which incidents to count. without: ids that are the matter itself. phone: whose repeats are counted, if any."""

    search: Search
    since: datetime
    until: datetime
    without: tuple[str, ...] = ()
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What was found: counts of incidents, and outcomes, which are of assignments. same_phone None: not asked."""

    incidents: int
    open_now: int
    same_address: int
    same_phone: int | None
    uncertain: int
    by: dict[str, dict[str, int]] = field(default_factory=dict)
    latest: list[dict[str, Any]] = field(default_factory=list)


async def history_near(session: AsyncSession, principal: Principal, wanted: HistoryOf, *, with_latest: bool) -> History:
    """The incidents of before near the place, as this principal may know of them: without units hidden from it, and
    outcomes of its own agencies and unit alone, of which health that others met is none for police.
    """
    values = _values(principal, wanted)
    rows = (await session.execute(_COUNTS, {**values, "latest": LATEST if with_latest else 0})).all()
    by: dict[str, dict[str, int]] = {}
    for row in rows:
        by.setdefault(row.what, {})[row.word] = row.n
    return History(
        by["all"][""],
        by["open"][""],
        by["same_address"][""],
        None if wanted.phone is None else int((await session.execute(_SAME_PHONE, values)).scalar_one()),
        by["uncertain"][""],
        {name: by.get(name, {}) for name in ("category", "incident_type", "disposition", "responder_type", "outcome")},
        [orjson.loads(word) for word in by.get("latest", {})],
    )


_UNPLACED = text(
    """
    select exists (select 1 from incident
                    where jurisdiction_id = :jurisdiction_id and lat is null and opened_at between :since and :until)
    """
)


async def has_unplaced(session: AsyncSession, jurisdiction_id: str, since: datetime, until: datetime) -> bool:
    """True when an incident of that time has no position, so that only an address finds it."""
    asked = {"jurisdiction_id": jurisdiction_id, "since": since, "until": until}
    return bool((await session.execute(_UNPLACED, asked)).scalar_one())


async def data_since(session: AsyncSession, jurisdiction_id: str) -> datetime | None:
    """When the oldest incident on record was opened; None when there is none."""
    found: datetime | None = await session.scalar(_DATA_SINCE, {"jurisdiction_id": jurisdiction_id})
    return found


def _values(principal: Principal, wanted: HistoryOf) -> dict[str, Any]:
    place, radius = wanted.search.place, wanted.search.radius_m or 0.0
    position = place.position
    rows, columns = squares(position, radius, SQUARES) if position else ([], [])
    return {
        "jurisdiction_id": principal.jurisdiction,
        "rows": rows,
        "columns": columns,
        "lat": position.lat if position else 0.0,
        "lon": position.lon if position else 0.0,
        "has_position": position is not None,
        "radius": radius,
        "address": place.address,
        "phone": wanted.phone,
        "since": wanted.since,
        "until": wanted.until,
        "without": list(wanted.without),
        "hidden": sorted(principal.hidden_responder_types()),
        "agencies": None if principal.agencies is None else sorted(principal.agencies),
        "only_unit": principal.unit,
        "no_health_of_others": principal.is_police_beside_others,
        "police": sorted(POLICE_TYPES),
        "health": [word for one in OUTCOMES if one.is_health for word in (one.code, *one.formerly)],
    }
