"""The immutable answer of triage for one incident at one moment, and its wire shape (docs: contract `triage`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dispatch.domain.classification import Category, Verdict
from dispatch.domain.plan import Plan


# Evidence and FactReading are tuples: every text makes dozens, and a frozen dataclass takes four times as long to make.
class Evidence(NamedTuple):
    """A span of text that a phrase of the lexicon matched.

    text_of: "narrative", "call_type" or "call_type_code". start, end: character offsets into that text as received.
    context: affirmed, negated, none_seen, past, hypothetical, other_person, uncertain or quoted.
    """

    text_of: str
    start: int
    end: int
    quote: str
    phrase: str
    context: str


class FactReading(NamedTuple):
    """The value of one fact, where it came from and what it rests on.

    origin: "answers", "narrative", "call_type", "call" (a structured field of the call) or "unknown".
    note: what a reader must know, for example "none_seen". conflict: the other value that a source gave, if any.
    """

    value: str
    origin: str
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    conflict: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A row of the policy that decided something, and why its owner wants it so."""

    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class ProgramVerdict:
    """Whether one program takes this incident. reasons: stable codes, such as `disqualifier:weapon` (policy-format)."""

    program: str
    responder_type: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """An unknown fact whose answer would change the outcome, and what it would change."""

    fact: str
    ask: str
    changes: str


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """Exactly which policy text decided."""

    id: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TriageDecision:
    """Who should go and why. Two evaluations of the same call, policy and moment are equal."""

    category: Category
    incident_type: str
    priority: int
    needs_human: bool
    facts: Mapping[str, FactReading]
    topics: tuple[str, ...]
    reasons: tuple[Reason, ...]
    programs: tuple[ProgramVerdict, ...]
    plan: Plan
    policy: PolicyRef
    questions: tuple[Question, ...] = ()
    would_change_if: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())


def as_data(decision: TriageDecision) -> dict[str, Any]:
    """The `triage` object of the HTTP contract: plain dicts, lists, strings, numbers. One plan entry per slot."""
    return {
        "category": decision.category.value,
        "incident_type": decision.incident_type,
        "priority": decision.priority,
        "needs_human": decision.needs_human,
        "facts": {name: _fact_as_data(reading) for name, reading in decision.facts.items()},
        "topics": list(decision.topics),
        "reasons": [{"rule": reason.rule, "because": reason.because} for reason in decision.reasons],
        "programs": [
            {
                "program": verdict.program,
                "responder_type": verdict.responder_type,
                "verdict": verdict.verdict.value,
                "reasons": list(verdict.reasons),
            }
            for verdict in decision.programs
        ],
        "plan": plan_as_data(decision.plan),
        "questions": [{"fact": q.fact, "ask": q.ask, "changes": q.changes} for q in decision.questions],
        "would_change_if": list(decision.would_change_if),
        "warnings": list(decision.warnings),
        "policy": {"id": decision.policy.id, "version": decision.policy.version, "sha256": decision.policy.sha256},
    }


def plan_as_data(plan: Plan) -> list[dict[str, Any]]:
    """One entry per slot; entries with the same `step` are filled together."""
    return [
        {
            "step": step.step,
            "responder_type": slot.responder_type,
            "program": slot.program,
            "count": slot.count,
            "role": slot.role.value,
            "capabilities": sorted(slot.capabilities),
            "wait_limit_s": step.wait_limit_s,
            **({"offer": step.offer.value} if step.offer is not None else {}),
        }
        for step in plan.steps
        for slot in step.slots
    ]


def _fact_as_data(reading: FactReading) -> dict[str, Any]:
    data: dict[str, Any] = {
        "value": reading.value,
        "from": reading.origin,
        "evidence": [
            {
                "text_of": span.text_of,
                "start": span.start,
                "end": span.end,
                "quote": span.quote,
                "phrase": span.phrase,
                "context": span.context,
            }
            for span in reading.evidence
        ],
    }
    if reading.note is not None:
        data["note"] = reading.note
    if reading.conflict is not None:
        data["conflict"] = reading.conflict
    return data
