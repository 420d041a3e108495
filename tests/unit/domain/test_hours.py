from datetime import UTC, datetime

from dispatch.domain.hours import Span, collisions


def _span(whose: str, begins: int, ends: int) -> Span:
    return Span(whose, datetime(2026, 11, 23, begins, tzinfo=UTC), datetime(2026, 11, 23, ends, tzinfo=UTC))


def test_spans_that_touch_and_those_of_others_do_not_collide() -> None:
    assert collisions([_span("a", 8, 12), _span("a", 12, 16), _span("b", 9, 15)]) == []


def test_a_span_inside_a_longer_one_and_the_next_after_it_both_collide_with_the_longer() -> None:
    long, inside, late = _span("a", 8, 18), _span("a", 9, 10), _span("a", 17, 20)

    assert collisions([late, inside, long]) == [(long, inside), (long, late)]


def test_a_span_without_length_collides_with_nothing() -> None:
    assert collisions([_span("a", 8, 18), _span("a", 9, 9)]) == []
