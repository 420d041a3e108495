"""How long units take to a place: the protocol that every provider speaks, and the one that needs no roads."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.geo import EARTH_RADIUS_M, LatLon


class Travel(Protocol):
    """Travel times of units of one type. provider: which way of telling them this is, as the answer says it.

    notes: reasons why it is this provider and not the one that was wished for.
    """

    @property
    def provider(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def travel_s(
        self, origins: Sequence[LatLon], scene: LatLon, responder_type: str, at: datetime, urgent: bool
    ) -> list[float | None]:
        """Seconds from each origin, None where there is no way. urgent: lights and siren, where it has them."""
        ...

    def table_s(
        self, origins: Sequence[LatLon], scenes: Sequence[LatLon], responder_type: str, at: datetime, urgent: bool
    ) -> NDArray[np.float64]:
        """The same for many scenes: one row for each origin, infinite where there is no way."""
        ...


@dataclass(frozen=True, slots=True)
class SpeedProfile:
    """Travel time as a straight line: start_s + s_per_km times the distance as the crow flies.

    start_s: getting under way and round the corners, whatever the distance. source: where the figures come from.
    """

    start_s: float
    s_per_km: float
    source: str


_MEASURED = (
    "San Francisco fire runs of engines and trucks in their home area, January 2018 (DataSF, PDDL): "
    "minutes = 2.28 + 1.04 x km"
)
_ASSUMED = "Assumed: the measured urgent figures, slower by a third without lights and siren"
_ROVING = "Assumed: as measured, with half the start because patrol is under way already"
_URGENT = SpeedProfile(2.28 * 60, 1.04 * 60, _MEASURED)
_ROUTINE = SpeedProfile(2.28 * 60, 1.04 * 60 * 4 / 3, _ASSUMED)

# (responder type, urgent) -> profile. Types that are not named travel as ROUTINE: no lights, no siren.
PROFILES: Mapping[tuple[str, bool], SpeedProfile] = MappingProxyType(
    {
        ("fire", True): _URGENT,
        ("ems", True): _URGENT,
        ("police", True): SpeedProfile(1.14 * 60, 1.04 * 60, _ROVING),
        ("police", False): SpeedProfile(1.14 * 60, 1.04 * 60 * 4 / 3, _ROVING),
    }
)

# Slower than the profile by local hour. Assumed (commuting peaks of a mid-size city), not measured; a city replaces it.
HOUR_FACTORS: Mapping[int, float] = MappingProxyType(
    {**dict.fromkeys((7, 8), 1.15), **dict.fromkeys((15, 16, 17, 18), 1.2), **dict.fromkeys(range(9, 15), 1.05)}
)


@dataclass(frozen=True, slots=True)
class StraightLine:
    """Travel times when no road network is loaded. Knows no roads, rivers or one-way streets.

    zone: local time, in which the hour of the day slows travel; None leaves the hour out.
    """

    profiles: Mapping[tuple[str, bool], SpeedProfile] = field(default_factory=lambda: PROFILES)
    otherwise: SpeedProfile = _ROUTINE
    zone: tzinfo | None = None
    hour_factors: Mapping[int, float] = field(default_factory=lambda: HOUR_FACTORS)
    notes: tuple[str, ...] = ()
    provider: str = "straight_line"

    def travel_s(
        self, origins: Sequence[LatLon], scene: LatLon, responder_type: str, at: datetime, urgent: bool
    ) -> list[float | None]:
        """Seconds from each origin, never None."""
        profile = self.profiles.get((responder_type, urgent), self.otherwise)
        slower = slower_by_hour(self.hour_factors, self.zone, at)
        return [slower * (profile.start_s + profile.s_per_km * km) for km in distances_km(origins, scene)]

    def table_s(
        self, origins: Sequence[LatLon], scenes: Sequence[LatLon], responder_type: str, at: datetime, urgent: bool
    ) -> NDArray[np.float64]:
        """Seconds from each origin (rows) to each scene (columns)."""
        profile = self.profiles.get((responder_type, urgent), self.otherwise)
        slower = slower_by_hour(self.hour_factors, self.zone, at)
        return slower * (profile.start_s + profile.s_per_km * table_km(origins, scenes))


def slower_by_hour(factors: Mapping[int, float], zone: tzinfo | None, at: datetime) -> float:
    """How many times longer a way takes at this local hour."""
    return 1.0 if zone is None else factors.get(at.astimezone(zone).hour, 1.0)


def table_km(origins: Sequence[LatLon], scenes: Sequence[LatLon]) -> NDArray[np.float64]:
    """Great-circle kilometres from each origin (rows) to each scene (columns)."""
    a = np.radians(np.array([(one.lat, one.lon) for one in origins]).reshape(-1, 1, 2))
    b = np.radians(np.array([(one.lat, one.lon) for one in scenes]).reshape(1, -1, 2))
    half = np.sin((b - a) / 2) ** 2
    h = half[..., 0] + np.cos(a[..., 0]) * np.cos(b[..., 0]) * half[..., 1]
    return np.asarray(2 * EARTH_RADIUS_M / 1000 * np.arcsin(np.sqrt(np.minimum(h, 1.0))), dtype=np.float64)


def distances_km(origins: Sequence[LatLon], scene: LatLon) -> list[float]:
    """Great-circle kilometres from each origin to the scene: domain.geo.distance_m, with the scene worked out once."""
    radians, sin, cos = math.radians, math.sin, math.cos
    scene_phi, scene_lambda = radians(scene.lat), radians(scene.lon)
    cos_scene = cos(scene_phi)
    found = []
    for origin in origins:
        phi = radians(origin.lat)
        h = sin((scene_phi - phi) / 2) ** 2 + cos(phi) * cos_scene * sin((scene_lambda - radians(origin.lon)) / 2) ** 2
        found.append(2 * EARTH_RADIUS_M / 1000 * math.asin(min(1.0, math.sqrt(h))))
    return found


def kolesar_min(distance: float, acceleration: float, speed: float) -> float:
    """Minutes for a distance: the square-root law up to cruising speed, then linear (Kolesar 1975).

    acceleration: length per minute squared; speed: length per minute, of the same length.
    """
    joint = speed**2 / acceleration
    if distance <= joint:
        return 2.0 * math.sqrt(distance / acceleration)
    return speed / acceleration + distance / speed


@dataclass(frozen=True, slots=True)
class Turnout:
    """Seconds from being told to moving. source: where the figure comes from."""

    seconds: float
    source: str


_NFPA = "NFPA 1710 turnout objective (90 %)"
_GUESS = "Assumed: not measured"
TURNOUT: Mapping[str, Turnout] = MappingProxyType(
    {
        "fire": Turnout(80.0, _NFPA),
        "ems": Turnout(60.0, _NFPA),
        "police": Turnout(20.0, _GUESS),
    }
)
_OTHER_TURNOUT = Turnout(120.0, _GUESS)


def turnout_s(responder_type: str) -> float:
    """Seconds that a unit of this type needs before it moves."""
    return TURNOUT.get(responder_type, _OTHER_TURNOUT).seconds
