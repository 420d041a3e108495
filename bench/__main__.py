"""Runs the benchmarks and writes build/bench.json: `python -m bench [name ...]`, all of them by default."""

import json
import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module

from rich.console import Console
from rich.table import Table

from bench.world import BUILD, POLICY, a_world

# Name -> (module, whether it needs a database). The function has the name of its module.
BENCHES = {
    "create_call": True,
    "assign": True,
    "command": True,
    "busy": True,
    "history": True,
    "positions": True,
    "linking": True,
    "premise": True,
    "recommend": False,
    "triage": False,
    "growth": False,
    "batch": False,
}

# What the issues ask for on this kind of machine; a miss is shown, never hidden and never a failure of the run.
TARGETS: dict[str, tuple[str, float]] = {
    "create_call_ratio": (">=", 0.35),
    "assign_conflicts_double_booked": ("<=", 0),
    "triage_per_s": (">=", 5000),
    "triage_500_phrases_per_s": (">=", 5000),
    "triage_full_per_s": (">=", 1000),
    "triage_vs_regex_ratio": (">=", 1),
    "triage_growth_100_to_1000": ("<=", 2),
    "batch_rows_per_s": (">=", 10_000_000 / (7 * 60)),
    "batch_memory_growth": ("<=", 1.25),
    "recommend_p95_ms": ("<=", 50),
    "recommend_coverage_p95_ms": ("<=", 50),
    "recommend_roads_p95_ms": ("<=", 50),
    "history_page_p95_ms": ("<=", 1000),
    "busy_call_p95_ms": ("<=", 100),
    "busy_recommend_p95_ms": ("<=", 100),
    "busy_assign_p95_ms": ("<=", 100),
    "busy_status_p95_ms": ("<=", 100),
    "busy_clear_p95_ms": ("<=", 100),
    "busy_close_p95_ms": ("<=", 100),
    "positions_per_s": (">=", 1200),
    "positions_visible_p95_ms": ("<=", 1000),
    "link_p95_ms": ("<=", 20),
    "premise_p95_ms": ("<=", 50),
}
words = Console(stderr=True, highlight=False)


def main(names: list[str]) -> int:
    """0 when every benchmark named ran; figures that miss their target are marked, not failed."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        words.print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(BENCHES)}.")
        return 2
    figures: dict[str, float] = {}
    load_before = os.getloadavg()[0]
    chosen = names or list(BENCHES)
    for number, name in enumerate(chosen, 1):
        started = time.monotonic()
        with words.status(f"{number} of {len(chosen)}: {name} …"):
            figures.update(_run(name))
        words.print(f"[green]✓[/] {number} of {len(chosen)}: {name} [dim]{time.monotonic() - started:.0f} s[/]")
    meta = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "policy": POLICY,
        "load_average_before": round(load_before, 2),
    }
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench.json").write_text(json.dumps({**figures, "meta": meta}, indent=2) + "\n")
    _show(figures)
    words.print(f"[dim]written to[/] {BUILD / 'bench.json'}  [dim]load average before: {load_before:.2f}[/]")
    return 0


def _run(name: str) -> dict[str, float]:
    bench: Callable[..., dict[str, float]] = getattr(import_module(f"bench.{name}"), name)
    if not BENCHES[name]:
        return bench()
    with a_world() as world:
        return bench(world)


def _show(figures: dict[str, float]) -> None:
    table = Table(box=None, header_style="dim")
    for column, justify in (("figure", "left"), ("value", "right"), ("target", "right"), ("", "left")):
        table.add_column(column, justify=justify)
    for name, value in figures.items():
        sign, target = TARGETS.get(name, ("", 0.0))
        met = {"": "", ">=": "✓" if value >= target else "✗ missed", "<=": "✓" if value <= target else "✗ missed"}[sign]
        table.add_row(name, f"{value:,.3f}", f"{sign} {target:g}" if sign else "", met)
    Console(highlight=False).print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
