"""Hazards near a place that somebody stands by, and how each of them belongs to it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Incident
from dispatch.domain.access import Principal
from dispatch.domain.geo import LatLon, distance_m
from dispatch.domain.hazard import LONGEST_RADIUS_M
from dispatch.domain.premise import Match, Place, Search, match_of
from dispatch.linking.grid import cells_within
from dispatch.linking.profile import place_words
from dispatch.queries.hazard_lists import unread

COLUMNS = (
    "id", "kind", "sensitivity", "endangers_responders", "warning", "words", "lat", "lon", "radius_m", "address",
    "address_key", "door", "source_kind", "source", "incident_id", "agency_id", "author", "created_at", "expires_at",
    "reviewed_at", "reviewed_by", "withdrawn_at", "withdrawn_by", "withdrawn_reason",
)  # fmt: skip
# Degrees of longitude are shorter away from the equator, and begin again behind the date line.
_APART = """
    power((h.lat - :lat) * 111195.08, 2)
      + power(least(abs(h.lon - :lon), 360 - abs(h.lon - :lon)) * 111195.08 * cos(radians(:lat)), 2)
"""

_HAZARDS = text(
    f"""
    select {", ".join(COLUMNS)} from premise_hazard h
    where h.jurisdiction_id = :jurisdiction_id and h.withdrawn_at is null and h.expires_at > :since
      and (h.address_key = :address
           or (h.cell = any(cast(:cells as bigint[])) and {_APART} <= power(:radius + h.radius_m, 2)))
    """  # noqa: S608 - constants of this module
)

_UNPLACED = text(
    """
    select exists (
      select 1 from premise_hazard
      where jurisdiction_id = :jurisdiction_id and cell is null and expires_at > :now and withdrawn_at is null
        and (endangers_responders or sensitivity <> all(cast(:unread as text[]))))
    """
)
_KNOWN_AT = text(
    """
    select lat, lon, uncertainty_m from incident
    where jurisdiction_id = :jurisdiction_id and address_key = :address and lat is not null
    order by opened_at desc limit 1
    """
)


@dataclass(frozen=True, slots=True)
class FoundHazard:
    """A hazard that belongs to the place. distance_m: None where one of the two has no position."""

    data: dict[str, Any]
    match: Match
    distance_m: float | None


def place_of(incident: Incident) -> Place:
    """Where the incident is, as far as is known."""
    position = LatLon(incident.lat, incident.lon) if incident.lat is not None and incident.lon is not None else None
    return Place(position, incident.uncertainty_m, incident.address_key, place_words(incident.address)[1])


def place_at(position: LatLon | None, uncertainty_m: float | None, address: str | None) -> Place:
    """The place that somebody names."""
    folded, door = place_words(address)
    return Place(position, uncertainty_m, folded, door)


async def position_by_address(session: AsyncSession, jurisdiction_id: str, place: Place) -> Place:
    """The place with the position that the newest incident at its address had, where it has none of its own."""
    if place.position is not None or place.address is None:
        return place
    row = (
        await session.execute(_KNOWN_AT, {"jurisdiction_id": jurisdiction_id, "address": place.address})
    ).one_or_none()
    if row is None:
        return place
    return replace(place, position=LatLon(row.lat, row.lon), uncertainty_m=row.uncertainty_m, is_borrowed=True)


async def hazards_near(
    session: AsyncSession, jurisdiction_id: str, search: Search, *, since: datetime, now: datetime
) -> list[FoundHazard]:
    """Hazards of the place that were not withdrawn and did not expire before `since`, the gravest and closest first."""
    place, radius = search.place, search.radius_m or 0.0
    if place.position is None and place.address is None:
        return []
    found = await session.execute(
        _HAZARDS,
        {
            "jurisdiction_id": jurisdiction_id,
            "since": since,
            "address": place.address,
            "cells": cells_within(place.position, radius + LONGEST_RADIUS_M) if place.position else [],
            "radius": radius,
            "lat": place.position.lat if place.position else 0.0,
            "lon": place.position.lon if place.position else 0.0,
        },
    )
    matched = [one for row in found.mappings() if (one := _matched(search, dict(row))) is not None]
    return sorted(matched, key=lambda one: _order(one, now))


async def has_unplaced(session: AsyncSession, principal: Principal, now: datetime) -> bool:
    """True when a hazard that the principal may know of has no position, so that only an address finds it."""
    asked = {"jurisdiction_id": principal.jurisdiction, "now": now, "unread": unread(principal)}
    return bool((await session.execute(_UNPLACED, asked)).scalar_one())


def _matched(search: Search, row: dict[str, Any]) -> FoundHazard | None:
    position = LatLon(row["lat"], row["lon"]) if row["lat"] is not None else None
    match = match_of(search, Place(position, None, row["address_key"], row["door"]), row["radius_m"])
    here = search.place.position
    apart = round(distance_m(here, position), 1) if here and position else None
    return None if match is None else FoundHazard(row, match, apart)


def _order(one: FoundHazard, now: datetime) -> tuple[bool, bool, int, float, str]:
    row = one.data
    closeness = list(Match).index(one.match)
    return row["expires_at"] <= now, not row["endangers_responders"], closeness, one.distance_m or 0.0, row["id"]
