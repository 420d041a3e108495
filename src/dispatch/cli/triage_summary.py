"""The summary of a batch of decisions, for a person: what kind of calls, who goes first, what could not be read."""

from pathlib import Path

from rich.columns import Columns
from rich.console import Console
from rich.markup import escape

from dispatch.cli.output import counts_table
from dispatch.ingest.batch_rows import BatchTally
from dispatch.triage.decision import PolicyRef

CATEGORY_COLORS = {
    "behavioral_health": "magenta",
    "quality_of_life": "cyan",
    "reporting": "blue",
    "violence": "red",
    "medical": "green",
    "fire": "bright_red",
    "police": "bright_blue",
    "unknown": "yellow",
}
RESPONDER_COLORS = {
    "police": "bright_blue",
    "fire": "bright_red",
    "ems": "green",
    "community_responder": "magenta",
    "co_responder": "magenta",
    "crisis_line": "magenta",
    "cvi": "red",
    "report_taker": "blue",
    "homeless_outreach": "cyan",
    "transit_ambassador": "cyan",
    "nobody": "yellow",
}
# Words for the codes that a reader of a file most needs to understand.
MEANINGS = {
    "location_withheld": "place removed by the publisher",
    "location_missing": "no place at all",
    "position_zero": "position 0,0 dropped",
    "position_off_map": "position off the map dropped",
    "not_a_call": "flagged as no call for service",
    "type_missing": "no call type in the file",
    "type_label_cleaned": "marks around the call type taken off",
    "time_happened_twice": "hour that happened twice, read as the first",
    "zone_assumed": "no time zone known, UTC assumed (--zone)",
    "stray_quote": "stray quotation mark",
    "time_missing": "no time of the call",
    "answer_not_understood": "an answer that is not in the vocabulary, left out",
}


def show_summary(
    out: Console, file: str, policy: PolicyRef, tally: BatchTally, elapsed_s: float, to: Path | None
) -> None:
    """Prints counts by category and by who goes first, then what was odd, then what failed."""
    name = "standard input" if file == "-" else Path(file).name
    rate = tally.rows / elapsed_s
    out.print(f"\n[bold]{escape(name)}[/]  [dim]policy[/] {policy.id} v{policy.version} [dim]{policy.sha256[:12]}[/]")
    state = f"[red]{tally.errors:,} errors[/]" if tally.errors else "[green]0 errors[/]"
    out.print(
        f"{tally.rows:,} rows [dim]·[/] {tally.decided:,} decisions [dim]·[/] {state} [dim]·[/] "
        f"{tally.needs_human:,} need a human"
    )
    out.print(f"[dim]{elapsed_s:.1f} s · {rate:,.0f} rows/s[/]\n")
    if tally.decided:
        categories = counts_table(
            "category", tally.categories.most_common(), total=tally.decided, colors=CATEGORY_COLORS
        )
        first = counts_table("goes first", tally.responders.most_common(), total=tally.decided, colors=RESPONDER_COLORS)
        out.print(Columns([categories, first], padding=(0, 4)) if out.width >= 130 else categories)
        if out.width < 130:
            out.print()
            out.print(first)
        out.print()
    _show_oddities(out, tally)
    _show_errors(out, tally)
    if to is not None:
        out.print(f"[green]✓[/] decisions are in [bold]{escape(str(to))}[/]")


def _show_oddities(out: Console, tally: BatchTally) -> None:
    for rule, count in tally.skipped.most_common():
        out.print(f"  [yellow]{count:>7,}[/]  skipped by rule [bold]{escape(rule)}[/]")
    for rule, count in tally.flagged.most_common():
        out.print(f"  [yellow]{count:>7,}[/]  flagged by rule [bold]{escape(rule)}[/], decided all the same")
    for code, count in tally.warnings.most_common():
        if code != "not_a_call":
            out.print(f"  [dim]{count:>7,}  {MEANINGS.get(code, code.replace('_', ' '))}[/]")


def _show_errors(out: Console, tally: BatchTally) -> None:
    if not tally.errors:
        return
    out.print()
    for reason, count in tally.reasons.most_common():
        out.print(f"  [red]{count:>7,}  {escape(reason)}[/]")
    for sentence in tally.errors_shown[:5]:
        out.print(f"           {escape(sentence)}")
    if tally.errors > 5:
        out.print(f"           [dim]and {tally.errors - 5:,} more: each has a line with `error` in the output[/]")
