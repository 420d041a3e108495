"""The summary of a run as plain data: what `--json` prints and show.py draws."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from dispatch.cli.demo.agreement import with_expected, with_real_units
from dispatch.cli.demo.dispatcher import Traffic
from dispatch.cli.demo.evidence import INTERVALS, Evidence
from dispatch.cli.demo.percentiles import percentile, rounded
from dispatch.cli.demo.played import Log
from dispatch.cli.demo.production import Production
from dispatch.cli.demo.service_share import program_share

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Run:
    """Everything a summary is made of. seconds: real time of the playing itself."""

    production: Production
    log: Log
    traffic: Traffic
    evidence: Evidence
    seconds: float
    where: dict[str, str]


def summary_of(run: Run) -> dict[str, Any]:
    """The whole summary. `ok` is False when anything unexpected happened: then the run has failed."""
    checks = _checks(run)
    played = run.log.played
    return {
        "demo": run.production.set_up.jurisdiction_id,
        "city": run.production.set_up.name,
        "policy": played[0].triage["policy"] if played else None,
        "ok": checks["ok"],
        "from": run.production.begins.isoformat(),
        "notes": list(run.production.notes),
        "calls": _calls(run),
        "categories": dict(Counter(one.category for one in played).most_common()),
        "responder_types": dict(
            Counter(kind for one in played for kind in {sent.responder_type for sent in one.handled_by}).most_common()
        ),
        "programs": program_share(played),
        "intervals": _intervals(run.evidence),
        "agreement": with_expected(played),
        "real_units": with_real_units(played),
        "checks": checks,
        "rate": _rate(run),
        "where": run.where,
    }


def _calls(run: Run) -> dict[str, Any]:
    played = run.log.played
    sent = [sent for one in played for sent in one.sent]
    return {
        "given": len(run.production.jobs),
        "stored": len(run.evidence.calls),
        "further_contacts": sum(one.job.duplicate for one in played),
        "without_position": sum(bool({"position_missing", "location_missing"} & set(one.flags)) for one in played),
        "unknown_type": sum("call_type_not_in_crosswalk" in one.flags for one in played),
        "needs_human": sum(bool(one.triage["needs_human"]) for one in played),
        "nobody_sent_on_purpose": dict(run.log.not_sent),
        "assignments": len(sent),
        "offers_declined": sum(one.ended == "declined" for one in sent),
        "held_for_a_busy_unit": sum(one.waited for one in played),
        "never_all_sent": sum(one.lacks_units for one in played),
        "closed": sum(one.closed for one in played),
        "still_open": sum(not one.closed for one in played),
    }


def _intervals(evidence: Evidence) -> list[dict[str, Any]]:
    rows = []
    for priority in sorted(evidence.assignments):
        count = evidence.assignments[priority]
        row: dict[str, Any] = {"priority": priority, "assignments": count}
        row["first_unit"] = _spread(list(evidence.first_units[priority].values()), 0.0)
        for name in INTERVALS:
            values = evidence.intervals[priority][name]
            row[name] = _spread(values, round(evidence.missing[priority, name] / count, 4))
        rows.append(row)
    return rows


def _spread(values: list[float], missing_share: float) -> dict[str, Any]:
    return {
        "count": len(values),
        "p50_s": rounded(percentile(values, 0.5), 0),
        "p90_s": rounded(percentile(values, 0.9), 0),
        "missing_share": missing_share,
    }


def _checks(run: Run) -> dict[str, Any]:
    given, stored = len(run.production.jobs), len(run.evidence.calls)
    tries = run.log.double_booking
    unexpected = run.traffic.unexpected
    server_errors = sum(count for status, count in run.traffic.statuses.items() if status >= 500)
    ok = not unexpected and given == stored == run.log.posted and not run.evidence.double_booked
    return {
        "ok": bool(ok and not server_errors),
        "lost_calls": given - stored,
        "server_errors": server_errors,
        "double_booking_tries": tries.total(),
        "double_booking_refused": tries["refused"],
        "double_booked": run.evidence.double_booked,
        "overlaps_in_the_file_refused": run.log.overlaps,
        "steps_not_in_the_file": dict(run.log.inferred),
        "steps_that_go_back_in_time": run.log.backwards,
        "unexpected": len(unexpected),
        "unexpected_shown": unexpected[:SHOWN],
    }


def _rate(run: Run) -> dict[str, Any]:
    traffic = run.traffic
    return {
        "seconds": round(run.seconds, 2),
        "requests": traffic.requests,
        "requests_per_s": round(traffic.requests / run.seconds, 1),
        "calls_per_s": round(run.log.posted / run.seconds, 1),
        "post_call_p50_ms": rounded(percentile(traffic.calls_ms, 0.5)),
        "post_call_p95_ms": rounded(percentile(traffic.calls_ms, 0.95)),
        "events": run.evidence.events.total(),
    }
