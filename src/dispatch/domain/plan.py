"""The plan: who kind of responder should come, in what order, and what happens when nobody can."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dispatch.domain.assignment import OfferRule
from dispatch.domain.classification import SlotRole


@dataclass(frozen=True, slots=True)
class Slot:
    """One need inside a step: `count` units of a responder type, from one program when it is named.

    capabilities: unit capabilities that each unit must have (for example "als").
    """

    responder_type: str
    program: str | None = None
    count: int = 1
    role: SlotRole = SlotRole.PRIMARY
    capabilities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PlanStep:
    """Slots to fill together. When they cannot be filled inside wait_limit_s (None: no limit) the next step is due.

    offer: when the plan has come to this step by itself, those who lead are offered it without a person: `first_of`
    or `all_of`. None: it is recommended, and a person offers.
    """

    step: int
    slots: tuple[Slot, ...]
    wait_limit_s: int | None = None
    offer: OfferRule | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order, first tried first. The last step is always someone who must come."""

    steps: tuple[PlanStep, ...]

    def without(self, responder_types: frozenset[str]) -> "Plan":
        """The plan of somebody for whom these responder types do not exist; steps keep their numbers."""
        if not responder_types:
            return self
        left = (
            replace(step, slots=tuple(slot for slot in step.slots if slot.responder_type not in responder_types))
            for step in self.steps
        )
        return Plan(tuple(step for step in left if step.slots))


def plan_from_data(entries: Iterable[Mapping[str, Any]]) -> Plan:
    """The plan whose slots these entries are; entries with the same step go together."""
    by_step: dict[int, list[Mapping[str, Any]]] = {}
    for entry in entries:
        by_step.setdefault(entry["step"], []).append(entry)
    return Plan(
        tuple(
            PlanStep(
                step,
                tuple(
                    Slot(
                        entry["responder_type"],
                        entry["program"],
                        entry["count"],
                        SlotRole(entry["role"]),
                        frozenset(entry["capabilities"]),
                    )
                    for entry in slots
                ),
                slots[0]["wait_limit_s"],
                OfferRule(slots[0]["offer"]) if slots[0].get("offer") else None,
            )
            for step, slots in sorted(by_step.items())
        )
    )
