from pathlib import Path

import pytest

from dispatch.cli.importing.zones import read_zones_file
from dispatch.domain.errors import Invalid

SQUARE = '{"type":"Polygon","coordinates":[[[-125,44],[-124,44],[-124,45],[-125,45],[-125,44]]]}'


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_table_of_zones_is_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    zones = read_zones_file(written(tmp_path, "z.csv", "name,lat,lon,demand\nb,44,-124,2\na,44.5,-124.5,0.5\n"))

    assert [(one.name, one.center.lat, one.center.lon, one.demand) for one in zones] == [
        ("a", 44.5, -124.5, 0.5),
        ("b", 44.0, -124.0, 2.0),
    ]


def test_an_area_counts_from_a_place_inside_it(tmp_path: Path) -> None:
    feature = f'{{"type":"Feature","properties":{{"name":"a","demand":3}},"geometry":{SQUARE}}}'

    (zone,) = read_zones_file(written(tmp_path, "z.geojson", f'{{"type":"FeatureCollection","features":[{feature}]}}'))

    assert (zone.center.lat, zone.center.lon) == (44.5, -124.5)


def test_every_bad_row_is_named_with_its_place(tmp_path: Path) -> None:
    text = "name,lat,lon,demand\na,91,-124,1\nb,44,-124,-1\nc,44,-124,1\nc,44,-124,1\n"

    with pytest.raises(Invalid) as refused:
        read_zones_file(written(tmp_path, "z.csv", text))

    assert [one.pointer for one in refused.value.errors] == ["z.csv: line 2", "z.csv: line 3", "z.csv: line 5"]


@pytest.mark.parametrize("text", ["", "name,lat\na,1\n", "name,lat,lon,demand\n"])
def test_a_file_without_zones_is_refused_with_what_to_give(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match=r"z\.csv holds no zones") as refused:
        read_zones_file(written(tmp_path, "z.csv", text))

    assert refused.value.fix
