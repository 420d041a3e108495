"""The summary for a person at a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table

from dispatch.cli.demo.evidence import INTERVALS
from dispatch.cli.output import counts_table
from dispatch.cli.triage_summary import CATEGORY_COLORS, RESPONDER_COLORS

WIDE = 118
REASONS = {
    "plan_sends_others": "danger or urgency: the plan sends police, fire or EMS",
    "declined": "the unit asked declined, and nobody else could come",
    "none_free": "all units of the program were busy",
    "none_free_until_the_wait_limit": "all were busy until the plan's wait limit; it went to its next step",
    "none_on_duty": "no unit of the program was on duty",
    "none_on_roster": "the program has no unit",
    "shift_ending": "their shift was about to end",
    "appointment_soon": "they had an appointment too soon",
    "too_few_on_the_unit": "too few people on the unit",
    "nobody_was_sent": "nobody was sent",
    "not_sent_beside_others": "another responder of the same plan took it",
    "still_on_it": "a unit of the program is still on it",
    "not_a_call_for_help": "nobody asked for help",
    "danger_or_need_beyond_the_program": "danger, or a need beyond the program (its disqualifier)",
    "caller_wanted_police": "the caller wanted police",
    "program_closed": "outside the program's hours",
    "outside_area": "outside the program's area",
    "not_this_channel": "not through this channel",
    "not_this_place": "not at this kind of place",
    "not_this_age": "not for this age",
    "too_little_known": "too little was known to tell",
    "no_program_for_this_kind": "no program takes this kind of call",
}


def show_summary(out: Console, data: Mapping[str, Any]) -> None:
    """Draws the summary."""
    out.print()
    out.print(_head(data))
    out.print()
    _print_side_by_side(out, _categories(data), _responders(data))
    out.print()
    out.print(_programs(data["programs"]))
    out.print()
    out.print(Rule("[bold]How long it took[/]", align="left", style="dim"))
    out.print(_intervals(data["intervals"], narrow=out.width < WIDE))
    out.print("[dim]minutes: median / 90th percentile, and the share of units without it[/]")
    out.print("[dim]first unit: until the incident got its first; queue: each unit, late ones too[/]")
    out.print()
    out.print(Rule("[bold]Does it hold?[/]", align="left", style="dim"))
    for line in _checks(data):
        out.print(line, soft_wrap=True)
    out.print()
    _foot(out, data)


def _head(data: Mapping[str, Any]) -> Panel:
    calls, rate, policy = data["calls"], data["rate"], data["policy"] or {}
    lines = [
        f"[bold]{calls['stored']:,}[/] calls became incidents, [bold]{calls['assignments']:,}[/] units were assigned, "
        f"[bold]{calls['closed']:,}[/] incidents closed in [bold]{rate['seconds']:.1f} s[/]",
        f"[dim]{rate['requests']:,} requests over HTTP, {rate['requests_per_s']:,.0f}/s · "
        f"{rate['calls_per_s']:,.1f} calls/s · POST /v1/calls p50 {rate['post_call_p50_ms']} ms, "
        f"p95 {rate['post_call_p95_ms']} ms[/]",
        f"[dim]policy {policy.get('id', '-')} v{policy.get('version', '-')} {str(policy.get('sha256', ''))[:12]}[/]",
    ]
    mark = "[green]✓[/]" if data["ok"] else "[bold red]✗[/]"
    title = f"{mark} [bold]{escape(data['city'])}[/] [dim]{data['from'][:10]}[/]"
    return Panel("\n".join(lines), title=title, title_align="left", border_style="green" if data["ok"] else "red")


def _categories(data: Mapping[str, Any]) -> Table:
    counts = list(data["categories"].items())
    return counts_table("category", counts, total=data["calls"]["stored"], colors=CATEGORY_COLORS)


def _responders(data: Mapping[str, Any]) -> Table:
    counts = list(data["responder_types"].items())
    return counts_table("who handled it", counts, total=data["calls"]["stored"], colors=RESPONDER_COLORS)


def _print_side_by_side(out: Console, left: Table, right: Table) -> None:
    if out.width < WIDE:
        out.print(left)
        out.print()
        out.print(right)
        return
    both = Table.grid(padding=(0, 4))
    both.add_row(left, right)
    out.print(both)


def _programs(programs: Mapping[str, Any]) -> RenderableType:
    served = programs["led_by_a_program"] + programs["supported_by_a_program"]
    lines = [
        f"[bold]{programs['eligible']:,}[/] of {programs['calls']:,} calls "
        f"({_share(programs['eligible_share'])}) were open to a community or alternative program; "
        f"[bold]{served:,}[/] of them ({_share(programs['served_share_of_eligible'])}) were served by one: "
        f"{programs['led_by_a_program']:,} led, {programs['supported_by_a_program']:,} supported.",
        f"[bold]{programs['handled_without_police']:,}[/] of {programs['handled']:,} handled incidents needed no "
        f"police, [bold]{programs['handled_by_civilians_only']:,}[/] neither police, fire nor EMS.",
    ]
    parts: list[RenderableType] = [Rule("[bold]Who did not need police[/]", align="left", style="dim"), *lines]
    for title, reasons in (("Open to one, not served", "not_served"), ("Open to none", "not_eligible")):
        if programs[reasons]:
            parts += ["", Padding(_reasons(title, programs[reasons]), (0, 0, 0, 1))]
    return Group(*parts)


def _reasons(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(box=None, padding=(0, 1), show_edge=False, header_style="dim")
    table.add_column("", justify="right")
    table.add_column(title)
    for reason, count in counts.items():
        table.add_row(f"[yellow]{count:,}[/]", REASONS.get(reason, reason.replace("_", " ")))
    return table


def _intervals(rows: list[dict[str, Any]], *, narrow: bool) -> Table:
    table = Table(box=None, padding=(0, 1), show_edge=False, header_style="dim")
    table.add_column("", no_wrap=True, min_width=11)
    for row in rows:
        table.add_column(f"P{row['priority']}", justify="right", no_wrap=True)
    table.add_row("[dim]units sent[/]", *(f"[dim]{row['assignments']:,}[/]" for row in rows))
    table.add_row("first unit", *(_interval(row["first_unit"], narrow=narrow) for row in rows))
    for name in INTERVALS:
        table.add_row(name, *(_interval(row[name], narrow=narrow) for row in rows))
    return table


def _interval(found: Mapping[str, Any], *, narrow: bool) -> str:
    """Median and 90th percentile with the share of units without it: beside them, or below where there is no room."""
    if not found["count"]:
        return "[dim]-[/]"
    known = f"{found['p50_s'] / 60:.1f}/{found['p90_s'] / 60:.1f}"
    missing = f"[dim]{found['missing_share']:>3.0%}[/]" if found["missing_share"] else ""
    if narrow:
        return f"{known}\n{missing}" if missing else known
    return f"{known} {missing or '   '}"


def _checks(data: Mapping[str, Any]) -> list[str]:
    checks, calls, agreement, real = data["checks"], data["calls"], data["agreement"], data["real_units"]
    lines = [
        _line(
            not checks["lost_calls"], f"{calls['given']:,} calls given, {calls['stored']:,} found in the service's feed"
        ),
        _line(not checks["server_errors"], f"{checks['server_errors']:,} server errors"),
        _line(
            not checks["double_booked"] and checks["double_booking_tries"] == checks["double_booking_refused"],
            _double_booking(checks),
        ),
    ]
    lines += [f"  [bold red]✗[/] {escape(one)}" for one in checks["unexpected_shown"]]
    facts = [
        (checks["overlaps_in_the_file_refused"], "times the file has a unit on two calls at once: refused with 409"),
        (checks["steps_that_go_back_in_time"], "steps of the file go back in time: taken, and left out of intervals"),
        (sum(checks["steps_not_in_the_file"].values()), "steps are not in the file: told beside the next one"),
        (calls["unknown_type"], "calls with a type code that no crosswalk knows: read as words, and listed"),
        (calls["without_position"], "calls without a position"),
        (calls["needs_human"], "calls marked for a person to look at"),
        (
            calls["further_contacts"],
            "further calls about the same incident: incidents of their own until a person links them",
        ),
        (calls["held_for_a_busy_unit"], "incidents held for a busy unit, as their plan says"),
        (calls["never_all_sent"], "incidents closed without all units of their plan: some were never free"),
        (calls["offers_declined"], "offers declined; the next best was asked"),
        (calls["still_open"], "incidents still open at the end"),
        (sum(calls["nobody_sent_on_purpose"].values()), "calls stored and triaged, nobody sent on purpose"),
    ]
    lines += [f"  [dim]·[/] {count:,} {what}" for count, what in facts if count]
    if agreement is not None:
        lines.append(_agreement(agreement))
    if real is not None:
        lines.append(
            f"  [dim]·[/] on {real['a_recommended_type_went']:,} of {real['calls']:,} calls ({real['share']:.1%}) "
            "a recommended type of responder really went"
        )
    return [*lines, *(f"  [dim]· {escape(note)}[/]" for note in data["notes"])]


def _double_booking(checks: Mapping[str, Any]) -> str:
    found = f"{checks['double_booked']:,} double bookings in the history"
    if not checks["double_booking_tries"]:
        return found
    refused, tries = checks["double_booking_refused"], checks["double_booking_tries"]
    return f"{refused:,} of {tries:,} tries to double-book a unit refused; {found}"


def _agreement(agreement: Mapping[str, Any]) -> str:
    misses = agreement["dangerous_misses"]
    refs = f" ({', '.join(agreement['dangerous_miss_refs'])})" if misses else ""
    mark = "[green]✓[/]" if not misses else "[yellow]![/]"
    return (
        f"  {mark} against the sample's own fair answers: category {agreement['category_share']:.1%}, who leads "
        f"{agreement['lead_share']:.1%}, dangerous misses {misses}{refs}"
    )


def _line(good: bool, text: str) -> str:
    return f"  {'[green]✓[/]' if good else '[bold red]✗[/]'} {text}"


def _foot(out: Console, data: Mapping[str, Any]) -> None:
    where = data["where"]
    out.print(f"[dim]database[/] {escape(where['database'])}  [dim]in[/] {escape(where['data_dir'])}", soft_wrap=True)
    out.print(f"[dim]log     [/] {escape(where['log'])}", soft_wrap=True)


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
