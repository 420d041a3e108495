from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.routing.a_roster import NOW, SCENE, km_north

from dispatch.domain.geo import LatLon, distance_m
from dispatch.routing.travel import PROFILES, TURNOUT, StraightLine, distances_km, turnout_s

places = st.builds(LatLon, st.floats(-89, 89), st.floats(-179, 179))


@given(st.lists(places, max_size=5), places)
def test_distances_of_many_are_those_of_each(origins: list[LatLon], scene: LatLon) -> None:
    expected = [distance_m(origin, scene) / 1000 for origin in origins]

    assert distances_km(origins, scene) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("km", [0.0, 1.0, 3.5])
def test_urgent_fire_and_ems_travel_as_was_measured(km: float) -> None:
    for kind in ("fire", "ems"):
        (seconds,) = StraightLine().travel_s([km_north(km)], SCENE, kind, NOW, urgent=True)
        assert seconds == pytest.approx(60 * (2.28 + 1.04 * km), rel=1e-3)


def test_without_lights_and_siren_everybody_is_slower_or_as_fast() -> None:
    for kind in ("fire", "ems", "police", "community_responder"):
        urgent, routine = (StraightLine().travel_s([km_north(3)], SCENE, kind, NOW, urgent=u)[0] for u in (True, False))
        assert urgent is not None
        assert routine is not None
        assert urgent <= routine


@given(st.lists(st.floats(0, 50), min_size=2, max_size=6))
def test_nearer_is_never_slower_and_the_order_given_is_kept(distances: list[float]) -> None:
    times = StraightLine().travel_s([km_north(km) for km in sorted(distances)], SCENE, "police", NOW, urgent=False)

    assert times == sorted(times, key=lambda seconds: seconds or 0)


def test_the_hour_slows_travel_only_where_local_time_is_known() -> None:
    rush = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # 08:00 in Los Angeles
    pacific = StraightLine(zone=ZoneInfo("America/Los_Angeles"))

    (plain,) = StraightLine().travel_s([km_north(2)], SCENE, "ems", rush, urgent=True)
    (slowed,) = pacific.travel_s([km_north(2)], SCENE, "ems", rush, urgent=True)

    assert plain is not None
    assert slowed == pytest.approx(plain * 1.15)


def test_every_figure_names_its_source() -> None:
    assert all(profile.source for profile in PROFILES.values())
    assert all(turnout.source for turnout in TURNOUT.values())
    assert turnout_s("fire") == 80
    assert turnout_s("a type of the city's own") > 0
