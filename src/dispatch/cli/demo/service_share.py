"""Who was served by a community or alternative program, and for everybody else why not."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from dispatch.cli.demo.played import EMERGENCY_TYPES, Played

POLICE_TYPES = frozenset({"police", "co_responder"})

# The clauses that keep a program from a call -> what to call it, the weightiest first.
_CLAUSES = (
    ("disqualifier", "danger_or_need_beyond_the_program"),
    ("caller_wants", "caller_wanted_police"),
    ("outside_hours", "program_closed"),
    ("outside_area", "outside_area"),
    ("channel", "not_this_channel"),
    ("place", "not_this_place"),
    ("age", "not_this_age"),
    ("cannot_tell", "too_little_known"),
)
# Why the router found nobody -> what to call it.
_GAPS = (
    ("all_declined", "declined"),
    ("none_free", "none_free"),
    ("none_long_enough", "shift_ending"),
    ("none_unpromised", "appointment_soon"),
    ("none_staffed", "too_few_on_the_unit"),
    ("none_on_duty", "none_on_duty"),
    ("none_on_roster", "none_on_roster"),
)


def program_share(played: Iterable[Played]) -> dict[str, Any]:
    """Counts of calls: eligible, served (led or supported by an eligible program), and the reasons of the rest."""
    everybody = list(played)
    eligible = [one for one in everybody if one.eligible_programs()]
    led = [one for one in eligible if _served(one, primary=True)]
    supported = [one for one in eligible if not _served(one, primary=True) and _served(one, primary=False)]
    served = {one.incident for one in (*led, *supported)}
    others = Counter(_why_not_served(one) for one in eligible if one.incident not in served)
    closed_to = Counter(_why_not_eligible(one) for one in everybody if not one.eligible_programs())
    handled = [one for one in everybody if one.handled_by]
    return {
        "calls": len(everybody),
        "eligible": len(eligible),
        "eligible_share": _share(len(eligible), len(everybody)),
        "led_by_a_program": len(led),
        "supported_by_a_program": len(supported),
        "served_share_of_eligible": _share(len(served), len(eligible)),
        "not_served": dict(others.most_common()),
        "not_eligible": dict(closed_to.most_common()),
        "handled": len(handled),
        "handled_without_police": sum(not _types(one) & POLICE_TYPES for one in handled),
        "handled_by_civilians_only": sum(not _types(one) & (POLICE_TYPES | EMERGENCY_TYPES) for one in handled),
    }


def _served(one: Played, *, primary: bool) -> bool:
    programs = set(one.eligible_programs())
    return any(sent.program in programs and (sent.role == "primary") is primary for sent in one.handled_by)


def _types(one: Played) -> set[str]:
    return {sent.responder_type for sent in one.handled_by}


def _why_not_served(one: Played) -> str:
    programs = set(one.eligible_programs())
    if one.job.not_a_call is not None:
        return "not_a_call_for_help"
    if any(sent.program in programs and sent.ended is None for sent in one.sent):
        return "still_on_it"
    planned = {entry["program"] for entry in one.triage["plan"]} & programs
    if not planned:
        return "plan_sends_others"
    if any(sent.program in programs and sent.ended == "declined" for sent in one.sent):
        return "declined"
    gaps = {reason for (_, program), reasons in one.gaps.items() if program in planned for reason in reasons}
    if "none_free" in gaps and one.waited:
        return "none_free_until_the_wait_limit"
    found = next((name for code, name in _GAPS if code in gaps), None)
    return found or ("nobody_was_sent" if not one.sent else "not_sent_beside_others")


def _why_not_eligible(one: Played) -> str:
    reasons = {
        reason.partition(":")[0] if not reason.startswith("caller_wants") else "caller_wants"
        for verdict in one.triage["programs"]
        if verdict["responder_type"] not in EMERGENCY_TYPES and "not_in_scope" not in verdict["reasons"]
        for reason in verdict["reasons"]
    }
    return next((name for clause, name in _CLAUSES if clause in reasons), "no_program_for_this_kind")


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
