"""Rows that cannot be taken are kept in a file of their own, each with its reason, and the rest goes on."""

from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from rich.markup import escape

from dispatch.cli.importing.takers import Taker
from dispatch.cli.output import words
from dispatch.domain.errors import DispatchError, StaleContent, Unauthenticated, Unavailable
from dispatch.ingest.history_call import HistoryCall


class RejectFile:
    """Made when the first row is refused: an empty file would be a false alarm. `reasons` counts them.

    Each row is in the file at once: a feed that is followed for weeks ends when somebody ends it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self.reasons: Counter[str] = Counter()

    def __enter__(self) -> "RejectFile":
        return self

    def add(self, reason: str, row: dict[str, Any]) -> None:
        """The row is counted and kept."""
        self.reasons[reason] += 1
        if self._file is None:
            self._file = self._path.open("wb", buffering=0)
        self._file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE, default=str))

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


async def take_call(call: HistoryCall, taker: Taker, rejects: RejectFile) -> str | None:
    """What the service did with the call: `new`, `updated`, `unchanged`; None when it was refused, and kept.

    Raises Unavailable and Unauthenticated: the next row would fare no better, and what was stored is found again.
    """
    try:
        return await taker.call(call.body)
    except (Unavailable, Unauthenticated):
        raise
    except StaleContent:
        return "unchanged"
    except DispatchError as error:
        kept = {"row": call.row, "reason": error.code, "detail": error.message, "body": call.body}
        rejects.add(error.code, kept)
        return None


def tell_refused(reasons: Counter[str], rejects: Path) -> None:
    """How many rows were refused and why, for people; nothing when there are none."""
    if not reasons:
        return
    out = words()
    out.print(f"  [red]✗[/] {reasons.total():,} could not be taken: [bold]{escape(str(rejects))}[/]")
    for reason, count in reasons.most_common(8):
        out.print(f"    [dim]{count:>6,}[/] {escape(reason)}")
