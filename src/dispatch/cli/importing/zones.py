"""A file of zones becomes zones, or a list of everything that is wrong in it, each with its place."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import shapely
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from shapely.geometry import shape

from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.geo import LatLon
from dispatch.routing.coverage import Zone

COLUMNS = ("name", "lat", "lon", "demand")


class ZoneIn(BaseModel):
    """One zone. demand: calls per hour, or any weight that is one for all."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    demand: float = Field(ge=0, allow_inf_nan=False)


def read_zones_file(path: Path) -> list[Zone]:
    """The zones of a CSV (name, lat, lon, demand) or GeoJSON file, by name. Raises Invalid with every bad row.

    The middle of an area is a point that surely lies in it.
    """
    try:
        text = path.read_text("utf-8-sig")
        rows = list(_csv(text) if path.suffix.lower() == ".csv" else _geojson(text))
    except UnicodeDecodeError as damaged:
        raise Invalid(f"{path.name} is not UTF-8.", fix="Save it as UTF-8.") from damaged
    except (ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as odd:
        raise Invalid(
            f"{path.name} holds no zones.",
            fix="Give a CSV with name, lat, lon, demand, or GeoJSON features with the properties name and demand.",
        ) from odd
    return _checked(path, rows)


def _csv(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text))
    if not set(COLUMNS) <= set(reader.fieldnames or ()):
        raise ValueError("columns are missing")
    yield from ((f"line {reader.line_num}", row) for row in reader)


def _geojson(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, feature in enumerate(orjson.loads(text)["features"], start=1):
        middle = shape(feature["geometry"]).representative_point()
        yield f"feature {number}", {**feature["properties"], "lat": middle.y, "lon": middle.x}


def _checked(path: Path, rows: list[tuple[str, Mapping[str, Any]]]) -> list[Zone]:
    problems: list[FieldProblem] = []
    found: dict[str, Zone] = {}
    for place, row in rows:
        try:
            zone = ZoneIn.model_validate(row)
        except ValidationError as wrong:
            problems.extend(
                FieldProblem(f"{path.name}: {place}", "invalid", f"{one['loc'][0]}: {one['msg']}")
                for one in wrong.errors()
            )
            continue
        if zone.name in found:
            problems.append(FieldProblem(f"{path.name}: {place}", "duplicate", f"'{zone.name}' is there twice"))
        found[zone.name] = Zone(zone.name, LatLon(zone.lat, zone.lon), zone.demand)
    if problems:
        raise Invalid(f"{path.name} has {len(problems)} errors.", fix="Correct these rows.", errors=problems)
    if not found:
        raise Invalid(f"{path.name} holds no zones.", fix="Give at least one.")
    return [found[name] for name in sorted(found)]
