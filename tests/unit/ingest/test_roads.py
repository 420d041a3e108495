"""A hand-written extract: a two-way street, a one-way street, a footpath and an island."""

from pathlib import Path

import pytest

from dispatch.domain.errors import Invalid
from dispatch.ingest.roads import read_roads, write_roads
from dispatch.queries.travel import read_network

OSM = """<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="44.000" lon="-124.900"/><node id="2" lat="44.009" lon="-124.900"/>
<node id="3" lat="44.009" lon="-124.890"/><node id="4" lat="44.100" lon="-124.900"/>
<node id="5" lat="44.110" lon="-124.900"/>
<way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
<way id="11"><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="oneway" v="yes"/></way>
<way id="12"><nd ref="1"/><nd ref="3"/><tag k="highway" v="residential"/><tag k="oneway" v="-1"/></way>
<way id="13"><nd ref="1"/><nd ref="3"/><tag k="highway" v="footway"/></way>
<way id="14"><nd ref="4"/><nd ref="5"/><tag k="highway" v="residential"/></way>
</osm>"""


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    path = tmp_path / "town.osm"
    path.write_text(OSM)
    return path


def test_drivable_ways_become_arcs_in_the_directions_that_may_be_driven(extract: Path) -> None:
    graph = read_roads(extract)

    assert len(graph.lat) == 3  # the island is left out
    assert len(graph.tail) == 4  # two ways of one street, one of the others; nobody drives on a footpath
    assert graph.seconds[0] == pytest.approx(1.0008 / 26 * 3600, rel=0.01)


def test_what_was_written_is_what_is_read(extract: Path, tmp_path: Path) -> None:
    graph = read_roads(extract)

    write_roads(graph, tmp_path / "roads" / "roads.npz")
    network = read_network(tmp_path / "roads" / "roads.npz")

    assert network is not None
    assert len(network.seconds_to(0)) == len(graph.lat)
    assert [one.name for one in (tmp_path / "roads").iterdir()] == ["roads.npz"]


def test_no_file_is_no_network_and_a_broken_one_is_said(tmp_path: Path) -> None:
    assert read_network(tmp_path / "none.npz") is None
    (tmp_path / "broken.npz").write_text("no arrays")
    with pytest.raises(Invalid, match="cannot be read"):
        read_network(tmp_path / "broken.npz")


@pytest.mark.parametrize("text", ["no map", '<?xml version="1.0"?><osm version="0.6"></osm>'])
def test_what_is_no_road_map_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.osm").write_text(text)

    with pytest.raises(Invalid, match=r"x\.osm"):
        read_roads(tmp_path / "x.osm")
