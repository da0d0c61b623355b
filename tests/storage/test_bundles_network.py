"""network.npz: the same bytes for the same network, one clear error for damaged ones; and networks as drawn."""

import io
import math
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.network import RoadNetwork
from mobility.core.network_build import RoadEdge, line_length_m, road_network
from mobility.storage.bundle_drawing import network_from_rows
from mobility.storage.bundle_network import network_bytes, network_from_bytes
from mobility.storage.bundle_write import write_network

ARRAYS = (
    "lat_deg", "lon_deg", "elevation_m", "first_edge", "target", "length_m", "time_s",
    "geometry_start", "geometry_lat_deg", "geometry_lon_deg",
)  # fmt: skip


def _triangle() -> RoadNetwork:
    corners = [LatLon(50.0, 10.0), LatLon(50.01, 10.0), LatLon(50.0, 10.01)]
    edges = []
    for tail, head in ((0, 1), (1, 2), (2, 0), (0, 2)):
        line = (corners[tail], LatLon(50.003, 10.003), corners[head])
        edges.append(RoadEdge(tail=tail, head=head, length_m=line_length_m(line), time_s=60, line=line))
    return road_network(corners, [400, 410, math.nan], edges)


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(data)) as archive:
        return {name: archive[name] for name in archive.files}


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_a_network_comes_back_as_it_was() -> None:
    network = _triangle()
    again = network_from_bytes(network_bytes(network))
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(again, name), getattr(network, name))
    assert network_bytes(again) == network_bytes(network)


def test_numpy_can_read_the_archive_and_finds_the_grade_in_it() -> None:
    arrays = _arrays(network_bytes(_triangle()))
    assert set(arrays) == {*ARRAYS, "grade_frac"}
    assert arrays["grade_frac"][0] == pytest.approx(10 / arrays["length_m"][0], rel=1e-5)


def test_a_read_network_can_not_be_written_to() -> None:
    network = network_from_bytes(network_bytes(_triangle()))
    with pytest.raises(ValueError, match="read-only"):
        network.time_s[0] = 0


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("target", [0, 1, 2, 3], "nodes that do not exist"),
        ("target", [0, 1, 2, -1], "nodes that do not exist"),
        ("target", [0, 1], "edges"),
        ("first_edge", [0, 3, 2, 4], "does not divide"),
        ("first_edge", [0, 4], "does not divide"),
        ("geometry_start", [0, 1, 6, 9, 12], "does not divide"),
        ("time_s", [1, 2, 3, math.nan], "no positive amount"),
        ("length_m", [1, 2, 3, -4], "no positive amount"),
        ("lat_deg", [50, 91, 50], "beyond 90 degrees"),
        ("lon_deg", [10, math.nan, 10], "beyond 180 degrees"),
        ("elevation_m", [1.0], "for 3 nodes"),
    ],
)
def test_an_array_that_can_not_be_is_named(name: str, values: list[float], words: str) -> None:
    arrays = _arrays(network_bytes(_triangle()))
    arrays[name] = np.array(values, dtype=arrays[name].dtype)
    with pytest.raises(BadInputError, match=words) as caught:
        network_from_bytes(_npz(arrays))
    assert caught.value.source == "network.npz"


def test_a_missing_and_a_foreign_array_are_named() -> None:
    arrays = _arrays(network_bytes(_triangle()))
    without = {name: array for name, array in arrays.items() if name != "time_s"}
    with pytest.raises(BadInputError, match="field time_s: the array is missing"):
        network_from_bytes(_npz(without))
    with pytest.raises(BadInputError, match="field target: must be one-dimensional int32"):
        network_from_bytes(_npz({**arrays, "target": arrays["target"].astype(np.float64)}))


def test_pickled_objects_are_never_opened() -> None:
    arrays = _arrays(network_bytes(_triangle()))
    arrays["target"] = np.array([{}, {}, {}, {}], dtype=object)
    with pytest.raises(BadInputError, match="target"):
        network_from_bytes(_npz(arrays))


def test_an_archive_that_claims_to_be_huge_is_refused_unread() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        header = "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }".ljust(117) + "\n"
        archive.writestr("lat_deg.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
    with pytest.raises(BadInputError, match="lat_deg"):
        network_from_bytes(buffer.getvalue())


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_the_one_error(data: bytes) -> None:
    with pytest.raises(BadInputError):
        network_from_bytes(data)


@given(st.floats(0, 1), st.binary(min_size=1, max_size=8), st.booleans())
@settings(max_examples=200, deadline=None)
def test_damaged_bytes_give_the_one_error_or_a_sound_network(at: float, content: bytes, is_cut: bool) -> None:
    original = network_bytes(_triangle())
    k = int(at * (len(original) - 1))
    damaged = original[:k] if is_cut else original[:k] + content + original[k + len(content) :]
    try:
        network = network_from_bytes(damaged)
    except BadInputError as error:
        assert error.source == "network.npz"
    else:
        assert network.target.max() < network.node_count


NODES = "node_id,lat,lon,elevation_m\na,50.0,10.0,400\nb,50.01,10.0,400\nc,50.02,10.0,500\n"
HEAD = "name,class,speed_kmh,oneway,course\n"


def test_a_drawn_road_becomes_an_edge_each_way_between_its_nodes() -> None:
    network = network_from_rows(NODES, HEAD + "Talstraße,main,50,no,a 50.005/10.001 b c\n")
    assert (network.node_count, network.edge_count) == (3, 4)
    assert len(network.edge_line(0)) == 3


def test_a_one_way_street_has_one_direction() -> None:
    network = network_from_rows(NODES, HEAD + "Gasse,street,30,yes,a b c\n")
    assert network.edge_count == 2
    assert network.source.tolist() == [0, 1]


def test_on_the_level_a_straight_road_takes_its_length_over_its_speed() -> None:
    network = network_from_rows(NODES, HEAD + "Allee,rural,100,no,a b\n")
    assert float(network.time_s[0]) == pytest.approx(float(network.length_m[0]) / (100 / 3.6), rel=1e-5)


def test_bends_and_climbs_cost_time() -> None:
    straight = network_from_rows(NODES, HEAD + "Allee,rural,100,no,a b\n")
    bent = network_from_rows(NODES, HEAD + "Kehre,rural,100,no,a 50.004/10.0002 50.0045/10.0009 50.005/10.0 b\n")
    assert float(bent.time_s[0]) / float(bent.length_m[0]) > float(straight.time_s[0]) / float(straight.length_m[0])
    hill = network_from_rows(NODES, HEAD + "Steige,rural,70,no,b c\n")
    up, down = (float(t) for t in hill.time_s)
    assert up == pytest.approx(down * (1 + 3 * 100 / float(hill.length_m[0])), rel=0.001)


@pytest.mark.parametrize(
    ("nodes", "road", "place"),
    [
        (NODES, "X,main,50,no,a z", "drawn/roads.csv, row 1, field course"),
        (NODES, "X,main,50,no,a", "drawn/roads.csv, row 1, field course"),
        (NODES, "X,main,50,no,50.0/10.0 a", "drawn/roads.csv, row 1, field course"),
        (NODES, "X,main,50,no,a 50.0/x b", "drawn/roads.csv, row 1, field course"),
        (NODES, "X,main,50,no,a a", "drawn/roads.csv, row 1, field course"),
        (NODES, "X,main,5000,no,a b", "drawn/roads.csv, row 1, field speed_kmh"),
        (NODES, "X,main,50,perhaps,a b", "drawn/roads.csv, row 1, field oneway"),
        (NODES + "a,1,1,1\n", "X,main,50,no,a b", "drawn/nodes.csv, row 4, field node_id"),
        (NODES + "d,1,1,\n", "X,main,50,no,a b", "drawn/nodes.csv, row 4, field elevation_m"),
        ("node_id,lat,lon,elevation_m\n", "X,main,50,no,a b", "drawn/nodes.csv, field node_id"),
    ],
)
def test_a_fault_in_the_drawing_is_named(nodes: str, road: str, place: str) -> None:
    with pytest.raises(BadInputError, match=place):
        network_from_rows(nodes, HEAD + road + "\n")


@given(st.text(max_size=80), st.text(max_size=80))
@settings(max_examples=150, deadline=None)
def test_any_text_as_a_drawing_gives_the_one_error(nodes: str, course: str) -> None:
    with pytest.raises(BadInputError):
        network_from_rows(nodes, HEAD)
    try:
        network = network_from_rows(NODES, f'{HEAD}X,main,50,no,"{course}"\n')
    except BadInputError as error:
        assert error.source == "drawn/roads.csv"
    else:
        assert network.edge_count > 0


def test_a_network_is_replaced_in_one_step(tmp_path: Path) -> None:
    write_network(tmp_path, _triangle())
    assert [entry.name for entry in tmp_path.iterdir()] == ["network.npz"]
    with pytest.raises(BadInputError, match=r"network\.npz: can not be written"):
        write_network(tmp_path / "nowhere", _triangle())
