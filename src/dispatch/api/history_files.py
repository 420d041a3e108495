"""The history as a file: CSV that a spreadsheet cannot be tricked with, NDJSON, GeoJSON; streamed, never held whole."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


async def as_csv(rows: AsyncIterator[BaseModel], columns: Sequence[str]) -> AsyncIterator[bytes]:
    """A header, even when there is no row, and a line per row.

    A text that a spreadsheet would run as a formula starts with an apostrophe.
    """
    yield _line(columns)
    async for row in rows:
        plain = _flat(row)
        yield _line([plain[column] for column in columns])


async def as_ndjson(rows: AsyncIterator[BaseModel]) -> AsyncIterator[bytes]:
    """One JSON object a line."""
    async for row in rows:
        yield row.model_dump_json().encode() + b"\n"


async def as_geojson(rows: AsyncIterator[BaseModel]) -> AsyncIterator[bytes]:
    """A FeatureCollection (RFC 7946); a row without position has a null geometry."""
    yield b'{"type":"FeatureCollection","features":['
    separator = b""
    async for row in rows:
        properties = row.model_dump(mode="json")
        lat, lon = properties.pop("lat"), properties.pop("lon")
        geometry = None if lat is None else {"type": "Point", "coordinates": [lon, lat]}
        yield separator + orjson.dumps({"type": "Feature", "geometry": geometry, "properties": properties})
        separator = b","
    yield b"]}"


def _flat(row: BaseModel) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in row.model_dump(mode="json").items():
        if isinstance(value, Mapping):
            plain.update({f"{key}_s": inner for key, inner in value.items()})
        elif isinstance(value, list):
            plain[name] = " ".join(_cell(one) for one in value)
        else:
            plain[name] = value
    return plain


def _cell(value: Any) -> str:
    """A word as it is; a thing with fields as JSON, without those that say nothing."""
    if not isinstance(value, Mapping):
        return str(value)
    return orjson.dumps({name: inner for name, inner in value.items() if inner not in (None, [])}).decode()


def _line(values: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_safe(value) for value in values])
    return out.getvalue().encode()


def _safe(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return "" if value is None else value
