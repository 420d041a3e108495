"""The page of a policy says of every row, plan and program what a council would ask."""

import pytest
from tests.support.city_policy import CARE, city_policy

from dispatch.domain.errors import PolicyInvalid
from dispatch.triage.diff import diff_policies
from dispatch.triage.docs import policy_page
from dispatch.triage.policy import load_policy


def test_every_row_stands_on_the_page_with_its_conditions_and_its_reason() -> None:
    policy = load_policy(city_policy())

    page = policy_page(policy)

    for row in policy.rows:
        assert f"#### {row.id}: {row.title}\n" in page
        assert f"- **Why:** {row.because}" in page
    assert "- **When:** violence is at least physical" in page
    assert "(safety floor)" in page


def test_every_plan_and_program_stands_on_the_page() -> None:
    policy = load_policy(city_policy())

    page = policy_page(policy)

    assert all(f"### `{plan}`:" in page for plan in policy.plans)
    assert all(f"(`{program.id}`)" in page for program in policy.programs)


def test_a_case_is_the_example_of_its_row_and_of_no_other() -> None:
    page = policy_page(load_policy(city_policy()))

    row = page.partition("#### CA-04")[2].partition("####")[0]
    assert "**Example:** A neighbour was not seen for days" in row
    assert page.count("A neighbour was not seen for days") == 1


PACK = {
    "policy.yaml": """\
policy: pack
version: 1
title: Pack
owner: Us
time_zone: America/Los_Angeles
extends: test-city
retire: [outreach]
note: Written for the night.
sources:
  GAZ21: "The Gazette, 2021"
""",
    "tables/50-care.yaml": """\
table: care
rows:
  - {id: PK-01, title: Theft by night, when: {topic: theft, place: transit},
     then: {category: type, priority: type, plan: police}, because: Somebody asked.}
""",
    "programs/late.yaml": """\
program: late
responder_type: community_responder
takes: [{topic: noise}]
disqualifies:
  - {id: weapon, when: {weapon: mentioned}, if_unknown: cannot_tell, because: An officer first., source: GAZ21}
caller_wants: [anyone, no_police]
hours: {mon-fri: ['18:00-02:00'], sun: ['00:00-24:00']}
closed_on: [2026-12-25]
staffing: Two by two
""",
    "cases/pack.yaml": """\
cases:
  - {case: Noise by night, given: {call_type: Noise complaint, weapon: none, at: '2026-11-23T20:00'},
     expect: {programs: {late: eligible}}, note: "Differs: the row says by day."}
""",
}


def test_the_page_of_a_pack_shows_its_own_and_names_what_it_extends() -> None:
    page = policy_page(load_policy(PACK, parents={"test-city": city_policy()}))

    assert "This policy extends [test-city](test-city.md)." in page
    assert "#### PK-01: Theft by night" in page
    assert [part for part in ("CA-01", "FL-01", "`phone-report`") if part in page] == []
    assert "- **Hours:** Monday to Friday 18:00-02:00; Sunday 00:00-24:00; closed on 2026-12-25" in page
    assert "- **Staffing:** Two by two" in page
    assert '- Noise by night ("Noise complaint", weapon: none, 2026-11-23 20:00): late is eligible' in page


def test_the_page_says_where_each_clause_comes_from_what_is_not_in_use_and_why_a_case_differs() -> None:
    page = policy_page(load_policy(PACK, parents={"test-city": city_policy()}))

    assert "(An officer first. Source: GAZ21.)\n  - While nobody has asked, it is not sent until somebody does." in page
    assert "## Sources\n\n- **GAZ21:** The Gazette, 2021" in page
    assert "\nWritten for the night.\n" in page
    assert "### Not in use here\n" in page
    assert "late is eligible. Differs: the row says by day." in page
    assert "- **Only when the caller wants:** anyone, no police" in page


def test_sources_that_are_no_list_of_names_are_refused_with_their_line() -> None:
    texts = {**PACK, "policy.yaml": PACK["policy.yaml"].partition("sources:")[0] + "sources: [GAZ21]\n"}

    with pytest.raises(PolicyInvalid) as refused:
        load_policy(texts, parents={"test-city": city_policy()})

    assert [(problem.pointer, problem.code) for problem in refused.value.errors] == [("policy.yaml:9", "shape")]


def test_the_same_policy_gives_the_same_page_and_markup_in_a_reason_stays_text() -> None:
    texts = city_policy(care=CARE.replace("A knock helps.", "A <b>knock</b> helps."))

    page = policy_page(load_policy(texts))

    assert page == policy_page(load_policy(texts))
    assert "A &lt;b>knock&lt;/b> helps." in page


def test_a_policy_does_not_differ_from_itself_and_a_moved_row_is_a_difference() -> None:
    policy = load_policy(city_policy())
    head, *rows = CARE.split("  - {id")
    swapped = load_policy(city_policy(care="  - {id".join([head, rows[1], rows[0], *rows[2:]])))

    assert diff_policies(policy, policy) == []
    assert [(one.kind, one.id, one.fields[0].field) for one in diff_policies(policy, swapped)] == [
        ("table", "care", "order")
    ]
