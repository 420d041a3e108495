"""Where a fact comes from, and what happens when sources disagree."""

from tests.unit.triage.small_policy import SMALL, WEDNESDAY_NOON, decided

from dispatch.domain.call import CallFacts
from dispatch.triage.evaluate import evaluate


def test_a_senders_own_code_comes_before_everyones() -> None:
    assert decided(source="north", type_code="415").incident_type == "NOISE"
    assert decided(source="south", type_code="415").incident_type == "FIGHT"


def test_a_crosswalk_row_adds_its_topics_to_those_of_the_type() -> None:
    assert set(decided(source="north", type_code="415").topics) == {"noise", "party"}


def test_a_type_text_is_found_whatever_its_case_and_marks() -> None:
    assert decided(source="anyone", type_text="cold-THEFT").incident_type == "THEFT"


def test_a_common_type_code_needs_no_crosswalk() -> None:
    decision = decided(source="eido", type_code="WELFARE")

    assert (decision.incident_type, decision.warnings) == ("WELFARE", ("shadow_row:CA-00",))


def test_an_unknown_type_is_read_as_text_and_noted() -> None:
    decision = decided(source="eido", type_text="DISTURBANCE - FIGHT")

    assert decision.incident_type == "FIGHT"
    assert decision.facts["violence"].value == "physical"
    assert "call_type_not_in_crosswalk" in decision.warnings


def test_a_danger_hidden_in_a_harmless_type_is_seen() -> None:
    decision = decided(source="north", type_code="WELCHK", type_text="WELFARE CHECK W/KNIFE")

    assert decision.incident_type == "WELFARE"
    assert (decision.facts["weapon"].value, decision.facts["weapon"].origin) == ("mentioned", "call_type")


def test_a_type_named_in_the_narrative_serves_when_the_sender_gives_none() -> None:
    assert decided("please check the welfare of a man").incident_type == "WELFARE"
    assert decided("please check the welfare of a man", type_code="415").incident_type == "NOISE"


def test_of_two_sources_the_higher_danger_wins_and_the_other_is_shown() -> None:
    reading = decided("he is armed with a gun", answers={"weapon": "none"}).facts["weapon"]

    assert (reading.value, reading.origin, reading.conflict) == ("in_hand", "narrative", "none")


def test_a_denial_does_not_swallow_what_was_said_of_the_past() -> None:
    reading = decided("stabbing years ago", answers={"weapon": "none"}).facts["weapon"]

    assert (reading.value, reading.note) == ("none", "past:used")


def test_the_danger_of_a_type_stands_against_a_denial() -> None:
    reading = decided(type_code="FIGHT", answers={"violence": "none"}).facts["violence"]

    assert (reading.value, reading.origin, reading.conflict) == ("physical", "call_type", "none")


def test_an_answer_beats_the_narrative_where_no_danger_is_in_question() -> None:
    reading = decided("she is at home", answers={"place": "public_outdoor"}).facts["place"]

    assert (reading.value, reading.origin, reading.conflict) == ("public_outdoor", "answers", "private_residence")


def test_structured_fields_of_the_call_are_facts() -> None:
    facts = decided("loud music", place="commercial", relation="self", wants="no_police").facts

    assert [facts[f].value for f in ("place", "caller_relation", "caller_wants")] == ["commercial", "self", "no_police"]
    assert facts["place"].origin == "call"


def test_an_answer_of_unknown_says_nothing() -> None:
    assert decided("no weapons", answers={"weapon": "unknown"}).facts["weapon"].value == "none"


def test_answers_outside_the_vocabulary_are_noted_and_do_no_harm() -> None:
    decision = decided("loud music", answers={"weapon": "bazooka", "mood": "bad"})

    assert decision.warnings == ("answer_not_understood:weapon", "answer_not_understood:mood")
    assert decision.facts["weapon"].value == "unknown"


def test_a_call_that_says_nothing_says_so() -> None:
    decision = evaluate(CallFacts(source="x"), SMALL, WEDNESDAY_NOON)

    assert decision.facts["information_quality"].value == "not_enough"
    assert decision.needs_human
