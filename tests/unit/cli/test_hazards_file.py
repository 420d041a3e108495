"""A file of hazards: taken whole, or refused with every bad line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.cli.importing.hazards import read_hazards_file
from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.geo import LatLon
from dispatch.domain.hazard import SourceKind

HEAD = (
    "kind,words,expires_at,source_kind,source,lat,lon,address,door,sensitivity,endangers_responders,radius_m,agency\n"
)


def _file(folder: Path, text: str) -> Path:
    path = folder / "hazards.csv"
    path.write_text(text)
    return path


def test_a_row_becomes_a_hazard_and_a_day_ends_at_its_end(tmp_path: Path) -> None:
    row = "hazardous_material,chlorine tank,2027-05-01,document,Tier II 114,44.06,-124.93,100 Grove St,,,true,300,\n"

    read = read_hazards_file(_file(tmp_path, HEAD + row))

    [one] = read.commands
    assert (one.kind, one.words, one.position, one.address) == (
        "hazardous_material", "chlorine tank", LatLon(44.06, -124.93), "100 Grove St"
    )  # fmt: skip
    assert (one.source_kind, one.source, one.radius_m, one.endangers) == (
        SourceKind.DOCUMENT,
        "Tier II 114",
        300.0,
        True,
    )
    assert one.expires_at == datetime(2027, 5, 1, 23, 59, 59, tzinfo=UTC)
    assert read.lines == [2]


def test_every_bad_line_is_named_with_its_column(tmp_path: Path) -> None:
    text = HEAD + (
        "dog,,2027-05-01,document,x,44,-124,,,,,,\n"
        "dog,biting,,document,x,44,-124,,,,,,\n"
        "dog,biting,2027-05-01,rumour,x,44,-124,,,,,,\n"
        "dog,biting,2027-05-01,document,x,,,,,,,,\n"
        "dog,biting,2027-05-01,document,x,44,-124,,,,,,\n"
    )

    with pytest.raises(Invalid) as refused:
        read_hazards_file(_file(tmp_path, text))

    assert [one.pointer for one in refused.value.errors] == [f"hazards.csv: line {n}" for n in (2, 3, 4, 5)]
    for one, column in zip(refused.value.errors, ("words", "expires_at", "source.kind", "place"), strict=True):
        assert one.detail.startswith(column)


def test_a_column_that_nobody_knows_or_that_is_missing_is_named_and_nothing_guessed(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        read_hazards_file(_file(tmp_path, "kind,words,expires,source_kind,source,address\n"))

    assert {one.detail for one in refused.value.errors} == {"'expires' is not a column", "'expires_at' is missing"}


def test_what_the_service_refuses_is_told_by_the_line_of_the_file(tmp_path: Path) -> None:
    rows = "\ndog,biting,2027-05-01,document,x,44,-124,,,,,,\nwolf,biting,2027-05-01,document,x,44,-124,,,,,,\n"
    read = read_hazards_file(_file(tmp_path, HEAD + rows))

    told = read.placed(Invalid("", errors=[FieldProblem("/1/kind", "unknown_kind", "Valid: dog.")]))

    assert [(one.pointer, one.detail) for one in told.errors] == [("hazards.csv: line 4", "kind: Valid: dog.")]
