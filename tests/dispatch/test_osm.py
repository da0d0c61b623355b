"""Road networks from OpenStreetMap: small maps by hand, a real extract in both formats, broken files."""

import gzip
import math
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.edge.osm import build_network
from dispatch.edge.osm_place import build_place, network_from_graph
from dispatch.edge.osm_tags import Direction, direction_of, is_drivable, speed_kmh
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import NodeIndex
from mobility.core.network import RoadNetwork
from mobility.core.network_build import is_strongly_connected


def _osm(nodes: dict[int, tuple[float, float]], ways: list[tuple[list[int], dict[str, str]]]) -> str:
    lines = ['<?xml version="1.0"?>', '<osm version="0.6">']
    for number, (lat, lon) in nodes.items():
        lines.append(f'<node id="{number}" version="3" user="somebody" uid="7" lat="{lat}" lon="{lon}"/>')
    for number, (refs, tags) in enumerate(ways, 100):
        members = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        keys = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        lines.append(f'<way id="{number}" version="2" user="somebody" uid="7">{members}{keys}</way>')
    return "\n".join([*lines, "</osm>"])


CORNERS = {1: (50.00, 10.00), 2: (50.01, 10.00), 3: (50.01, 10.01), 4: (50.00, 10.01), 5: (50.005, 10.0)}


def _built(tmp_path: Path, ways: list[tuple[list[int], dict[str, str]]]) -> RoadNetwork:
    file = tmp_path / "map.osm"
    file.write_text(_osm(CORNERS, ways))
    return build_network(file)


def test_a_way_is_cut_at_junctions_and_keeps_its_bends(tmp_path: Path) -> None:
    network = _built(
        tmp_path, [([1, 5, 2], {"highway": "residential"}), ([2, 3], {"highway": "primary", "maxspeed": "60"})]
    )
    assert (network.node_count, network.edge_count) == (3, 4)
    assert [len(network.edge_line(edge)) for edge in range(4)] == [3, 3, 2, 2]
    edge = int(np.flatnonzero((network.source == 1) & (network.target == 2))[0])
    assert float(network.time_s[edge]) == pytest.approx(float(network.length_m[edge]) / (60 / 3.6), rel=1e-5)
    assert np.isnan(network.elevation_m).all()


def test_one_way_streets_are_driven_in_their_direction_only(tmp_path: Path) -> None:
    ring = [
        ([1, 2], {"highway": "residential", "oneway": "yes"}),
        ([3, 2], {"highway": "residential", "oneway": "-1"}),
        ([3, 4, 1], {"highway": "residential", "oneway": "yes"}),
    ]
    network = _built(tmp_path, ring)
    assert list(zip(network.source.tolist(), network.target.tolist(), strict=True)) == [(0, 1), (1, 2), (2, 0)]


def test_what_cannot_be_left_again_is_dropped(tmp_path: Path) -> None:
    trap = [([1, 2], {"highway": "residential"}), ([2, 3], {"highway": "residential", "oneway": "yes"})]
    network = _built(tmp_path, trap)
    assert network.node_count == 2
    assert is_strongly_connected(network)


def test_footpaths_and_private_roads_are_no_roads(tmp_path: Path) -> None:
    ways = [
        ([1, 2], {"highway": "residential"}),
        ([2, 3], {"highway": "footway"}),
        ([3, 4], {"highway": "service", "access": "private"}),
    ]
    assert _built(tmp_path, ways).edge_count == 2


def test_a_way_with_missing_nodes_is_cut_there(tmp_path: Path) -> None:
    network = _built(tmp_path, [([1, 2, 77, 3, 4, 1], {"highway": "residential"})])
    assert (network.node_count, network.edge_count) == (3, 4)


def test_a_map_without_roads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"map\.osm: has no road"):
        _built(tmp_path, [([1, 2], {"highway": "footway"})])


@pytest.mark.parametrize(
    ("tags", "kmh"),
    [
        ({"highway": "residential"}, 30),
        ({"highway": "residential", "maxspeed": "50"}, 50),
        ({"highway": "primary", "maxspeed": "30 mph"}, 48.28032),
        ({"highway": "living_street", "maxspeed": "walk"}, 7),
        ({"highway": "motorway", "maxspeed": "none"}, 120),
        ({"highway": "tertiary", "maxspeed": "DE:rural"}, 100),
        ({"highway": "tertiary", "maxspeed": "signals"}, 60),
        ({"highway": "tertiary", "maxspeed": "0"}, 60),
        ({"highway": "tertiary", "maxspeed": "999"}, 130),
    ],
)
def test_speeds_follow_the_limit_else_the_class(tags: dict[str, str], kmh: float) -> None:
    assert speed_kmh(tags) == pytest.approx(kmh)


@pytest.mark.parametrize(
    ("tags", "direction"),
    [
        ({"highway": "residential"}, Direction.BOTH),
        ({"highway": "residential", "oneway": "yes"}, Direction.FORWARD),
        ({"highway": "residential", "oneway": "reverse"}, Direction.BACKWARD),
        ({"highway": "residential", "junction": "roundabout"}, Direction.FORWARD),
        ({"highway": "motorway"}, Direction.FORWARD),
        ({"highway": "motorway", "oneway": "no"}, Direction.BOTH),
    ],
)
def test_directions_follow_the_tags(tags: dict[str, str], direction: Direction) -> None:
    assert direction_of(tags) is direction


def test_the_most_specific_access_tag_decides() -> None:
    assert is_drivable({"highway": "service", "access": "no", "bus": "yes"})
    assert not is_drivable({"highway": "service", "motor_vehicle": "no"})
    assert not is_drivable({"highway": "service", "service": "parking_aisle"})
    assert not is_drivable({"highway": "residential", "area": "yes"})
    assert not is_drivable({"highway": "path"})


@given(st.dictionaries(st.sampled_from(["highway", "maxspeed", "oneway", "access", "junction"]), st.text(max_size=12)))
@settings(max_examples=150, deadline=None)
def test_no_tag_gives_an_impossible_speed(tags: dict[str, str]) -> None:
    assert 5 <= speed_kmh(tags) <= 130
    assert direction_of(tags) in Direction
    assert is_drivable(tags) in (True, False)


def _arrays(network: RoadNetwork) -> list[list[float]]:
    return [
        getattr(network, name).tolist()
        for name in ("lat_deg", "lon_deg", "first_edge", "target", "length_m", "time_s", "geometry_lat_deg")
    ]


def test_both_formats_of_a_real_extract_give_the_same_network_within_two_seconds(shared_data: Path) -> None:
    networks = []
    for name in ("north-bayreuth.osm.pbf", "north-bayreuth.osm.gz"):
        started = process_time()
        networks.append(build_network(shared_data / "osm" / name))
        assert process_time() - started < 2.0
    assert _arrays(networks[0]) == _arrays(networks[1])
    assert is_strongly_connected(networks[0])
    assert 800 < networks[0].node_count < 3000


def test_a_real_extract_routes_between_its_far_corners(shared_data: Path) -> None:
    network = build_network(shared_data / "osm" / "north-bayreuth.osm.pbf")
    south, north = network.nearest_node(LatLon(49.975, 11.50)), network.nearest_node(LatLon(50.045, 11.60))
    path = network.shortest_path(south, north)
    assert path is not None
    assert 8_000 < path.length_m < 30_000
    assert 20 < path.length_m / path.time_s * 3.6 < 110
    assert np.isfinite(network.times_from(NodeIndex(0))).all()


def test_an_unpacked_extract_gives_the_same_network(shared_data: Path, tmp_path: Path) -> None:
    packed = shared_data / "osm" / "north-bayreuth.osm.gz"
    plain = tmp_path / "plain.osm"
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    assert _arrays(build_network(plain)) == _arrays(build_network(packed))


@pytest.mark.parametrize("name", ["north-bayreuth.osm.pbf", "north-bayreuth.osm.gz"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_truncated_extract_is_one_clear_error(shared_data: Path, tmp_path: Path, name: str, share: float) -> None:
    whole = (shared_data / "osm" / name).read_bytes()
    file = tmp_path / name
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(BadInputError, match="north-bayreuth"):
        build_network(file)


@pytest.mark.parametrize("name", ["x.osm", "x.osm.gz", "x.osm.pbf"])
@given(content=st.binary(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_as_a_map_are_one_clear_error(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(BadInputError, match=r"x\.osm"):
        build_network(file)


@pytest.mark.parametrize("attribute", ['lat="95"', 'lat="x"', 'id="x"', 'ref="x"'])
def test_a_map_with_an_impossible_value_is_one_clear_error_or_left_out(tmp_path: Path, attribute: str) -> None:
    text = _osm(CORNERS, [([1, 2], {"highway": "residential"}), ([2, 3], {"highway": "residential"})])
    key = attribute.split("=", maxsplit=1)[0]
    start = text.index(f'{key}="')
    file = tmp_path / "map.osm"
    file.write_text(text[:start] + attribute + text[text.index('"', start + len(key) + 2) + 1 :])
    try:
        network = build_network(file)
    except BadInputError as error:
        assert error.source == "map.osm"
    else:
        assert network.node_count == 2


def test_a_foreign_suffix_and_an_absent_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="must end in"):
        build_network(tmp_path / "map.txt")
    with pytest.raises(BadInputError, match=r"absent\.osm"):
        build_network(tmp_path / "absent.osm")


def _graph(nodes: dict[int, tuple[float, float]], edges: list[tuple[int, int, dict[str, object]]]) -> object:
    networkx = pytest.importorskip("networkx")
    graph = networkx.MultiDiGraph(crs="EPSG:4326")
    for number, (lat, lon) in nodes.items():
        graph.add_node(number, y=lat, x=lon)
    for tail, head, data in edges:
        graph.add_edge(tail, head, **data)
    return graph


@pytest.mark.filterwarnings("default")
def test_a_downloaded_graph_becomes_a_network_with_its_lines_and_limits() -> None:
    shapely = pytest.importorskip("shapely")
    bend = shapely.LineString([(10.00, 50.00), (10.002, 50.005), (10.00, 50.01)])
    edges = [
        (1, 2, {"highway": "residential", "length": 1113.0, "geometry": bend, "maxspeed": "50"}),
        (2, 1, {"highway": "residential", "length": 1113.0, "maxspeed": "50"}),
        (2, 3, {"highway": "primary", "length": 715.0}),
    ]
    network = network_from_graph(_graph(CORNERS, edges))
    assert (network.node_count, network.edge_count) == (2, 2), "what can not be left again is dropped"
    assert len(network.edge_line(0)) == 3
    assert float(network.length_m[0]) / float(network.time_s[0]) == pytest.approx(50 / 3.6, rel=1e-4)


@pytest.mark.filterwarnings("default")
def test_a_thing_that_is_no_road_graph_is_refused() -> None:
    with pytest.raises(BadInputError, match="graph"):
        network_from_graph(_graph({1: (50.0, 10.0)}, []))
    with pytest.raises(BadInputError, match="graph"):
        network_from_graph(object())


@pytest.mark.filterwarnings("default")
def test_a_place_is_built_from_what_the_map_server_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    osmnx = pytest.importorskip("osmnx")
    street = {"highway": "residential"}
    graph = _graph(CORNERS, [(1, 2, street), (2, 1, street)])
    monkeypatch.setattr(osmnx, "graph_from_place", lambda name, network_type: graph)
    assert build_place("Oberdorf").edge_count == 2


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("fault", "words"),
    [(ConnectionError("refused"), "can not be reached"), (ValueError("nothing of that name"), "nothing of that name")],
)
def test_an_unreachable_server_and_an_unknown_place_are_told(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, words: str
) -> None:
    osmnx = pytest.importorskip("osmnx")

    def failing(name: str, network_type: str) -> None:
        raise fault

    monkeypatch.setattr(osmnx, "graph_from_place", failing)
    with pytest.raises(BadInputError, match=f"Atlantis: .*{words}"):
        build_place("Atlantis")


@pytest.mark.filterwarnings("default")
def test_a_small_map_read_by_osmnx_gives_the_same_network_as_ours(tmp_path: Path) -> None:
    import osmnx  # noqa: PLC0415 - slow to import

    file = tmp_path / "map.osm"
    ways = [
        ([1, 5, 2], {"highway": "residential"}),
        ([2, 3], {"highway": "primary", "maxspeed": "60"}),
        ([3, 4, 1], {"highway": "tertiary", "oneway": "yes"}),
        ([2, 4], {"highway": "footway"}),
        ([1, 3], {"highway": "secondary"}),
    ]
    file.write_text(_osm(CORNERS, ways))
    theirs, ours = network_from_graph(osmnx.graph_from_xml(file, simplify=True)), build_network(file)
    places = [LatLon(*CORNERS[k]) for k in (1, 2, 3)]
    assert np.allclose(theirs.matrix_s(places), ours.matrix_s(places), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_real_extract_through_osmnx_has_about_the_same_driving_times(shared_data: Path, tmp_path: Path) -> None:
    import osmnx  # noqa: PLC0415 - slow to import

    plain = tmp_path / "plain.osm"
    plain.write_bytes(gzip.decompress((shared_data / "osm" / "north-bayreuth.osm.gz").read_bytes()))
    theirs, ours = network_from_graph(osmnx.graph_from_xml(plain, simplify=True)), build_network(plain)
    places = [LatLon(50.0085, 11.53), LatLon(49.99, 11.57), LatLon(50.035, 11.5)]
    a, b = ours.matrix_s(places), theirs.matrix_s(places)
    for i in range(3):
        for j in range(3):
            if i != j:
                assert math.isfinite(b[i, j])
                assert a[i, j] / b[i, j] == pytest.approx(1, abs=0.35)
