"""Published formulas: the published counts give the published figures, and what nobody can tell is in no count."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.formula import Facts, Formula, Known, both, figure, no, share
from dispatch.domain.published_formulas import FORMULAS

known = st.sampled_from([True, False, None])
facts = st.builds(Facts, *(known for _ in fields(Facts))).map(
    lambda one: replace(one, anybody_came=True) if one.came else one
)
ALL_NAMED = frozenset({"own_types", "diverted_types"})


@pytest.mark.parametrize(
    ("formula", "numerator", "denominator", "published"),
    [
        pytest.param(one, *found.counts, found.share, id=f"{one.name}: {found.by}")
        for one in FORMULAS
        for found in one.published
        if found.counts is not None
    ],
)
def test_the_published_counts_give_the_published_figure(
    formula: Formula, numerator: int, denominator: int, published: float
) -> None:
    value = share(formula, numerator, denominator)

    assert value is not None
    # Some are published as whole percents, of counts that are said to be rough.
    assert value == pytest.approx(published, abs=0.0001 if published * 100 % 1 else 0.006)


def test_the_six_formulas_of_one_city_and_year_differ_by_more_than_eight_times() -> None:
    rates = {one.name: one.published[0].share for one in FORMULAS if one.name.startswith("eugene")}

    assert len(rates) == 7  # the sixth has a low and a high
    assert max(rates.values()) / min(rates.values()) > 8


def test_every_formula_says_what_it_counts_and_where_it_comes_from() -> None:
    assert len({one.name for one in FORMULAS}) == len(FORMULAS)
    for one in FORMULAS:
        assert all((one.title, one.numerator, one.denominator, one.limits))
        assert all(found.source and 0 < found.share < 1 for found in one.published)


def test_the_glossary_has_every_formula_as_it_is() -> None:
    glossary = (Path(__file__).parents[3] / "docs" / "glossary.md").read_text("utf-8")

    for one in FORMULAS:
        said = "; ".join(f"{found.by}, {found.period}: {found.share:.1%}" for found in one.published)
        assert f"| `{one.name}` | {one.numerator} | {one.denominator} | {said or 'no figure found'} |" in glossary


@given(st.lists(st.tuples(facts, st.integers(1, 5)), max_size=12))
def test_each_incident_is_counted_or_missing_and_a_share_of_one_whole_is_at_most_one(
    told: list[tuple[Facts, int]],
) -> None:
    for formula in FORMULAS:
        found = figure(formula, told, named=ALL_NAMED)

        assert 0 <= found.missing <= sum(number for _, number in told)
        if formula.name != "eugene_welfare_high":
            assert found.numerator <= found.denominator
        assert (found.value is None) == (found.denominator == 0)


@given(facts)
def test_what_becomes_known_moves_an_incident_out_of_the_missing_and_changes_no_other_answer(one: Facts) -> None:
    """No formula guesses: it says yes or no only when it says so whatever the unknown turns out to be."""
    values = {field.name: getattr(one, field.name) for field in fields(Facts)}
    for formula in FORMULAS:
        said = formula.counts(one)
        if said is None:
            continue
        for guess in (True, False):
            settled = Facts(**{name: guess if value is None else value for name, value in values.items()})
            assert formula.counts(settled) is said


def test_a_formula_whose_question_lacks_what_it_needs_has_no_value() -> None:
    seen = Facts(*(True for _ in fields(Facts)))
    needy = next(one for one in FORMULAS if one.needs == ("diverted_types",))

    assert figure(needy, [(seen, 1)]).value is None
    assert figure(needy, [(seen, 1)], named=ALL_NAMED).value == 0.74


@pytest.mark.parametrize(
    ("values", "together"),
    [((True, True), True), ((True, None), None), ((None, False), False), ((False, True), False), ((), True)],
)
def test_a_no_is_enough_and_what_is_unknown_stays_so(values: tuple[Known, ...], together: Known) -> None:
    assert both(*values) is together
    assert no(None) is None
