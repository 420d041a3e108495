"""`dispatch policy publish`, `diff` and `docs`: put a policy in force, see what another would change, print it."""

import os
import pwd
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.cli.jurisdiction import find_jurisdiction
from dispatch.cli.output import AsJson, data, emit, words
from dispatch.cli.policy_source import find_policy
from dispatch.cli.service import migrated_database, run_in_transaction
from dispatch.domain.errors import Invalid, SecondPersonRequired
from dispatch.ingest.history import Reject, load_mapping, read_calls
from dispatch.operations.call_body import CallBody
from dispatch.operations.policies import install_policy
from dispatch.operations.policy_checks import require_sound
from dispatch.triage.decision import as_data
from dispatch.triage.diff import Change, diff_policies, plain
from dispatch.triage.docs import policy_page
from dispatch.triage.evaluate import evaluate
from dispatch.triage.outcomes import differences, first_responders, matrix
from dispatch.triage.policy import Policy

MOST_LISTED = 200

PolicyName = Annotated[str, typer.Argument(metavar="POLICY", help="Id of a shipped policy, or a policy folder.")]


def publish(
    policy: PolicyName,
    reviewed_by: Annotated[str, typer.Option("--reviewed-by", help="The second person, who read it. Not you.")],
    note: Annotated[str | None, typer.Option(help="Why; kept in the log.")] = None,
    version: Annotated[int | None, typer.Option(help="Refuse unless the policy is this version.")] = None,
    jurisdiction: Annotated[str | None, typer.Option("--jurisdiction", "-j", help="Needed when several.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let a policy decide from now on, in this machine's database. It must have no error and every case must hold."""
    operator = pwd.getpwuid(os.getuid()).pw_name
    if reviewed_by.strip().casefold() in ("", operator.casefold()):
        raise SecondPersonRequired(
            f"You are {operator}, and nobody reviews what they publish themselves.",
            fix="Ask a second person to read it, and give their name with --reviewed-by.",
        )
    texts = find_policy(policy)
    loaded = texts.load()
    if version is not None and version != loaded.version:
        raise Invalid(f"{loaded.id} is version {loaded.version}, not {version}.", fix="Check the folder.")

    async def store(session: AsyncSession) -> str:
        j = await find_jurisdiction(session, jurisdiction)
        now = datetime.now(UTC)
        await require_sound(session, j, loaded, now)
        who = f"cli:{operator}"
        await install_policy(
            session, j, texts.texts, texts.parents, actor=who, now=now, reviewed_by=reviewed_by.strip(), note=note
        )
        return j

    with migrated_database() as url:
        where = run_in_transaction(url, store)
    if as_json:
        emit({"jurisdiction": where, "policy": plain(loaded.ref), "reviewed_by": reviewed_by.strip()})
    else:
        words().print(f"[green]✓[/] {escape(loaded.id)}@{loaded.version} decides in {escape(where)} from now on")


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A shipped policy, or a folder.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="A shipped policy, or a folder.")],
    on: Annotated[str | None, typer.Option("--on", help="Also decide the calls of this file under both.")] = None,
    mapping: Annotated[str, typer.Option("--mapping", "-m", help="How to read the file.")] = "generic",
    as_json: AsJson = False,
) -> None:
    """Say what differs between two policies by id and field, and with --on which real calls would be decided anew."""
    before, after = (find_policy(name).load() for name in (old, new))
    changes = diff_policies(before, after)
    replayed = _replayed(before, after, on, mapping) if on else None
    if as_json:
        emit({"old": plain(before.ref), "new": plain(after.ref), "changes": plain(changes), "replay": replayed})
        return
    _show_changes(changes)
    if replayed is not None:
        _show_replay(replayed)


def docs(
    policy: PolicyName = "us-default",
    out: Annotated[Path | None, typer.Option(help="Write <id>.md into this folder instead of stdout.")] = None,
) -> None:
    """Print a policy as a page for people: which call gets whom, why, with sources, limits and worked examples."""
    loaded = find_policy(policy).load()
    page = policy_page(loaded)
    if out is None:
        data().print(page, markup=False, soft_wrap=True, end="", highlight=False)
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{loaded.id}.md").write_text(page, encoding="utf-8")
    words().print(f"[green]✓[/] {escape(str(out / f'{loaded.id}.md'))}")


def _replayed(old: Policy, new: Policy, file: str, mapping: str) -> dict[str, Any]:
    pairs: list[tuple[str, str]] = []
    listed: list[dict[str, Any]] = []
    unread = changed = 0
    for row, body in _bodies(file, mapping):
        if body is None:
            unread += 1
            continue
        at = body.received_at or datetime.now(UTC)
        before, after = (as_data(evaluate(body.facts(), policy, at)) for policy in (old, new))
        pairs.append((first_responders(before), first_responders(after)))
        found = differences(before, after)
        changed += bool(found)
        if found and len(listed) < MOST_LISTED:
            listed.append({"row": row, "old": pairs[-1][0], "new": pairs[-1][1], "changes": list(found)})
    cells = plain(matrix(pairs))
    return {"calls": len(pairs), "not_read": unread, "changed": changed, "matrix": cells, "listed": listed}


def _bodies(file: str, mapping: str) -> Iterator[tuple[int, CallBody | None]]:
    for item in read_calls(file, load_mapping(mapping)):
        if isinstance(item, Reject):
            yield 0, None
        else:
            yield item.row, CallBody.model_validate(item.body)


def _show_changes(changes: list[Change]) -> None:
    marks = {"added": "[green]+[/]", "removed": "[red]-[/]", "changed": "[yellow]~[/]"}
    for change in changes:
        data().print(f"{marks[change.change]} {change.kind} [bold]{escape(change.id)}[/]", soft_wrap=True)
        for one in change.fields if change.change == "changed" else ():
            data().print(f"    {one.field}: {escape(str(one.old))} → {escape(str(one.new))}", soft_wrap=True)
    if not changes:
        words().print("[green]✓[/] nothing differs")


def _show_replay(replayed: dict[str, Any]) -> None:
    out = data()
    out.print(f"\n{replayed['changed']:,} of {replayed['calls']:,} calls are decided otherwise")
    for cell in replayed["matrix"]:
        moved = "" if cell["old"] == cell["new"] else "bold"
        out.print(f"{cell['calls']:>9,}  {cell['old']} → {cell['new']}", style=moved, markup=False)
    for one in replayed["listed"]:
        line = f"  row {one['row']}: {one['old']} → {one['new']} ({', '.join(one['changes'])})"
        out.print(line, markup=False, soft_wrap=True)
