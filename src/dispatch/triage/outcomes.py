"""What of two decisions a city would feel as a difference: who goes first, how urgent, which kind of call."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.domain.classification import SlotRole
from dispatch.triage.model import COMES_TO_EVERY_CALL

NOBODY = "nobody"


def first_responders(decision: Mapping[str, Any]) -> str:
    """Who goes first, as one word: the primary responder types of the first step, `police+ems`."""
    plan = decision["plan"]
    first = [slot for slot in plan if slot["step"] == plan[0]["step"]]
    kinds = [slot["responder_type"] for slot in first if slot["role"] == SlotRole.PRIMARY.value]
    return "+".join(dict.fromkeys(kinds or [slot["responder_type"] for slot in first])) or NOBODY


def must_come(decision: Mapping[str, Any]) -> frozenset[str]:
    """Who of police, fire and EMS is in the first step."""
    plan = decision["plan"]
    return frozenset(slot["responder_type"] for slot in plan if slot["step"] == plan[0]["step"]) & COMES_TO_EVERY_CALL


def tells_more(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """True when a fact has another value than before."""
    return {name: fact["value"] for name, fact in old["facts"].items()} != {
        name: fact["value"] for name, fact in new["facts"].items()
    }


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts of two decisions that differ for the people on scene, in a fixed order; wording does not count."""
    found = [name for name in ("category", "incident_type", "priority", "needs_human") if old[name] != new[name]]
    if first_responders(old) != first_responders(new):
        found.append("first_responder")
    if old["plan"] != new["plan"]:
        found.append("plan")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Cell:
    """How many calls went from one first responder to another."""

    old: str
    new: str
    calls: int


def matrix(pairs: Iterable[tuple[str, str]]) -> list[Cell]:
    """Old first responder by new one, most calls first; calls that stay are in it too."""
    counted = Counter(pairs)
    return [Cell(old, new, n) for (old, new), n in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]
