"""A doubt of the check that the owner has answered stays visible with its reason; the answer ends with it."""

import pytest
from tests.unit.triage import small_policy as small
from tests.unit.triage.small_policy import TEXTS, a_policy

from dispatch.domain.errors import PolicyInvalid
from dispatch.triage.findings import ACCEPTED, ERROR, WARNING, Finding
from dispatch.triage.lint import check_policy
from dispatch.triage.policy import load_policy

SPARE = small.PLANS + "  - {id: spare, title: Spare, steps: [{slots: [{responder_type: ems}]}]}\n"
REASON = "The next budget brings the crew that it is for."
BY_HAND = f"accepted:\n  - {{warning: unused_plan, about: spare, because: {REASON}}}\n"


def found(accepted: str, plans: str = SPARE) -> list[Finding]:
    return check_policy(a_policy(**{"plans.yaml": plans, "accepted.yaml": accepted}))


def about(findings: list[Finding], severity: str) -> list[tuple[str, str]]:
    return [(one.code, one.about) for one in findings if one.severity == severity]


def test_a_warning_with_a_reason_is_accepted_and_shown_with_it() -> None:
    findings = found(BY_HAND)

    assert about(findings, ACCEPTED) == [("unused_plan", "spare")]
    assert ("unused_plan", "spare") not in about(findings, WARNING)
    assert next(one for one in findings if one.severity == ACCEPTED).detail.endswith(
        f"Accepted at accepted.yaml:2: {REASON}"
    )


def test_a_reason_for_one_thing_accepts_no_other() -> None:
    other = SPARE + "  - {id: spare-2, title: Spare, steps: [{slots: [{responder_type: ems}]}]}\n"

    assert about(found(BY_HAND, other), WARNING).count(("unused_plan", "spare-2")) == 1


def test_an_acceptance_whose_doubt_is_gone_is_an_error() -> None:
    findings = found(BY_HAND, small.PLANS)

    stale = next(one for one in findings if one.severity == ERROR)
    assert (stale.code, stale.place, stale.about) == ("stale_acceptance", "accepted.yaml:2", "spare")


def test_a_misspelled_acceptance_is_told_the_nearest() -> None:
    findings = found(BY_HAND.replace("about: spare", "about: spar"))

    assert "'spare'" in next(one for one in findings if one.severity == ERROR).detail


def test_an_error_cannot_be_accepted() -> None:
    cases = small.CASES.replace("priority: 3", "priority: 1")
    reason = "accepted:\n  - warning: case_fails\n    about: A neighbour has not been seen and nothing else is known\n"
    texts = {"cases/main.yaml": cases, "accepted.yaml": reason + f"    because: {REASON}\n"}

    assert [code for code, _ in about(check_policy(a_policy(**texts)), ERROR)] == ["case_fails", "stale_acceptance"]


def test_a_pack_inherits_what_its_parent_has_answered_and_may_have_removed_it() -> None:
    parents = {"small": {**TEXTS, "plans.yaml": SPARE, "accepted.yaml": BY_HAND}}
    city = "policy: city\nversion: 1\nextends: small\n"
    use = "plans: [{id: spare, steps: [{slots: [{responder_type: police}]}]}]\n"
    then = "{category: police, priority: 3, plan: spare}"
    table = f"table: own\nrows: [{{id: O-1, when: {{topic: party}}, because: Ours., then: {then}}}]\n"

    as_it_is = check_policy(load_policy({"policy.yaml": city}, parents=parents))
    used = check_policy(
        load_policy({"policy.yaml": city, "plans.yaml": use, "tables/60-own.yaml": table}, parents=parents)
    )

    assert about(as_it_is, ACCEPTED) == [("unused_plan", "spare")]
    assert (about(used, ACCEPTED), about(used, ERROR)) == ([], [])


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("accepted:\n  - {warning: unused_plan, about: spare}\n", "missing"),
        ("accepted:\n  - {warning: unused_plan, about: spare, because: it is fine}\n", "no_reason"),
        (f"accepted:\n  - {{warning: unused_plan, because: {REASON}}}\n", "missing"),
        (BY_HAND + BY_HAND.partition("\n")[2], "duplicate_acceptance"),
        (BY_HAND.replace("about", "abuot"), "unknown_key"),
    ],
)
def test_an_acceptance_without_what_it_needs_is_refused(accepted: str, code: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        found(accepted)

    assert code in {problem.code for problem in refused.value.errors}
