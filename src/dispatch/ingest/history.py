"""Reading a file of past calls through a mapping: `read_calls` for the calls, `units_in` for who went."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from dispatch.domain.errors import Invalid
from dispatch.ingest.columns import columns_wanted
from dispatch.ingest.grouping import merge_rows, number_repeats, reject_repeats
from dispatch.ingest.history_call import HistoryCall, Reject, Skipped, UnitTimes
from dispatch.ingest.mapping import Column, Mapping, load_mapping
from dispatch.ingest.objects import first_cell, objects_in
from dispatch.ingest.records import RAW_SHOWN, Line, Record, guess_delimiter, split_header, split_records
from dispatch.ingest.rows import RowReader
from dispatch.ingest.sources import CallFile
from dispatch.ingest.tally import Tally
from dispatch.ingest.units import FileUnit, distinct_units
from dispatch.operations.call_body import CallBody

__all__ = [
    "FileUnit",
    "HistoryCall",
    "Mapping",
    "Reject",
    "Skipped",
    "Tally",
    "UnitTimes",
    "load_mapping",
    "read_calls",
    "units_in",
]


def read_calls(path: str, mapping: Mapping, *, tally: Tally | None = None) -> Iterator[HistoryCall | Reject]:
    """Every call of the file and every row that could not become one, in the order of the file.

    path: .csv, .tsv, .ndjson, .jsonl (each also .gz), .parquet, or - for standard input. Memory is constant unless
    the mapping merges rows or watches for repeated keys. tally: filled while reading; complete at the end.
    """
    with CallFile(path) as file:
        yield from calls_of(file, mapping, tally=tally)


def calls_of(file: CallFile, mapping: Mapping, *, tally: Tally | None = None) -> Iterator[HistoryCall | Reject]:
    """The same for a file that is open."""
    tally = tally if tally is not None else Tally()
    header, records = open_table(file, mapping)
    reader = RowReader(mapping, header)
    tally.missing_columns = reader.missing
    calls = _checked(_calls(reader, records, tally))
    if mapping.key.repeated == "merge":
        calls = merge_rows(calls)
    elif mapping.key.repeated == "number":
        calls = number_repeats(calls)
    elif mapping.key.repeated == "reject":
        calls = reject_repeats(calls)
    for item in calls:
        tally.add(item)
        yield item


def units_in(path: str, mapping: Mapping) -> list[FileUnit]:
    """Each unit that the file names, with its type: what a roster needs before the calls can be replayed."""
    return distinct_units(call for call in read_calls(path, mapping) if isinstance(call, HistoryCall))


def open_table(file: CallFile, mapping: Mapping) -> tuple[list[str], Iterator[Record | Reject]]:
    """The columns of the file and its rows. Raises Invalid when there is no header."""
    if file.form == "parquet":
        table = file.table()
        return table.columns, _table_records(table, file)
    lines = file.lines(mapping.encodings)
    if file.form == "ndjson":
        wanted = columns_wanted(mapping)
        return [column[0] for column in wanted], _object_records(lines, wanted, mapping.records_at)
    first = next((line for line in lines if line.text.strip()), None)
    if first is None:
        raise Invalid(f"{file.path} is empty", fix="Give a file whose first line names its columns.")
    delimiter = mapping.delimiter or ("\t" if file.form == "tsv" else guess_delimiter(first.text))
    header = split_header(first.text, delimiter)
    return header, split_records(lines, width=len(header), delimiter=delimiter)


def _calls(reader: RowReader, records: Iterator[Record | Reject], tally: Tally) -> Iterator[HistoryCall | Reject]:
    for record in records:
        tally.rows_read += 1
        item = record if isinstance(record, Reject) else reader.read(record)
        if isinstance(item, Skipped):
            tally.add(item)
            continue
        yield item


def _checked(calls: Iterator[HistoryCall | Reject]) -> Iterator[HistoryCall | Reject]:
    for call in calls:
        yield call if isinstance(call, Reject) else checked(call)


def checked(call: HistoryCall) -> HistoryCall | Reject:
    """The call when its body is one that POST /v1/calls takes, else a reject with the first thing wrong with it."""
    try:
        CallBody.model_validate(call.body)
    except ValidationError as wrong:
        return body_reject(call.row, 0, wrong, call.body)
    return call


def body_reject(row: int, line: int, wrong: ValidationError, raw: Any) -> Reject:
    """A reject that names the first field that the body definition refuses."""
    first = wrong.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(step) for step in first["loc"])
    where = f"line {line}" if line else f"row {row}"
    shown = json.dumps(raw, ensure_ascii=False, default=str)[:RAW_SHOWN]
    return Reject(row, line, field, first["type"], f"{where}: {field or 'the body'} {first['msg']}", shown)


def _table_records(table: Any, file: CallFile) -> Iterator[Record]:
    for row, cells in enumerate(table, start=1):
        file.count_row()
        yield Record(row, row, cells)


def _object_records(
    lines: Iterator[Line], wanted: Sequence[Column], records_at: str | None
) -> Iterator[Record | Reject]:
    row = 0
    for line in lines:
        if line.problem is None and not line.text.strip():
            continue
        try:
            found = objects_in(json.loads(line.text), records_at) if line.problem is None else None
        except ValueError:
            found = None
        if found is None:
            row += 1
            reason = line.problem or "not_json"
            yield Reject(row, line.number, "", reason, f"line {line.number} is no JSON object", line.text[:RAW_SHOWN])
            continue
        for item in found:
            row += 1
            yield Record(row, line.number, [first_cell(item, column) for column in wanted], line.warnings)
