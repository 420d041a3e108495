"""Opening a file of calls, whatever it is packed in, and reading it piece by piece in constant memory."""

import gzip
import sys
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

from dispatch.domain.errors import Invalid, NotFound
from dispatch.ingest.records import MAX_LINE_BYTES, Line, decode_line

FORMATS = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet"}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class CallFile:
    """An open file of calls. `fraction()` says how much of it is read; None for a pipe."""

    def __init__(self, path: str, *, form: str | None = None) -> None:
        self.path = path
        self._raw, self._size = _open_raw(path)
        suffixes = [suffix.lower() for suffix in Path(path).suffixes]
        peeked = self._raw.peek(2)[:2] if hasattr(self._raw, "peek") else b""
        packed = peeked == b"\x1f\x8b"
        self._bytes = cast(BinaryIO, gzip.GzipFile(fileobj=self._raw)) if packed else self._raw
        self.form = form or next((FORMATS[suffix] for suffix in reversed(suffixes) if suffix in FORMATS), "")
        self._rows_read, self._rows_total = 0, 0
        if not self.form:
            self.form = self._guess()

    def __enter__(self) -> "CallFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.path != "-":
            self._raw.close()

    def fraction(self) -> float | None:
        """How much of the file is read, 0 to 1; None when its length is not known."""
        if self._rows_total:
            return self._rows_read / self._rows_total
        return min(1.0, self._raw.tell() / self._size) if self._size else None

    def lines(self, encodings: tuple[str, ...] = ("utf-8", "cp1252")) -> Iterator[Line]:
        """Each line with its number. A line too long, or the end of a damaged archive, is a line with a problem."""
        number = 0
        try:
            while raw := self._bytes.readline(MAX_LINE_BYTES):
                number += 1
                if number == 1 and raw[:2] in _UTF16:
                    raise Invalid(f"{self.path} is written in UTF-16", fix="Save it as UTF-8 and try again.")
                if len(raw) == MAX_LINE_BYTES and not raw.endswith(b"\n"):
                    self._skip_rest_of_line()
                    yield Line(number, raw[:200].decode("utf-8", "replace"), "line_too_long")
                    continue
                text, warnings = decode_line(raw.rstrip(b"\r\n"), encodings)
                yield Line(number, text.removeprefix("\ufeff") if number == 1 else text, None, warnings)
        except (EOFError, gzip.BadGzipFile, zlib.error) as damaged:
            yield Line(number + 1, f"{damaged}", "archive_damaged")

    def table(self) -> Any:
        """The Parquet table of the file, counted for fraction()."""
        # By name, because pyarrow costs half a second that readers of CSV must not pay.
        table = import_module("dispatch.ingest.parquet").ParquetTable(_seekable(self._bytes, self.path))
        self._rows_total = table.rows
        return table

    def count_row(self) -> None:
        """One more row of the table is read."""
        self._rows_read += 1

    def _skip_rest_of_line(self) -> None:
        while (more := self._bytes.readline(MAX_LINE_BYTES)) and not more.endswith(b"\n"):
            pass

    def _guess(self) -> str:
        first = cast(Any, self._bytes).peek(64).lstrip(b"\xef\xbb\xbf \r\n\t")
        if first.startswith(b"PAR1"):
            return "parquet"
        return "ndjson" if first.startswith((b"{", b"[")) else "csv"


def _open_raw(path: str) -> tuple[BinaryIO, int]:
    if path == "-":
        return cast(BinaryIO, sys.stdin.buffer), 0
    file = Path(path)
    if not file.is_file():
        raise NotFound(f"there is no file '{path}'", fix="Check the path; use - to read from standard input.")
    return cast(BinaryIO, file.open("rb")), file.stat().st_size


def _seekable(stream: BinaryIO, path: str) -> BinaryIO:
    if path == "-":
        raise Invalid("Parquet cannot be read from a pipe: its index is at the end", fix="Give the path of the file.")
    return stream
