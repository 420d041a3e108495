"""How the answers compare with what is known beforehand: the sample's fair answers, or who really went."""

from collections.abc import Iterable
from typing import Any

from dispatch.cli.demo.played import EMERGENCY_TYPES, Played

SHOWN = 10


def with_expected(played: Iterable[Played]) -> dict[str, Any] | None:
    """Shares of calls whose category and lead are as the sample expects, and every dangerous miss."""
    known = [one for one in played if one.job.expected is not None]
    if not known:
        return None
    category = sum(one.category == _expected(one).category for one in known)
    lead = sum(bool(one.lead_types() & set(_expected(one).responder_types)) for one in known)
    misses = [one for one in known if _is_dangerous_miss(one)]
    return {
        "calls": len(known),
        "category": category,
        "category_share": round(category / len(known), 4),
        "lead": lead,
        "lead_share": round(lead / len(known), 4),
        "dangerous_misses": len(misses),
        "dangerous_miss_refs": [one.job.ref for one in misses][:SHOWN],
    }


def with_real_units(played: Iterable[Played]) -> dict[str, Any] | None:
    """On how many calls a unit of each recommended kind really went."""
    known = [one for one in played if one.job.unit_times]
    if not known:
        return None
    went = {one.incident: {unit.responder_type for unit in one.job.unit_times} for one in known}
    same = sum(bool(one.first_types() & went[one.incident]) for one in known)
    return {"calls": len(known), "a_recommended_type_went": same, "share": round(same / len(known), 4)}


def _expected(one: Played) -> Any:
    return one.job.expected


def _is_dangerous_miss(one: Played) -> bool:
    """Police, fire or EMS are wanted, and nobody of them is in the first step."""
    return set(_expected(one).responder_types) <= EMERGENCY_TYPES and not one.first_types() & EMERGENCY_TYPES
