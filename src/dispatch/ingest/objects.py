"""Cells out of JSON objects: rows that lie inside a line, values that lie deep inside a row."""

import json
from typing import Any

from dispatch.ingest.mapping import Column


def objects_in(value: Any, records_at: str | None) -> list[dict[str, Any]] | None:
    """The row objects that one line holds: itself, or the list that stands at a dotted path inside it."""
    found = [value]
    steps = (
        records_at.split(".") if records_at and isinstance(value, dict) and records_at.split(".")[0] in value else []
    )
    for step in steps:
        found = [inner for item in found if isinstance(item, dict) for inner in _as_list(item.get(step))]
    return found if all(isinstance(item, dict) for item in found) else None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def first_cell(item: dict[str, Any], column: Column) -> str:
    """The text under the first of the names that the object has; "" when it has none."""
    return next((text for name in column if (text := _cell_of(item, name))), "")


def _cell_of(item: dict[str, Any], name: str) -> str:
    value: Any = item.get(name)
    if value is None and "." in name:
        value = item
        for step in name.split("."):
            value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
