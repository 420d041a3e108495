"""What became of each call of a demo, as the demo saw it from outside."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatch.cli.demo.jobs import Job

EMERGENCY_TYPES = frozenset({"police", "fire", "ems"})


@dataclass(slots=True)
class Sent:
    """One unit that was given the job. step: of the plan. ended: how, or None while it is on it."""

    assignment: str
    unit: str
    responder_type: str
    program: str | None
    role: str
    step: int | None
    ended: str | None = None
    outcome: str | None = None


@dataclass(slots=True)
class Played:
    """One call and its incident.

    gaps: responder type and program -> why nobody could come, as the recommendations said. waited: it was held for a
    busy unit of an earlier step. lacks_units: somebody is still looked for.
    """

    job: Job
    incident: str
    number: str
    triage: Mapping[str, Any]
    flags: list[str]
    recommended: frozenset[str]
    sent: list[Sent] = field(default_factory=list)
    gaps: dict[tuple[str, str | None], set[str]] = field(default_factory=dict)
    waited: bool = False
    lacks_units: bool = False
    closed: bool = False

    @property
    def priority(self) -> int:
        """0 (life threat) to 4."""
        return int(self.triage["priority"])

    @property
    def category(self) -> str:
        """What triage says it is."""
        return str(self.triage["category"])

    @property
    def on_it(self) -> list[Sent]:
        """Units that have not ended yet."""
        return [one for one in self.sent if one.ended is None]

    @property
    def handled_by(self) -> list[Sent]:
        """Units that did the job and cleared."""
        return [one for one in self.sent if one.ended == "cleared"]

    def lead_types(self) -> frozenset[str]:
        """Responder types that lead in the first step of the plan."""
        plan = self.triage["plan"]
        first = min((entry["step"] for entry in plan), default=0)
        leads = {e["responder_type"] for e in plan if e["step"] == first and e["role"] == "primary"}
        return frozenset(leads)

    def first_types(self) -> frozenset[str]:
        """All responder types of the first step, support and staged included."""
        plan = self.triage["plan"]
        first = min((entry["step"] for entry in plan), default=0)
        return frozenset(entry["responder_type"] for entry in plan if entry["step"] == first)

    def eligible_programs(self) -> list[str]:
        """Community and alternative programs that may take it."""
        return [
            verdict["program"]
            for verdict in self.triage["programs"]
            if verdict["verdict"] == "eligible"
            and verdict["responder_type"] not in EMERGENCY_TYPES
            and "shadow" not in verdict["reasons"]
        ]


@dataclass(slots=True)
class Log:
    """Everything that a run has to tell at its end.

    posted: calls that the service said it stored. double_booking: tries to give a unit that was on a job to another,
    by what came of them. overlaps: units that a file has on two calls at once. inferred: steps that a file leaves out.
    """

    posted: int = 0
    played: list[Played] = field(default_factory=list)
    double_booking: Counter[str] = field(default_factory=Counter)
    overlaps: int = 0
    inferred: Counter[str] = field(default_factory=Counter)
    backwards: int = 0
    not_sent: Counter[str] = field(default_factory=Counter)
