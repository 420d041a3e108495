"""The policy's own worked examples run against it, and which rows they hit and which they narrowly miss."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from dispatch.domain.plan import Slot
from dispatch.triage.decision import TriageDecision
from dispatch.triage.evaluate import evaluate
from dispatch.triage.facts import UNKNOWN
from dispatch.triage.model import RETIRED, Case, Expectation
from dispatch.triage.policy import Policy
from dispatch.triage.rows import SHADOW_ROW


@dataclass(frozen=True, slots=True)
class CaseResult:
    """failures: a sentence for each expectation that does not hold; empty when the case passes."""

    case: str
    at: str
    failures: tuple[str, ...]
    rows: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass(frozen=True, slots=True)
class CaseReport:
    """rows_hit, rows_missed: rows that a passing case names as its row, and as its near miss.

    rows: the policy's own that count; those it inherits are covered by the cases beside them.
    """

    results: tuple[CaseResult, ...]
    rows: tuple[str, ...]
    rows_hit: frozenset[str]
    rows_missed: frozenset[str]

    @property
    def passed(self) -> bool:
        """True when every case holds, and there is one."""
        return bool(self.results) and all(result.passed for result in self.results)

    @property
    def without_hit(self) -> tuple[str, ...]:
        return tuple(row for row in self.rows if row not in self.rows_hit)

    @property
    def without_near_miss(self) -> tuple[str, ...]:
        return tuple(row for row in self.rows if row not in self.rows_missed)

    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "passed": self.passed,
            "cases": [{**asdict(result), "passed": result.passed} for result in self.results],
            "rows": len(self.rows),
            "without_hit": list(self.without_hit),
            "without_near_miss": list(self.without_near_miss),
        }


def run_cases(policy: Policy) -> CaseReport:
    """Every case of the policy, in order. A row is hit when it is among the reasons of a passing case."""
    results: list[CaseResult] = []
    hit: set[str] = set()
    missed: set[str] = set()
    for case in policy.cases:
        decision = evaluate(case.call, policy, moment_of(case, policy))
        rows = tuple(reason.rule for reason in decision.reasons)
        result = CaseResult(case.sentence, str(case.place), tuple(_failures(case, decision)), rows)
        results.append(result)
        if result.passed:
            hit.update(rows, _tried(decision))
            missed.update(case.not_because)
    rows = tuple(row.id for row in policy.rows if row.life.status != RETIRED and row.id in policy.own_rows)
    return CaseReport(tuple(results), rows, frozenset(hit), frozenset(missed))


def _tried(decision: TriageDecision) -> Iterator[str]:
    """Shadow rows that would have had a say."""
    for warning in decision.warnings:
        code, _, row = warning.partition(":")
        if code == SHADOW_ROW:
            yield row


def moment_of(case: Case, policy: Policy) -> datetime:
    """When the call of the case comes in."""
    return datetime.fromisoformat(case.at).replace(tzinfo=policy.zone)


def _failures(case: Case, decision: TriageDecision) -> Iterator[str]:
    expect = case.expect
    rows = [reason.rule for reason in decision.reasons]
    if expect.row is not None and expect.row not in rows:
        yield f"expected row {expect.row}, got {', '.join(rows)}"
    for row in case.not_because:
        if row in rows:
            yield f"row {row} must not be a reason"
    for name, wanted, got in (
        ("category", expect.category, decision.category.value),
        ("priority", expect.priority, decision.priority),
        ("incident_type", expect.incident_type, decision.incident_type),
        ("needs_human", expect.needs_human, decision.needs_human),
    ):
        if wanted is not None and wanted != got:
            yield f"expected {name} {wanted}, got {got}"
    yield from _plan_failures(expect, decision)
    yield from _reading_failures(expect, decision)


def _plan_failures(expect: Expectation, decision: TriageDecision) -> Iterator[str]:
    first = decision.plan.steps[0].slots
    types = {slot.responder_type for slot in first}
    shown = ", ".join(_shown(slot) for slot in first)
    wanted = (*((expect.responder,) if expect.responder else ()), *expect.with_types)
    for kind in wanted:
        if kind not in types:
            yield f"expected {kind} in the first step, got {shown}"
    for kind in expect.never:
        if kind in types:
            yield f"expected no {kind} in the first step, got {shown}"
    if expect.program is not None and expect.program not in {slot.program for slot in first}:
        yield f"expected program {expect.program} in the first step, got {shown}"


def _shown(slot: Slot) -> str:
    return slot.responder_type + (f" ({slot.program})" if slot.program else "")


def _reading_failures(expect: Expectation, decision: TriageDecision) -> Iterator[str]:
    for fact, value in expect.facts:
        got = decision.facts[fact].value if fact in decision.facts else UNKNOWN
        if got != value:
            yield f"expected {fact} {value}, got {got}"
    for topic in expect.topics:
        if topic not in decision.topics:
            yield f"expected topic {topic}, got {', '.join(decision.topics) or 'none'}"
    verdicts = {verdict.program: verdict for verdict in decision.programs}
    for program, wanted in expect.programs:
        verdict = verdicts.get(program)
        if verdict is None or verdict.verdict != wanted:
            got = "no verdict" if verdict is None else f"{verdict.verdict.value} ({', '.join(verdict.reasons)})"
            yield f"expected {program} {wanted}, got {got}"
