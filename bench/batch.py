"""`dispatch triage FILE` as people run it, on two processes, over rows in the shape of a city's published calls."""

import csv
import random
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from dispatch.samples import load_calls

ROWS, FEW = 200_000, 20_000
WORKERS = 2
_HEADER = ("source_ref", "received_at", "call_type", "priority", "narrative", "lat", "lon", "address")
_NARRATED = 0.03  # what published files hold: types for every call, a sentence for few
# VmHWM and not getrusage: that counts what this process held before it became the command.
_COMMAND = """
import pathlib, re, sys
from dispatch.cli.main import run
peak = sys.argv.pop(1)
try:
    run()
finally:
    status = pathlib.Path("/proc/self/status").read_text()
    pathlib.Path(peak).write_text(re.search(r"VmHWM:\\s+([0-9]+)", status)[1])
"""


def batch() -> dict[str, float]:
    """Rows per second of wall time, start and policy included; and how memory grows with ten times the rows.

    Rows per second are the marginal ones, between FEW and ROWS: what each further row of a long file costs.
    """
    with TemporaryDirectory(prefix="dispatch-bench-") as folder:
        few_s, few_kb = _run(Path(folder), FEW)
        many_s, many_kb = _run(Path(folder), ROWS)
    return {
        "batch_rows_per_s": (ROWS - FEW) / (many_s - few_s),
        "batch_rows_per_s_with_start": ROWS / many_s,
        "batch_peak_mb": many_kb / 1024,
        "batch_memory_growth": many_kb / few_kb,
    }


def _run(folder: Path, rows: int) -> tuple[float, int]:
    """Seconds, and the most memory in kB that the reader of the file held."""
    source, out, peak = folder / f"{rows}.csv", folder / f"{rows}.ndjson", folder / f"{rows}.peak"
    _write(source, rows)
    command = [sys.executable, "-c", _COMMAND, str(peak), "triage", str(source), "-m", "generic", "-o", str(out)]
    started = time.perf_counter()
    ended = subprocess.run(
        [*command, "--workers", str(WORKERS), "--json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    seconds = time.perf_counter() - started
    with out.open("rb") as written:
        lines = sum(1 for _ in written)
    if ended.returncode != 0 or lines != rows:
        raise RuntimeError(f"{lines} lines for {rows} rows, exit {ended.returncode}")
    return seconds, int(peak.read_text())


def _write(path: Path, rows: int) -> None:
    draw = random.Random(rows)
    bodies = [call.body for call in load_calls()]
    first = datetime(2025, 1, 1)  # noqa: DTZ001 -- written as the file's own wall clock
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(_HEADER)
        for number in range(rows):
            body = draw.choice(bodies)
            kind = body.get("call_type", {})
            at = first + timedelta(seconds=number * 3 + draw.randrange(3))
            text = body.get("narrative", "") if draw.random() < _NARRATED or not kind else ""
            place = (
                f"{44 + draw.random() / 10:.5f}",
                f"{-124 - draw.random() / 10:.5f}",
                f"{draw.randrange(900)} Oak St",
            )
            words = kind.get("text") or kind.get("code", "")
            table.writerow((f"B-{number}", at.isoformat(), words, body.get("priority", ""), text, *place))
