"""Positions, addresses and cells as files really write them."""

import pytest

from dispatch.domain.geo import LatLon
from dispatch.ingest.cells import clean_cell, clean_label
from dispatch.ingest.places import OFF_MAP, UNREADABLE, ZERO, Box, join_address, read_point, read_position

TOWN = Box(36.0, -77.0, 37.0, -75.0)


@pytest.mark.parametrize(
    "text",
    [
        "POINT (-76.1 36.8)",
        "point(-76.1 36.8)",
        "SRID=4326;POINT (-76.1 36.8)",
        "(36.8, -76.1)",
        "36.8,-76.1",
        "[36.8, -76.1]",
    ],
)
def test_a_point_is_read_with_its_latitude_where_the_form_puts_it(text: str) -> None:
    assert read_point(text) == (36.8, -76.1)


@pytest.mark.parametrize("text", ["", "POINT EMPTY", "LINESTRING (1 2, 3 4)", "somewhere"])
def test_what_is_no_point_is_none(text: str) -> None:
    assert read_point(text) is None


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        ("36.8", "-76.1", (LatLon(36.8, -76.1), None)),
        ("0", "0", (None, ZERO)),
        ("0.0", "-0.0", (None, ZERO)),
        ("36.8", "76.1", (None, OFF_MAP)),
        ("4405000", "-11690000", (None, OFF_MAP)),
        ("nan", "nan", (None, OFF_MAP)),
        ("36,8", "-76,1", (None, UNREADABLE)),
        ("36.8", "", (None, UNREADABLE)),
        ("", "", (None, None)),
    ],
)
def test_only_a_position_on_the_map_of_the_file_is_believed(
    lat: str, lon: str, expected: tuple[object, object]
) -> None:
    assert read_position(lat, lon, TOWN) == expected


def test_an_address_is_joined_without_the_house_number_zero_of_a_corner() -> None:
    parts = [["0", "", "MAPLE", "AVE"], ["", "THIRD", ""]]

    assert join_address(parts, drop=["0"], between=" & ", city="Alder Bay") == "MAPLE AVE & THIRD, Alder Bay"


def test_an_address_of_nothing_is_nothing() -> None:
    assert join_address([["0", ""], [""]], drop=["0"], between=" & ", city="Alder Bay") is None


@pytest.mark.parametrize(("cell", "meant"), [('="010"', "010"), ("  415 ", "415"), ("=1+1", "=1+1"), ("", "")])
def test_a_code_that_a_spreadsheet_wrapped_in_a_formula_is_unwrapped(cell: str, meant: str) -> None:
    assert clean_cell(cell) == meant


@pytest.mark.parametrize(
    ("label", "meant"),
    [
        ("=NOISE", "NOISE"),
        ("#WELFARE", "WELFARE"),
        ("--FIGHT - IN PROGRESS", "FIGHT - IN PROGRESS"),
        ("SICK PERSON*", "SICK PERSON"),
        ("@CMD", "CMD"),
        ("Traffic: STALLED CAR -", "Traffic: STALLED CAR"),
        ("---", "---"),
        ("NOISE", "NOISE"),
    ],
)
def test_marks_around_a_call_type_are_taken_off(label: str, meant: str) -> None:
    assert clean_label(label) == meant
