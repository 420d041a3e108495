"""`dispatch doctor`: what is wrong with this installation, each with a sentence and what to do."""

import asyncio
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import typer
from sqlalchemy import text

from dispatch.cli.exits import Exit
from dispatch.cli.output import AsJson, data, emit
from dispatch.config import Settings, choose_port, load_settings
from dispatch.db.migrate import current_revision, head_revision
from dispatch.db.session import make_engine
from dispatch.domain.errors import DispatchError
from dispatch.embedded.database import database_url

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

LITTLE_DISK_MIB = 2048
NO_DISK_MIB = 256
CLOCK_SKEW_S = 5.0
MARKS = {"good": "[green]✓[/]", "doubtful": "[yellow]![/]", "wrong": "[bold red]✗[/]"}


@dataclass(frozen=True, slots=True)
class Finding:
    """state: good, doubtful or wrong. fix: what to do, empty when nothing is to be done."""

    check: str
    state: str
    detail: str
    fix: str = ""


@app.command(epilog="[bold]Example[/]\n\n  dispatch doctor --json | jq '.findings[] | select(.state != \"good\")'")
def doctor(as_json: AsJson = False) -> None:
    """Look over settings, disk, database, schema, policy, wall, clock and port. Exit code 1: something is wrong."""
    findings = examine()
    passed = all(one.state != "wrong" for one in findings)
    if as_json:
        emit({"passed": passed, "findings": [asdict(one) for one in findings]})
    else:
        for one in findings:
            data().print(f"{MARKS[one.state]} [bold]{one.check:<10}[/] {one.detail}", soft_wrap=True)
            if one.fix:
                data().print(f"  [green]→[/] {one.fix}", soft_wrap=True)
    if not passed:
        raise typer.Exit(Exit.FAILED)


def examine() -> list[Finding]:
    """Every finding, in the order in which one would mend them."""
    try:
        settings = load_settings()
    except DispatchError as error:
        return [Finding("settings", "wrong", error.message, error.fix)]
    where = "an external database" if settings.database_url else "the embedded database"
    findings = [Finding("settings", "good", f"{where}, data in {settings.data_dir}")]
    findings += [_data_dir(settings), _disk(settings), _port(settings)]
    if findings[1].state == "wrong" and not settings.database_url:
        return findings
    with ExitStack() as stack:
        try:
            url = stack.enter_context(database_url(settings))
            return findings + asyncio.run(_database(url))
        except (DispatchError, OSError) as error:
            fix = error.fix if isinstance(error, DispatchError) else ""
            return [*findings, Finding("database", "wrong", str(error), fix or "Check DISPATCH_DATABASE_URL.")]


def _data_dir(settings: Settings) -> Finding:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data_dir):
            pass
    except OSError as error:
        detail = f"{settings.data_dir} cannot be written: {error.strerror or error}."
        return Finding("data dir", "wrong", detail, "Set DISPATCH_DATA_DIR to a directory that you may write.")
    return Finding("data dir", "good", f"{settings.data_dir} can be written")


def _disk(settings: Settings) -> Finding:
    place = next((one for one in (settings.data_dir, *settings.data_dir.parents) if one.exists()), settings.data_dir)
    free = shutil.disk_usage(place).free // (1024 * 1024)
    detail = f"{free:,} MiB are free beside the data"
    if free < LITTLE_DISK_MIB:
        state = "wrong" if free < NO_DISK_MIB else "doubtful"
        return Finding("disk", state, detail, "Free some space, or move DISPATCH_DATA_DIR to a larger disk.")
    return Finding("disk", "good", detail)


def _port(settings: Settings) -> Finding:
    try:
        port = choose_port(settings)
    except DispatchError as error:
        return Finding("port", "wrong", error.message, error.fix)
    except OSError as error:
        return Finding(
            "port", "wrong", f"{settings.host} is no address of this machine: {error}.", "Set DISPATCH_HOST."
        )
    if port != settings.port and settings.port:
        taken = f"{settings.port} is taken, perhaps by a service that runs; another would get a free port"
        return Finding("port", "doubtful", taken, "Set DISPATCH_PORT to keep to one port.")
    return Finding("port", "good", f"{settings.host}:{port} is free")


async def _database(url: str) -> list[Finding]:
    engine = make_engine(url, pool_size=2)
    try:
        async with engine.connect() as connection:
            version = (await connection.execute(text("show server_version"))).scalar_one()
            now = (await connection.execute(text("select clock_timestamp()"))).scalar_one()
            skew = abs((datetime.now(UTC) - now).total_seconds())
            findings = [Finding("database", "good", f"PostgreSQL {version} answers")]
            revision, head = await current_revision(engine), head_revision()
            if revision != head:
                detail = f"the schema is at {revision or 'no revision'}, this version expects {head}."
                fix = "Run `dispatch db upgrade`; `dispatch serve` does it too."
                findings.append(Finding("schema", "doubtful" if revision is None else "wrong", detail, fix))
            else:
                findings.append(Finding("schema", "good", f"at revision {revision}"))
                findings.append(_policy((await connection.execute(text(_POLICIES))).mappings().all()))
                findings.append(_wall((await connection.execute(text("select wall_stands(), current_user"))).one()))
        return [*findings, _clock(skew)]
    finally:
        await engine.dispose()


_POLICIES = """
    select j.id as jurisdiction, p.id as policy, p.version
    from jurisdiction j left join lateral (
      select id, version from policy_version
      where jurisdiction_id = j.id and status = 'published' and effective_at <= now()
      order by effective_at desc, ordinal desc limit 1
    ) p on true order by j.id
"""


def _policy(rows: Any) -> Finding:
    if not rows:
        fix = "Run `dispatch import units FILE`, or see everything at work with `dispatch demo`."
        return Finding("policy", "doubtful", "no jurisdiction is set up, so no call can be taken.", fix)
    without = [row["jurisdiction"] for row in rows if row["policy"] is None]
    if without:
        fix = "Run `dispatch import units FILE --policy us-default`."
        return Finding("policy", "wrong", f"{', '.join(without)} has no active policy; its calls are refused.", fix)
    active = ", ".join(f"{row['policy']}@{row['version']} for {row['jurisdiction']}" for row in rows)
    return Finding("policy", "good", active)


def _wall(row: Any) -> Finding:
    """By what the database itself keeps police from what violence intervention does (docs/decisions/0025)."""
    stands, login = row
    if stands == "role":
        return Finding("wall", "good", "what is told one way does not exist for the database role of police")
    roles = "dispatch_police", "dispatch_cvi"
    made = " ".join(f"create role {one} nologin; grant {one} to {login};" for one in roles)
    fix = f"As an administrator of the database: {made} Then as {login}: select build_one_way_wall();"
    if stands == "setting":
        detail = "what is told one way is hidden from police by policies on the tables; there is no role of its own."
        return Finding("wall", "doubtful", detail, fix)
    detail = "the database hides nothing of violence intervention from police; only the service's own filters do."
    return Finding("wall", "wrong", detail, fix)


def _clock(skew: float) -> Finding:
    if skew > CLOCK_SKEW_S:
        detail = f"this machine and the database differ by {skew:,.0f} s, so times would contradict each other."
        return Finding("clock", "wrong", detail, "Run a time service (NTP) on both.")
    return Finding("clock", "good", f"agrees with the database to {max(skew, 0.1):.1f} s")
