"""How long a unit takes to get there, when no road network is loaded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from dispatch.domain.geo import LatLon, distance_m


class Travel(Protocol):
    """Seconds from each origin to the scene; None where the provider cannot tell."""

    def travel_s(
        self, origins: Sequence[LatLon], scene: LatLon, *, responder_type: str, at: datetime, urgent: bool
    ) -> list[float | None]: ...


# Seconds to get going plus seconds per kilometre of straight line. Fire and EMS under lights: fitted to San Francisco
# fire runs of January 2018 (minutes about 2.28 + 1.04 x km, turnout included). The others drive with the traffic:
# 25 km/h over the ground as the crow flies is an assumption until a city's own positions say otherwise.
_URGENT: dict[str, tuple[float, float]] = {"fire": (77.0, 62.4), "ems": (77.0, 62.4), "police": (77.0, 62.4)}
_ORDINARY = (60.0, 144.0)
_AFOOT = {"transit_ambassador": (60.0, 720.0)}

_RUSH_HOURS = frozenset({7, 8, 16, 17, 18})
_RUSH = 1.25


class StraightLine:
    """Travel time by distance as the crow flies and a speed profile. Knows no roads, rivers or one-way streets."""

    def travel_s(
        self, origins: Sequence[LatLon], scene: LatLon, *, responder_type: str, at: datetime, urgent: bool
    ) -> list[float | None]:
        """Seconds, never below the start-up part. Rush hours are read from `at`: give it in local time."""
        start_s, per_km_s = _AFOOT.get(responder_type) or (
            _URGENT.get(responder_type, _ORDINARY) if urgent else _ORDINARY
        )
        slow = _RUSH if at.hour in _RUSH_HOURS and not urgent else 1.0
        return [start_s + per_km_s * slow * distance_m(origin, scene) / 1000 for origin in origins]
