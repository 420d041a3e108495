"""What two lists of a sender say about each other, and when a list is not believed."""

from datetime import UTC, datetime

from dispatch.domain.listing import LastListed, Listed, compare

THEN = datetime(2026, 11, 23, 14, tzinfo=UTC)


def _before(*refs: str, gone: str = "") -> list[LastListed]:
    listed = [LastListed(ref, (f"E{ref}",)) for ref in refs]
    return [*listed, *(LastListed(ref, (f"E{ref}",), THEN) for ref in gone.split())]


def _now(*refs: str) -> list[Listed]:
    return [Listed(ref, (f"E{ref}",)) for ref in refs]


def test_what_is_new_gone_and_back_is_told_apart() -> None:
    found = compare(_before("a", "b", gone="c d"), _now("b", "c", "e"))

    assert (found.new, found.still, found.vanished, found.reappeared) == (("e",), ("b",), ("a",), ("c",))
    assert (found.changed, found.doubted) == ((), False)


def test_other_units_on_a_call_are_a_change_and_another_order_is_none() -> None:
    before = [LastListed("a", ("E1", "E2")), LastListed("b", ("E3",))]

    assert compare(before, [Listed("a", ("E2", "E1")), Listed("b", ("E3", "M1"))]).changed == ("b",)


def test_nothing_vanishes_from_a_list_with_rows_that_could_not_be_read() -> None:
    found = compare(_before("a", "b"), _now("b"), is_whole=False)

    assert (found.missing, found.vanished, found.doubted) == (("a",), (), False)


def test_an_empty_list_is_believed_only_the_second_time() -> None:
    first = compare(_before("a", "b"), [])
    second = compare(_before("a", "b"), [], was_doubted=True)

    assert (first.vanished, first.doubted) == ((), True)
    assert (second.vanished, second.doubted) == (("a", "b"), False)


def test_a_long_list_of_which_most_is_gone_is_doubted_and_a_short_one_is_not() -> None:
    long = [f"c{n}" for n in range(20)]

    assert compare(_before(*long), _now(*long[:4])).doubted
    assert not compare(_before(*long), _now(*long[:5])).doubted
    assert not compare(_before("a", "b", "c"), _now("z")).doubted


def test_a_list_after_an_empty_one_begins_anew() -> None:
    found = compare(_before(gone="a b"), _now("a", "z"))

    assert (found.reappeared, found.new, found.vanished, found.doubted) == (("a",), ("z",), (), False)
