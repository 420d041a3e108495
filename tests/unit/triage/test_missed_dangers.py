"""A pack that answers an urgent case of its parent with less is told: without EMS or clinician, or as a trifle."""

from tests.unit.triage import small_policy as small
from tests.unit.triage.small_policy import TEXTS

from dispatch.triage.findings import ERROR, WARNING, Finding
from dispatch.triage.lint import check_policy
from dispatch.triage.policy import load_policy

PLANS = small.PLANS + (
    "  - id: pair\n    steps: [{slots: [{eligible: [community_responder]}, {responder_type: ems}]},"
    " {slots: [{responder_type: police}]}]\n"
    "  - id: clinician\n    steps: [{slots: [{responder_type: police}, {eligible: [co_responder], role: support}]}]\n"
)
CARE = small.CARE.replace(
    "priority: 2, plan: community-first}, because: A person", "priority: 2, plan: pair}, because: A person"
)
FEAR = (
    "  - {id: CA-07, title: Afraid, when: {topic: party, violence: verbal_threat},"
    " then: {category: behavioral_health, priority: 2, plan: clinician}, because: Somebody listens.}\n"
)
CLINICIAN = "program: clinician\nresponder_type: co_responder\ntakes: [{topic: party}]\n"
CASES = small.CASES + (
    "  - case: She wants to die\n    given: {narrative: she wants to die, in_traffic: 'no'}\n"
    "    expect: {row: CA-01, category: behavioral_health, priority: 2, responder: community_responder, with: [ems]}\n"
    "  - case: Threats at a party\n    given: {narrative: a party, violence: verbal_threat}\n"
    "    expect: {row: CA-07, category: behavioral_health, priority: 2, responder: police, with: [co_responder]}\n"
)
PARENT = {
    **TEXTS,
    "plans.yaml": PLANS,
    "tables/50-care.yaml": CARE + FEAR,
    "programs/clinician.yaml": CLINICIAN,
    "cases/main.yaml": CASES,
}
CITY = "policy: city\nversion: 1\nextends: small\n"
ROW = "table: {table}\nrows:\n  - {{id: {row}, title: Ours, when: {when}, then: {then}, because: So we want it.}}\n"


def missed(policy: str = CITY, **files: str) -> list[Finding]:
    texts = {"policy.yaml": policy, **files}
    findings = check_policy(load_policy(texts, parents={"small": PARENT}))
    return [finding for finding in findings if finding.code == "danger_missed"]


def an_early_row(when: str, then: str) -> list[Finding]:
    return missed(**{"tables/45-ours.yaml": ROW.format(table="ours", row="CITY-1", when=when, then=then)})


def test_a_pack_that_changes_nothing_misses_nothing() -> None:
    assert missed() == []


def test_a_crisis_that_goes_to_community_responders_alone_where_the_parent_sends_ems_too_is_refused() -> None:
    alone = "{category: behavioral_health, priority: 2, plan: community-first}"
    (found,) = an_early_row("{suicide: {at_least: ideation}}", alone)

    assert (found.severity, found.about) == (ERROR, "She wants to die")
    assert "ems would not come first" in found.detail


def test_the_same_by_replacing_the_very_row_is_a_doubt_that_the_city_must_answer() -> None:
    alone = "{category: behavioral_health, priority: 2, plan: community-first}"
    row = ROW.format(table="care", row="CA-01", when="{suicide: {at_least: ideation}}", then=alone)

    assert [one.severity for one in missed(**{"tables/50-care.yaml": row})] == [WARNING]


def test_a_danger_that_is_called_a_trifle_is_refused_even_when_the_same_people_come() -> None:
    trifle = "{category: quality_of_life, priority: 2, plan: pair}"
    (found,) = an_early_row("{suicide: {at_least: ideation}}", trifle)

    assert found.severity == ERROR
    assert "it would count as quality_of_life and not as behavioral_health" in found.detail


def test_a_clinician_whose_slot_is_gone_is_refused() -> None:
    police = "{category: behavioral_health, priority: 2, plan: police}"
    (found,) = an_early_row("{topic: party, violence: verbal_threat}", police)

    assert (found.severity, found.about) == (ERROR, "Threats at a party")
    assert "co_responder would not come first" in found.detail


def test_a_team_that_says_that_it_does_not_take_the_call_is_no_slot_lost() -> None:
    program = CLINICIAN + "disqualifies:\n  - {id: threat, when: {violence: {at_least: verbal_threat}}}\n"

    assert missed(**{"programs/clinician.yaml": program}) == []


def test_a_city_without_clinicians_is_not_asked_for_them() -> None:
    assert missed(CITY + "retire: [clinician]\n") == []
