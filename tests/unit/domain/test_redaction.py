from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.access import Principal, Role
from dispatch.domain.redaction import (
    redacted_assignment,
    redacted_call,
    redacted_caller,
    redacted_event,
    redacted_places,
)

CALL = {
    "source": "cad-east",
    "narrative": "neighbor not seen",
    "caller": {"name": "Mara Voss", "phone": "555-0101", "language": "es", "relation": "family", "wants": "no_police"},
    "location": {"lat": 44.052931, "lon": -124.904417, "address": "4217 Oak St Apt 3", "place": "private_residence"},
}


def of_role(role: Role) -> Principal:
    return Principal("alder-bay", "tok_1", role)


def test_the_dispatch_floor_sees_the_call_as_it_came() -> None:
    assert redacted_call(CALL, of_role(Role.CALL_TAKER)) == CALL


def test_without_permission_nobody_learns_who_called_or_at_which_door() -> None:
    shown = redacted_call(CALL, of_role(Role.ANALYST))

    assert shown["caller"] == {"language": "es", "relation": "family", "wants": "no_police"}
    assert shown["location"] == {
        "lat": 44.053,
        "lon": -124.904,
        "address": None,
        "place": "private_residence",
    }
    assert CALL["location"]["address"] == "4217 Oak St Apt 3"  # type: ignore[index]


def test_fields_that_are_added_later_to_a_caller_are_hidden_until_somebody_decides() -> None:
    assert redacted_caller({"email": "m@example.org", "language": "en"}, of_role(Role.AUDITOR)) == {"language": "en"}


def test_a_call_without_caller_or_location_stays_as_it_is() -> None:
    bare = {"source": "x", "caller": None, "location": None}

    assert redacted_call(bare, of_role(Role.ANALYST)) == bare
    assert redacted_places({"lat": None, "address": None}, of_role(Role.ANALYST)) == {"lat": None, "address": None}


def test_places_are_cut_wherever_they_stand_and_whatever_they_stand_in() -> None:
    told = {
        "given": {"position": [44.052931, -124.904417]},
        "before": [{"address": "Flat 3, 17 Elm Rd", "lat": 44.05291}],
    }

    assert redacted_places(told, of_role(Role.AUDITOR)) == {
        "given": {"position": [44.053, -124.904]},
        "before": [{"address": None, "lat": 44.053}],
    }
    assert redacted_places(told, of_role(Role.DISPATCHER)) == told


@given(st.text(max_size=60))
def test_no_way_of_writing_an_address_survives(address: str) -> None:
    assert redacted_places({"address": address}, of_role(Role.INTEGRATION)) == {"address": None}


def test_why_and_with_what_result_other_agencies_acted_is_left_out() -> None:
    row = {
        **{"agency": "city-fire", "unit_id": "unt_1", "unit": "M1", "responder_type": "ems"},
        **{"reason": "near", "outcome": "handled", "note": "x"},
    }
    care = Principal("alder-bay", "tok_1", Role.SUPERVISOR, agencies=frozenset({"city-care"}))
    responder = Principal("alder-bay", "tok_1", Role.RESPONDER, unit="unt_1")
    partner = Principal("alder-bay", "tok_1", Role.RESPONDER, unit="unt_2")

    hidden = {**row, "reason": None, "outcome": None, "note": None}
    assert [redacted_assignment(row, one) for one in (care, partner)] == [hidden, hidden]
    assert [redacted_assignment(row, one) for one in (of_role(Role.AUDITOR), responder)] == [row, row]
    assert redacted_event(row, care) == hidden
    assert redacted_event({"note": "of the incident"}, care) == {"note": "of the incident"}
