"""Calls as they are compared with each other: kept beside the calls, found by place, address or telephone."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.session import json_text
from dispatch.domain.geo import EARTH_RADIUS_M, LatLon
from dispatch.linking.grid import cell_of, cells_around
from dispatch.linking.judge import Known
from dispatch.linking.profile import Profile, grouped
from dispatch.linking.score import DEFAULT, REACH, radius_m

WINDOW = timedelta(hours=3)
ENDED_LATELY = timedelta(minutes=30)
# Of each square, address and telephone the newest so many: the cost has a limit whatever happens in one place.
MOST_OF_EACH = 60
KEPT = timedelta(days=1)

_KEEP = text(
    """
    insert into call_profile (jurisdiction_id, call_id, incident_id, at, profiled_at, category, incident_type, cell,
                              lat, lon, uncertainty_m, address, door, phone, words, marks)
    select :jurisdiction_id, p.call_id, p.incident_id, p.at, :now, p.category, p.incident_type, p.cell, p.lat, p.lon,
           p.uncertainty_m, p.address, p.door, p.phone, p.words, p.marks
    from jsonb_to_recordset(cast(:profiles as jsonb))
      as p(call_id text, incident_id text, at timestamptz, category text, incident_type text, cell bigint, lat float8,
           lon float8, uncertainty_m float8, address text, door text, phone text, words text[], marks text[])
    on conflict (jurisdiction_id, call_id) do update
      set at = excluded.at, profiled_at = excluded.profiled_at, category = excluded.category,
          incident_type = excluded.incident_type, cell = excluded.cell, lat = excluded.lat, lon = excluded.lon,
          uncertainty_m = excluded.uncertainty_m, address = excluded.address, door = excluded.door,
          phone = excluded.phone, words = excluded.words, marks = excluded.marks
    """
)

_NEAR = text(
    """
    select n.call_id as new_call, p.call_id, p.incident_id, p.at, p.category, p.incident_type, p.lat, p.lon,
           p.uncertainty_m, p.address, p.door, p.phone, p.words, p.marks, l.id as leader_id,
           l.status in ('pending', 'held', 'active') as is_open
    from jsonb_to_recordset(cast(:wanted as jsonb))
      as n(call_id text, incident_id text, at timestamptz, cells bigint[], lat float8, lon float8, radius float8,
           plates text[], address text, phone text)
    cross join lateral (
      select near.* from unnest(n.cells) as c(cell)
      cross join lateral (
        select * from call_profile
        where jurisdiction_id = :jurisdiction_id and cell = c.cell
          and at between n.at - cast(:window as interval) and n.at + cast(:window as interval)
          and (marks && n.plates
               or power((lat - n.lat) * :metres, 2) + power((lon - n.lon) * :metres * cos(radians(n.lat)), 2) <= :reach
                  * (power(greatest(:least, coalesce(nullif(uncertainty_m, 0), :unsaid)), 2) + power(n.radius, 2)))
        order by at desc limit :most
      ) near
      union
      (select * from call_profile
        where jurisdiction_id = :jurisdiction_id and address = n.address
          and at between n.at - cast(:window as interval) and n.at + cast(:window as interval)
        order by at desc limit :most)
      union
      (select * from call_profile
        where jurisdiction_id = :jurisdiction_id and phone = n.phone
          and at between n.at - cast(:window as interval) and n.at + cast(:window as interval)
        order by at desc limit :most)
    ) p
    join incident i on i.jurisdiction_id = p.jurisdiction_id and i.id = p.incident_id
    join incident l on l.jurisdiction_id = p.jurisdiction_id and l.id = coalesce(i.linked_to, i.id)
    where p.incident_id <> n.incident_id and l.id <> n.incident_id
      and (l.closed_at is null or l.closed_at >= n.at - cast(:ended_lately as interval))
    """
)

_FORGET = text("delete from call_profile where profiled_at < :before")


async def keep(session: AsyncSession, jurisdiction_id: str, profiles: Sequence[Profile], now: datetime) -> None:
    """The profiles are what later calls are compared with; a newer one of a call replaces the older."""
    if profiles:
        values = {"jurisdiction_id": jurisdiction_id, "now": now, "profiles": json_text([_row(p) for p in profiles])}
        await session.execute(_KEEP, values)


async def forget(session: AsyncSession, now: datetime) -> None:
    """Profiles that were made more than a day ago are gone."""
    await session.execute(_FORGET, {"before": now - KEPT})


async def near(session: AsyncSession, jurisdiction_id: str, profiles: Sequence[Profile]) -> dict[str, list[Known]]:
    """Call id -> the calls that it may be the same as, each with the incident that stands for its group."""
    found: dict[str, list[Known]] = {profile.call_id: [] for profile in profiles}
    wanted = [
        {
            "call_id": profile.call_id,
            "incident_id": profile.incident_id,
            "at": profile.at.isoformat(),
            "cells": cells_around(profile.position) if profile.position else [],
            "lat": profile.position.lat if profile.position else None,
            "lon": profile.position.lon if profile.position else None,
            "radius": radius_m(profile),
            "plates": [f"plate:{plate}" for plate in profile.marked("plate")],
            "address": profile.address,
            "phone": profile.phone,
        }
        for profile in profiles
    ]
    rows = await session.execute(
        _NEAR,
        {
            "jurisdiction_id": jurisdiction_id,
            "wanted": json_text(wanted),
            "window": WINDOW,
            "most": MOST_OF_EACH,
            "metres": EARTH_RADIUS_M * math.pi / 180,
            "reach": REACH,
            "least": DEFAULT.least_m,
            "unsaid": DEFAULT.uncertainty_m,
            "ended_lately": ENDED_LATELY,
        },
    )
    for row in rows:
        found[row.new_call].append(Known(_profile(row), row.leader_id, row.is_open))
    return found


def _row(profile: Profile) -> dict[str, Any]:
    position = profile.position
    return {
        "call_id": profile.call_id,
        "incident_id": profile.incident_id,
        "at": profile.at.isoformat(),
        "category": profile.category,
        "incident_type": profile.incident_type,
        "cell": cell_of(position) if position else None,
        "lat": position.lat if position else None,
        "lon": position.lon if position else None,
        "uncertainty_m": profile.uncertainty_m,
        "address": profile.address,
        "door": profile.door,
        "phone": profile.phone,
        "words": sorted(profile.words),
        "marks": sorted(f"{kind}:{value}" for kind, values in profile.marks.items() for value in values),
    }


def _profile(row: Any) -> Profile:
    return Profile(
        row.call_id,
        row.incident_id,
        row.at,
        row.category,
        row.incident_type,
        LatLon(row.lat, row.lon) if row.lat is not None else None,
        row.uncertainty_m,
        row.address,
        row.door,
        row.phone,
        frozenset(row.words),
        grouped(row.marks),
    )
