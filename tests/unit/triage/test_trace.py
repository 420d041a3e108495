"""A policy explains its answers, asks what matters, runs its cases and finds its own faults."""

import json

from tests.unit.triage import small_policy as small
from tests.unit.triage.small_policy import SMALL, WEDNESDAY_NOON, a_call, a_policy, decided

from dispatch.triage.cases import run_cases
from dispatch.triage.decision import as_data
from dispatch.triage.explain import explain
from dispatch.triage.explain_text import short_text, whole_text
from dispatch.triage.lint import check_policy
from dispatch.triage.questions import with_questions


def found(**changed: str) -> list[tuple[str, str, str]]:
    return [(f.severity, f.code, f.place) for f in check_policy(a_policy(**changed))]


def test_the_trace_names_each_row_and_what_it_saw() -> None:
    trace = explain(a_call("loud music and a gun"), SMALL, WEDNESDAY_NOON)

    rows = {row.row: (row.result, row.why) for table in trace.tables for row in table.rows}
    assert rows["VI-01"] == ("missed", ("weapon is mentioned, asked for used",))
    assert rows["VI-02"] == ("hit", ())
    assert rows["VI-03"] == ("not_read", ())
    assert rows["CA-04"] == ("overtaken", ())
    assert rows["CA-03"] == ("missed", ("topic is noise, asked for party",))


def test_the_trace_is_data_and_readable_text() -> None:
    trace = explain(a_call("loud music and a gun"), SMALL, WEDNESDAY_NOON)

    assert json.loads(json.dumps(trace.as_data()))["decision"] == as_data(trace.decision)
    text = whole_text(trace)
    assert "weapon = mentioned from narrative: 'gun' at 17 (affirmed)" in text
    assert "crisis-team: ineligible (disqualifier:weapon)" in text


def test_the_trace_shows_the_callers_wish_that_a_program_asks_for() -> None:
    desk = small.DESK + "caller_wants: [report_only]\n"
    policy = a_policy(**{"programs/desk.yaml": desk})

    trace = explain(a_call("bike was stolen", wants="police"), policy, WEDNESDAY_NOON)

    clauses = {c.clause: c.holds for one in trace.programs if one.program == "desk" for c in one.clauses}
    assert clauses["caller_wants is report_only"] is False


def test_the_short_text_says_what_speaks_for_the_answer_and_nothing_of_what_does_not() -> None:
    text = short_text(explain(a_call("loud music and a gun, he is drunk"), SMALL, WEDNESDAY_NOON))

    assert text.startswith("Violence, priority 1, filed as unknown\n")
    assert "  VI-02 Weapon\n      A weapon is there.\n" in text
    assert "  1. police\n" in text
    assert '  weapon: mentioned, by narrative "gun"\n' in text
    assert "Nobody has said, so unknown: violence, suicide" in text
    assert "  crisis-team may not go: weapon is at least mentioned" in text
    assert "Not a call of their kind: desk, peace" in text
    assert text.endswith("Would have decided alone\n  CA-04 Noise\n")
    assert [row for row in ("VI-01", "LT-01", "CA-05") if row in text] == []


def test_the_explanation_is_of_the_very_decision() -> None:
    assert explain(a_call("stabbing"), SMALL, WEDNESDAY_NOON).decision == decided("stabbing")


def test_questions_are_few_ranked_and_change_something() -> None:
    decision = with_questions(decided("loud music"), a_call("loud music"), SMALL, WEDNESDAY_NOON)

    assert len(decision.questions) == 5
    assert decision.questions[0].fact == "weapon"
    assert "used: violence, priority 0, police + ems + peace first" in decision.questions[0].changes
    assert decision.would_change_if[0].startswith("weapon mentioned or in_hand: violence, priority 1")


def test_each_question_really_changes_the_answer() -> None:
    decision = with_questions(decided("loud music"), a_call("loud music"), SMALL, WEDNESDAY_NOON)

    for question in decision.questions:
        values = question.changes.split(":")[0].split(" or ")
        changed = decided("loud music", answers={question.fact: values[0]})
        assert (changed.plan, changed.priority) != (decision.plan, decision.priority)


def test_nothing_is_asked_that_is_known() -> None:
    decision = with_questions(decided("stabbing"), a_call("stabbing"), SMALL, WEDNESDAY_NOON)

    assert "weapon" not in [question.fact for question in decision.questions]


def test_cases_pass_and_count_what_they_hit_and_miss() -> None:
    report = run_cases(SMALL)

    assert report.passed
    assert report.rows_hit == {"CA-02", "CA-00"}  # CA-00 is on trial and would have had a say
    assert report.rows_missed == {"CA-01"}
    assert "VI-01" in report.without_hit


def test_a_failing_case_says_what_was_expected_and_what_came() -> None:
    cases = small.CASES.replace("priority: 3", "priority: 1").replace("never: [police]", "never: [community_responder]")

    (result,) = run_cases(a_policy(**{"cases/main.yaml": cases})).results

    assert result.failures == (
        "expected priority 1, got 3",
        "expected no community_responder in the first step, got community_responder (crisis-team)",
    )
    assert ("error", "case_fails", "cases/main.yaml:2") in found(**{"cases/main.yaml": cases})


def test_a_row_behind_one_that_takes_all_its_calls_is_an_error() -> None:
    care = small.CARE.replace(
        "when: {topic: welfare},\n     then: {category: type", "when: {},\n     then: {category: type"
    )

    assert ("error", "unreachable_row", "tables/50-care.yaml:9") in found(**{"tables/50-care.yaml": care})


def test_two_rows_that_ask_the_same_and_answer_differently_conflict() -> None:
    care = small.CARE.replace(
        'when: {topic: theft, crime: past, not: {suspect_present: "yes"}}', "when: {topic: noise}"
    )

    assert ("error", "conflicting_rows", "tables/50-care.yaml:13") in found(**{"tables/50-care.yaml": care})


def test_gaps_unused_plans_and_unreachable_programs_are_told() -> None:
    plans = small.PLANS + "  - {id: spare, title: Spare, steps: [{slots: [{responder_type: ems}]}]}\n"
    peace = small.PEACE.replace("cvi", "crisis_line")

    codes = {code: place for _, code, place in found(**{"plans.yaml": plans, "programs/peace.yaml": peace})}

    assert codes["gap"] == "incident_types.csv:7"
    assert codes["unused_plan"].startswith("plans.yaml:")
    assert codes["unreachable_program"] == "programs/peace.yaml:1"


def test_a_slot_that_sends_a_program_unasked_is_told() -> None:
    plans = small.PLANS.replace(
        "{eligible: [community_responder, homeless_outreach]}", "{responder_type: homeless_outreach}"
    )

    assert "unjudged_slot" in [code for _, code, _ in found(**{"plans.yaml": plans})]


def test_a_marker_that_is_also_a_phrase_is_told() -> None:
    lexicon = small.LEXICON.replace("phrases: [party~]", "phrases: [party~, possibly]")

    assert ("warning", "shadowed_phrase", "lexicon/main.yaml:17") in found(**{"lexicon/main.yaml": lexicon})


def test_a_type_that_claims_safety_is_told() -> None:
    types = small.INCIDENT_TYPES.replace("quality_of_life,4,,noise", "quality_of_life,4,weapon=none,noise")

    assert ("warning", "assumed_safe", "incident_types.csv:4") in found(**{"incident_types.csv": types})
