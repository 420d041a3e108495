"""The pages of policies under docs/policies/ say what the policies say now."""

from pathlib import Path

import pytest
from tests.unit.policies.shipped import pack

from dispatch.policies import shipped_ids
from dispatch.triage.docs import policy_page

PAGES = Path(__file__).parents[2] / "docs" / "policies"


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_is_what_the_policy_generates(page: Path) -> None:
    fix = f"dispatch policy docs {page.stem} --out docs/policies"

    assert page.read_text(encoding="utf-8") == policy_page(pack(page.stem)), f"run: {fix}"


def test_every_policy_that_ships_has_a_page_and_no_page_is_of_another() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == set(shipped_ids())
