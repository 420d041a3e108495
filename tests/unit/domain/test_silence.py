"""When positions stop: one alarm for a unit, one for a feed, and nothing twice."""

from datetime import UTC, datetime, timedelta

from dispatch.domain.silence import Reporting, silences

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)


def a_unit(name: str, ago_s: int, agency: str = "police", kind: str = "police", limit_s: int | None = 300) -> Reporting:
    return Reporting(name, name.upper(), agency, kind, NOW - timedelta(seconds=ago_s), limit_s)


def fleet(agency: str, silent: int, of: int, kind: str = "police") -> list[Reporting]:
    return [a_unit(f"{agency}{n}", 900 if n < silent else 5, agency, kind) for n in range(of)]


def test_a_unit_beyond_its_limit_is_told_of_and_one_at_the_limit_is_not() -> None:
    found = silences([a_unit("a", 301), a_unit("b", 300), a_unit("c", 9999, limit_s=None)], NOW)

    assert list(found) == ["a"]
    assert (found["a"].agency_id, found["a"].responder_type, found["a"].is_group) == ("police", "police", False)


def test_two_of_many_are_told_one_by_one() -> None:
    assert sorted(silences(fleet("police", 2, 10), NOW)) == ["police0", "police1"]


def test_a_third_of_a_fleet_is_told_one_by_one_and_half_of_it_is_one_feed() -> None:
    assert sorted(silences(fleet("police", 3, 9), NOW)) == ["police0", "police1", "police2"]

    found = silences(fleet("police", 3, 6), NOW)

    assert list(found) == ["positions:police"]
    assert (len(found["positions:police"].units), found["positions:police"].of) == (3, 6)


def test_a_dead_server_of_all_agencies_is_one_alarm_and_not_three_hundred() -> None:
    watched = [*fleet("police", 150, 150), *fleet("fire", 100, 100), *fleet("care", 48, 50)]

    [one] = silences(watched, NOW).values()

    assert (one.subject, len(one.units), one.of, one.agency_id) == ("positions", 298, 300, None)


def test_a_dead_server_of_one_agency_is_that_agencys_alarm() -> None:
    found = silences([*fleet("police", 40, 40), *fleet("fire", 1, 60)], NOW)

    assert sorted(found) == ["fire0", "positions:police"]
    assert found["positions:police"].agency_id == "police"


def test_units_known_to_few_are_a_group_of_their_own_and_count_in_no_other() -> None:
    few = fleet("harbor", 4, 4, "cvi")
    alone = silences([*fleet("police", 0, 5), *fleet("fire", 0, 5), *few], NOW)
    without = silences([*fleet("police", 3, 5), *fleet("fire", 3, 5)], NOW)
    beside = silences([*fleet("police", 3, 5), *fleet("fire", 3, 5), *few], NOW)

    assert [(one.subject, one.responder_type) for one in alone.values()] == [("positions:harbor:cvi", "cvi")]
    assert beside["positions"] == without["positions"]


def test_a_unit_that_was_told_of_stays_told_when_its_feed_follows() -> None:
    watched = fleet("police", 6, 6)

    assert sorted(silences(watched, NOW, told=["police2"])) == ["police2", "positions:police"]


def test_what_is_left_when_a_feed_recovers_is_told_one_by_one() -> None:
    found = silences(fleet("police", 2, 30), NOW, told=["positions:police"])

    assert sorted(found) == ["police0", "police1"]
