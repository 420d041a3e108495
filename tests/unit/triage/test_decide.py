"""Tables: first match wins, floor tables always count, shadow rows change nothing."""

from datetime import datetime

import pytest
from tests.unit.triage import small_policy as small
from tests.unit.triage.small_policy import a_policy, decided, first_step, rules

from dispatch.domain.classification import Category


def test_the_first_row_that_matches_decides() -> None:
    decision = decided("stabbing, people fight")

    assert (decision.category, decision.priority, rules(decision)) == (Category.VIOLENCE, 0, ["VI-01"])


def test_a_row_may_take_category_and_priority_of_the_type() -> None:
    decision = decided(type_code="WELCHK")

    assert (decision.category, decision.priority) == (Category.BEHAVIORAL_HEALTH, 3)


def test_two_topics_may_both_be_required() -> None:
    assert rules(decided("party, loud music")) == ["CA-03"]
    assert rules(decided("loud music")) == ["CA-04"]


def test_later_floor_tables_add_their_responders_and_urgency() -> None:
    decision = decided("not breathing, smoke, gun")

    assert rules(decision) == ["LT-01", "VI-02", "FI-01"]
    assert (decision.category, decision.priority) == (Category.MEDICAL, 0)
    assert {"ems", "police", "fire"} <= set(first_step(decision))


def test_a_later_floor_table_raises_the_priority() -> None:
    later = small.FIRE.replace("priority: 1", "priority: 0")

    assert decided("gun and smoke", policy=a_policy(**{"tables/30-fire.yaml": later})).priority == 0


def test_an_addition_joins_every_step_whoever_decided() -> None:
    decision = decided("suicidal and bleeding")

    assert rules(decision) == ["ME-01"]
    assert decided("gun, bleeding").plan.steps[0].slots[-1].responder_type == "ems"


def test_a_floor_row_that_only_adds_leaves_the_decision_to_the_rows_after_it() -> None:
    only_adds = (
        "rows:\n  - {id: VI-00, title: Gun, when: {weapon: {at_least: mentioned}},"
        " also: {slots: [{responder_type: ems}]}, because: Somebody may be hurt.}\n"
    )
    decision = decided(
        "gun", policy=a_policy(**{"tables/20-violence.yaml": small.VIOLENCE.replace("rows:\n", only_adds)})
    )

    assert (decision.category, decision.priority) == (Category.VIOLENCE, 1)
    assert set(first_step(decision)) == {"police", "ems"}
    assert {"VI-00", "VI-02"} <= set(rules(decision))


def test_the_strongest_of_two_slots_of_one_kind_stays() -> None:
    decision = decided("stabbing, bleeding")

    (ems,) = [slot for slot in decision.plan.steps[0].slots if slot.responder_type == "ems"]
    assert (ems.role.value, ems.capabilities) == ("primary", frozenset({"als"}))


def test_a_shadow_row_is_reported_and_changes_nothing() -> None:
    decision = decided(type_code="WELCHK")

    assert decision.warnings == ("shadow_row:CA-00",)
    assert decision.category is Category.BEHAVIORAL_HEALTH


def test_a_row_counts_from_its_day_until_the_day_before_its_end() -> None:
    care = small.CARE.replace("because: Talk first.", "because: Talk first., from: 2026-02-01, until: 2026-03-01")
    policy = a_policy(**{"tables/50-care.yaml": care})

    # 2026-03-01 05:30 UTC is still February in Chicago.
    moments = ["2026-01-31T12:00Z", "2026-02-02T12:00Z", "2026-03-01T05:30Z", "2026-03-02T00:00Z"]
    found = [rules(decided("loud music", policy=policy, at=datetime.fromisoformat(at))) for at in moments]
    assert found == [["RE-99"], ["CA-04"], ["CA-04"], ["RE-99"]]


def test_an_unknown_fact_holds_no_row_and_is_never_taken_for_none() -> None:
    table = small.CARE.replace("when: {topic: noise}", "when: {topic: noise, weapon: none}")
    policy = a_policy(**{"tables/50-care.yaml": table})

    assert rules(decided("loud music", policy=policy)) == ["RE-99"]
    assert rules(decided("loud music, no weapons", policy=policy)) == ["CA-04"]


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("{not: {weapon: none}}", True),
        ("{not: {weapon: in_hand}}", False),
        ("{not: {weapon: [in_hand, unknown]}}", False),
        ("{not: {place: vehicle}}", False),
        ("{not: {topic: party}}", True),
        ("{any: [{weapon: used}, {topic: noise}]}", True),
        ("{all: [{topic: noise}, {weapon: [none, unknown]}]}", True),
        ("{not: {any: [{weapon: none}, {topic: party}]}}", True),
        ("{sender_priority: P1}", True),
        ("{channel: '911'}", False),
    ],
)
def test_an_unknown_danger_counts_as_possibly_there(when: str, holds: bool) -> None:
    table = small.CARE.replace("when: {topic: noise}", f"when: {when}")

    decision = decided("loud music", policy=a_policy(**{"tables/50-care.yaml": table}), sender_priority="p1")

    assert (rules(decision) == ["CA-04"]) is holds


def test_nothing_known_is_a_decision_for_a_human_with_police() -> None:
    decision = decided("something")

    assert (decision.category, decision.needs_human, first_step(decision)) == (Category.UNKNOWN, True, ["police"])


def test_a_broken_engine_still_answers_with_police() -> None:
    decision = decided(narrative=7)  # type: ignore[arg-type]

    assert decision.warnings == ("engine_error:AttributeError",)
    assert (decision.category, decision.needs_human, first_step(decision)) == (Category.UNKNOWN, True, ["police"])
