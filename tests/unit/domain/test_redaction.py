import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.access import Principal, Role
from dispatch.domain.redaction import block_of, redacted_call, redacted_caller, redacted_location

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
        "address": "4200 block Oak St",
        "place": "private_residence",
    }
    assert CALL["location"]["address"] == "4217 Oak St Apt 3"  # type: ignore[index]


def test_fields_that_are_added_later_to_a_caller_are_hidden_until_somebody_decides() -> None:
    assert redacted_caller({"email": "m@example.org", "language": "en"}, of_role(Role.AUDITOR)) == {"language": "en"}


def test_a_call_without_caller_or_location_stays_as_it_is() -> None:
    bare = {"source": "x", "caller": None, "location": None}

    assert redacted_call(bare, of_role(Role.ANALYST)) == bare
    assert redacted_location({"lat": None, "address": None}, of_role(Role.ANALYST)) == {"lat": None, "address": None}


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("100 Grove St", "100 block Grove St"),
        ("42 Elm Ave #7", "0 block Elm Ave"),
        ("1234B Pine Rd, Unit 9", "1200 block Pine Rd"),
        ("12-14 Quay St Floor 2", "0 block Quay St"),
        ("Oak St / 5th Ave", "Oak St / 5th Ave"),
        ("5th Ave", "5th Ave"),
        ("", ""),
    ],
)
def test_an_address_is_cut_to_its_block(address: str, block: str) -> None:
    assert block_of(address) == block


@given(st.integers(1, 99_999), st.sampled_from(["Oak St", "Harbor Blvd", "9th Ave"]))
def test_no_house_number_survives(number: int, street: str) -> None:
    block = block_of(f"{number} {street}")

    assert block == f"{number // 100 * 100} block {street}"
