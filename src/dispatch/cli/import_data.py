"""`dispatch import`: calls and feeds through a mapping; roster, zones, hazards and roads from a file each."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from dispatch.cli.exits import Exit
from dispatch.cli.importing.calls import CallsImport, import_calls, tell_calls
from dispatch.cli.importing.feed import import_feed, tell_feed
from dispatch.cli.importing.hazards import read_hazards_file
from dispatch.cli.importing.roster import check_references, read_roster
from dispatch.cli.importing.target import Target
from dispatch.cli.importing.zones import read_zones_file
from dispatch.cli.jurisdiction import find_jurisdiction
from dispatch.cli.output import AsJson, emit, words
from dispatch.cli.policy_source import find_policy
from dispatch.cli.service import cli_actor, migrated_database, run_in_transaction
from dispatch.config import load_settings
from dispatch.db.active_policy import ActivePolicies
from dispatch.domain.access import Principal, Role
from dispatch.domain.errors import Invalid, NotFound, Unavailable
from dispatch.ingest.roads import read_roads, write_roads
from dispatch.operations.hazards import record_all
from dispatch.operations.policies import install_policy
from dispatch.operations.policy_checks import require_sound
from dispatch.operations.setup import set_up
from dispatch.operations.zones import replace_zones
from dispatch.queries.travel import ROADS_FILE

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Bring calls, feeds, units, zones, hazards and roads in.",
)

File = Annotated[str, typer.Argument(metavar="FILE", help="- reads standard input (calls and lists only).")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and check everything, store nothing.")]
Where = Annotated[str | None, typer.Option("--jurisdiction", "-j", help="Needed when there are several.")]

CALLS_EXAMPLES = """
[bold]Examples[/]

  dispatch import calls calls-2025.csv.gz --mapping sf-police --dry-run

  DISPATCH_TOKEN=dsp_... dispatch import calls calls.csv --mapping my-cad.yaml --url https://dispatch.example
"""
FEED_EXAMPLES = """
[bold]Examples[/]

  dispatch import feed lists.jsonl.gz --mapping houston-feed --dry-run

  poll-my-cad | DISPATCH_TOKEN=dsp_... dispatch import feed - --mapping my-feed.yaml --url https://dispatch.example
"""
UNITS_EXAMPLES = """
[bold]Examples[/]

  dispatch import units city.yaml --policy us-default

  dispatch import units units.csv --jurisdiction alder-bay --dry-run
"""

ZONES_EXAMPLES = """
[bold]Examples[/]

  dispatch import zones zones.csv --dry-run

  dispatch import zones beats.geojson --jurisdiction alder-bay
"""
HAZARDS_EXAMPLES = """
[bold]Examples[/]

  dispatch import hazards hazards.csv --dry-run

  dispatch import hazards tier-ii.csv --jurisdiction alder-bay
"""
ROADS_EXAMPLES = """
[bold]Examples[/]

  dispatch import roads city.osm.pbf --dry-run

  dispatch import roads city.osm.pbf
"""


MappingName = Annotated[str, typer.Option(help="How to read the file: a shipped mapping by name, or a YAML file.")]
Url = Annotated[str | None, typer.Option(envvar="DISPATCH_URL", help="Post to this running service.")]
Token = Annotated[str, typer.Option(envvar="DISPATCH_TOKEN", help="For --url; better in the environment.")]
Rejects = Annotated[Path | None, typer.Option(help="Where rows go that could not be taken.")]


@app.command(epilog=CALLS_EXAMPLES)
def calls(
    file: File,
    mapping: MappingName,
    dry_run: DryRun = False,
    url: Url = None,
    token: Token = "",
    rejects: Rejects = None,
    jurisdiction: Where = None,
    as_json: AsJson = False,
) -> None:
    """Store past calls and triage them; nobody is sent. Doing it again changes nothing, so it can be resumed.

    Without --url they go straight into the database. Exit code 5: some rows could not be taken; they are in the
    reject file, each with its reason.
    """
    to = Target(url, token, jurisdiction, dry_run=dry_run)
    outcome = to.run(lambda taker: import_calls(_work(file, mapping, rejects), taker))
    if as_json:
        emit(outcome.as_data(dry_run=dry_run))
    else:
        tell_calls(outcome, dry_run=dry_run)
    if outcome.refused:
        raise typer.Exit(Exit.PARTIAL if outcome.taken or dry_run else Exit.FAILED)


@app.command(epilog=FEED_EXAMPLES)
def feed(
    file: File,
    mapping: MappingName,
    dry_run: DryRun = False,
    url: Url = None,
    token: Token = "",
    rejects: Rejects = None,
    jurisdiction: Where = None,
    as_json: AsJson = False,
) -> None:
    """Follow a sender that lists its active calls again and again: one list on each line, in order.

    Each call is stored once, what changes is an update, and what is gone from the list is flagged and stays as it is.
    Doing it again changes nothing. Exit code 5: some rows or lists could not be taken; they are in the reject file.
    """
    to = Target(url, token, jurisdiction, dry_run=dry_run)
    outcome = to.run(lambda taker: import_feed(_work(file, mapping, rejects), taker))
    if as_json:
        emit(outcome.as_data(dry_run=dry_run))
    else:
        tell_feed(outcome, dry_run=dry_run)
    if outcome.refused:
        raise typer.Exit(Exit.PARTIAL if outcome.feed.lists else Exit.FAILED)


def _work(file: str, mapping: str, rejects: Path | None) -> CallsImport:
    if file != "-" and not Path(file).is_file():
        raise NotFound(f"There is no file {file}.", fix="Check the path.")
    return CallsImport(file, mapping, rejects or Path(f"{Path(file).name.strip('-') or 'stdin'}.rejects.ndjson"))


@app.command(epilog=UNITS_EXAMPLES)
def units(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".yaml (everything) or .csv (units).")],
    policy: Annotated[str | None, typer.Option(help="Also publish this policy, by id or folder.")] = None,
    dry_run: DryRun = False,
    jurisdiction: Where = None,
    as_json: AsJson = False,
) -> None:
    """Set up a jurisdiction: agencies, programs, units, responders and shifts, all of the file or nothing.

    What is there already, by id, call sign or employee number, stays as it is. The keys of a YAML file are those of
    the API's bodies, in lists `agencies`, `programs`, `units`, `responders`, `shifts`, under a `jurisdiction`.
    """
    roster = read_roster(file, jurisdiction)
    texts = find_policy(policy) if policy else None
    loaded = texts.load() if texts is not None else None

    is_deciding = True

    async def store(session: Any) -> dict[str, int]:
        nonlocal is_deciding
        wanted, new = await check_references(session, roster)
        if dry_run:
            return new
        actor = cli_actor(wanted.jurisdiction_id)
        added = await set_up(session, wanted, actor)
        if texts is not None and loaded is not None:
            j, now = actor.jurisdiction_id, datetime.now(UTC)
            await require_sound(session, j, loaded, now)
            await install_policy(session, j, texts.texts, texts.parents, actor=actor.subject, now=now)
        else:
            is_deciding = await _has_policy(session, actor.jurisdiction_id)
        return {name: getattr(added, name) for name in ("agencies", "programs", "units", "responders", "shifts")}

    with migrated_database() as url:
        counts = run_in_transaction(url, store)
    if as_json:
        emit({"jurisdiction": roster.jurisdiction, "dry_run": dry_run, "added": counts, "policy": policy})
        return
    verb = "would be added" if dry_run else "added"
    shown = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    words().print(f"[green]✓[/] {roster.jurisdiction}: {shown} {verb}")
    if policy and not dry_run:
        words().print(f"[green]✓[/] {escape(policy)} decides from now on")
    if not is_deciding:
        words().print(
            "[yellow]![/] No policy decides there yet, so calls are refused. Publish one: "
            "`dispatch policy publish us-default --reviewed-by NAME`."
        )


async def _has_policy(session: Any, jurisdiction_id: str) -> bool:
    with suppress(Unavailable):
        await ActivePolicies().active(session, jurisdiction_id, datetime.now(UTC))
        return True
    return False


@app.command(epilog=ZONES_EXAMPLES)
def zones(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".csv (name, lat, lon, demand) or .geojson.")],
    dry_run: DryRun = False,
    jurisdiction: Where = None,
    as_json: AsJson = False,
) -> None:
    """Set the zones that coverage is counted over, with the calls that come from each. Replaces all there were.

    demand is calls per hour, or any weight that is one for all zones.
    """
    if not file.is_file():
        raise NotFound(f"There is no file {file}.", fix="Check the path.")
    read = read_zones_file(file)
    with migrated_database() as url:
        j = run_in_transaction(url, lambda session: find_jurisdiction(session, jurisdiction))
        if not dry_run:
            run_in_transaction(url, lambda session: replace_zones(session, read, cli_actor(j)))
    if as_json:
        emit({"jurisdiction": j, "zones": len(read), "dry_run": dry_run})
        return
    verb = "could be stored" if dry_run else "stored in place of those before"
    words().print(f"[green]✓[/] {escape(j)}: {len(read):,} zones {verb}")


@app.command(epilog=HAZARDS_EXAMPLES)
def hazards(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=".csv: kind, words, expires_at, source_kind, source, and a place.")
    ],
    dry_run: DryRun = False,
    jurisdiction: Where = None,
    as_json: AsJson = False,
) -> None:
    """Record hazards of places, all of the file or none. Doing it again records nothing twice.

    A place is lat and lon, address (and door), or both. No row is taken without an expiry within the limit of its kind.
    """
    if not file.is_file():
        raise NotFound(f"There is no file {file}.", fix="Check the path.")
    read = read_hazards_file(file)

    async def store(session: Any) -> tuple[str, int]:
        j = await find_jurisdiction(session, jurisdiction)
        actor = cli_actor(j)
        kinds = await ActivePolicies().hazard_kinds(session, j, actor.now)
        who = Principal(j, actor.subject, Role.SUPERVISOR)
        try:
            return j, await record_all(session, read.commands, kinds, actor, who, dry_run=dry_run)
        except Invalid as wrong:
            raise read.placed(wrong) from wrong

    with migrated_database() as url:
        j, new = run_in_transaction(url, store)
    if as_json:
        emit({"jurisdiction": j, "hazards": len(read.commands), "new": new, "dry_run": dry_run})
        return
    verb = "could be recorded" if dry_run else "recorded"
    words().print(f"[green]✓[/] {escape(j)}: {new:,} hazards {verb} [dim]of {len(read.commands):,} in the file[/]")


@app.command(epilog=ROADS_EXAMPLES)
def roads(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="OpenStreetMap: .osm.pbf, .osm, .osm.gz or .osm.bz2.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Build the road network that travel times follow, in place of straight lines. Replaces the one before.

    It is one file in the data directory; a running service reads it when it starts.
    """
    if not file.is_file():
        raise NotFound(f"There is no file {file}.", fix="Check the path.")
    graph = read_roads(file)
    target = load_settings().data_dir / ROADS_FILE
    if not dry_run:
        write_roads(graph, target)
    if as_json:
        emit({"nodes": len(graph.lat), "arcs": len(graph.tail), "dry_run": dry_run, "file": str(target)})
        return
    verb = "could be written" if dry_run else "written"
    words().print(f"[green]✓[/] {len(graph.lat):,} places and {len(graph.tail):,} pieces of road {verb}: {target}")
    if not dry_run:
        words().print("  [dim]·[/] a running service uses them after its next start")
