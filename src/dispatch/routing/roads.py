"""Travel times over a road graph: arrays in, seconds out. Reading and writing the file is somebody else's."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from dispatch.domain.geo import EARTH_RADIUS_M, LatLon
from dispatch.routing.reasons import Reason
from dispatch.routing.travel import HOUR_FACTORS, SpeedProfile, StraightLine, slower_by_hour

# A place further than this from every road of the extract is outside it: the straight line answers for all of them.
OFF_ROADS_M = 1000.0
# From the place to the road, on foot or by a way that the extract does not have.
OFF_ROAD_S_PER_M = 0.3
# Memory for the times from every node to the destinations asked last; the oldest is forgotten first.
KEPT_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RoadGraph:
    """Nodes (degrees) and one-way arcs with the seconds that each takes at the posted or usual speed of its class."""

    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    seconds: NDArray[np.float32]


def main_part(graph: RoadGraph) -> RoadGraph:
    """The nodes that can be reached from each other; islands and dead one-way ends would make units vanish."""
    size = len(graph.lat)
    matrix = csr_matrix((graph.seconds, (graph.tail, graph.head)), shape=(size, size))
    _, label = connected_components(matrix, directed=True, connection="strong")
    inside = label == np.bincount(label).argmax()
    number = np.cumsum(inside, dtype=np.int32) - 1
    kept = inside[graph.tail] & inside[graph.head]
    return RoadGraph(
        graph.lat[inside],
        graph.lon[inside],
        number[graph.tail[kept]].astype(np.int32),
        number[graph.head[kept]].astype(np.int32),
        graph.seconds[kept],
    )


class RoadNetwork:
    """A road graph made ready for questions: the reversed matrix, the index of places, and times found before.

    One is shared by every request. It holds no clock and no chance: the same question has the same answer.
    """

    def __init__(self, graph: RoadGraph) -> None:
        size = len(graph.lat)
        self._lat, self._lon = graph.lat, graph.lon
        # Of parallel arcs the quickest counts; a sparse matrix would add them up.
        order = np.lexsort((graph.seconds, graph.head, graph.tail))
        tail, head = graph.tail[order], graph.head[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        # An arc of no length would vanish from a sparse matrix.
        seconds = np.maximum(graph.seconds[order][first].astype(np.float64), 1e-3)
        self._reversed = csr_matrix((seconds, (head[first], tail[first])), shape=(size, size))
        self._places = cKDTree(_on_sphere(graph.lat, graph.lon))
        self._times: OrderedDict[int, NDArray[np.float32]] = OrderedDict()

    def nearest(self, places: Sequence[LatLon]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The nearest node to each place and its distance in metres."""
        asked = _on_sphere(np.array([one.lat for one in places]), np.array([one.lon for one in places]))
        chord, node = self._places.query(asked)
        return np.asarray(node), np.asarray(chord * EARTH_RADIUS_M)

    def seconds_to(self, node: int) -> NDArray[np.float32]:
        """Driving seconds from every node to this one: one search over the reversed graph, kept for the next unit."""
        known = self._times.get(node)
        if known is None:
            known = dijkstra(self._reversed, indices=node).astype(np.float32)
            self._times[node] = known
            if len(self._times) > max(1, KEPT_BYTES // known.nbytes):
                self._times.popitem(last=False)
        else:
            self._times.move_to_end(node)
        return known


def _on_sphere(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points on the unit sphere: nearest by chord is nearest by great circle, at every latitude."""
    phi, theta = np.radians(lat), np.radians(lon)
    return np.column_stack((np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)))


_FITTED = "Fitted on San Francisco fire runs of 13-15 January 2018 (DataSF, PDDL) over OpenStreetMap roads"
_ASSUMED = "Assumed: the fitted urgent figures, slower by a third without lights and siren"
_START_S, _FACTOR = 79.0, 0.61
_ROUTINE = SpeedProfile(_START_S, _FACTOR * 4 / 3, _ASSUMED)

# (responder type, urgent) -> seconds before the drive, and how many times the graph's own time the drive takes.
ROAD_PROFILES: Mapping[tuple[str, bool], SpeedProfile] = MappingProxyType(
    {
        ("fire", True): SpeedProfile(_START_S, _FACTOR, _FITTED),
        ("ems", True): SpeedProfile(_START_S, _FACTOR, _FITTED),
        ("police", True): SpeedProfile(_START_S / 2, _FACTOR, "Assumed: as fitted, with half the start"),
        ("police", False): SpeedProfile(_START_S / 2, _FACTOR * 4 / 3, "Assumed: as fitted, with half the start"),
    }
)


@dataclass(frozen=True, slots=True)
class OverRoads:
    """Travel times over the network; a scene that lies off it is answered by the straight line, for every unit alike.

    zone: local time, as for the straight line. In a profile of this provider s_per_km is a factor on driving time.
    """

    network: RoadNetwork
    zone: tzinfo | None = None
    profiles: Mapping[tuple[str, bool], SpeedProfile] = field(default_factory=lambda: ROAD_PROFILES)
    hour_factors: Mapping[int, float] = field(default_factory=lambda: HOUR_FACTORS)
    provider: str = "roads"
    notes: tuple[str, ...] = ()

    def travel_s(
        self, origins: Sequence[LatLon], scene: LatLon, responder_type: str, at: datetime, urgent: bool
    ) -> list[float | None]:
        """Seconds from each origin. A unit that stands off the network is told by the straight line."""
        return [float(one) for one in self.table_s(origins, [scene], responder_type, at, urgent)[:, 0]]

    def table_s(
        self, origins: Sequence[LatLon], scenes: Sequence[LatLon], responder_type: str, at: datetime, urgent: bool
    ) -> NDArray[np.float64]:
        """Seconds from each origin (rows) to each scene (columns): one search per scene that was not asked before."""
        if not origins or not scenes:
            return np.zeros((len(origins), len(scenes)))
        profile = self.profiles.get((responder_type, urgent), _ROUTINE)
        start, start_m = self.network.nearest(origins)
        end, end_m = self.network.nearest(scenes)
        drive = np.column_stack([self.network.seconds_to(int(node))[start] for node in end]).astype(np.float64)
        walked_s = OFF_ROAD_S_PER_M * (start_m[:, None] + end_m[None, :])
        slower = slower_by_hour(self.hour_factors, self.zone, at)
        table = slower * (profile.start_s + profile.s_per_km * drive + walked_s)
        outside = (start_m > OFF_ROADS_M)[:, None] | (end_m > OFF_ROADS_M)[None, :]
        if outside.any():
            straight = StraightLine(zone=self.zone, hour_factors=self.hour_factors)
            table = np.where(outside, straight.table_s(origins, scenes, responder_type, at, urgent), table)
        return table

    def notes_for(self, scene: LatLon) -> tuple[str, ...]:
        """What people must know of times to this scene."""
        _, away = self.network.nearest([scene])
        return (Reason.OFF_ROADS.value,) if away[0] > OFF_ROADS_M else ()
