"""A progress line on stderr: rows, rate, time left and errors. Silent when stderr is no terminal."""

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

STEPS = 10_000  # the bar counts parts of the file, because the number of rows is not known before its end


class RowsProgress:
    """Shows how far the reading of a file has come. Use as a context manager."""

    def __init__(self, console: Console, what: str) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=28),
            _Rows(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(what, total=None, rows=0, errors=0)
        self.started = time.monotonic()

    def __enter__(self) -> "RowsProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, rows: int, errors: int, fraction: float | None) -> None:
        """rows and errors so far; fraction of the file read, None for a pipe."""
        total = STEPS if fraction is not None else None
        self._bar.update(self._task, total=total, completed=int((fraction or 0) * STEPS), rows=rows, errors=errors)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return max(time.monotonic() - self.started, 1e-6)


class _Rows(TextColumn):
    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        rows, errors = task.fields["rows"], task.fields["errors"]
        rate = rows / task.elapsed if task.elapsed else 0
        text = Text(f"{rows:,} rows  {rate:,.0f}/s")
        return text.append(f"  {errors:,} errors", "red") if errors else text
