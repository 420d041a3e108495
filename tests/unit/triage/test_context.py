"""What a mention means in its context, and that danger is easy to raise and hard to lower."""

import pytest
from tests.unit.triage.small_policy import decided


@pytest.mark.parametrize(
    ("text", "value", "note"),
    [
        ("no weapons", "none", None),
        ("caller denies any weapons", "none", None),
        ("WEAPONS: NONE", "none", None),
        ("NEG WPNS", "none", None),
        ("no weapons seen", "unknown", "none_seen"),
        ("did not see any weapons", "unknown", "none_seen"),
        ("weapons seen", "mentioned", None),
        ("not armed, possibly a knife", "mentioned", "uncertain"),
        ("unknown if no weapons", "mentioned", "uncertain"),
        ("no history of weapons", "none", None),
        ("had a gun last year", "unknown", "past:mentioned"),
        ("stabbing years ago", "unknown", "past:used"),
        ("afraid he might get a gun", "mentioned", "hypothetical:mentioned"),
        ("her brother owns a gun", "mentioned", "other_person"),
        ("no one holding a knife", "unknown", "denied:in_hand"),
        ("no. gun", "mentioned", None),
        ("no problem but a gun", "mentioned", None),
        ("no change, a gun", "mentioned", None),
        ("no one two three four five six gun", "mentioned", None),
        ("no, gun", "mentioned", None),
    ],
)
def test_a_weapon_is_read_in_its_context(text: str, value: str, note: str | None) -> None:
    reading = decided(text).facts["weapon"]

    assert (reading.value, reading.note) == (value, note)


def test_one_mention_of_danger_beats_any_number_of_denials() -> None:
    reading = decided("no weapons. no weapons. no weapons. he has a gun").facts["weapon"]

    assert (reading.value, reading.conflict) == ("mentioned", "none")
    assert [e.quote for e in reading.evidence] == ["gun"]


def test_a_comma_ends_a_denial_unless_or_closes_the_list() -> None:
    closed = decided("no weapons, smoke or injuries").facts
    opened = decided("no weapons, bleeding").facts

    assert (closed["fire_or_smoke"].value, closed["injury"].value) == ("no", "no")
    assert (opened["weapon"].value, opened["injury"].value) == ("none", "yes")


def test_a_phrase_that_holds_its_own_negator_is_no_denial() -> None:
    assert decided("patient is not breathing").facts["medical"].value == "life_threat"
    assert decided("denies that he can not breathe").facts["medical"].value == "life_threat"


def test_an_entry_may_say_that_its_denial_denies_everything() -> None:
    assert decided("no fighting now").facts["violence"].value == "none"
    assert decided("no fight").facts["violence"].note == "denied:physical"


def test_a_denied_topic_is_no_topic_and_a_feared_one_is() -> None:
    assert decided("no loud music").topics == ()
    assert decided("afraid he might play loud music").topics == ("noise",)


def test_what_nobody_mentions_is_unknown() -> None:
    reading = decided("loud music").facts["weapon"]

    assert (reading.value, reading.origin, reading.evidence) == ("unknown", "unknown", ())
