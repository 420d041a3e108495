"""Whether a later decision sees more danger than the one before it."""

from collections.abc import Mapping
from typing import Any

from dispatch.domain.classification import ORDERED_RESPONDER_TYPES, SlotRole


def risen(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """What grew, as sentences without a full stop; empty when nothing did. Both are `triage` objects.

    More danger is a higher urgency, or police, fire or EMS who must now come first and need not before.
    """
    found = []
    if after["priority"] < before["priority"]:
        found.append(f"priority {before['priority']} became {after['priority']}")
    joined = sorted(_must_come_first(after) - _must_come_first(before))
    if joined:
        found.append(f"{' and '.join(joined)} must come now")
    return tuple(found)


def _must_come_first(decision: Mapping[str, Any]) -> set[str]:
    plan = decision["plan"]
    return {
        slot["responder_type"]
        for slot in plan
        if slot["step"] == plan[0]["step"]
        and slot["role"] != SlotRole.SUPPORT.value
        and slot["responder_type"] in ORDERED_RESPONDER_TYPES
    }
