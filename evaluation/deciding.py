"""The policy under evaluation, asked with the words of a record alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from dispatch.domain.call import CallFacts
from dispatch.policies import load_shipped
from dispatch.triage.decision import TriageDecision
from dispatch.triage.evaluate import evaluate
from dispatch.triage.model import Row
from dispatch.triage.policy import Policy

MOMENT = datetime.fromisoformat("2026-01-07T12:00:00-06:00")  # a Wednesday at noon, when every program is open
UNSEEN_SENDER = "evaluation"  # no crosswalk lists it: every label is read as text


@dataclass
class Judge:
    policy_id: str = "us-default"
    _known: dict[tuple[str, str, str, str, tuple[tuple[str, str], ...]], TriageDecision] = field(default_factory=dict)

    @cached_property
    def policy(self) -> Policy:
        return load_shipped(self.policy_id)

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Rows of the policy by id."""
        return {row.id: row for row in self.policy.rows}

    def decide(
        self,
        type_text: str,
        narrative: str = "",
        code: str = "",
        source: str = UNSEEN_SENDER,
        answers: Mapping[str, str] | None = None,
        priority: str = "",
    ) -> TriageDecision:
        """The decision for a label; the same label is decided once. Without a code nothing but the words is known."""
        key = (type_text, narrative, source + code, priority, tuple(sorted((answers or {}).items())))
        if key not in self._known:
            call = CallFacts(
                source,
                code or None,
                type_text or None,
                narrative or None,
                sender_priority=priority or None,
                answers=answers or {},
            )
            self._known[key] = evaluate(call, self.policy, MOMENT)
        return self._known[key]
