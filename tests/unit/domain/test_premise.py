"""Places and hazards, by themselves: how far to look, what that tells, and what of a hazard is left for whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.access import Principal, Role
from dispatch.domain.errors import Invalid
from dispatch.domain.geo import LatLon, distance_m
from dispatch.domain.hazard import HEALTH, SHIPPED_HAZARDS, SHIPPED_KINDS, Sensitivity, label_of, require_expiry
from dispatch.domain.premise import Match, Place, Told, match_of, search_of, squares
from dispatch.domain.redaction import not_shown, redacted_event, redacted_hazard

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
HERE = LatLon(44.051, -124.901)
TYPES = ("police", "co_responder", "ems", "fire", "community_responder", "cvi", "homeless_outreach", "crisis_line")
PRINCIPALS = st.builds(
    Principal,
    st.just("c"),
    st.just("tok"),
    st.sampled_from(Role),
    agencies=st.none() | st.just(frozenset({"a"})),
    unit=st.none() | st.just("unt"),
    disciplines=st.frozensets(st.sampled_from(TYPES), max_size=3),
)
SECRET = "Quill"


def a_hazard(sensitivity: Sensitivity, endangers: bool) -> dict[str, Any]:
    return {
        "id": "hzd", "kind": f"of {SECRET}", "sensitivity": sensitivity.value, "endangers_responders": endangers,
        "warning": "Caution", "words": SECRET, "lat": 44.0512345, "lon": -124.9012345, "radius_m": 30.0,
        "address": "4217 Grove St", "door": "3b", "source_kind": "person", "source": SECRET, "incident_id": SECRET,
        "agency": SECRET, "author": SECRET, "created_at": NOW, "age_days": 0, "expires_at": NOW, "state": "in_force",
        "match": "near", "distance_m": 3.0, "reviewed_at": None, "reviewed_by": None, "withdrawn_at": None,
        "withdrawn_by": None, "withdrawn_reason": None,
    }  # fmt: skip


@given(PRINCIPALS, st.sampled_from(Sensitivity), st.booleans())
def test_a_danger_is_shown_to_everyone_and_a_record_to_nobody_who_may_not_read_it(
    who: Principal, sensitivity: Sensitivity, endangers: bool
) -> None:
    shown = redacted_hazard(a_hazard(sensitivity, endangers), who)

    if endangers:
        assert shown is not None
        assert shown["warning"] == "Caution"
    if not who.reads(sensitivity):
        assert (shown is None) is not endangers
        assert SECRET not in str(shown)
        assert sensitivity.value in not_shown(who)
    else:
        assert shown is not None
        assert shown["words"] == SECRET
    if shown is not None and not who.sees_place:
        assert (shown["lat"], shown["address"], shown["door"], shown["distance_m"]) == (44.051, None, None, None)


@given(PRINCIPALS)
def test_law_enforcement_reads_no_health_record_whatever_else_it_is(who: Principal) -> None:
    is_kept = who.agencies is not None or who.unit is not None
    if is_kept and who.disciplines & {"police", "co_responder", "cvi"}:
        assert not any(who.reads(one) for one in HEALTH)
    if is_kept and not who.disciplines:
        assert who.unseen_health() == HEALTH


@given(PRINCIPALS, st.sampled_from(Sensitivity))
def test_the_log_names_no_kind_of_a_record_to_disciplines_that_may_not_know_it(
    who: Principal, sensitivity: Sensitivity
) -> None:
    shown = redacted_event({"kind": SECRET, "sensitivity": sensitivity.value}, who)

    assert (SECRET in str(shown)) is (sensitivity not in who.unseen_health())


@pytest.mark.parametrize("kind", SHIPPED_KINDS, ids=lambda kind: kind.name)
def test_no_shipped_kind_stands_for_ever_and_its_warning_is_short(kind: Any) -> None:
    require_expiry(kind, kind.latest(NOW), NOW)
    for wrong in (NOW, kind.latest(NOW) + timedelta(seconds=1)):
        with pytest.raises(Invalid):
            require_expiry(kind, wrong, NOW)
    assert len(kind.warning) <= 120


def test_whether_a_health_record_may_hurt_must_be_said_and_what_may_hurt_cannot_be_unsaid() -> None:
    note, weapon = SHIPPED_HAZARDS.get("behavioral_health_note"), SHIPPED_HAZARDS.get("weapon")

    for kind, said in ((note, None), (weapon, False)):
        with pytest.raises(Invalid):
            label_of(kind, None, said, None)
    assert label_of(note, None, False, None).endangers is False
    assert label_of(weapon, Sensitivity.BEHAVIORAL_HEALTH, None, None).endangers is True


@given(st.floats(0, 1_000_000), st.floats(1, 2000), st.booleans())
def test_a_look_is_never_narrower_than_the_position_may_be_wrong_or_says_that_it_cannot_tell(
    uncertainty_m: float, asked: float, is_coarse: bool
) -> None:
    place = Place(HERE, uncertainty_m)
    search = search_of(place.to_the_block() if is_coarse else place, asked)

    assert search.radius_m is not None
    assert search.radius_m >= min(asked, 2000)
    if search.radius_m < uncertainty_m:
        assert search.told(0) is Told.CANNOT_TELL
    if is_coarse:
        assert search.place.address is None
        assert "position_withheld" in search.widened


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_the_block_of_a_position_is_searched_wide_enough_to_hold_the_position(lat: float, lon: float) -> None:
    block = Place(LatLon(lat, lon), 0.0).to_the_block()
    search = search_of(block, 1)

    assert block.position is not None
    assert search.radius_m is not None
    assert distance_m(block.position, LatLon(lat, lon)) <= search.radius_m


def test_nothing_found_without_a_position_or_an_address_cannot_tell() -> None:
    for place in (Place(), Place(address="100 grove st")):
        assert search_of(place).told(0) is Told.CANNOT_TELL
        assert search_of(place).told(1) is Told.FOUND
    assert search_of(Place(HERE, 10.0)).told(0) is Told.NONE_ON_RECORD


@given(
    st.floats(-84, 84), st.floats(-180, 179.999), st.floats(1, 2000), st.floats(-1, 1), st.floats(-1, 1),
    st.sampled_from([100, 500]),
)  # fmt: skip
def test_the_squares_hold_everything_within_the_radius(
    lat: float, lon: float, radius_m: float, up: float, right: float, per_degree: int
) -> None:
    reach = radius_m / 111_195.0
    other_lat = lat + up * reach
    other_lon = (lon + right * reach + 180) % 360 - 180
    other = LatLon(other_lat, other_lon)
    rows, columns = squares(LatLon(lat, lon), radius_m, per_degree)

    if distance_m(LatLon(lat, lon), other) <= radius_m * 0.999:
        assert float(int(other_lat * per_degree // 1)) in rows
        assert float(int(other_lon * per_degree // 1)) in columns


def test_the_same_street_in_another_town_is_another_address() -> None:
    search = search_of(Place(HERE, 10.0, "100 main st", "3"))

    assert match_of(search, Place(None, None, "100 main st", "3"), 30.0) is Match.SAME_DOOR
    assert match_of(search, Place(HERE, None, "100 main st", "4"), 30.0) is Match.OTHER_DOOR
    assert match_of(search, Place(HERE, None, "100 main st"), 30.0) is Match.SAME_ADDRESS
    assert match_of(search, Place(LatLon(44.2, -124.901), None, "100 main st"), 30.0) is None
    assert match_of(search, Place(LatLon(44.0512, -124.901), None, "102 main st"), 30.0) is Match.NEAR
