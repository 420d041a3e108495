"""Every published assignment of a city that has a pack is a case of a pack: none is left out without a word."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.policies import community_packs, other_packs

PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "programs" / "calltype_to_responder.csv"


def spoken_for() -> Iterator[tuple[str, int]]:
    """City and number of each row that some pack has a case for; their own tests hold the cases against the rows."""
    for packs in (community_packs.PACKS, other_packs.PACKS):
        for ranges in packs.values():
            for city, first, last in ranges:
                yield from ((city, number) for number in range(first, last + 1))


def test_every_published_row_of_a_city_with_a_pack_is_a_case_of_one() -> None:
    if not PUBLISHED.is_file():
        pytest.skip("needs the published assignments in ../shared/data/programs, which are not part of the project")
    with PUBLISHED.open(encoding="utf-8", newline="") as lines:
        rows = Counter(row["city"] for row in csv.DictReader(lines))
    told = set(spoken_for())
    cities = {city for city, _ in told}
    wanted = {(city, number) for city in cities for number in range(1, rows[city] + 1)}

    assert wanted - told == set()
    assert told - wanted == set()
    assert len(wanted) >= 360
