"""Sentences written before the policy had read them: what was tuned on holds, what the others miss is known by name."""

from functools import cache

import pytest
from evaluation.deciding import MOMENT, Judge
from evaluation.unseen import SETS, Sentence, is_wrong, read_sentences

from dispatch.domain.call import CallFacts
from dispatch.triage.decision import TriageDecision
from dispatch.triage.questions import with_questions

WRITTEN = [one for file in SETS.values() for one in read_sentences(file)]
TUNED_ON = [one for one in WRITTEN if one.half in ("development", "released")]
HELD_OUT = [one for one in WRITTEN if one.half == "held_out"]
# Left as they were found until a newer set is written: mending them now would leave no honest figure.
KNOWN_GAPS = {
    "ex keeps sending her photos of her own front door from tonight, she is alone",
    "my wife is parked on the tracks and wont answer",
    "student emailed the counselor at 2am that this is the last one she will send",
    "grandma ate, then stood up, then one side of her mouth went down",
    "guy in the bus shelter, foam on his lips, twitching",
    "two in the stairwell nodding, one is purple",
    "my son took a blue pill from a friend and his breaths are way apart",
    "she woke up without clothes and does not know those men",
    "deputy is on the ground with a guy on top of him by exit 9",
    "they are shooting a music video in the alley, blocking the dumpsters",
    "he stabbed me in the back on the deal and wont return my deposit",
    "the pharmacy gave me the wrong amount of shots for my diabetic cat",
    "teens filming a fake robbery for class, teacher is with them",
    "left my hunting knife at the campground, want to report it lost",
}


@cache
def judge() -> Judge:
    return Judge()


@pytest.mark.parametrize("one", TUNED_ON, ids=lambda one: one.says)
def test_a_sentence_that_the_grammar_was_tuned_on_is_answered_right(one: Sentence) -> None:
    assert not is_wrong(judge(), one)


def test_the_held_out_sentences_go_wrong_only_where_it_is_known() -> None:
    assert {one.says for one in HELD_OUT if is_wrong(judge(), one)} == KNOWN_GAPS


@pytest.mark.parametrize("says", ["REP", "dpw", "NPAT", "rep muni"])
def test_an_abbreviation_that_the_policy_knows_is_no_language_that_nobody_reads(says: str) -> None:
    decision = decided(says, "PETTY THEFT")

    assert "NU-01" not in {reason.rule for reason in decision.reasons}


@pytest.mark.parametrize("says", ["hilfe", "aidez", "ajuda", "XQTD"])
def test_one_short_word_that_nobody_knows_may_be_all_that_somebody_could_say(says: str) -> None:
    decision = decided(says, "NOISE COMPLAINT")

    assert "NU-01" in {reason.rule for reason in decision.reasons}
    assert "police" in {slot.responder_type for slot in decision.plan.steps[0].slots}


def decided(says: str, type_text: str = "WELFARE CHECK") -> TriageDecision:
    return judge().decide(type_text, says)


def test_words_that_the_policy_does_not_know_keep_civilians_from_going_alone() -> None:
    decision = decided("qorv blenthic mustraphe yondel krib")

    assert decision.needs_human
    assert "narrative_not_understood" in decision.warnings
    assert {slot.responder_type for slot in decision.plan.steps[0].slots} <= {"police", "co_responder"}
    team = next(verdict for verdict in decision.programs if verdict.program == "behavioral-health-team")
    assert (team.verdict.value, team.reasons[0]) == ("cannot_tell", "cannot_tell:understood")


@pytest.mark.parametrize(
    ("says", "because"),
    [
        ("помогите", "(a word in Cyrillic letters, which the policy does not read)"),
        ("he keeps saying 他有刀", "(a word in Chinese letters, which the policy does not read)"),
        ("music is loud, معه سكين", "(a word in Arabic letters, which the policy does not read)"),
        ("loud music 🪓", "(a sign that the policy does not know)"),
        ("music \ufffd\ufffd", "(a sign that the policy does not know)"),
        ("au secours", "(a word the policy does not know)"),
    ],
)
def test_one_word_that_nobody_can_read_is_shown_and_is_enough(says: str, because: str) -> None:
    decision = decided(says, "NOISE COMPLAINT")

    assert (decision.priority, decision.needs_human) == (2, True)
    assert [slot.responder_type for slot in decision.plan.steps[0].slots] == ["police"]
    shown = decision.facts["understood"].evidence[0]
    assert (shown.phrase, says[shown.start : shown.end]) == (because, shown.quote)


@pytest.mark.parametrize(
    "says", ["loud music 🙄", "a dog 🐕 barking", "Kowalski residence", "1420 Elm", "...", "los vecinos tienen fiesta"]
)
def test_harmless_pictures_names_and_spanish_keep_nobody_from_a_noise(says: str) -> None:
    assert "understood" not in decided(says, "NOISE COMPLAINT").facts


def test_a_type_in_letters_that_the_policy_cannot_read_is_not_made_harmless_by_the_narrative() -> None:
    decision = decided("loud music", "ПОЖАР")

    assert (decision.category, decision.priority, decision.needs_human) == ("quality_of_life", 2, True)
    assert decision.facts["understood"].evidence[0].text_of == "call_type"


def test_a_person_who_has_read_it_may_say_that_it_was_understood() -> None:
    answered = judge().decide("NOISE COMPLAINT", "у него громкая музыка", answers={"understood": "yes"})

    assert (answered.priority, answered.needs_human) == (4, False)
    asked = with_questions(
        decided("у него громкая музыка", "NOISE COMPLAINT"),
        CallFacts("evaluation", None, "NOISE COMPLAINT", "у него громкая музыка"),
        judge().policy,
        MOMENT,
    )
    assert "understood" in [question.fact for question in asked.questions]


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


@pytest.mark.parametrize(
    ("type_text", "says"),
    [
        ("PARKING", "driver of the truck flipped me off and left"),
        ("PARKING", "car parked on its side of the driveway"),
        ("ANIMAL COMPLAINT", "a snake got in her garage"),
        ("NEIGHBOR DISPUTE", "wife says she is better off without him"),
        ("HOMELESS CONCERN", "man asking for a coat, it is cold tonight"),
        ("JUVENILE COMPLAINT", "kids in the back seat singing, windows down"),
        ("CITIZEN ASSIST", "mother has dementia, wants a hand to carry her groceries home"),
        ("CITIZEN ASSIST", "power is out on our street since noon"),
        ("NOISE COMPLAINT", "cracks in the ceiling from the bass upstairs"),
        ("NOISE COMPLAINT", "neighbors playing live music with shell drums"),
        ("CITIZEN ASSIST", "shocked by the size of my bill, wants to talk to somebody"),
        ("JUVENILE COMPLAINT", "teens smoking in the park"),
        ("PARKING", "car has a tracker, tow company says it is theirs"),
    ],
)
def test_words_of_the_newer_classes_that_mean_no_harm_bring_nobody(type_text: str, says: str) -> None:
    assert not is_wrong(judge(), Sentence("", "benign", "", type_text, says))


@pytest.mark.parametrize(
    ("type_text", "says"),
    [
        ("PARKING", "he drove right at the guard and he had to jump"),
        ("PARKING", "suv overturned by the exit"),
        ("HOMELESS CONCERN", "man sitting in the snow barefoot and no coat"),
        ("ANIMAL COMPLAINT", "rattlesnake bit the hiker on the ankle"),
        ("CITIZEN ASSIST", "electricity went out and my mothers ventilator is beeping"),
        ("WELFARE CHECK", "my dad has alzheimers and he walked out an hour ago"),
        ("CITIZEN ASSIST", "kid in the car seat, all windows up, it is hot out"),
        ("WELFARE CHECK", "little girl in a diaper on the highway"),
        ("JUVENILE COMPLAINT", "boy aimed something black at the bus"),
        ("CITIZEN ASSIST", "plumber got zapped by the water heater"),
        ("CITIZEN ASSIST", "uncle stopped speaking mid word"),
        ("NEIGHBOR DISPUTE", "she is violating the restraining order right now"),
        ("NOISE COMPLAINT", "flickering glow from the roof next door"),
        ("ANIMAL COMPLAINT", "cow got out and trampled a walker"),
        ("JUVENILE COMPLAINT", "teens walking on the frozen river"),
        ("WELFARE CHECK", "lady in the car mouthed call police to me"),
        ("WELFARE CHECK", "mi vecino cayo de la escalera y no siente los pies"),
        ("FOUND PROPERTY", "old dynamite in the shed"),
    ],
)
def test_danger_of_the_newer_classes_is_read_in_other_words_than_those_it_was_mended_for(
    type_text: str, says: str
) -> None:
    assert not is_wrong(judge(), Sentence("", "danger", "", type_text, says))


def test_a_report_is_over_only_where_the_type_calls_it_one() -> None:
    assert decided("", "THEFT REPORT").reasons[0].rule == "RP-09"
    assert decided("theft report of male grabbing bottles", "THEFT").plan.steps[0].slots[0].responder_type == "police"
