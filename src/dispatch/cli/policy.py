"""`dispatch policy`: is it sound (check), does it do what its cases say (test), why does it decide so (explain)."""

from collections import Counter
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from dispatch.cli.call_argument import call_body
from dispatch.cli.exits import Exit
from dispatch.cli.output import AsJson, data, emit, words
from dispatch.cli.policy_life import diff, docs, publish
from dispatch.cli.policy_source import PolicyTexts, find_policy
from dispatch.domain.errors import PolicyInvalid
from dispatch.policies import shipped_ids
from dispatch.triage.cases import CaseReport, run_cases
from dispatch.triage.decision import TriageDecision
from dispatch.triage.explain import explain as explain_call
from dispatch.triage.explain_text import short_text, whole_text
from dispatch.triage.findings import ACCEPTED, ERROR, WARNING, Finding
from dispatch.triage.lint import check_policy
from dispatch.triage.policy import Policy
from dispatch.triage.policy_texts import heading, policy_sha256
from dispatch.triage.questions import with_questions

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode="rich", help="Check, test and explain a policy."
)

PolicyName = Annotated[str, typer.Argument(metavar="POLICY", help="Id of a shipped policy, or a policy folder.")]
SEVERITY_MARKS = {ERROR: "[bold red]✗[/]", WARNING: "[yellow]![/]", ACCEPTED: "[green]✓[/]"}


@app.command(epilog="[bold]Example[/]\n\n  dispatch policy check policies/my-city --json | jq '.findings[].code'")
def check(
    policy: PolicyName = "us-default",
    strict: Annotated[bool, typer.Option("--strict", help="Warnings that are shown fail too.")] = False,
    show_all: Annotated[
        bool,
        typer.Option("--all", help="Also warnings about files that it inherits, and accepted ones with their reasons."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read a policy whole and report what is wrong or doubtful, each with file and line.

    Exit code 1: it does not load, or an error was found.
    """
    texts = find_policy(policy)
    try:
        loaded = texts.load()
    except PolicyInvalid as invalid:
        if not as_json:
            raise
        found = [Finding("error", problem.code, problem.pointer, problem.detail) for problem in invalid.errors]
        problems = [asdict(finding) for finding in found]
        emit({"policy": None, "passed": False, "contents": None, "findings": problems, "accepted": 0, "not_shown": 0})
        raise typer.Exit(Exit.FAILED) from None
    found = check_policy(loaded)
    own = [one for one in found if one.severity == ERROR or not texts.inherits(one.place)]
    findings = found if show_all else [one for one in own if one.severity != ACCEPTED]
    counts = Counter(finding.severity for finding in (found if show_all else own))
    failed = bool(counts["error"] or (strict and counts["warning"]))
    if as_json:
        emit(
            {
                "policy": _ref(loaded),
                "passed": not failed,
                "contents": _contents(loaded),
                "findings": [asdict(f) for f in findings],
                "accepted": sum(one.severity == ACCEPTED for one in found),
                "not_shown": len(found) - len(findings),
            }
        )
    else:
        _show_findings(data(), loaded, findings, counts)
        if not show_all and (hidden := _hidden(len(found) - len(own), counts[ACCEPTED])):
            words().print(f"[dim]{hidden} not shown: dispatch policy check {escape(policy)} --all[/]")
    if failed:
        raise typer.Exit(Exit.FAILED)


@app.command(name="test", epilog="[bold]Example[/]\n\n  dispatch policy test us-default --all")
def try_cases(
    policy: PolicyName = "us-default",
    show_all: Annotated[bool, typer.Option("--all", help="Also list the cases that pass.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the worked examples of a policy. Exit code 1: a case does not hold, or there is none."""
    loaded = find_policy(policy).load()
    report = run_cases(loaded)
    if as_json:
        emit({"policy": _ref(loaded), **report.as_data()})
    else:
        _show_cases(data(), loaded, report, show_all=show_all)
    if not report.passed:
        raise typer.Exit(Exit.FAILED)


EXPLAIN_EXAMPLES = """
[bold]Examples[/]

  dispatch policy explain --code WELCHK --narrative "neighbor not seen for days, no weapons"
  dispatch policy explain us-default --type "NOISE" --answer weapon=none --json
  dispatch policy explain policies/my-city --call body.json
"""


@app.command(epilog=EXPLAIN_EXAMPLES)
def explain(
    policy: PolicyName = "us-default",
    call: Annotated[
        str | None, typer.Option("--call", help="File with one call body as JSON; - reads standard input.")
    ] = None,
    type_text: Annotated[str | None, typer.Option("--type", "-t", help="The sender's call type in words.")] = None,
    code: Annotated[str | None, typer.Option("--code", "-c", help="The sender's call type code.")] = None,
    source: Annotated[str | None, typer.Option(help="The sender, which picks its crosswalk.")] = None,
    narrative: Annotated[str | None, typer.Option("--narrative", "-n", help="What was said.")] = None,
    answer: Annotated[
        list[str] | None, typer.Option("--answer", "-a", help="FACT=VALUE as answered; repeatable.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="911, 311, 988, online, ...")] = None,
    at: Annotated[
        str | None, typer.Option(help="The moment, 2026-11-23T14:00Z; default: the call's own, else now.")
    ] = None,
    show_all: Annotated[
        bool, typer.Option("--all", help="Every fact, row and clause, also those that missed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a policy decides for one call and why: what was read, who may go, what is worth asking.

    --all and --json give the whole trace: each row hit or missed and by which condition, each program's clauses.
    """
    body = call_body(
        call, type_text=type_text, code=code, source=source, narrative=narrative, answers=answer, channel=channel, at=at
    )
    loaded = find_policy(policy).load()
    moment = body.received_at or datetime.now(UTC)
    explanation = explain_call(body.facts(), loaded, moment)
    decision = with_questions(explanation.decision, body.facts(), loaded, moment)
    explanation = replace(explanation, decision=decision)
    if as_json:
        emit(explanation.as_data())
    else:
        _show_explanation(data(), whole_text(explanation) if show_all else short_text(explanation))
        _show_questions(data(), decision)


app.command(epilog="[bold]Example[/]\n\n  dispatch policy diff us-default policies/my-city --on calls.csv")(diff)
app.command(epilog="[bold]Example[/]\n\n  dispatch policy publish policies/my-city --reviewed-by 'J. Doe'")(publish)
app.command(epilog="[bold]Example[/]\n\n  dispatch policy docs us-default --out docs/policies")(docs)


@app.command(name="list")
def list_policies(as_json: AsJson = False) -> None:
    """Name the policies that ship, with version and title. `policy check` says what is in one."""
    # Only their headings are read: to compile them all takes a minute.
    listed = [_listed(find_policy(policy_id)) for policy_id in shipped_ids()]
    if as_json:
        emit({"policies": listed})
        return
    for one in listed:
        of = f"  [dim]extends {one['extends']}[/]" if one["extends"] else ""
        data().print(f"[bold]{one['id']}[/] v{one['version']}{of}\n  {escape(one['title'])}")


def _listed(found: PolicyTexts) -> dict[str, Any]:
    said = heading(found.texts)
    return {
        "id": found.name,
        "version": int(said["version"]),
        "sha256": policy_sha256(found.texts, found.parents),
        "title": said["title"],
        "extends": said.get("extends"),
    }


def _ref(policy: Policy) -> dict[str, Any]:
    return {"id": policy.id, "version": policy.version, "sha256": policy.sha256}


def _contents(policy: Policy) -> dict[str, int]:
    return {
        "tables": len(policy.tables),
        "rows": len(policy.rows),
        "plans": len(policy.plans),
        "programs": len(policy.programs),
        "incident_types": len(policy.incident_types),
        "cases": len(policy.cases),
    }


def _contents_line(policy: Policy) -> str:
    return " · ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in _contents(policy).items())


def _hidden(inherited: int, accepted: int) -> str:
    parts = [f"{accepted:,} accepted with a reason"] if accepted else []
    return " and ".join(parts + ([f"{inherited:,} about inherited files"] if inherited else []))


def _show_findings(out: Console, policy: Policy, findings: list[Finding], counts: Counter[str]) -> None:
    words().print(f"[bold]{policy.id}[/] v{policy.version} [dim]{policy.sha256[:12]}[/]  {escape(policy.title)}")
    words().print(f"[dim]{_contents_line(policy)}[/]\n")
    for finding in findings:
        mark = SEVERITY_MARKS.get(finding.severity, "·")
        out.print(f"{mark} [cyan]{escape(finding.place)}[/] [dim]{escape(finding.code)}[/]", soft_wrap=True)
        out.print(f"    {escape(finding.detail)}", soft_wrap=True)
    if not findings:
        words().print("[green]✓[/] nothing to report")
    told = [(counts[ERROR], "error"), (counts[WARNING], "warning")]
    shown = [f"{count:,} {name}{'s' if count != 1 else ''}" for count, name in told if count]
    shown += [f"{counts[ACCEPTED]:,} accepted"] if counts[ACCEPTED] else []
    if shown:
        words().print(("\n" if findings else "") + ", ".join(shown))


def _show_explanation(out: Console, text: str) -> None:
    """The text with what decided in bold and what nobody said in grey."""
    for number, line in enumerate(text.splitlines()):
        is_quiet = "= unknown from unknown" in line or line.lstrip().startswith(("not_read", "missed", "Nobody has"))
        style = "bold" if number == 0 or (line and not line.startswith(" ")) else "dim" if is_quiet else ""
        style = "green" if line.lstrip().startswith("hit ") else style
        out.print(line, style=style, markup=False, soft_wrap=True)


def _show_questions(out: Console, decision: TriageDecision) -> None:
    if decision.questions:
        out.print("Worth asking", style="bold")
    for question in decision.questions:
        out.print(f"  {escape(question.ask)}", soft_wrap=True)
        out.print(f"    [dim]{escape(question.changes)}[/]", soft_wrap=True)


def _show_cases(out: Console, policy: Policy, report: CaseReport, *, show_all: bool) -> None:
    failed = [result for result in report.results if not result.passed]
    for result in report.results if show_all else failed:
        mark = "[green]✓[/]" if result.passed else "[bold red]✗[/]"
        out.print(
            f"{mark} {escape(result.case)}  [dim]{escape(result.at)} {escape(' '.join(result.rows))}[/]", soft_wrap=True
        )
        for failure in result.failures:
            out.print(f"    {escape(failure)}", soft_wrap=True)
    passed = len(report.results) - len(failed)
    state = f"[bold red]{len(failed):,} do not hold[/]" if failed else "[green]✓ all hold[/]"
    if not report.results:
        words().print(
            f"[bold]{policy.id}[/] v{policy.version}: [bold red]✗ no cases[/]. Nothing was tested; "
            "write worked examples in cases/*.yaml (docs/policy-format.md)."
        )
        return
    words().print(
        f"\n[bold]{policy.id}[/] v{policy.version}: {passed:,} of {len(report.results):,} cases hold, {state}"
    )
    for name, rows in (("no case hits", report.without_hit), ("no case narrowly misses", report.without_near_miss)):
        if rows:
            shown = " ".join(rows[:12]) + (" ..." if len(rows) > 12 else "")
            words().print(f"[dim]{len(rows):,} of {len(report.rows):,} rows that {name}: {escape(shown)}[/]")
