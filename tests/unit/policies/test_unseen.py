"""Sentences written before the grammar: all that were tuned on hold, and what the others miss is known by name."""

from functools import cache

import pytest
from evaluation.deciding import Judge
from evaluation.unseen import SETS, Sentence, is_wrong, read_sentences

from dispatch.triage.decision import TriageDecision

WRITTEN = [one for file in SETS.values() for one in read_sentences(file)]
TUNED_ON = [one for one in WRITTEN if one.half == "development"]
HELD_OUT = [one for one in WRITTEN if one.half == "held_out"]
# Left as they were found: mending them would turn the only honest figure into another fitted one.
KNOWN_GAPS = {
    "sounds like someone getting thrown into furniture, female begging",
    "boy getting jumped behind the school",
    "someone left a grenade lookin thing in the donation bin",
    "dialysis shunt wont stop, towels are soaked red",
    "people screaming at the football game on tv",
    "bass is killing me, cant sleep",
    "kids cutting through my yard to the bus",
    "boys jumping off the swing, very loud",
    "says next time he sees my dog or me he will put us both in the ground",
    "purse in alley w/ blood all over it and a ripped shirt",
    "guy w/ sign threw hot coffee in my face when i said no",
    "car parked on the bridge shoulder, driver is over the guardrail looking down",
    "my brother asked me to look after his kids for good and drove off w/ a rope",
    "mi hijo dice que ya no quiere vivir y se encerro con una soga",
    "stung by bees like 50 times, tongue is getting fat",
    "whole family woke up w/ headaches and puking, furnace is old",
    "found a box of kitchen knives left at the thrift drop off",
    "karaoke til 2, singers are dying up there",
}


@cache
def judge() -> Judge:
    return Judge()


@pytest.mark.parametrize("one", TUNED_ON, ids=lambda one: one.says)
def test_a_sentence_that_the_grammar_was_tuned_on_is_answered_right(one: Sentence) -> None:
    assert not is_wrong(judge(), one)


def test_the_held_out_sentences_go_wrong_only_where_it_is_known() -> None:
    assert {one.says for one in HELD_OUT if is_wrong(judge(), one)} == KNOWN_GAPS


def decided(says: str, type_text: str = "WELFARE CHECK") -> TriageDecision:
    return judge().decide(type_text, says)


def test_words_that_the_policy_does_not_know_keep_civilians_from_going_alone() -> None:
    decision = decided("qorv blenthic mustraphe yondel krib")

    assert decision.needs_human
    assert "narrative_not_understood" in decision.warnings
    assert {slot.responder_type for slot in decision.plan.steps[0].slots} <= {"police", "co_responder"}
    team = next(verdict for verdict in decision.programs if verdict.program == "behavioral-health-team")
    assert (team.verdict.value, team.reasons[0]) == ("cannot_tell", "cannot_tell:understood")


@pytest.mark.parametrize("says", ["mail piling up", "man with a knife", "she is not breathing", "no weapons"])
def test_what_is_not_understood_is_never_safer_than_what_is(says: str) -> None:
    plain, more = decided(says), decided(f"{says}. qorv blenthic mustraphe yondel krib waxil")

    assert more.priority <= plain.priority
    assert more.needs_human
    coming = {slot.responder_type for slot in more.plan.steps[0].slots}
    assert {s.responder_type for s in plain.plan.steps[0].slots} & {"police", "fire", "ems"} <= coming


@pytest.mark.parametrize(
    ("type_text", "says"),
    [
        ("CITIZEN ASSIST", "old man on the floor two days, moaning"),
        ("FOUND PROPERTY", "capped pipe with wires"),
        ("CITIZEN ASSIST", "six days without dialysis, feels heavy"),
        ("ANIMAL COMPLAINT", "pit bull got my son by the leg"),
        ("WELFARE CHECK", "sister sent me a goodbye text and turned off her phone"),
        ("PARKING", "man sitting on the edge of the parking garage roof"),
    ],
)
def test_danger_that_a_second_reader_told_in_other_words_is_read(type_text: str, says: str) -> None:
    assert not is_wrong(judge(), Sentence("", "danger", "", type_text, says))


def test_a_report_is_over_only_where_the_type_calls_it_one() -> None:
    assert decided("", "THEFT REPORT").reasons[0].rule == "RP-09"
    assert decided("theft report of male grabbing bottles", "THEFT").plan.steps[0].slots[0].responder_type == "police"
