from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES
from dispatch.domain.events import Event, EventType, event_of
from dispatch.domain.outcome import (
    OUTCOMES,
    Cleared,
    anyone_met,
    find_outcome,
    named_to_come,
    outcomes_for,
    still_awaited,
)
from dispatch.domain.responder import (
    Certification,
    CrewMember,
    crew_capabilities,
    lapsed_capabilities,
    lapsed_certifications,
    valid_certifications,
)
from dispatch.domain.transfer import OUTSIDE

TODAY = date(2026, 11, 23)
YESTERDAY = date(2026, 11, 22)
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
certifications = st.builds(
    Certification, st.sampled_from(["als", "bls", "cit-40h"]), days | st.none(), days | st.none()
)


def test_every_responder_type_has_outcomes_of_its_own_and_the_common_ones() -> None:
    for kind in SHIPPED_RESPONDER_TYPES:
        codes = {outcome.code for outcome in outcomes_for(kind)}
        assert {"handled", "referred_to", "refused", "no_contact", "other"} <= codes
        assert codes < {outcome.code for outcome in OUTCOMES}


def test_civilians_cannot_clear_with_an_arrest() -> None:
    may_arrest = {kind for kind in SHIPPED_RESPONDER_TYPES if any(one.code == "arrest" for one in outcomes_for(kind))}

    assert may_arrest == {"police", "co_responder"}


def test_outcomes_name_known_responder_types_once_each() -> None:
    assert len({outcome.code for outcome in OUTCOMES}) == len(OUTCOMES)
    known = {*SHIPPED_RESPONDER_TYPES, OUTSIDE}
    assert {kind for outcome in OUTCOMES for kind in outcome.responder_types} <= known
    assert find_outcome("a city's own") is None


def test_older_words_mean_what_they_meant_and_no_word_means_two_things() -> None:
    words = [word for outcome in OUTCOMES for word in (outcome.code, *outcome.formerly)]

    assert len(words) == len(set(words))
    assert (find_outcome("referred"), find_outcome("naloxone_given")) == (
        find_outcome("referred_to"),
        find_outcome("naloxone"),
    )


def test_a_free_text_that_names_the_police_is_no_mere_referral() -> None:
    assert named_to_come(" Police ") == "police"
    assert named_to_come("Police Activities League") is None
    left = Cleared("community_responder", "contact_made", datetime(2026, 11, 23, tzinfo=UTC), left_to=("police",))
    assert still_awaited([left]) == "referred_to_police"
    came = Cleared("police", "handled", datetime(2026, 11, 24, tzinfo=UTC))
    assert still_awaited([left, came]) is None


def test_somebody_was_met_when_one_unit_met_somebody() -> None:
    assert anyone_met(["gone_on_arrival", "de_escalated"]) is True
    assert anyone_met(["not_found", "handled"]) is False
    assert anyone_met(["handled"]) is None


def test_a_certificate_counts_on_its_last_day_and_not_after() -> None:
    held = [Certification("als", TODAY), Certification("bls", YESTERDAY), Certification("cpr")]

    assert valid_certifications(held, TODAY) == {"als", "cpr"}
    assert lapsed_certifications(held, TODAY) == {"bls"}


def test_a_certificate_that_is_not_issued_yet_does_not_count() -> None:
    assert valid_certifications([Certification("als", issued_on=TODAY)], YESTERDAY) == frozenset()


def test_one_colleague_in_date_is_enough_for_the_crew() -> None:
    crew = [
        CrewMember("rsp_1", frozenset({"driver"}), certifications=(Certification("als", YESTERDAY),)),
        CrewMember("rsp_2", certifications=(Certification("als", TODAY), Certification("bls", YESTERDAY))),
    ]

    assert crew_capabilities(crew, TODAY) == {"driver", "als"}
    assert lapsed_capabilities(crew, TODAY) == {"bls"}


@given(st.lists(certifications), days)
def test_a_certificate_is_valid_or_lapsed_and_never_both(held: list[Certification], on: date) -> None:
    valid, lapsed = valid_certifications(held, on), lapsed_certifications(held, on)

    assert not valid & lapsed
    assert valid | lapsed == {one.name for one in held}


def test_every_status_of_an_assignment_has_its_event() -> None:
    assert [event_of(status).value for status in AssignmentStatus] == [
        f"assignment.{status.value}" for status in AssignmentStatus
    ]


def test_events_are_named_noun_then_past_tense() -> None:
    assert all(kind.value.count(".") == 1 and kind.value == kind.value.lower() for kind in EventType)
    assert Event(EventType.CALL_RECEIVED, datetime(2026, 11, 23, tzinfo=UTC), "call_1", "tok_1").schema_version == 1
