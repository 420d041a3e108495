"""Dangers that the policies a pack stands on tell of, and that the pack would answer with less."""

from collections.abc import Iterator, Set

from dispatch.domain.classification import Category, Verdict
from dispatch.triage.cases import moment_of
from dispatch.triage.decision import TriageDecision
from dispatch.triage.evaluate import evaluate
from dispatch.triage.findings import ERROR, WARNING, Finding
from dispatch.triage.model import CO_RESPONDER, COMES_TO_EVERY_CALL, LIFE_THREAT, SHADOW, Case
from dispatch.triage.policy import Policy

CAN_WAIT = frozenset({Category.QUALITY_OF_LIFE, Category.REPORTING})


def check_missed_dangers(policy: Policy) -> Iterator[Finding]:
    """Urgent cases of the policies it stands on that would not bring who must come any more, or later, or as a trifle.

    A city may answer otherwise for what is no life threat by replacing, by its id, the very row that the case is about:
    that is a warning, which it answers for.
    """
    for case in policy.inherited_dangers:
        decision = evaluate(case.call, policy, moment_of(case, policy))
        missing = _expected(case) - {slot.responder_type for slot in decision.plan.steps[0].slots}
        lost = sorted(missing & (COMES_TO_EVERY_CALL | _willing(decision)))
        what = [f"{' and '.join(lost)} would not come first"] if lost else []
        what += _milder(case, decision)
        if what:
            yield _finding(policy, case, decision, what)


def _expected(case: Case) -> Set[str]:
    return {kind for kind in (case.expect.responder, *case.expect.with_types) if kind}


def _willing(decision: TriageDecision) -> Set[str]:
    """Clinicians with an officer, where such a team takes the call: one that does not says so in its own verdict."""
    eligible = [one for one in decision.programs if one.verdict is Verdict.ELIGIBLE and SHADOW not in one.reasons]
    return {one.responder_type for one in eligible} & {CO_RESPONDER}


def _milder(case: Case, decision: TriageDecision) -> list[str]:
    expect, found = case.expect, []
    if expect.priority is not None and decision.priority > expect.priority:
        found.append(f"its priority would be {decision.priority} and not {expect.priority}")
    if expect.category is not None and expect.category not in CAN_WAIT and decision.category in CAN_WAIT:
        found.append(f"it would count as {decision.category.value} and not as {expect.category}")
    return found


def _finding(policy: Policy, case: Case, decision: TriageDecision, what: list[str]) -> Finding:
    row = decision.reasons[0].rule
    place = next((str(one.place) for one in policy.rows if one.id == row), str(case.place))
    detail = (
        f"{case.sentence} ({case.place}): {row} decides, and {' and '.join(what)}. "
        f"Let {row} take fewer calls, or say what this danger is told by in a floor table."
    )
    is_meant = row == case.expect.row and case.expect.priority is not None and case.expect.priority > LIFE_THREAT
    return Finding(WARNING if is_meant else ERROR, "danger_missed", place, detail, case.sentence)
