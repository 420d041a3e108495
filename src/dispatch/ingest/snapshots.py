"""Reading a feed of lists: each line of the file is all that a sender held active at one moment."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.domain.errors import Invalid
from dispatch.ingest.columns import columns_wanted
from dispatch.ingest.grouping import united
from dispatch.ingest.history import checked
from dispatch.ingest.history_call import HistoryCall, Reject, Skipped
from dispatch.ingest.mapping import Mapping
from dispatch.ingest.objects import first_cell, objects_in
from dispatch.ingest.records import RAW_SHOWN, Line, Record
from dispatch.ingest.rows import RowReader
from dispatch.ingest.sources import CallFile
from dispatch.ingest.tally import Tally
from dispatch.ingest.times import read_moment


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One list. calls: each call once, with `updated_at` at the moment of the list. doubled: rows beyond the first of a
    call. rejects: rows that could not be read; while there are any, what is missing may be one of them.
    """

    number: int
    at: datetime
    calls: tuple[HistoryCall, ...]
    doubled: int
    rejects: tuple[Reject, ...]
    skipped: int

    @property
    def rows(self) -> int:
        """How many rows the list has."""
        return len(self.calls) + self.doubled + len(self.rejects) + self.skipped


def read_snapshots(path: str, mapping: Mapping, *, tally: Tally | None = None) -> Iterator[Snapshot | Reject]:
    """Every list of the file in its order, and every line that is no list: that one says nothing of any call.

    path: NDJSON, also packed with gzip, or - for standard input. Raises Invalid when the mapping is not for lists.
    """
    if mapping.snapshots is None:
        raise Invalid(
            f"The mapping {mapping.mapping} does not read lists.",
            fix="Use `dispatch import calls` for a file of calls, or add `snapshots` to the mapping: docs/mappings.md.",
        )
    tally = tally if tally is not None else Tally()
    wanted = columns_wanted(mapping)
    reader = RowReader(mapping, [column[0] for column in wanted])
    row = 0
    with CallFile(path, form="ndjson") as file:
        for line in file.lines(mapping.encodings):
            if line.problem is None and not line.text.strip():
                continue
            found = _opened(line, mapping)
            if isinstance(found, Reject):
                yield found
                continue
            at, items = found
            records = [
                Record(row + nth, line.number, [first_cell(item, column) for column in wanted], line.warnings)
                for nth, item in enumerate(items, start=1)
            ]
            row += len(records)
            yield _snapshot(line.number, at, [reader.read(record) for record in records], tally)


def _opened(line: Line, mapping: Mapping) -> tuple[datetime, list[dict[str, Any]]] | Reject:
    """The moment and the rows of a line, or why it is no list."""
    form = mapping.snapshots
    assert form is not None  # noqa: S101 - read_snapshots has looked
    try:
        value = json.loads(line.text) if line.problem is None else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return _refused(line, line.problem or "not_json", "is no JSON object")
    if not _has_rows(value, mapping.records_at or ""):
        return _refused(line, "list_missing", f"has no list at {mapping.records_at}")
    rows = objects_in(value, mapping.records_at)
    if rows is None:
        return _refused(line, "list_unreadable", f"has something else than rows at {mapping.records_at}")
    try:
        at, _ = read_moment(first_cell(value, form.at), mapping.time_reading())
    except ValueError:
        return _refused(line, "time_unreadable", f"does not say at {form.at[0]} when it was so")
    return at, rows


def _has_rows(value: dict[str, Any], path: str) -> bool:
    """True when there is a list at the end of the path or above it; an error page has none, an empty list is one."""
    found: Any = value
    for step in path.split("."):
        if not isinstance(found, dict):
            return False
        found = found.get(step)
        if isinstance(found, list):
            return True
    return False


def _refused(line: Line, reason: str, detail: str) -> Reject:
    return Reject(0, line.number, "", reason, f"line {line.number} {detail}", line.text[:RAW_SHOWN])


def _snapshot(number: int, at: datetime, read: list[HistoryCall | Reject | Skipped], tally: Tally) -> Snapshot:
    calls: dict[str, HistoryCall] = {}
    rejects: list[Reject] = []
    doubled = skipped = 0
    for item in read:
        tally.rows_read += 1
        if isinstance(item, Skipped):
            skipped += 1
            tally.add(item)
            continue
        call = item if isinstance(item, Reject) else checked(_said_at(item, at))
        if isinstance(call, Reject):
            rejects.append(call)
            tally.add(call)
        elif (ref := call.body["source_ref"]) in calls:
            doubled += 1
            calls[ref] = united(calls[ref], call)
        else:
            calls[ref] = call
    for one in calls.values():
        tally.add(one)
    return Snapshot(number, at, tuple(calls.values()), doubled, tuple(rejects), skipped)


def _said_at(call: HistoryCall, at: datetime) -> HistoryCall:
    # A list may carry a time of its own for each row; where it does not, the row was so when the list was.
    body = {**call.body, "updated_at": call.body.get("updated_at") or at.isoformat()}
    return HistoryCall(call.rows, body, call.occurred, call.unit_times, call.recorded, call.warnings, call.rule)
