"""The drawn source of a schematic network: ``drawn/nodes.csv`` and ``drawn/roads.csv`` become a road network.

A road's ``course`` lists node ids and bends (``latitude/longitude``) in driving order; it starts and ends at a node.
Every way between two nodes becomes an edge in each direction, or in one where ``oneway`` is yes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mobility.core.geo import LatLon, distance_m
from mobility.core.network import RoadNetwork
from mobility.core.network_build import RoadEdge, bend_speed_mps, line_length_m, road_network
from mobility.storage.bundle_fields import Fields, csv_rows, read_text, unique

LATERAL_MPS2 = 2.0
"""Sideways acceleration that drivers with standing passengers accept in bends (assumed)."""

UPHILL_SLOWDOWN = 3.0
"""Uphill, times grow by this factor times the grade: 6 % costs 18 % (assumed for vans and buses)."""

_NODES, _ROADS = "drawn/nodes.csv", "drawn/roads.csv"
_SPEEDS_KMH = (10, 130)


@dataclass(frozen=True, slots=True)
class _Node:
    index: int
    place: LatLon
    elevation_m: float


def has_drawing(directory: Path) -> bool:
    """Return whether a bundle brings a drawn source."""
    return (directory / _ROADS).is_file()


def drawn_network(directory: Path) -> RoadNetwork:
    """Return the network of a bundle's drawn source; raises ``BadInputError`` naming file, row and field."""
    return network_from_rows(read_text(directory / _NODES), read_text(directory / _ROADS))


def network_from_rows(nodes_csv: str, roads_csv: str) -> RoadNetwork:
    """Return the network of two CSV texts; raises ``BadInputError``."""
    nodes = _nodes(csv_rows(nodes_csv, _NODES, ("node_id", "lat", "lon", "elevation_m")))
    roads = csv_rows(roads_csv, _ROADS, ("name", "class", "speed_kmh", "oneway", "course"))
    edges = [edge for road in roads for edge in _edges(road, nodes)]
    ordered = sorted(nodes.values(), key=lambda node: node.index)
    return road_network([node.place for node in ordered], [node.elevation_m for node in ordered], edges)


def _nodes(rows: list[Fields]) -> dict[str, _Node]:
    if not rows:
        Fields({}, _NODES).fail("node_id", "there are no nodes")
    unique(rows, "node_id", lambda row: row.identifier("node_id"))
    nodes = {}
    for index, row in enumerate(rows):
        place = LatLon(row.number("lat", low=-90, high=90), row.number("lon", low=-180, high=180))
        nodes[row.identifier("node_id")] = _Node(index, place, row.number("elevation_m", low=-500, high=9000))
    return nodes


def _edges(road: Fields, nodes: Mapping[str, _Node]) -> list[RoadEdge]:
    road.text("name"), road.text("class")
    speed_mps = road.number("speed_kmh", low=_SPEEDS_KMH[0], high=_SPEEDS_KMH[1]) / 3.6
    is_oneway = road.flag("oneway")
    edges: list[RoadEdge] = []
    for tail, line, head in _ways(road, nodes):
        edges.append(_edge(tail, head, line, speed_mps))
        if not is_oneway:
            edges.append(_edge(head, tail, tuple(reversed(line)), speed_mps))
    return edges


def _ways(road: Fields, nodes: Mapping[str, _Node]) -> list[tuple[_Node, tuple[LatLon, ...], _Node]]:
    """Cut a course at its nodes."""
    tokens = road.text("course").split()
    if len(tokens) < 2 or tokens[0] not in nodes or tokens[-1] not in nodes:  # noqa: PLR2004 - two ends
        road.fail("course", "must start and end at a node")
    ways = []
    tail, line = nodes[tokens[0]], [nodes[tokens[0]].place]
    for token in tokens[1:]:
        if "/" in token:
            line.append(_bend(road, token))
            continue
        if token not in nodes:
            road.fail("course", f"{token!r:.40} is an unknown node")
        head = nodes[token]
        line.append(head.place)
        if line_length_m(line) == 0:
            road.fail("course", f"the way to {token!r} has no length")
        ways.append((tail, tuple(line), head))
        tail, line = head, [head.place]
    return ways


def _bend(road: Fields, token: str) -> LatLon:
    lat, _, lon = token.partition("/")
    try:
        return LatLon(float(lat), float(lon))
    except ValueError:
        road.fail("course", f"{token!r:.40} is no bend like 50.68/10.92")


def _edge(tail: _Node, head: _Node, line: tuple[LatLon, ...], speed_mps: float) -> RoadEdge:
    length_m = line_length_m(line)
    uphill = max(0.0, (head.elevation_m - tail.elevation_m) / length_m)
    return RoadEdge(
        tail=tail.index,
        head=head.index,
        length_m=length_m,
        time_s=_level_time_s(line, speed_mps) * (1 + UPHILL_SLOWDOWN * uphill),
        line=line,
    )


def _level_time_s(line: tuple[LatLon, ...], speed_mps: float) -> float:
    """Return the time over the level: half of each piece is driven at the speed of the bend at its end."""
    speeds = [min(speed_mps, bend_speed_mps(line, k, LATERAL_MPS2)) for k in range(len(line))]
    halves = (
        distance_m(a, b) / 2 * (1 / u + 1 / v) for (a, b), (u, v) in zip(pairwise(line), pairwise(speeds), strict=True)
    )
    return math.fsum(halves)
