"""A city's pack that would let a danger of the national default pass is refused, with the case and the row named."""

import pytest
from tests.unit.policies.shipped import pack

from dispatch.domain.errors import PolicyInvalid
from dispatch.policies import read_shipped, shipped_ids
from dispatch.triage.findings import ACCEPTED, ERROR, Finding
from dispatch.triage.lint import check_policy
from dispatch.triage.policy import Policy, load_policy

CITY = "policy: city\nversion: 1\ntitle: City\nowner: City\njurisdiction: City\nextends: us-default\n"
EARLY = "table: early\nrows:\n  - {{id: CITY-1, when: {when}, then: {then}, because: So we want it.}}\n"
MILD = "{category: quality_of_life, priority: 4, plan: mediation-first}"


def a_city(**files: str) -> Policy:
    return load_policy({"policy.yaml": CITY, **files}, parents={"us-default": read_shipped("us-default")})


def errors_of(policy: Policy) -> list[Finding]:
    return [finding for finding in check_policy(policy) if finding.severity == ERROR]


def an_early_row(when: str) -> Policy:
    return a_city(**{"tables/05-early.yaml": EARLY.format(when=when, then=MILD)})


def test_a_row_that_takes_every_call_is_refused_with_what_it_buries() -> None:
    buried = next(one for one in errors_of(an_early_row("{}")) if one.code == "buries_rows")

    assert buried.place == "tables/05-early.yaml:3"
    assert buried.detail.startswith("CITY-1 takes every call of ")


@pytest.mark.parametrize(
    "when",
    [
        "{category: [behavioral_health, quality_of_life, violence, unknown]}",
        "{category: unknown}",
        "{weapon: [unknown, none]}",
    ],
)
def test_a_row_that_takes_too_much_is_refused_with_the_danger_that_it_would_hide(when: str) -> None:
    hidden = [one for one in errors_of(an_early_row(when)) if one.code == "danger_missed"]

    assert hidden
    assert all("CITY-1 decides" in one.detail and one.place == "tables/05-early.yaml:3" for one in hidden)
    assert all("us-default/cases/" in one.detail for one in hidden)


def test_a_row_that_takes_who_means_to_die_is_refused_with_the_disguises_that_it_would_not_see() -> None:
    hidden = [one.about for one in errors_of(an_early_row("{suicide: intent}")) if one.code == "danger_missed"]

    assert "Told without a type: Me quiero matar" in hidden


def test_a_call_type_that_is_called_something_milder_is_refused() -> None:
    harmless = "source,code,text,incident_type,facts,topics\n*,,BARRICADED SUBJECT,NOISE,,\n"

    assert "danger_missed" in {one.code for one in errors_of(a_city(**{"call_types.csv": harmless}))}


def test_a_city_may_answer_otherwise_for_a_row_that_it_replaces_by_name_unless_life_is_at_stake() -> None:
    denver = [one for one in check_policy(pack("denver-star")) if one.code == "danger_missed"]

    assert {one.severity for one in denver} == {ACCEPTED}
    assert all("QL-22 decides" in one.detail for one in denver)


def test_a_plan_of_the_floor_that_no_longer_sends_ems_is_refused() -> None:
    plan = (
        "plans:\n  - id: ems-life-threat\n    title: Without EMS\n"
        "    steps: [{slots: [{eligible: [community_responder]}, {responder_type: police}]}]\n"
    )

    with pytest.raises(PolicyInvalid) as refused:
        a_city(**{"plans.yaml": plan})

    assert "weakens_floor" in {problem.code for problem in refused.value.errors}


def test_a_city_that_adds_what_it_means_is_not_refused() -> None:
    assert errors_of(an_early_row("{topic: noise, violence: none, weapon: none, category: quality_of_life}")) == []


@pytest.mark.parametrize("policy_id", shipped_ids())
def test_no_shipped_pack_hides_a_danger_of_those_it_stands_on_nor_leaves_a_doubt_unanswered(policy_id: str) -> None:
    policy = pack(policy_id)

    assert [finding for finding in check_policy(policy) if finding.severity != ACCEPTED] == []
    assert policy.inherited_dangers or policy_id == "us-default"
