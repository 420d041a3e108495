"""Whom a plan offers its next step by itself."""

import pytest

from dispatch.domain.assignment import OfferRule
from dispatch.domain.chain import Lead, StepOutlook, to_offer


def _lead(unit: str, crew: str | None = None, *, is_pick: bool = False, is_offered: bool = True) -> Lead:
    return Lead(f"unt_{unit}", unit, "primary", is_offered, 300, is_pick, crew or unit)


LEADS = (_lead("A", is_pick=True), _lead("B1", "b"), _lead("B2", "b"), _lead("P1", is_offered=False), _lead("C"))


@pytest.mark.parametrize(
    ("offer", "asked"),
    [(OfferRule.FIRST_OF, ["A", "B1", "C"]), (OfferRule.ALL_OF, ["A"]), (None, [])],
)
def test_a_crew_is_asked_with_one_of_its_vehicles_and_nobody_is_ordered(
    offer: OfferRule | None, asked: list[str]
) -> None:
    """Two vehicles of one crew cannot be offered at once: the whole offer would be refused, and nobody be asked."""
    assert [lead.call_sign for lead in to_offer(StepOutlook(1, offer=offer, leads=LEADS))] == asked
