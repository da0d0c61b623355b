"""Road networks: shortest paths against a slow truth, nearest edges, parts, bends."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import NodeIndex
from mobility.core.network import RoadNetwork
from mobility.core.network_build import (
    RoadEdge,
    bend_speed_mps,
    induced,
    is_strongly_connected,
    largest_component,
    line_length_m,
    road_network,
    strong_components,
)

Arc = tuple[int, int, int]


def _place(k: int) -> LatLon:
    return LatLon(50.6 + (k * 7 % 11) * 0.003, 10.8 + (k * 5 % 13) * 0.004)


def _network(count: int, arcs: list[Arc]) -> RoadNetwork:
    edges = []
    for tail, head, time_s in arcs:
        a, b = _place(tail), _place(head)
        bend = LatLon((a.lat_deg + b.lat_deg) / 2 + 0.0007, (a.lon_deg + b.lon_deg) / 2)
        line = (a, bend, b)
        edges.append(RoadEdge(tail=tail, head=head, length_m=line_length_m(line), time_s=float(time_s), line=line))
    return road_network([_place(k) for k in range(count)], [400.0 + k for k in range(count)], edges)


@st.composite
def _graphs(draw: st.DrawFn) -> tuple[int, list[Arc]]:
    count = draw(st.integers(1, 9))
    node = st.integers(0, count - 1)
    return count, draw(st.lists(st.tuples(node, node, st.integers(1, 60)), max_size=30))


def _floyd(count: int, arcs: list[Arc]) -> list[list[float]]:
    times = [[0.0 if i == j else math.inf for j in range(count)] for i in range(count)]
    for tail, head, time_s in arcs:
        times[tail][head] = min(times[tail][head], time_s)
    for k in range(count):
        for i in range(count):
            for j in range(count):
                times[i][j] = min(times[i][j], times[i][k] + times[k][j])
    return times


@given(_graphs())
@settings(max_examples=150, deadline=None)
def test_times_are_those_of_floyd_and_warshall(graph: tuple[int, list[Arc]]) -> None:
    count, arcs = graph
    network, truth = _network(count, arcs), _floyd(count, arcs)
    for source in range(count):
        assert network.times_from(NodeIndex(source)).tolist() == truth[source]


@given(_graphs())
@settings(max_examples=150, deadline=None)
def test_a_path_is_the_sum_of_its_edges_and_its_line_never_jumps(graph: tuple[int, list[Arc]]) -> None:
    count, arcs = graph
    network, truth = _network(count, arcs), _floyd(count, arcs)
    for source in range(count):
        for target in range(count):
            path = network.shortest_path(NodeIndex(source), NodeIndex(target))
            if path is None:
                assert math.isinf(truth[source][target])
                continue
            assert (path.nodes[0], path.nodes[-1]) == (source, target)
            assert len(path.edges) == len(path.nodes) - 1
            assert path.time_s == pytest.approx(sum(float(network.time_s[edge]) for edge in path.edges))
            assert path.length_m == pytest.approx(sum(float(network.length_m[edge]) for edge in path.edges))
            for (tail, head), edge in zip(pairwise(path.nodes), path.edges, strict=True):
                assert (int(network.source[edge]), int(network.target[edge])) == (tail, head)
            line = network.geometry(path.nodes)
            assert line[0] == network.place(path.nodes[0])
            assert line[-1] == network.place(path.nodes[-1])
            assert line_length_m(line) == pytest.approx(path.length_m, rel=1e-5)


@given(_graphs(), st.floats(0.5, 40))
@settings(max_examples=60, deadline=None)
def test_a_slower_vehicle_is_never_faster_and_never_beats_its_own_speed(
    graph: tuple[int, list[Arc]], speed_mps: float
) -> None:
    count, arcs = graph
    network = _network(count, arcs)
    for target in range(count):
        path = network.shortest_path(NodeIndex(0), NodeIndex(target))
        if path is not None:
            time_s = network.time_at_most_s(path, speed_mps)
            assert time_s >= path.time_s * (1 - 1e-6)
            assert time_s >= path.length_m / speed_mps * (1 - 1e-5)


@given(_graphs())
@settings(max_examples=150, deadline=None)
def test_nodes_are_in_one_part_exactly_when_each_reaches_the_other(graph: tuple[int, list[Arc]]) -> None:
    count, arcs = graph
    network, truth = _network(count, arcs), _floyd(count, arcs)
    part = strong_components(network)
    for i in range(count):
        for j in range(count):
            assert (part[i] == part[j]) == (math.isfinite(truth[i][j]) and math.isfinite(truth[j][i]))
    kept = largest_component(network)
    assert is_strongly_connected(kept)
    assert kept.node_count == int(np.bincount(part).max())


@given(_graphs(), st.integers(0, 511))
@settings(max_examples=100, deadline=None)
def test_a_part_keeps_its_edges_with_their_lines(graph: tuple[int, list[Arc]], bits: int) -> None:
    count, arcs = graph
    network = _network(count, arcs)
    keep = np.array([bool(bits >> k & 1) for k in range(count)])
    part = induced(network, keep)
    kept = [k for k in range(count) if keep[k]]
    assert part.node_count == len(kept)
    inside = [e for e in range(network.edge_count) if keep[network.source[e]] and keep[network.target[e]]]
    assert part.edge_count == len(inside)
    for edge, original in enumerate(inside):
        assert kept[part.source[edge]] == network.source[original]
        assert kept[part.target[edge]] == network.target[original]
        assert part.edge_line(edge) == network.edge_line(original)


@given(st.floats(50.598, 50.635), st.floats(10.798, 10.85))
@settings(max_examples=100, deadline=None)
def test_the_nearest_edge_is_as_near_as_the_nearest_of_many_points(lat: float, lon: float) -> None:
    network = _network(6, [(0, 1, 9), (1, 2, 9), (2, 3, 9), (3, 4, 9), (4, 5, 9), (5, 0, 9)])
    place = LatLon(lat, lon)
    near = network.nearest_edge(place)
    sampled = []
    for edge in range(network.edge_count):
        for a, b in pairwise(network.edge_line(edge)):
            for k in range(101):
                share = k / 100
                point = LatLon(a.lat_deg + share * (b.lat_deg - a.lat_deg), a.lon_deg + share * (b.lon_deg - a.lon_deg))
                sampled.append(distance_m(place, point))
    assert near.offset_m <= min(sampled) * 1.01 + 0.5
    assert near.offset_m >= min(sampled) * 0.99 - 30
    assert 0 <= near.chainage_m <= float(network.length_m[near.edge]) * 1.01


def test_a_place_on_a_road_has_no_offset_and_the_chainage_of_that_place() -> None:
    network = _network(3, [(0, 1, 60), (1, 2, 60)])
    middle = network.edge_line(1)[1]
    near = network.nearest_edge(middle)
    assert near.edge == 1
    assert near.offset_m == pytest.approx(0, abs=0.01)
    assert near.chainage_m == pytest.approx(distance_m(network.edge_line(1)[0], middle), rel=0.001)


def test_a_network_without_edges_has_no_nearest_edge() -> None:
    with pytest.raises(ValueError, match="without edges"):
        _network(2, []).nearest_edge(_place(0))


def test_of_two_roads_between_the_same_corners_the_faster_one_is_driven_and_drawn() -> None:
    short, long = (_place(0), _place(1)), (_place(0), LatLon(50.7, 10.9), _place(1))
    edges = [
        RoadEdge(tail=0, head=1, length_m=line_length_m(long), time_s=50, line=long),
        RoadEdge(tail=0, head=1, length_m=line_length_m(short), time_s=80, line=short),
    ]
    network = road_network([_place(0), _place(1)], [0, 0], edges)
    path = network.shortest_path(NodeIndex(0), NodeIndex(1))
    assert path is not None
    assert path.time_s == 50
    assert network.geometry(path.nodes) == long


def test_the_matrix_of_no_places_is_empty() -> None:
    assert _network(2, [(0, 1, 5)]).matrix_s([]).shape == (0, 0)


def test_grade_is_rise_over_length_and_changes_sign_with_the_direction() -> None:
    network = _network(2, [(0, 1, 60), (1, 0, 60)])
    assert float(network.grade_frac[0]) == pytest.approx(1 / float(network.length_m[0]), rel=1e-4)
    assert float(network.grade_frac[1]) == pytest.approx(-float(network.grade_frac[0]))


def test_as_many_elevations_as_nodes_are_needed() -> None:
    with pytest.raises(ValueError, match="2 nodes have 1 elevations"):
        road_network([_place(0), _place(1)], [0.0], [])


def test_a_sharp_bend_slows_and_a_straight_road_does_not() -> None:
    corner = (LatLon(50.6, 10.8), LatLon(50.6009, 10.8), LatLon(50.6009, 10.80142))
    assert bend_speed_mps(corner, 1, 2.0) == pytest.approx(math.sqrt(2.0 * 100 / (math.pi / 2)), rel=0.01)
    straight = (LatLon(50.6, 10.8), LatLon(50.601, 10.8), LatLon(50.602, 10.8))
    assert math.isinf(bend_speed_mps(straight, 1, 2.0))
    assert math.isinf(bend_speed_mps(corner, 0, 2.0))


@given(_graphs(), st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_nobody_drives_along_closed_edges_and_all_others_stay(graph: tuple[int, list[Arc]], bits: int) -> None:
    count, arcs = graph
    network = _network(count, arcs)
    closed = {edge for edge in range(network.edge_count) if bits >> (edge % 32) & 1}
    rest = network.closing(closed)
    assert np.isinf(rest.time_s[sorted(closed)]).all()
    path = rest.shortest_path(NodeIndex(0), NodeIndex(count - 1))
    assert path is None or not closed & set(path.edges)
    left = np.setdiff1d(np.arange(network.edge_count), sorted(closed))
    assert (rest.time_s[left] == network.time_s[left]).all()
