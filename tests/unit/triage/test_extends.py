"""A city's pack is short: it overrides by id and adds, and can never weaken the floor it stands on."""

import pytest
from tests.unit.triage import small_policy as small
from tests.unit.triage.small_policy import SMALL, TEXTS, decided, first_step, rules

from dispatch.domain.errors import PolicyInvalid
from dispatch.triage.policy import Policy, load_policy

CITY = "policy: city\nversion: 3\nextends: small\n"


def a_pack(policy: str = CITY, **files: str) -> Policy:
    return load_policy({"policy.yaml": policy, **files}, parents={"small": TEXTS})


def codes_of(policy: str = CITY, **files: str) -> list[str]:
    with pytest.raises(PolicyInvalid) as refused:
        a_pack(policy, **files)
    return [problem.code for problem in refused.value.errors]


def test_a_pack_inherits_what_it_does_not_say() -> None:
    pack = a_pack()

    assert (pack.id, pack.version, pack.title, pack.time_zone) == ("city", 3, "Small town", "America/Chicago")
    assert [row.id for row in pack.rows] == [row.id for row in SMALL.rows]
    assert pack.sha256 != SMALL.sha256
    assert pack.cases == ()


def test_a_row_is_replaced_by_id_and_new_rows_come_first() -> None:
    care = small.CARE.partition("rows:")[0] + (
        "rows:\n  - {id: CA-04, title: Noise, when: {topic: noise},"
        " then: {category: quality_of_life, priority: 2, plan: police}, because: Here police go.}\n"
        "  - {id: CITY-1, title: Party, when: {topic: party},"
        " then: {category: quality_of_life, priority: 1, plan: police}, because: Big parties.}\n"
    )
    pack = a_pack(**{"tables/50-care.yaml": care})

    assert decided("loud music", policy=pack).priority == 2
    assert rules(decided("party, loud music", policy=pack)) == ["CITY-1"]


def test_rows_added_to_a_floor_table_come_after_the_floor() -> None:
    table = small.VIOLENCE.partition("rows:")[0] + (
        "rows:\n  - {id: CITY-2, title: Anything violent, when: {},"
        " then: {category: quality_of_life, priority: 4, plan: community-first}, because: Ours.}\n"
    )
    pack = a_pack(**{"tables/20-violence.yaml": table})

    assert rules(decided("stabbing", policy=pack)) == ["VI-01"]


def test_no_table_of_a_pack_can_slip_in_before_the_floor() -> None:
    table = (
        "table: mine\nrows:\n  - {id: CITY-3, title: All to us, when: {},"
        " then: {category: quality_of_life, priority: 4, plan: community-first}, because: Ours.}\n"
    )
    pack = a_pack(**{"tables/01-mine.yaml": table})

    assert (rules(decided("stabbing", policy=pack)), first_step(decided("stabbing", policy=pack))[0]) == (
        ["VI-01"],
        "police",
    )
    assert rules(decided("loud music", policy=pack)) == ["CITY-3"]


def test_a_floor_row_cannot_be_replaced_or_retired() -> None:
    assert codes_of(**{"tables/20-violence.yaml": small.VIOLENCE}) == ["weakens_floor"] * 3
    assert codes_of(CITY + "retire: [VI-01]\n") == ["weakens_floor"]


def test_other_rows_and_programs_can_be_retired() -> None:
    pack = a_pack(CITY + "retire: [CA-04, crisis-team]\n")

    assert rules(decided("loud music", policy=pack)) == ["RE-99"]
    assert "crisis-team" not in [v.program for v in decided("loud music", policy=pack).programs]


GRANDCHILD = "policy: quarter\nversion: 1\nextends: city\n"


def a_quarter(policy: str, **files: str) -> Policy:
    parents = {"small": TEXTS, "city": {"policy.yaml": CITY + "retire: [CA-04, crisis-team]\n"}}
    return load_policy({"policy.yaml": policy, **files}, parents=parents)


@pytest.mark.parametrize("retire", ["", "retire: []\n", "retire: [CA-03]\n", "retire:\n"])
def test_what_a_pack_has_retired_stays_so_under_a_pack_that_extends_it(retire: str) -> None:
    decision = decided("loud music", policy=a_quarter(GRANDCHILD + retire))

    assert rules(decision) == ["RE-99"]
    assert "crisis-team" not in [v.program for v in decision.programs]


def test_what_a_pack_writes_again_is_no_longer_retired_by_its_parent() -> None:
    row = (
        "table: care\nrows:\n  - {id: CA-04, title: Noise, when: {topic: noise},"
        " then: {category: quality_of_life, priority: 4, plan: police}, because: Here again.}\n"
    )

    again = a_quarter(GRANDCHILD, **{"tables/50-care.yaml": row, "programs/crisis.yaml": small.CRISIS})
    still = a_quarter(GRANDCHILD + "retire: [CA-04]\n", **{"tables/50-care.yaml": row})

    assert rules(decided("loud music", policy=again)) == ["CA-04"]
    assert "crisis-team" in [v.program for v in decided("loud music", policy=again).programs]
    assert rules(decided("loud music", policy=still)) == ["RE-99"]


def test_what_no_policy_of_the_chain_has_cannot_be_retired() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        a_quarter(GRANDCHILD + "retire: [CA-4]\n")

    (problem,) = refused.value.errors
    assert (problem.pointer, problem.code) == ("policy.yaml:4", "unknown_row_or_program")
    assert "CA-04" in problem.detail or "CA-0" in problem.detail


def test_a_plan_of_the_floor_keeps_who_must_come() -> None:
    ems_only = "plans: [{id: police-ems, steps: [{slots: [{responder_type: ems}]}]}]\n"
    more = "plans: [{id: police-ems, steps: [{slots: [{responder_type: police, count: 4}, {responder_type: ems}]}]}]\n"

    assert codes_of(**{"plans.yaml": ems_only}) == ["weakens_floor"]
    assert decided("stabbing", policy=a_pack(**{"plans.yaml": more})).plan.steps[0].slots[0].count == 4


@pytest.mark.parametrize("entry", ["nothing: homonym", "topic: noise", "fact: weapon, value: mentioned"])
def test_a_danger_phrase_cannot_be_made_harmless(entry: str) -> None:
    lexicon = f"lexicon: city\nentries:\n  - {{{entry}, phrases: [shots fired]}}\n"

    assert codes_of(**{"lexicon/city.yaml": lexicon}) == ["weakens_floor"]


def test_a_pack_may_add_phrases_and_programs() -> None:
    lexicon = "lexicon: city\nentries:\n  - {topic: noise, phrases: [jackhammer]}\n"
    program = "program: noise-team\nresponder_type: community_responder\ntakes: [{topic: noise}]\n"
    pack = a_pack(**{"lexicon/city.yaml": lexicon, "programs/noise.yaml": program})

    assert first_step(decided("a jackhammer at night", policy=pack)) == ["crisis-team"]
    assert [step.slots[0].program for step in decided("jackhammer", policy=pack).plan.steps][1] == "noise-team"


def test_inherited_cases_that_must_hold_are_run_for_the_pack() -> None:
    parents = {"small": {**TEXTS, "cases/main.yaml": small.CASES + "    must_hold: true\n"}}

    assert len(load_policy({"policy.yaml": CITY}, parents=parents).cases) == 1


def test_mistakes_of_a_parent_are_told_with_its_name() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        load_policy({"policy.yaml": CITY}, parents={"small": {**TEXTS, "plans.yaml": "plans: 1\n"}})

    assert refused.value.errors[0].pointer == "small/plans.yaml:1"
