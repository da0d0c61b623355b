"""Making a road network from nodes and directed edges, and keeping its largest strongly connected part."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mobility.core.geo import LatLon, distance_m
from mobility.core.network import RoadNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadEdge:
    """One directed edge. ``line`` starts at the tail node's place and ends at the head node's."""

    tail: int
    head: int
    length_m: float
    time_s: float
    line: tuple[LatLon, ...]


def road_network(places: Sequence[LatLon], elevations_m: Sequence[float], edges: Iterable[RoadEdge]) -> RoadNetwork:
    """Return the arrays of a network; edges are ordered by tail, head, time. Raises ``ValueError`` for odd lengths."""
    if len(places) != len(elevations_m):
        msg = f"{len(places)} nodes have {len(elevations_m)} elevations"
        raise ValueError(msg)
    ordered = sorted(edges, key=lambda edge: (edge.tail, edge.head, edge.time_s))
    leaving = np.bincount(np.array([edge.tail for edge in ordered], dtype=np.int64), minlength=len(places))
    points = [point for edge in ordered for point in edge.line]
    return RoadNetwork(
        lat_deg=np.array([place.lat_deg for place in places], dtype=np.float64),
        lon_deg=np.array([place.lon_deg for place in places], dtype=np.float64),
        elevation_m=np.array(elevations_m, dtype=np.float32),
        first_edge=_starts(leaving),
        target=np.array([edge.head for edge in ordered], dtype=np.int32),
        length_m=np.array([edge.length_m for edge in ordered], dtype=np.float32),
        time_s=np.array([edge.time_s for edge in ordered], dtype=np.float32),
        geometry_start=_starts(np.array([len(edge.line) for edge in ordered], dtype=np.int64)),
        geometry_lat_deg=np.array([point.lat_deg for point in points], dtype=np.float64),
        geometry_lon_deg=np.array([point.lon_deg for point in points], dtype=np.float64),
    )


def line_length_m(line: Sequence[LatLon]) -> float:
    """Return the great-circle length of a drawn line in metres."""
    return sum(distance_m(a, b) for a, b in pairwise(line))


def largest_component(network: RoadNetwork) -> RoadNetwork:
    """Return the largest strongly connected part: from each of its nodes there is a way to every other one."""
    components = strong_components(network)
    largest = int(np.argmax(np.bincount(components))) if len(components) else 0
    return induced(network, components == largest)


def induced(network: RoadNetwork, keep: NDArray[np.bool_]) -> RoadNetwork:
    """Return the network of the nodes where ``keep`` (shape (N,)) is true and the edges between them."""
    number = np.cumsum(keep) - 1
    edges = np.flatnonzero(keep[network.source] & keep[network.target])
    counts = np.diff(network.geometry_start)
    points = np.repeat(np.isin(np.arange(network.edge_count), edges), counts)
    leaving = np.bincount(number[network.source[edges]], minlength=int(keep.sum()))
    return RoadNetwork(
        lat_deg=network.lat_deg[keep],
        lon_deg=network.lon_deg[keep],
        elevation_m=network.elevation_m[keep],
        first_edge=_starts(leaving),
        target=number[network.target[edges]].astype(np.int32),
        length_m=network.length_m[edges],
        time_s=network.time_s[edges],
        geometry_start=_starts(counts[edges]),
        geometry_lat_deg=network.geometry_lat_deg[points],
        geometry_lon_deg=network.geometry_lon_deg[points],
    )


def strong_components(network: RoadNetwork) -> NDArray[np.int64]:
    """Return each node's strongly connected component, shape (N,), numbered from 0.

    Tarjan 1972 (doi:10.1137/0201010), without recursion.
    """
    first, target = network.first_edge.tolist(), network.target.tolist()
    search = _Search(first, target)
    for root in range(network.node_count):
        if search.order[root] < 0:
            search.explore(root)
    return np.array(search.component, dtype=np.int64)


class _Search:
    """Depth-first search state of Tarjan's algorithm."""

    def __init__(self, first: list[int], target: list[int]) -> None:
        self.first, self.target = first, target
        count = len(first) - 1
        self.order = [-1] * count
        self.low = [0] * count
        self.component = [-1] * count
        self.next_edge = first[:-1]
        self.open: list[int] = []
        self.seen = 0
        self.components = 0

    def explore(self, root: int) -> None:
        self._enter(root)
        trail = [root]
        while trail:
            u = trail[-1]
            if self.next_edge[u] < self.first[u + 1]:
                v = self.target[self.next_edge[u]]
                self.next_edge[u] += 1
                if self.order[v] < 0:
                    self._enter(v)
                    trail.append(v)
                elif self.component[v] < 0:
                    self.low[u] = min(self.low[u], self.order[v])
                continue
            trail.pop()
            if trail:
                self.low[trail[-1]] = min(self.low[trail[-1]], self.low[u])
            if self.low[u] == self.order[u]:
                self._close(u)

    def _enter(self, node: int) -> None:
        self.order[node] = self.low[node] = self.seen
        self.seen += 1
        self.open.append(node)

    def _close(self, head: int) -> None:
        while True:
            node = self.open.pop()
            self.component[node] = self.components
            if node == head:
                break
        self.components += 1


def is_strongly_connected(network: RoadNetwork) -> bool:
    """Return whether every node can be reached from every other one."""
    return not network.node_count or int(strong_components(network).max()) == 0


def bend_speed_mps(line: Sequence[LatLon], index: int, lateral_mps2: float) -> float:
    """Return the speed at which the bend at ``line[index]`` gives ``lateral_mps2``; ``inf`` at the ends.

    v = sqrt(a r) with the radius r taken from the turn over half of the two neighbouring pieces.
    """
    if not 0 < index < len(line) - 1:
        return math.inf
    before, here, after = line[index - 1 : index + 2]
    scale = math.cos(math.radians(here.lat_deg))
    turn = math.atan2((after.lon_deg - here.lon_deg) * scale, after.lat_deg - here.lat_deg)
    turn -= math.atan2((here.lon_deg - before.lon_deg) * scale, here.lat_deg - before.lat_deg)
    turn_rad = abs((turn + math.pi) % (2 * math.pi) - math.pi)
    arc_m = (distance_m(before, here) + distance_m(here, after)) / 2
    return math.inf if turn_rad < 1e-6 else math.sqrt(lateral_mps2 * arc_m / turn_rad)  # noqa: PLR2004 - straight on


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
