"""Where words and data go: data to stdout, words and progress to stderr, JSON when a script asks for it."""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from dispatch.domain.errors import DispatchError

BAR_CELLS = 24
# All but tab and line feed; and what turns the direction of text round.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def _remember(ctx: typer.Context, value: bool) -> bool:
    ctx.find_root().meta["json"] = value
    return value


AsJson = Annotated[
    bool, typer.Option("--json", callback=_remember, help="Machine-readable: JSON on stdout, nothing else there.")
]


class _Shown(Console):
    """Shows what others wrote and does not obey it: a reference with control characters in it must not steer the
    terminal of whoever reads it, nor `:fire:` become a picture.
    """

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(_STEERING.sub("\N{REPLACEMENT CHARACTER}", text), **how)


def words() -> Console:
    """The console for people: stderr, plain when it is no terminal or NO_COLOR is set."""
    return _Shown(stderr=True, highlight=False, emoji=False)


def data() -> Console:
    """The console for results that people read: stdout."""
    return _Shown(highlight=False, emoji=False)


def emit(value: Any) -> None:
    """Writes one JSON document to stdout, indented for a person at a terminal and on one line for a pipe."""
    option = orjson.OPT_APPEND_NEWLINE | (orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0)
    sys.stdout.write(orjson.dumps(value, option=option).decode())


def show_error(error: DispatchError, *, as_json: bool) -> None:
    """What was refused, each place that is wrong, and what to do; on stderr."""
    if as_json:
        problems = [{"pointer": p.pointer, "code": p.code, "detail": p.detail} for p in error.errors]
        shown = {
            "code": error.code,
            "title": error.title,
            "detail": error.message,
            "fix": error.fix,
            "errors": problems,
        }
        sys.stderr.write(orjson.dumps({"error": shown}, option=orjson.OPT_APPEND_NEWLINE).decode())
        return
    out = words()
    out.print(f"[bold red]✗[/] {escape(_sentence(error.message))}")
    for problem in error.errors:
        out.print(f"  [cyan]{escape(problem.pointer)}[/] [dim]{escape(problem.code)}[/]\n    {escape(problem.detail)}")
    if error.fix:
        out.print(f"  [green]→[/] {escape(error.fix)}")


def _sentence(text: str) -> str:
    # What begins with a file's name or an id keeps it as it is written.
    begins = text[:1].upper() if text.partition(" ")[0].isalpha() else text[:1]
    return begins + text[1:] + ("" if text.endswith((".", "!", "?", ":")) else ".")


def counts_table(title: str, counts: Sequence[tuple[str, int]], *, total: int, colors: Mapping[str, str]) -> Table:
    """Counts with their share and a bar each, in the order given."""
    table = Table(box=None, padding=(0, 1), show_edge=False, header_style="dim", title_justify="left")
    table.add_column(title, no_wrap=True)
    table.add_column("calls", justify="right")
    table.add_column("share", justify="right")
    table.add_column("")
    most = max((count for _, count in counts), default=1) or 1
    for name, count in counts:
        color = colors.get(name, "white")
        bar = "█" * max(1, round(BAR_CELLS * count / most)) if count else ""
        table.add_row(f"[{color}]{escape(name)}[/]", f"{count:,}", f"{count / max(total, 1):.1%}", f"[{color}]{bar}[/]")
    return table
