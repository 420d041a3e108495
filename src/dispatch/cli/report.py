"""`dispatch report`: what supervisors ask of the record."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.cli.jurisdiction import find_jurisdiction
from dispatch.cli.output import AsJson, data, emit, words
from dispatch.cli.service import migrated_database, run_in_transaction
from dispatch.domain.unserved import REASONS, UnservedReason
from dispatch.queries import unserved as query

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="rich", help="Reports on the record.")


@app.callback()
def _reports() -> None:
    """Reports on the record."""


@app.command(
    epilog="[bold]Examples[/]\n\n  dispatch report unserved --verdict eligible\n\n"
    "  dispatch report unserved --from 2026-11-01 --json | jq .totals"
)
def unserved(
    jurisdiction: Annotated[str | None, typer.Option("--jurisdiction", "-j", help="Needed when several.")] = None,
    program: Annotated[str | None, typer.Option(help="Only this program.")] = None,
    reason: Annotated[UnservedReason | None, typer.Option(help="Only this reason.")] = None,
    verdict: Annotated[str | None, typer.Option(help="eligible: only programs that could have gone.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", help="Recorded at or after, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Recorded before, UTC.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Rows to list; the totals count all.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List calls that a program was for and that none of its programs served, newest first, with the reason."""
    wanted = query.UnservedFilter(program, reason.value if reason else None, verdict, _utc(since), _utc(until))

    async def read(session: AsyncSession) -> tuple[list[query.UnservedCall], dict[str, int]]:
        j = await find_jurisdiction(session, jurisdiction)
        return await query.page(session, j, wanted, after=None, limit=limit), await query.totals(session, j, wanted)

    with migrated_database() as url:
        rows, totals = run_in_transaction(url, read)
    if as_json:
        emit({"items": [asdict(row) for row in rows], "totals": totals})
        return
    if not rows:
        words().print("Every call that a program was for was served by one, or none has ended yet.")
        return
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for head in ("incident", "priority", "program", "verdict", "reason", "why"):
        table.add_column(head)
    for row in rows:
        why = REASONS[UnservedReason(row.reason)]
        table.add_row(f"#{row.incident}", str(row.priority), row.program, row.verdict, row.reason, why)
    data().print(table)
    words().print("  ".join(f"[bold]{count}[/] {name}" for name, count in totals.items()))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC)
