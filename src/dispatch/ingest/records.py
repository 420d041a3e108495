"""Splitting lines into cells, surviving what real files do: stray quotes, ragged lines, quoted line breaks."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO

from dispatch.ingest.history_call import Reject

MAX_LINES_PER_RECORD = 200  # a quoted note of more lines than this is a quote that was never closed
MAX_LINE_BYTES = 8_000_000
RAW_SHOWN = 500

# The reader's own limit of 131,072 characters per cell would end the whole file at one long narrative.
csv.field_size_limit(MAX_LINE_BYTES)

STRAY_QUOTE = "stray_quote"
BLANK = "blank_line"


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table. row: 1 is the first after the header. line: where it starts in the file. warnings: codes."""

    row: int
    line: int
    cells: list[str]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text without its end. problem: why it cannot be read, if so. warnings: how it was read."""

    number: int
    text: str
    problem: str | None = None
    warnings: tuple[str, ...] = ()


def decode_line(raw: bytes, encodings: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The text of a line in the first encoding that fits, with a warning when it is not the expected one.

    The last resort keeps every byte as a replacement mark: a damaged letter must not lose a call.
    """
    for place, encoding in enumerate(encodings):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text, (f"read_as:{encoding}",) if place else ()
    return raw.decode(encodings[0], errors="replace"), ("letters_lost",)


def guess_delimiter(header: str) -> str:
    """The mark that parts the columns: of comma, semicolon, tab and bar the one that the header has most of."""
    return max(",;\t|", key=header.count)


def split_header(line: str, delimiter: str) -> list[str]:
    """Column names without byte-order mark and blanks. A name that comes twice gets `.2`; an empty one `column_3`."""
    names: list[str] = []
    for place, name in enumerate(next(csv.reader([line.removeprefix("\ufeff")], delimiter=delimiter), []), start=1):
        name = name.strip() or f"column_{place}"
        names.append(name if name not in names else f"{name}.{names.count(name) + 1}")
    return names


def split_records(lines: Iterable[Line], *, width: int, delimiter: str) -> Iterator[Record | Reject]:
    """Each row of the table, or what is wrong with it, in order. Blank lines are no rows.

    width: number of columns. A quote that is never closed costs its own line only: the lines after it are read again.
    """
    waiting: list[Line] = []
    source, row = iter(lines), 0
    while (line := _next(source, waiting)) is not None:
        if not line.text.strip() and line.problem is None:
            continue
        row += 1
        if line.problem is not None:
            yield Reject(
                row, line.number, "", line.problem, f"line {line.number} cannot be read", line.text[:RAW_SHOWN]
            )
            continue
        yield _record(row, line, source, waiting, width, delimiter)


def _next(source: Iterator[Line], waiting: list[Line]) -> Line | None:
    return waiting.pop(0) if waiting else next(source, None)


def _record(
    row: int, line: Line, source: Iterator[Line], waiting: list[Line], width: int, delimiter: str
) -> Record | Reject:
    if line.text.count('"') % 2 == 0:
        return _fitted(row, line, _split(line.text, delimiter), width)
    taken = [line]
    text = line.text
    while len(taken) < MAX_LINES_PER_RECORD and (more := _next(source, waiting)) is not None:
        taken.append(more)
        text += "\n" + more.text
        if more.text.count('"') % 2:
            cells = _closed(text, delimiter)
            if len(cells) == width:
                return Record(row, line.number, cells, line.warnings)
            break
    # Closing the quote gave no row of this table, so the quote was no opening quote: only its own line is in doubt.
    waiting[:0] = taken[1:]
    alone = _split(line.text, delimiter, quoted=False)
    if len(alone) == width:
        return Record(row, line.number, alone, (*line.warnings, STRAY_QUOTE))
    return _ragged(row, line, len(alone), width)


def _fitted(row: int, line: Line, cells: list[str], width: int) -> Record | Reject:
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        cells = cells[:width]
    if len(cells) == width:
        return Record(row, line.number, cells, line.warnings)
    return _ragged(row, line, len(cells), width)


def _ragged(row: int, line: Line, found: int, width: int) -> Reject:
    detail = f"line {line.number} has {found} cells, the header {width}; a cell may stand in the wrong column"
    return Reject(row, line.number, "", "ragged_line", detail, line.text[:RAW_SHOWN])


def _closed(text: str, delimiter: str) -> list[str]:
    """The cells of several lines, or none when a quote inside shows that the lines do not belong together."""
    try:
        return next(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _split(text: str, delimiter: str, *, quoted: bool = True) -> list[str]:
    if not quoted:
        return [cell.strip().strip('"') for cell in text.split(delimiter)]
    return next(csv.reader([text], delimiter=delimiter), [])
