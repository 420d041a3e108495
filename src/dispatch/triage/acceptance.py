"""Warnings that the policy's owner has answered: kept and shown with the reason, and not doubts any more."""

from collections.abc import Sequence
from dataclasses import replace

from dispatch.domain.nearest import nearest
from dispatch.triage.findings import ACCEPTED, ERROR, WARNING, Finding
from dispatch.triage.model import Acceptance
from dispatch.triage.policy import Policy


def with_acceptances(policy: Policy, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, warnings with a reason as accepted ones; an error for each own acceptance that answers none.

    An error cannot be accepted. An inherited acceptance may be idle, since a pack may have removed what it answers.
    """
    answers = {(one.code, one.about): one for one in policy.accepted}
    found = [_answered(finding, answers.get((finding.code, finding.about))) for finding in findings]
    used = {(one.code, one.about) for one in found if one.severity == ACCEPTED}
    open_ones = [finding for finding in findings if finding.severity == WARNING]
    return found + [
        _stale(one, open_ones) for one in policy.accepted if one.is_own and (one.code, one.about) not in used
    ]


def _answered(finding: Finding, answer: Acceptance | None) -> Finding:
    if answer is None or finding.severity != WARNING:
        return finding
    return replace(finding, severity=ACCEPTED, detail=f"{finding.detail} Accepted at {answer.place}: {answer.because}")


def _stale(one: Acceptance, warnings: Sequence[Finding]) -> Finding:
    same_code = [finding.about for finding in warnings if finding.code == one.code]
    hint = nearest(one.about, same_code) if same_code else f"No warning has the code {one.code!r}."
    detail = f"No warning {one.code!r} is about {one.about!r} any more. Remove it. {hint}"
    return Finding(ERROR, "stale_acceptance", str(one.place), detail, one.about)
