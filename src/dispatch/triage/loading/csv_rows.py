"""CSV files of a policy read row by row with their line numbers."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.triage.loading.problems import Problems
from dispatch.triage.model import Place


@dataclass(slots=True)
class CsvRow:
    """cells: every column of the file, stripped. layer: set when layers are merged."""

    cells: dict[str, str]
    place: Place
    layer: int = 0


def read_csv(file: str, text: str, columns: Sequence[str], problems: Problems) -> list[CsvRow]:
    """Rows in order; wrong columns or ragged rows become problems."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    rows: list[CsvRow] = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if header != list(columns):
            problems.add(Place(file, 1), "columns", f"The first line must be {','.join(columns)}.")
            return []
        for cells in reader:
            place = Place(file, reader.line_num)
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(columns):
                problems.add(place, "columns", f"{len(cells)} cells where {len(columns)} belong. Quote commas.")
                continue
            rows.append(CsvRow({c: cell.strip() for c, cell in zip(columns, cells, strict=True)}, place))
    except csv.Error as error:
        problems.add(Place(file, reader.line_num), "csv", f"Not CSV: {error}.")
    return rows
