"""Reading Parquet in batches. Loaded by name from sources.py, because pyarrow takes half a second to import."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

import pyarrow.parquet as pq

BATCH_ROWS = 2_000


class ParquetTable:
    """A Parquet file as rows of text cells. columns: its names. rows: how many it has."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = pq.ParquetFile(file)
        self.columns: list[str] = list(self._file.schema_arrow.names)
        self.rows: int = self._file.metadata.num_rows

    def __iter__(self) -> Iterator[list[str]]:
        for batch in self._file.iter_batches(batch_size=BATCH_ROWS):
            columns = [column.to_pylist() for column in batch.columns]
            for values in zip(*columns, strict=True):
                yield [as_text(value) for value in values]


def as_text(value: Any) -> str:
    """A typed cell as a CSV would hold it. A number that nulls turned into a float is whole again: 415, not 415.0."""
    if value is None or value != value:  # only NaN differs from itself
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
