"""The order of rows: on the floor it changes neither urgency nor who must come; elsewhere it may not hide danger."""

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.triage import small_policy as small
from tests.unit.triage.small_policy import a_policy, decided

from dispatch.triage.findings import Finding
from dispatch.triage.lint import check_policy

LED_BY_A_TEAM = "priority: 1, plan: community-first}, because: People fight."
CALM = (
    "  - {{id: CA-06, title: Noise told, when: {{topic: [noise, party], {when}}},\n"
    "     then: {{category: quality_of_life, priority: 3, plan: community-first}}, because: Somebody asked.}}\n"
)
FLOOR_ROWS = (
    "  - {id: VI-01, title: Weapon used, when: {weapon: used},"
    " then: {category: violence, priority: 2, plan: police-ems}, because: People are being hurt.}\n",
    "  - {id: VI-02, title: Fight, when: {violence: {at_least: physical}},"
    " then: {category: violence, priority: 1, plan: police}, because: People fight.}\n",
    "  - {id: VI-03, title: Sick, when: {medical: minor},"
    " then: {category: medical, priority: 3, plan: police, needs_human: true}, because: Somebody must listen.}\n",
    "  - {id: VI-04, title: Injured, when: {weapon: used}, also: {priority_at_least: 2}, because: Hurry.}\n",
)


def found(**changed: str) -> list[Finding]:
    return check_policy(a_policy(**changed))


def codes(**changed: str) -> list[str]:
    return [one.code for one in found(**changed)]


def test_a_floor_row_that_takes_the_lead_from_an_urgent_one_is_told() -> None:
    violence = small.VIOLENCE.replace("priority: 1, plan: police}, because: People fight.", LED_BY_A_TEAM)

    told = [one.about for one in found(**{"tables/20-violence.yaml": violence})]

    assert [about for about in told if " before " in about] == ["VI-01 before VI-03", "VI-02 before VI-03"]


def test_a_floor_row_whose_calls_an_earlier_one_takes_in_any_order_is_no_doubt() -> None:
    violence = small.VIOLENCE.replace("priority: 0", "priority: 3")

    assert "floor_order" not in codes(**{"tables/20-violence.yaml": violence})


def test_a_row_that_asks_for_a_danger_being_denied_may_stand_behind_a_milder_one() -> None:
    care = small.CARE + CALM.format(when="violence: none")
    armed = small.CARE + CALM.format(when="violence: unknown")

    assert "overlap" not in codes(**{"tables/50-care.yaml": care})
    assert "overlap" in codes(**{"tables/50-care.yaml": armed})


URGENT_NOISE = (
    "  - {{id: CA-06, title: Noise at night, when: {when},\n"
    "     then: {{category: quality_of_life, priority: 2, plan: police}}, because: Somebody is afraid.}}\n"
)


def overlaps(when: str, **changed: str) -> list[str]:
    care = small.CARE + URGENT_NOISE.format(when=when)
    return [one.about for one in found(**{"tables/50-care.yaml": care}, **changed) if one.code == "overlap"]


def test_an_urgent_row_without_a_danger_behind_a_milder_one_that_looks_for_the_same_is_told() -> None:
    assert overlaps("{topic: noise, place: private_residence}") == ["CA-03 before CA-06", "CA-04 before CA-06"]
    assert overlaps("{any: [{topic: party}, {place: transit}]}") == ["CA-03 before CA-06"]


def test_an_urgent_row_that_a_type_brings_beside_a_milder_one_is_told() -> None:
    types = small.INCIDENT_TYPES.replace(",,noise", ",,noise;welfare")

    assert overlaps("{topic: welfare}") == []
    assert overlaps("{topic: welfare}", **{"incident_types.csv": types}) == ["CA-04 before CA-06"]


def test_a_row_for_which_minutes_count_may_not_stand_behind_a_milder_one_of_another_topic() -> None:
    """A call may have both topics, so the milder row would answer it alone."""
    care = small.CARE + URGENT_NOISE.format(when="{topic: theft}").replace("priority: 2", "priority: 1")
    told = [one for one in found(**{"tables/50-care.yaml": care}) if one.code == "overlap"]

    assert "CA-04 before CA-06" in [one.about for one in told]
    assert "a call of CA-04 may have the topic theft as well" in " ".join(one.detail for one in told)
    assert overlaps("{topic: theft}") == []


def test_an_exception_may_stand_before_the_urgent_row_that_it_is_one_of() -> None:
    """It asks for all that the rule asks for and more, so the writer has seen both."""
    assert overlaps("{topic: [noise, party]}") == []
    assert overlaps("{topic: [noise, party], place: private_residence}") == ["CA-03 before CA-06", "CA-04 before CA-06"]


def test_rows_that_no_call_can_be_for_at_once_and_milder_rows_behind_are_no_doubt() -> None:
    assert overlaps("{topic: theft, crime: none, place: private_residence}") == []
    assert overlaps("{suicide: none}") == []


@given(st.permutations(range(4)))
def test_the_order_of_floor_rows_changes_neither_urgency_nor_who_comes(order: list[int]) -> None:
    rows = [FLOOR_ROWS[number] for number in order]
    policy = a_policy(**{"tables/20-violence.yaml": "table: violence\nfloor: true\nrows:\n" + "".join(rows)})

    decision = decided("stabbing, they are fighting, she feels sick", policy=policy)

    assert (decision.priority, decision.needs_human) == (1, True)
    assert {(s.responder_type, s.count, s.capabilities) for s in decision.plan.steps[0].slots} == {
        ("police", 2, frozenset()),
        ("ems", 1, frozenset({"als"})),
        ("cvi", 1, frozenset()),
    }
