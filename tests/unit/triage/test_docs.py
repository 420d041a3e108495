"""The page of a policy says of every row, plan and program what a council would ask."""

from tests.support.city_policy import CARE, city_policy

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
