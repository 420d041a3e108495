"""An OpenStreetMap extract becomes a road graph: the drivable ways, with one-way streets, and a speed for each."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from numpy.typing import NDArray

from dispatch.domain.errors import Invalid
from dispatch.domain.geo import EARTH_RADIUS_M
from dispatch.routing.roads import RoadGraph, main_part

SUFFIXES = (".osm.pbf", ".osm", ".osm.gz", ".osm.bz2", ".pbf")

# Usual speed of a class in km/h, junctions and signals included. Assumed; what is posted may be more than is driven.
SPEEDS_KMH = {
    "motorway": 80, "motorway_link": 45, "trunk": 60, "trunk_link": 40, "primary": 40, "primary_link": 30,
    "secondary": 36, "secondary_link": 28, "tertiary": 32, "tertiary_link": 26, "unclassified": 28,
    "residential": 26, "living_street": 12, "service": 14, "road": 26,
}  # fmt: skip
_ONE_WAY = {"yes", "true", "1"}
# A roundabout and a motorway run one way unless somebody says otherwise.
_RUNS_ONE_WAY = {"motorway", "motorway_link"}


def read_roads(path: Path) -> RoadGraph:
    """The part of the road network of this file whose places can all be reached from one another.

    Raises Invalid when the file cannot be read or has no roads for vehicles.
    """
    nodes: dict[int, int] = {}
    places: list[tuple[float, float]] = []
    arcs: list[tuple[int, int, float]] = []
    try:
        for found in osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.KeyFilter("highway")):
            if isinstance(found, osmium.osm.Way):
                _add(found, nodes, places, arcs)
    except (RuntimeError, OSError) as broken:
        raise Invalid(
            f"{path.name} cannot be read as OpenStreetMap data: {broken}",
            fix=f"Give an extract that ends in {', '.join(SUFFIXES)}.",
        ) from broken
    if not arcs:
        raise Invalid(f"{path.name} has no roads for vehicles.", fix="Give an extract with ways tagged `highway`.")
    lat, lon = np.array(places).T
    tail, head, kmh = np.array(arcs).T
    tail, head = tail.astype(np.int32), head.astype(np.int32)
    seconds = (_km(lat, lon, tail, head) / kmh * 3600).astype(np.float32)
    return main_part(RoadGraph(lat, lon, tail, head, seconds))


def write_roads(graph: RoadGraph, path: Path) -> None:
    """The graph is in one compact file, whole: readers see the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new.npz")
    np.savez_compressed(
        fresh, lat=graph.lat, lon=graph.lon, tail=graph.tail, head=graph.head, seconds=graph.seconds, version=1
    )
    fresh.replace(path)


def _add(
    way: Any, nodes: dict[int, int], places: list[tuple[float, float]], arcs: list[tuple[int, int, float]]
) -> None:
    tags = way.tags
    kind = tags.get("highway")
    kmh = SPEEDS_KMH.get(kind)
    if kmh is None or tags.get("access") == "no" or tags.get("area") == "yes":
        return
    points = [_node(one, nodes, places) for one in way.nodes if one.location.valid()]
    one_way = tags.get("oneway")
    forward = one_way != "-1"
    implied = tags.get("junction") == "roundabout" or kind in _RUNS_ONE_WAY
    both = one_way not in _ONE_WAY and one_way != "-1" and not (implied and one_way != "no")
    for here, there in pairwise(points):
        if forward:
            arcs.append((here, there, kmh))
        if both or not forward:
            arcs.append((there, here, kmh))


def _node(node: Any, nodes: dict[int, int], places: list[tuple[float, float]]) -> int:
    """The number of a node in the graph; a new one when it was not seen yet."""
    number = nodes.get(node.ref)
    if number is None:
        number = nodes[node.ref] = len(places)
        places.append((node.location.lat, node.location.lon))
    return number


def _km(
    lat: NDArray[np.float64], lon: NDArray[np.float64], tail: NDArray[np.int32], head: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Length of each arc, on a plane: pieces of road are short."""
    north = np.radians(lat[head] - lat[tail])
    east = np.radians(lon[head] - lon[tail]) * np.cos(np.radians(lat[tail]))
    return np.asarray(np.hypot(north, east) * EARTH_RADIUS_M / 1000, dtype=np.float64)
