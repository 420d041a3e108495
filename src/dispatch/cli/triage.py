"""`dispatch triage FILE`: one decision per row of a file, without a database and without a running service."""

import gzip
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer

from dispatch.cli.exits import Exit
from dispatch.cli.output import AsJson, data, emit, words
from dispatch.cli.policy_source import PolicyTexts, find_policy
from dispatch.cli.progress import RowsProgress
from dispatch.cli.triage_summary import show_summary
from dispatch.domain.errors import Invalid
from dispatch.ingest.batch import triage_items
from dispatch.ingest.batch_rows import BatchJob, BatchTally, Item
from dispatch.ingest.history import open_table
from dispatch.ingest.mapping import Mapping, load_mapping
from dispatch.ingest.sources import CallFile

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

HELP = (
    "Say who should go, for every row of a file.\n\n"
    "One line per row, in order: with --json the whole decision, otherwise row, priority, category and who goes first. "
    "A row that cannot be read gets a line that says why, so that lines and rows stay side by side. The summary goes "
    "to stderr, or to stdout when the decisions go elsewhere. Exit code 5: some rows failed."
)
EXAMPLES = """
[bold]Examples[/]

  dispatch triage calls.csv --mapping generic --summary
  dispatch triage sf.csv.gz --mapping sf-police --json > decisions.ndjson
  dispatch triage calls.parquet -m my-cad.yaml -o decisions.ndjson.gz --workers 2
  cat bodies.ndjson | dispatch triage - --json | jq .category
"""


@app.command(help=HELP, epilog=EXAMPLES)
def triage(
    file: Annotated[str, typer.Argument(help="CSV, TSV, NDJSON (each also .gz) or Parquet; - reads standard input.")],
    mapping: Annotated[
        str | None,
        typer.Option("--mapping", "-m", help="Shipped mapping or .yaml file. NDJSON of call bodies needs none."),
    ] = None,
    policy: Annotated[
        str, typer.Option("--policy", "-p", help="Id of a shipped policy, or a policy folder.")
    ] = "us-default",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write the decisions there as NDJSON (.gz packs) instead of stdout."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes to decide with.")] = 1,
    summary: Annotated[bool, typer.Option("--summary", help="Only count: no decision is written.")] = False,
    questions: Annotated[
        bool, typer.Option("--questions", help="Also what is worth asking and what it would change (slower).")
    ] = False,
    zone: Annotated[
        str | None, typer.Option(help="Time zone of the file, when its mapping has none: America/Chicago.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Writes one decision per row in order and shows the counts; ends with 5 when some rows failed."""
    chosen = load_mapping(mapping) if mapping else None
    if chosen and zone:
        chosen = chosen.with_zone(zone)
    texts = find_policy(policy)
    with CallFile(file) as source:
        items, job = _prepared(source, chosen, texts, as_json=as_json or out is not None, ask=questions)
        tally, elapsed_s = _decide_all(source, items, job, workers=workers, out=out, write=not summary)
    decisions_elsewhere = summary or out is not None
    if as_json and decisions_elsewhere:
        emit(tally.as_data() | {"elapsed_s": round(elapsed_s, 3), "out": str(out) if out else None})
    else:
        show_summary(data() if decisions_elsewhere else words(), file, texts.load().ref, tally, elapsed_s, out)
    if tally.errors:
        raise typer.Exit(Exit.PARTIAL if tally.decided else Exit.FAILED)


def _prepared(
    source: CallFile, mapping: Mapping | None, texts: PolicyTexts, *, as_json: bool, ask: bool
) -> tuple[Iterator[Item], BatchJob]:
    if mapping is None and source.form != "ndjson":
        raise Invalid(
            f"a {source.form.upper()} file needs a mapping",
            fix="Add --mapping NAME: generic reads common column names. Only NDJSON of call bodies needs none.",
        )
    header: list[str] = []
    items: Iterator[Item]
    if mapping is None:
        items = (line for line in source.lines(("utf-8",)) if line.problem or line.text.strip())
    else:
        header, items = open_table(source, mapping)
    now = datetime.now(UTC)
    return items, BatchJob(texts.texts, texts.parents, mapping, tuple(header), now, as_json, ask)


def _decide_all(
    source: CallFile, items: Iterator[Item], job: BatchJob, *, workers: int, out: Path | None, write: bool
) -> tuple[BatchTally, float]:
    tally = BatchTally()
    with RowsProgress(words(), "triage") as progress, _destination(out, write=write) as sink:
        for decided in triage_items(items, job, workers=workers):
            sink.write(decided.lines)
            tally.add(decided.tally)
            progress.show(tally.rows, tally.errors, source.fraction())
        return tally, progress.elapsed_s


@contextmanager
def _destination(out: Path | None, *, write: bool) -> Iterator[BinaryIO]:
    """Where lines go. A file appears under its name only when it is whole."""
    if not write:
        with open(os.devnull, "wb") as nowhere:
            yield nowhere
        return
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = out.with_name(out.name + ".part")
    try:
        with gzip.open(part, "wb", compresslevel=4) if out.suffix == ".gz" else part.open("wb") as file:
            yield cast(BinaryIO, file)
        part.replace(out)
    except OSError as failed:
        raise Invalid(
            f"cannot write {out}: {failed.strerror}", fix="Choose a folder that exists and has room."
        ) from failed
    finally:
        part.unlink(missing_ok=True)
