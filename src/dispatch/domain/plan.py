"""The plan: who kind of responder should come, in what order, and what happens when nobody can."""

from dataclasses import dataclass

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
    """Slots to fill together. When they cannot be filled inside wait_limit_s (None: no limit) the next step is due."""

    step: int
    slots: tuple[Slot, ...]
    wait_limit_s: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order, first tried first. The last step is always someone who must come."""

    steps: tuple[PlanStep, ...]
