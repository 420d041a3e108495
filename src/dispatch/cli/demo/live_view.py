"""What a person sees while a demo runs: how to sign in, and a line for everything that happens."""

import shutil
import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from dispatch.cli.demo.clock import DemoClock
from dispatch.cli.demo.played import Played
from dispatch.cli.demo.production import Production
from dispatch.cli.demo.runner import Stage
from dispatch.cli.triage_summary import CATEGORY_COLORS
from dispatch.domain.access import Role

PRIORITY_STYLES = ("bold white on red", "bold red", "yellow", "green", "dim")


def as_data(stage: Stage, production: Production, speed: float) -> dict[str, Any]:
    """How to reach the running demo."""
    return {
        "url": stage.address,
        "docs": f"{stage.address}/docs",
        "jurisdiction": production.set_up.jurisdiction_id,
        "clock": production.begins.isoformat(),
        "speed": speed,
        "tokens": {role.value: token for role, token in stage.tokens.items()},
        "log": str(stage.log_file),
    }


def show(out: Console, stage: Stage, production: Production, speed: float) -> None:
    """Where it runs, a token for every role, and commands to try."""
    out.print()
    begins = f"{production.begins:%a %d %b %Y %H:%M}"
    out.print(
        Panel(
            f"[bold cyan]{stage.address}[/]   [dim]API pages[/] {stage.address}/docs\n"
            f"[dim]The city's clock starts at[/] {begins} [dim]and runs[/] {speed:g} [dim]times as fast as ours. "
            "Ctrl+C stops everything.[/]",
            title=f"[bold]{escape(production.set_up.name)}[/]",
            title_align="left",
            border_style="cyan",
        )
    )
    table = Table(box=None, padding=(0, 2, 0, 1), show_edge=False, show_header=False)
    for role, token in stage.tokens.items():
        table.add_row(f"[bold]{role.value.replace('_', ' ')}[/]", token)
    out.print(table)
    out.print("\n[bold]Try[/]")
    for line in _examples(stage, production):
        out.print(f"  {escape(line)}", soft_wrap=True)
    out.print()


def _this_command() -> str:
    """What a shell finds: the name alone is known to it only where the environment is active."""
    return "dispatch" if shutil.which("dispatch") else sys.argv[0]


def _examples(stage: Stage, production: Production) -> list[str]:
    auth = f'-H "Authorization: Bearer {stage.tokens[Role.DISPATCHER]}"'
    body = (
        '{"source":"my-cad","source_ref":"try-1","channel":"911","call_type":{"text":"WELFARE CHECK"},'
        '"narrative":"neighbor not seen for three days, lights on, no weapons"}'
    )
    return [
        f"curl -s {auth} {stage.address}/v1/incidents",
        f"curl -s {auth} -H 'Content-Type: application/json' -d '{body}' {stage.address}/v1/calls",
        f"curl -s {auth} -H 'Accept: text/csv' {stage.address}/v1/assignments",
        f"{_this_command()} tail --url {stage.address} --token {stage.tokens[Role.AUDITOR]}",
    ]


class Teller:
    """Writes a line for each thing that happens, with the city's own time."""

    def __init__(self, out: Console, zone: str, clock: DemoClock) -> None:
        self._out = out
        self._zone = ZoneInfo(zone)
        self._clock = clock

    def tell(self, what: str, played: Played, more: Any) -> None:
        """One line."""
        line = _LINES[what](played, more, self)
        if line is not None:
            at = self._clock.now().astimezone(self._zone)
            style = PRIORITY_STYLES[played.priority]
            self._out.print(
                f"[dim]{at:%H:%M:%S}[/] [{style}]P{played.priority}[/] [bold]#{played.number:<5}[/]{line}",
                soft_wrap=True,
            )

    def local(self, at: datetime) -> str:
        """A moment as people there say it."""
        return f"{at.astimezone(self._zone):%H:%M}"


def _call(played: Played, advice: Any, teller: Teller) -> str:
    color = CATEGORY_COLORS.get(played.category, "white")
    what = played.job.body.get("call_type", {}).get("text") or played.triage["incident_type"]
    return f"[{color}]{played.category.replace('_', ' ')}[/]  {escape(str(what))}"


def _sent(played: Played, pick: Any, teller: Teller) -> str:
    eta = "" if pick.get("eta_s") is None else f" [dim]there in {pick['eta_s'] / 60:.0f} min[/]"
    kind = str(pick.get("responder_type", "")).replace("_", " ")
    return f"  → [bold]{escape(pick['unit'])}[/] {kind}{eta}"


def _declined(played: Played, sent: Any, teller: Teller) -> str:
    return f"  [yellow]{escape(sent.unit)} declined[/]"


def _wait(played: Played, until: Any, teller: Teller) -> str:
    return f"  [yellow]waits for a busy unit[/] [dim]until {teller.local(until)} at most[/]"


def _short(played: Played, gaps: Any, teller: Teller) -> str:
    missing = "; ".join(f"{gap['missing']} {gap['responder_type'].replace('_', ' ')}: {gap['why']}" for gap in gaps)
    waits = "still short of" if played.on_it else "nobody on it, waits for"
    return f"  [bold red]{waits}[/] {escape(missing)}"


def _closed(played: Played, disposition: Any, teller: Teller) -> str:
    units = ", ".join(sent.unit for sent in played.handled_by)
    return f"  [green]✓[/] [dim]{str(disposition).replace('_', ' ')}  {escape(units)}[/]"


_LINES = {"call": _call, "sent": _sent, "declined": _declined, "wait": _wait, "short": _short, "closed": _closed}
