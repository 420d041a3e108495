"""Dangers that the policies a pack stands on tell of, and that the pack would answer with less."""

from collections.abc import Iterator

from dispatch.triage.cases import moment_of
from dispatch.triage.evaluate import evaluate
from dispatch.triage.findings import ERROR, WARNING, Finding
from dispatch.triage.model import COMES_TO_EVERY_CALL, LIFE_THREAT
from dispatch.triage.policy import Policy


def check_missed_dangers(policy: Policy) -> Iterator[Finding]:
    """Urgent cases of the policies it stands on that would not bring who must come any more, or later.

    A city may answer otherwise for what is no life threat by replacing, by its id, the very row that the case is about.
    """
    for case in policy.inherited_dangers:
        decision = evaluate(case.call, policy, moment_of(case, policy))
        expect, first = case.expect, {slot.responder_type for slot in decision.plan.steps[0].slots}
        missing = {kind for kind in (expect.responder, *expect.with_types) if kind in COMES_TO_EVERY_CALL} - first
        lower = expect.priority is not None and decision.priority > expect.priority
        if not missing and not lower:
            continue
        row = decision.reasons[0].rule
        what = [f"{' and '.join(sorted(filter(None, missing)))} would not come first"] if missing else []
        what += [f"its priority would be {decision.priority} and not {expect.priority}"] if lower else []
        place = next((str(one.place) for one in policy.rows if one.id == row), str(case.place))
        detail = (
            f"{case.sentence} ({case.place}): {row} decides, and {' and '.join(what)}. "
            f"Let {row} take fewer calls, or say what this danger is told by in a floor table."
        )
        is_meant = row == expect.row and expect.priority is not None and expect.priority > LIFE_THREAT
        yield Finding(WARNING if is_meant else ERROR, "danger_missed", place, detail, case.sentence)
