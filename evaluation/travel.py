"""Travel times held against real runs: San Francisco engines and trucks that left their own station, January 2018.

The road profile was fitted on the first days of the file and is told apart for the last days; the straight line's
figures come from an earlier fit on all of them, which is to its advantage.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.geo import LatLon
from dispatch.ingest.roads import read_roads
from dispatch.routing.roads import OFF_ROADS_M, OverRoads, RoadNetwork
from dispatch.routing.travel import StraightLine, Travel
from evaluation.data import ROOT, rows
from evaluation.measure import NoData

RUNS = "calls/sf_fire_cad_2018-01-13_18.csv.gz"
STATIONS = "geo/sf_fire_stations.geojson"
ROADS = "geo/sf_north_roads.osm.gz"
FIRST_HELD_OUT_DAY = "2018-01-16"
_LONGEST_MIN = 30.0


@dataclass(frozen=True, slots=True)
class Run:
    """A vehicle from its station to a call. seconds: from under way to on scene."""

    day: str
    station: LatLon
    scene: LatLon
    seconds: float


def runs() -> list[Run]:
    """Home-area runs under lights and siren. Raises NoData where the folder is absent."""
    stations = _stations()
    found = []
    for row in rows(RUNS):
        number = re.fullmatch(r"[ET](\d+)", row["unit_id"])
        if number is None or row["unit_type"] not in {"ENGINE", "TRUCK"} or row["final_priority"] != "3":
            continue
        home = stations.get(int(number[1]))
        if home is None or not row["station_area"].isdigit() or int(row["station_area"]) != int(number[1]):
            continue
        if not row["response_timestamp"] or not row["on_scene_timestamp"]:
            continue
        seconds = (_moment(row["on_scene_timestamp"]) - _moment(row["response_timestamp"])).total_seconds()
        if 0 < seconds <= _LONGEST_MIN * 60:
            scene = LatLon(float(row["latitude"]), float(row["longitude"]))
            found.append(Run(row["call_date"], home, scene, seconds))
    return found


def _stations() -> dict[int, LatLon]:
    path = ROOT / STATIONS
    if not path.is_file():
        raise NoData(f"shared/data/{STATIONS} is absent")
    found = {}
    for one in json.loads(path.read_text())["features"]:
        number = re.search(r"#(\d+)", one["properties"]["common_name"])
        if number:
            lon, lat = one["geometry"]["coordinates"][:2]
            found[int(number[1])] = LatLon(lat, lon)
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix(" UTC")).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Errors:
    """How far a provider's times are off, in minutes. bias: above zero it says too long."""

    provider: str
    what: str
    n: int
    mean_absolute: float
    bias: float
    p90_absolute: float


def errors(provider: str, what: str, chosen: Sequence[Run], travel: Travel) -> Errors:
    """One line of the page."""
    off = (_told(chosen, travel) - np.array([run.seconds for run in chosen])) / 60
    wide = np.abs(off)
    return Errors(provider, what, len(chosen), float(wide.mean()), float(off.mean()), float(np.percentile(wide, 90)))


def _told(chosen: Sequence[Run], travel: Travel) -> NDArray[np.float64]:
    at = datetime(2018, 1, 16, tzinfo=UTC)
    return np.array([travel.travel_s([run.station], run.scene, "fire", at, True)[0] for run in chosen], dtype=float)


def on_roads(chosen: Sequence[Run], network: RoadNetwork) -> list[Run]:
    """The runs whose two ends lie on the extract, which holds the north of the city only."""
    _, start_m = network.nearest([run.station for run in chosen])
    _, end_m = network.nearest([run.scene for run in chosen])
    near = (start_m < OFF_ROADS_M / 5) & (end_m < OFF_ROADS_M / 5)
    return [run for run, inside in zip(chosen, near, strict=True) if inside]


def compare() -> list[Errors]:
    """Both providers on the same held-out runs, and the straight line on all runs of the city."""
    every = runs()
    path = ROOT / ROADS
    if not path.is_file():
        raise NoData(f"shared/data/{ROADS} is absent")
    network = RoadNetwork(read_roads(path))
    north = on_roads(every, network)
    held_out = [run for run in north if run.day >= FIRST_HELD_OUT_DAY]
    return [
        errors("straight line", "whole city, 13-18 January", every, StraightLine()),
        errors("straight line", "north, 16-18 January", held_out, StraightLine()),
        errors("roads", "north, 16-18 January (not fitted on)", held_out, OverRoads(network)),
        errors(
            "roads",
            "north, 13-15 January (fitted on)",
            [run for run in north if run.day < FIRST_HELD_OUT_DAY],
            OverRoads(network),
        ),
    ]


def travel_lines() -> list[str]:
    """The comparison for a terminal, or that it was skipped."""
    try:
        found = compare()
    except NoData as absent:
        return [f"Travel times: skipped, {absent}"]
    return [
        "Travel times against real fire runs (minutes)",
        *(
            f"  {one.provider:<14} {one.what:<40} n={one.n:<4} mean error {one.mean_absolute:.2f}"
            f"  bias {one.bias:+.2f}  90 % within {one.p90_absolute:.2f}"
            for one in found
        ),
    ]


_PAGE = """# How good the travel times are

Written by `make eval`. Real runs of San Francisco fire engines and trucks, 13 to 18 January 2018, that left their own
station for a call in their own area under lights and siren: from under way to on scene (DataSF, public domain; the
places are blocks and corners, not doors). A unit that was on the road when it was called counts as if it had left its
station, so part of every error is not the provider's.

| provider | runs | n | mean absolute error, min | bias, min | 90 % within, min |
|---|---|---|---|---|---|
{rows}

Bias above zero: the provider says too long. The straight line's figures (2.28 min + 1.04 min/km) were given by an
earlier fit on these days with other choices of runs. The road profile (79 s, and 0.61 of the time at usual speeds) was
fitted on the first three days, so the line on the last three is its honest one. The extract holds the north of the city
only, and its runs are short: half a kilometre in the median. There both are about as good. What roads add is rivers,
bridges, motorways and one-way streets, which these runs hardly meet.
"""


def travel_page() -> str:
    """docs/travel-quality.md. Raises NoData where the folder is absent."""
    rows_of = "\n".join(
        f"| {one.provider} | {one.what} | {one.n} "
        f"| {one.mean_absolute:.2f} | {one.bias:+.2f} | {one.p90_absolute:.2f} |"
        for one in compare()
    )
    return _PAGE.format(rows=rows_of)
