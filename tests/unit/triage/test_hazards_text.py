"""hazards.yaml: a city adds kinds and is stricter with the shipped ones, never laxer, and every mistake is named."""

import pytest
from tests.support.city_policy import city_policy

from dispatch.domain.errors import PolicyInvalid
from dispatch.domain.hazard import CAUTION, SHIPPED_HAZARDS, Sensitivity
from dispatch.triage.policy import Policy, load_policy

GAS = "kind: gas_storage, sensitivity: ordinary, endangers: true, most_days: 180"


def _policy(hazards: str) -> Policy:
    return load_policy({**city_policy(), "hazards.yaml": hazards})


def _codes(row: str) -> set[str]:
    with pytest.raises(PolicyInvalid) as refused:
        _policy(f"hazards:\n  - {{{row}}}\n")
    return {problem.code for problem in refused.value.errors}


def test_a_policy_without_the_file_has_the_shipped_kinds() -> None:
    assert load_policy(city_policy()).hazards == SHIPPED_HAZARDS


def test_a_kind_of_the_city_stands_beside_the_shipped_ones() -> None:
    kinds = _policy(f"hazards:\n  - {{{GAS}, radius_m: 200}}\n").hazards

    gas = kinds.get("gas_storage")
    assert (gas.sensitivity, gas.endangers, gas.most_days, gas.radius_m) == (Sensitivity.ORDINARY, True, 180, 200.0)
    assert (gas.title, gas.warning) == ("gas storage", CAUTION)
    assert set(kinds.by_name) == {*SHIPPED_HAZARDS.by_name, "gas_storage"}


def test_what_a_row_leaves_out_of_a_shipped_kind_stays_as_it_was() -> None:
    weapon, shipped = _policy("hazards:\n  - {kind: weapon, most_days: 30}\n").hazards.get("weapon"), "weapon"

    was = SHIPPED_HAZARDS.get(shipped)
    assert weapon.most_days == 30
    assert (weapon.warning, weapon.sensitivity, weapon.endangers) == (was.warning, was.sensitivity, was.endangers)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("kind: infectious, sensitivity: ordinary", "weakens_privacy"),
        ("kind: weapon, endangers: false", "hides_danger"),
        ("kind: dog, most_days: 1097", "number"),
        ("kind: gas_storage, sensitivity: ordinary, endangers: true", "missing"),
        ("kind: gas_storage, sensitivity: ordinary, most_days: 9", "missing"),
        ("kind: gas_storage, endangers: true, most_days: 9", "missing"),
        ("kind: Gas Storage, sensitivity: ordinary, endangers: true, most_days: 9", "bad_name"),
        (f"{GAS}, warning: {'x' * 121}", "too_long"),
        ("kind: dog, radius_m: 2001", "number"),
        ("kind: dog, sensitivity: secret", "unknown_sensitivity"),
        ("kind: dog, colour: red", "unknown_key"),
    ],
)
def test_what_would_hide_a_danger_or_bare_a_record_or_cannot_be_read_is_named(row: str, code: str) -> None:
    assert _codes(row) == {code}
