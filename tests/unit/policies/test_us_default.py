"""The national default keeps its promises: its cases hold, danger is never missed, silence is never comfort."""

from datetime import UTC, datetime
from functools import cache

import pytest
from evaluation.must_not_miss import Disguised, read_cases
from tests.unit.policies.danger_pairs import milder, pairs

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category, SlotRole
from dispatch.policies import read_shipped
from dispatch.triage.cases import run_cases
from dispatch.triage.decision import TriageDecision
from dispatch.triage.evaluate import evaluate
from dispatch.triage.findings import ERROR
from dispatch.triage.lint import check_policy
from dispatch.triage.policy import Policy, load_policy

MUST_NOT_MISS = read_cases()
NOON = datetime(2026, 1, 7, 18, 0, tzinfo=UTC)
SWORN_OR_MEDICAL = frozenset({"police", "fire", "ems", "co_responder"})
PROGRAMS = {
    "behavioral-health-team",
    "mediation-team",
    "co-response",
    "street-outreach-cvi",
    "telephone-report-desk",
    "online-report-desk",
    "crash-investigation",
    "homeless-outreach",
    "transit-ambassadors",
    "crisis-line-988",
}
# Labels of no city in particular, each with the category that a dispatcher would expect.
TYPE_TEXTS = (
    ("WELFARE CHECK", "behavioral_health"),
    ("NOISE - LOUD MUSIC", "quality_of_life"),
    ("THEFT COLD REPORT", "reporting"),
    ("FIGHT W/WEAPONS", "violence"),
    ("DISTURBING PEACE", "quality_of_life"),
    ("10-96 MENTAL", "behavioral_health"),
    ("SHOTS FIRED", "violence"),
    ("HARRASSMENT RPT", "reporting"),
    ("SUICIDAL SUBJ", "behavioral_health"),
    ("VEH ACC NO INJ", "reporting"),
    ("CHEST PAIN", "medical"),
    ("STRUCTURE FIRE", "fire"),
    ("BURGLAR ALARM", "police"),
    ("H&R COLLISION", "reporting"),
    ("911 HANG UP", "unknown"),
    ("ID THEFT", "reporting"),
    ("UNWANTED SUBJ", "quality_of_life"),
)
HARMLESS = (
    "Neighbor using a nail gun since seven, no threats",
    "Kids shooting baskets behind the school, just loud",
    "Rider needs a ride home after her flu shot",
    "Loud music, caller says the noise is killing me",
    "Tents next to the fire hydrant, nobody causing trouble",
)


@cache
def us_default() -> Policy:
    return load_policy(read_shipped("us-default"))


def decided(type_text: str = "", narrative: str = "", **answers: str) -> TriageDecision:
    call = CallFacts(source="test", type_text=type_text or None, narrative=narrative or None, answers=answers)
    return evaluate(call, us_default(), NOON)


def leads(decision: TriageDecision) -> set[str]:
    return {slot.responder_type for slot in decision.plan.steps[0].slots if slot.role is SlotRole.PRIMARY}


def test_every_case_of_the_policy_holds_and_every_row_has_a_hit_and_a_near_miss() -> None:
    report = run_cases(us_default())

    assert [f"{result.at}: {result.failures}" for result in report.results if not result.passed] == []
    assert (report.without_hit, report.without_near_miss) == ((), ())


def test_the_check_finds_no_error() -> None:
    assert [finding for finding in check_policy(us_default()) if finding.severity == ERROR] == []


def test_it_is_as_large_as_a_first_policy_must_be() -> None:
    written = [phrase for phrase in us_default().phrases.phrases.values() if not phrase.is_form]

    assert len(us_default().rows) >= 60
    assert len(written) >= 500
    assert len(us_default().incident_types) == 245


def test_every_row_says_why_and_where_that_comes_from() -> None:
    assert [row.id for row in us_default().rows if not (row.title and row.because and row.source)] == []


def test_the_roster_finds_the_programs_by_their_fixed_names() -> None:
    assert {program.id for program in us_default().programs} == PROGRAMS


def test_all_eight_categories_can_be_reached_from_a_type_alone() -> None:
    assert {decided(text).category for text, _ in TYPE_TEXTS} == set(Category)


@pytest.mark.parametrize(("text", "category"), TYPE_TEXTS)
def test_a_type_text_that_no_crosswalk_lists_is_read(text: str, category: str) -> None:
    assert decided(text).category.value == category


@pytest.mark.parametrize("case", MUST_NOT_MISS, ids=lambda case: case.says)
def test_danger_in_disguise_brings_police_fire_or_ems_soon(case: Disguised) -> None:
    decision = decided(case.type_text, case.says)
    first = {slot.responder_type for slot in decision.plan.steps[0].slots}

    assert first & SWORN_OR_MEDICAL, f"{decision.reasons} sends {first}"
    assert decision.priority <= 2


@pytest.mark.parametrize("narrative", HARMLESS)
def test_words_that_only_look_like_danger_are_none(narrative: str) -> None:
    decision = decided(narrative=narrative)

    assert decision.facts["weapon"].value == "unknown"
    assert decision.facts["fire_or_smoke"].value == "unknown"
    assert decision.category not in (Category.VIOLENCE, Category.FIRE)


@pytest.mark.parametrize("narrative", ["", "hello", "see earlier ticket", "qwerty zzz", "CALL REF 12-34 DESK 4"])
def test_a_call_that_says_little_goes_to_police_and_to_a_person(narrative: str) -> None:
    decision = decided(narrative=narrative)

    assert decision.category is Category.UNKNOWN
    assert decision.needs_human
    assert leads(decision) == {"police"}


def test_no_weapons_seen_is_not_no_weapons() -> None:
    seen = decided("WELFARE CHECK", "did not see any weapons").facts["weapon"]
    denied = decided("WELFARE CHECK", "RP denies any weapons").facts["weapon"]

    assert (seen.value, seen.note) == ("unknown", "none_seen")
    assert denied.value == "none"


def test_a_theft_goes_to_a_desk_only_when_it_is_known_to_be_over() -> None:
    assert "report_taker" in leads(decided("THEFT", "bicycle stolen two days ago, no suspect"))
    assert leads(decided("THEFT")) == {"police"}
    assert leads(decided("THEFT", "two days ago, suspect is still here")) == {"police"}
    assert leads(decided("THEFT", "pistol stolen from the car last night")) == {"police"}


def test_a_crash_goes_to_civilians_only_when_nobody_is_hurt_and_nobody_drank() -> None:
    assert leads(decided("TRAFFIC ACCIDENT", "fender bender, no injuries")) == {"report_taker"}
    assert leads(decided("TRAFFIC ACCIDENT")) == {"police"}
    assert leads(decided("TRAFFIC ACCIDENT", "no injuries, other driver is drunk")) == {"police"}


def test_interrupters_are_told_of_a_shooting_and_never_lead() -> None:
    slots = decided("SHOOTING", "male shot in the leg").plan.steps[0].slots

    assert {slot.role for slot in slots if slot.responder_type == "cvi"} == {SlotRole.SUPPORT}
    assert {"police", "ems"} <= {slot.responder_type for slot in slots}


def test_who_insists_on_police_gets_police() -> None:
    assert leads(decided("NOISE COMPLAINT", "loud music", caller_wants="police")) == {"police"}


def test_who_asks_for_no_police_in_a_calm_crisis_gets_none_first() -> None:
    decision = decided("", "Mi hijo oye voces, no tiene armas, no manden a la policía")

    assert leads(decision) == {"community_responder"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_danger_said_as_well_never_makes_the_answer_milder(seed: int) -> None:
    found = [milder(us_default(), text, danger) for text, danger in pairs(us_default(), 700, seed)]

    assert [sentence for sentence in found if sentence] == []


def test_a_bomb_beside_a_knife_keeps_its_fire_crew() -> None:
    slots = decided("", "she has a bomb and a knife, they are fighting").plan.steps[0].slots

    assert {"police", "fire", "ems"} <= {slot.responder_type for slot in slots}


def test_shots_heard_and_a_man_down_are_a_shooting() -> None:
    decision = decided("", "shots heard, one male down bleeding")

    assert (decision.category, decision.priority) == (Category.VIOLENCE, 0)


def test_a_narrative_alone_names_a_type_where_the_decision_is_clear() -> None:
    assert decided("", "my boyfriend hit me").incident_type == "DVA"
    assert decided("", "he has not been seen for three days").incident_type == "WELFARE"
    assert decided("", "qwerty zzz").incident_type == "unknown"


@pytest.mark.parametrize(
    ("narrative", "unwanted"),
    [
        ("Woman with a dog is crying and hears voices", "ANIMAL"),
        ("He had a cardiac arrest", "ADMIN"),
        ("Afraid he will arrest again, he has chest pain", "ADMIN"),
    ],
)
def test_a_word_in_passing_does_not_name_the_call(narrative: str, unwanted: str) -> None:
    assert decided("", narrative).incident_type != unwanted


@pytest.mark.parametrize(
    "said", ["kids hitting a ball", "they are beating drums", "kicking a ball", "dragging a trash can"]
)
def test_a_verb_of_violence_that_hurts_nobody_is_no_violence(said: str) -> None:
    decision = evaluate(CallFacts("x", type_text="NOISE COMPLAINT", narrative=said), us_default(), NOON)

    assert decision.facts["violence"].value == "unknown"


def test_no_weapon_is_believed_only_when_nobody_left_it_open() -> None:
    open_, denied = (
        evaluate(CallFacts("x", type_text="WELFARE CHECK", narrative=said), us_default(), NOON)
        for said in ("male yelling, with or w/o wpns", "male yelling, w/o wpns")
    )

    assert open_.facts["weapon"].value == "mentioned"
    assert denied.facts["weapon"].value == "none"


def test_it_ships_danger_in_disguise_that_every_pack_is_tested_against() -> None:
    shipped = [case for case in us_default().cases if case.place.file == "cases/must-not-miss.yaml"]
    told = {(case.call.type_text or "", case.call.narrative) for case in shipped}

    assert len(told) >= 60
    assert told <= {(one.type_text, one.says) for one in MUST_NOT_MISS}
    assert all(case.is_danger and case.expect.row is None for case in shipped)


@pytest.mark.parametrize(
    ("type_text", "narrative"),
    [
        ("STRUCTURE FIRE", "house on fire, people inside"),
        ("SMOKE INVESTIGATION", "light smoke from the dryer at home"),
        (
            "STRUCTURE FIRE",
            "apartment fire, a man with a gun will not let anybody out, one is burned and not breathing",
        ),
    ],
)
def test_a_fire_where_people_live_brings_four_crews_and_somebody_to_command_them(
    type_text: str, narrative: str
) -> None:
    call = CallFacts(source="test", type_text=type_text, narrative=narrative, place="private_residence")

    first = evaluate(call, us_default(), NOON).plan.steps[0].slots

    fire = {slot.capabilities: slot.count for slot in first if slot.responder_type == "fire"}
    assert fire == {frozenset(): 4, frozenset({"command"}): 1}
