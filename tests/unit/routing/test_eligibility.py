from datetime import timedelta

import pytest
from tests.unit.routing.a_roster import NOW, SCENE, a_slot, a_unit

from dispatch.domain.geo import LatLon
from dispatch.domain.unit import UnitStatus
from dispatch.routing.candidates import serves, speaks
from dispatch.routing.eligibility import Question, is_on_duty, refusals
from dispatch.routing.reasons import Reason, sentence

SQUARE = ((-125.0, 44.0), (-124.8, 44.0), (-124.8, 44.1), (-125.0, 44.1))
QUESTION = Question(at=NOW, position=SCENE, priority=2)


def test_a_unit_on_duty_and_free_is_refused_nothing() -> None:
    assert refusals(a_unit(), a_slot(), QUESTION) == ()


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"responder_type": "fire"}, ("wrong_type",)),
        ({"status": UnitStatus.ON_SCENE, "active_assignments": 1, "incident": "1042"}, ("busy:1042",)),
        ({"status": UnitStatus.ASSIGNED}, ("busy",)),
        ({"active_assignments": 1}, ("busy",)),
        ({"capacity": 2, "active_assignments": 2}, ("at_capacity:2",)),
        ({"capacity": 2, "active_assignments": 1}, ()),
        ({"status": UnitStatus.OFF_DUTY}, ("off_duty",)),
        ({"on_shift_until": NOW}, ("off_duty",)),
        ({"on_shift_from": NOW + timedelta(minutes=1)}, ("off_duty",)),
        ({"status": UnitStatus.OUT_OF_SERVICE, "crew": 0}, ("out_of_service", "below_minimum_staffing:0/1")),
        ({"status": UnitStatus.EMERGENCY}, ("emergency",)),
        ({"resting_until": NOW + timedelta(minutes=5)}, ("resting:2026-11-23T14:05:00.000Z",)),
        ({"resting_until": NOW}, ()),
        ({"area": (SQUARE,)}, ()),
        ({"area": (tuple((lon + 1, lat) for lon, lat in SQUARE),)}, ("outside_area",)),
    ],
)
def test_every_reason_is_given_and_the_decisive_one_first(changes: dict[str, object], reasons: tuple[str, ...]) -> None:
    assert refusals(a_unit(**changes), a_slot(), QUESTION) == reasons


def test_a_car_that_leads_others_is_no_crew_and_goes_where_somebody_to_lead_is_asked_for() -> None:
    chief = a_unit(commands=True, capabilities=frozenset({"command"}))

    assert refusals(chief, a_slot(), QUESTION) == ("commands",)
    assert refusals(chief, a_slot(capabilities=frozenset({"command"})), QUESTION) == ()


def test_a_unit_without_a_shift_is_off_duty_whatever_its_status_says() -> None:
    assert not is_on_duty(a_unit(on_shift_until=None), NOW)


def test_an_unknown_place_or_area_excludes_nobody() -> None:
    assert serves(None, SCENE)
    assert serves((SQUARE,), None)
    assert serves((SQUARE,), SCENE)
    assert not serves((SQUARE,), LatLon(44.2, -124.9))


@pytest.mark.parametrize(
    ("wanted", "expected"), [("es", True), ("es-MX", True), ("ES", True), ("fr", False), (None, True)]
)
def test_a_language_is_understood_across_its_regions(wanted: str | None, expected: bool) -> None:
    assert speaks(a_unit(languages=frozenset({"en", "es-419"})), wanted) is expected


@pytest.mark.parametrize("code", list(Reason))
def test_every_code_has_a_sentence_with_and_without_detail(code: Reason) -> None:
    assert sentence(f"{code.value}:some_detail").endswith(".")
    assert sentence(code.value).endswith(".")
