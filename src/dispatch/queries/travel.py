"""Which provider tells the travel times of one question: roads or an outside engine when there is one, else straight.

Everything that can fail happens here, before the router is asked, so that the router always has times.
"""

import asyncio
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import structlog
from numpy.typing import NDArray

from dispatch.domain.errors import Invalid
from dispatch.domain.geo import LatLon
from dispatch.routing.reasons import Reason, reason
from dispatch.routing.roads import OverRoads, RoadGraph, RoadNetwork
from dispatch.routing.travel import StraightLine, Travel

log = structlog.get_logger("dispatch.travel")
ROADS_FILE = "roads/roads.npz"


def read_network(path: Path) -> RoadNetwork | None:
    """The road network of a file that `dispatch import roads` wrote; None where there is none."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            graph = RoadGraph(kept["lat"], kept["lon"], kept["tail"], kept["head"], kept["seconds"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as broken:
        raise Invalid(f"{path} cannot be read as a road network.", fix="Run `dispatch import roads` again.") from broken
    return RoadNetwork(graph)


@dataclass(frozen=True, slots=True)
class FromEngine:
    """Times that an outside engine told for one scene; whoever it does not know is told by the straight line."""

    known_s: dict[LatLon, float]
    scene: LatLon
    otherwise: StraightLine
    provider: str = "engine"
    notes: tuple[str, ...] = ()

    def travel_s(
        self, origins: Sequence[LatLon], scene: LatLon, responder_type: str, at: datetime, urgent: bool
    ) -> list[float | None]:
        """Seconds from each origin: the engine's drive, and getting under way as for the straight line."""
        profile = self.otherwise.profiles.get((responder_type, urgent), self.otherwise.otherwise)
        straight = self.otherwise.travel_s(origins, scene, responder_type, at, urgent)
        if scene != self.scene:
            return straight
        return [
            profile.start_s + self.known_s[origin] if origin in self.known_s else other
            for origin, other in zip(origins, straight, strict=True)
        ]

    def table_s(
        self, origins: Sequence[LatLon], scenes: Sequence[LatLon], responder_type: str, at: datetime, urgent: bool
    ) -> NDArray[np.float64]:
        """The straight line: coverage of a whole city is not asked of an engine in the middle of a call."""
        return self.otherwise.table_s(origins, scenes, responder_type, at, urgent)


class OutsideEngine:
    """A Valhalla or OSRM server, asked for one table per question, with a time limit."""

    def __init__(self, url: str, limit_s: float, client: httpx.AsyncClient | None = None) -> None:
        self.url, self.limit_s = url.rstrip("/"), limit_s
        self._client = client or httpx.AsyncClient()

    async def drive_s(self, origins: Sequence[LatLon], scene: LatLon) -> dict[LatLon, float]:
        """Driving seconds of each origin that can be routed. Raises httpx.HTTPError, ValueError or TimeoutError."""
        async with asyncio.timeout(self.limit_s):
            if "/table/" in self.url:
                answer = await self._client.get(_osrm(self.url, origins, scene), timeout=self.limit_s)
            else:
                answer = await self._client.post(
                    f"{self.url}/sources_to_targets", json=_valhalla(origins, scene), timeout=self.limit_s
                )
        answer.raise_for_status()
        return _seconds(answer.json(), origins)


def _osrm(url: str, origins: Sequence[LatLon], scene: LatLon) -> str:
    places = ";".join(f"{one.lon:.6f},{one.lat:.6f}" for one in (*origins, scene))
    sources = ";".join(str(n) for n in range(len(origins)))
    return f"{url}/{places}?sources={sources}&destinations={len(origins)}"


def _valhalla(origins: Sequence[LatLon], scene: LatLon) -> dict[str, Any]:
    return {
        "sources": [{"lat": one.lat, "lon": one.lon} for one in origins],
        "targets": [{"lat": scene.lat, "lon": scene.lon}],
        "costing": "auto",
    }


def _seconds(body: Any, origins: Sequence[LatLon]) -> dict[LatLon, float]:
    """The first column of either engine's answer; what it cannot route is left out."""
    try:
        if "durations" in body:
            column = [row[0] for row in body["durations"]]
        else:
            column = [row[0]["time"] for row in body["sources_to_targets"]]
        if len(column) != len(origins):
            raise ValueError("another number of rows than was asked for")
        return {
            origin: float(one)
            for origin, one in zip(origins, column, strict=True)
            if one is not None and 0 <= float(one) < 86_400
        }
    except (KeyError, IndexError, TypeError) as odd:
        raise ValueError("no table of times") from odd


@dataclass(frozen=True, slots=True)
class TravelChoice:
    """What is there to tell travel times by: engine before roads before the straight line."""

    network: RoadNetwork | None = None
    engine: OutsideEngine | None = None

    async def for_scene(self, origins: Sequence[LatLon], scene: LatLon | None, zone: tzinfo | None) -> Travel:
        """The provider for this question; never raises, because the straight line is always there."""
        if scene is None or not origins:
            return StraightLine(zone=zone)
        if self.engine is not None:
            return await self._from_engine(self.engine, list(dict.fromkeys(origins)), scene, zone)
        if self.network is not None:
            roads = OverRoads(self.network, zone)
            return OverRoads(self.network, zone, notes=roads.notes_for(scene))
        return StraightLine(zone=zone)

    async def _from_engine(
        self, engine: OutsideEngine, origins: Sequence[LatLon], scene: LatLon, zone: tzinfo | None
    ) -> Travel:
        try:
            return FromEngine(await engine.drive_s(origins, scene), scene, StraightLine(zone=zone))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError) as failed:
            log.warning("travel_engine_failed", error=type(failed).__name__)
            why = "time limit" if isinstance(failed, TimeoutError | httpx.TimeoutException) else "no usable answer"
            return StraightLine(zone=zone, notes=(reason(Reason.ENGINE_SILENT, why),))
