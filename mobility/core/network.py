"""A road network as plain arrays: nodes, directed edges in CSR form, shortest paths by travel time, nearest edge."""

import heapq
import math
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mobility.core.geo import EARTH_RADIUS_M, XY, LatLon, LocalFrame
from mobility.core.ids import NodeIndex


@dataclass(frozen=True, slots=True)
class Path:
    """A way through the network: its nodes in order, length in metres and free-flow time in seconds."""

    nodes: tuple[NodeIndex, ...]
    length_m: float
    time_s: float
    edges: tuple[int, ...] = ()
    """The edges between the nodes, one fewer than nodes."""


@dataclass(frozen=True, slots=True)
class OnEdge:
    """Where a place falls on the network: ``chainage_m`` along ``edge``'s drawn line, ``offset_m`` >= 0 beside it."""

    edge: int
    chainage_m: float
    offset_m: float


@dataclass(frozen=True)
class RoadNetwork:
    """Directed road graph. N nodes, E edges; edge ``e`` in ``first_edge[u]:first_edge[u + 1]`` leaves node ``u``.

    Immutable by contract: nobody writes to the arrays.
    """

    lat_deg: NDArray[np.float64]
    """Shape (N,)."""
    lon_deg: NDArray[np.float64]
    """Shape (N,)."""
    elevation_m: NDArray[np.float32]
    """Shape (N,), metres above sea level; NaN where unknown."""
    first_edge: NDArray[np.int32]
    """Shape (N + 1,), CSR row starts."""
    target: NDArray[np.int32]
    """Shape (E,), head node of each edge."""
    length_m: NDArray[np.float32]
    """Shape (E,)."""
    time_s: NDArray[np.float32]
    """Shape (E,), free-flow travel time."""
    geometry_start: NDArray[np.int32]
    """Shape (E + 1,), each edge's slice of the geometry arrays; includes both end nodes."""
    geometry_lat_deg: NDArray[np.float64]
    geometry_lon_deg: NDArray[np.float64]

    @property
    def node_count(self) -> int:
        """Number of nodes N."""
        return len(self.lat_deg)

    @property
    def edge_count(self) -> int:
        """Number of directed edges E."""
        return len(self.target)

    @cached_property
    def source(self) -> NDArray[np.int32]:
        """Tail node of each edge, shape (E,)."""
        return np.repeat(np.arange(self.node_count, dtype=np.int32), np.diff(self.first_edge))

    @cached_property
    def grade_frac(self) -> NDArray[np.float32]:
        """Mean grade of each edge, shape (E,): rise over length, positive uphill; NaN where elevation is unknown."""
        rise_m = self.elevation_m[self.target] - self.elevation_m[self.source]
        return (rise_m / np.maximum(self.length_m, 1.0)).astype(np.float32)

    def closing(self, edges: AbstractSet[int]) -> "RoadNetwork":
        """Return the network in which nobody can drive along ``edges``: their travel time is ``inf``."""
        time_s = self.time_s.copy()
        time_s[sorted(edges)] = math.inf
        return replace(self, time_s=time_s)

    def place(self, node: NodeIndex) -> LatLon:
        """Return a node's position."""
        return LatLon(float(self.lat_deg[node]), float(self.lon_deg[node]))

    def nearest_node(self, place: LatLon) -> NodeIndex:
        """Return the node nearest to a place (equirectangular distance; exact enough within a district)."""
        scale = math.cos(math.radians(place.lat_deg))
        d_lat = self.lat_deg - place.lat_deg
        d_lon = (self.lon_deg - place.lon_deg) * scale
        return NodeIndex(int(np.argmin(d_lat * d_lat + d_lon * d_lon)))

    def nearest_edge(self, place: LatLon) -> OnEdge:
        """Return the nearest point of any edge's drawn line; the lowest edge index where several are equal.

        Equirectangular metres around ``place``. Raises ``ValueError`` for a network without edges.
        """
        edges, starts = self._segments
        if not len(edges):
            msg = "a network without edges has no nearest edge"
            raise ValueError(msg)
        metre = math.radians(1) * EARTH_RADIUS_M
        x_m = (self.geometry_lon_deg - place.lon_deg) * metre * math.cos(math.radians(place.lat_deg))
        y_m = (self.geometry_lat_deg - place.lat_deg) * metre
        dx_m, dy_m = x_m[starts + 1] - x_m[starts], y_m[starts + 1] - y_m[starts]
        span_m2 = np.maximum(dx_m * dx_m + dy_m * dy_m, 1e-12)
        share = np.clip(-(x_m[starts] * dx_m + y_m[starts] * dy_m) / span_m2, 0.0, 1.0)
        offset_m = np.hypot(x_m[starts] + share * dx_m, y_m[starts] + share * dy_m)
        best = int(np.argmin(offset_m))
        before = slice(int(np.searchsorted(edges, edges[best])), best)
        chainage_m = np.hypot(dx_m[before], dy_m[before]).sum() + share[best] * math.hypot(dx_m[best], dy_m[best])
        return OnEdge(int(edges[best]), float(chainage_m), float(offset_m[best]))

    @cached_property
    def _segments(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        # Every straight piece of every edge: the edge it belongs to, and the index of its first geometry point.
        counts = np.diff(self.geometry_start) - 1
        edges = np.repeat(np.arange(self.edge_count), counts)
        within = np.arange(len(edges)) - np.repeat(np.cumsum(counts) - counts, counts)
        return edges, self.geometry_start[:-1].astype(np.int64)[edges] + within

    @cached_property
    def _adjacency(self) -> list[list[tuple[int, float, int]]]:
        # Python lists: heapq on them beats numpy indexing about fivefold at this size.
        targets, times = self.target.tolist(), self.time_s.tolist()
        starts = self.first_edge.tolist()
        return [[(targets[e], times[e], e) for e in range(starts[u], starts[u + 1])] for u in range(self.node_count)]

    def times_from(self, source: NodeIndex) -> NDArray[np.float64]:
        """Return free-flow seconds from ``source`` to every node, shape (N,), ``inf`` where unreachable."""
        # The search of ``_dijkstra`` without the way back: matrices ask for nothing else, and it is a third faster.
        times = [math.inf] * self.node_count
        times[source] = 0.0
        adjacency, heap = self._adjacency, [(0.0, int(source))]
        push, pop = heapq.heappush, heapq.heappop
        while heap:
            time_s, u = pop(heap)
            if time_s > times[u]:
                continue
            for v, cost_s, _ in adjacency[u]:
                arrival_s = time_s + cost_s
                if arrival_s < times[v]:
                    times[v] = arrival_s
                    push(heap, (arrival_s, v))
        return np.asarray(times)

    def shortest_path(self, source: NodeIndex, target: NodeIndex) -> Path | None:
        """Return the fastest path, or ``None`` where there is none."""
        times, via = self._dijkstra(source, target)
        if math.isinf(times[target]):
            return None
        nodes, edges = [target], []
        while nodes[-1] != source:
            previous, edge = via[nodes[-1]]
            edges.append(edge)
            nodes.append(NodeIndex(previous))
        edges.reverse()
        length_m = sum(float(self.length_m[edge]) for edge in edges)
        return Path(tuple(reversed(nodes)), length_m, times[target], tuple(edges))

    def time_at_most_s(self, path: Path, max_speed_mps: float) -> float:
        """Return seconds along ``path`` for a vehicle that never exceeds ``max_speed_mps`` (> 0), stops not counted."""
        edges = list(path.edges)
        return float(np.maximum(self.time_s[edges], self.length_m[edges] / max_speed_mps).sum()) if edges else 0.0

    def geometry(self, nodes: Iterable[NodeIndex]) -> tuple[LatLon, ...]:
        """Return the drawn line along consecutive nodes of a path."""
        places: list[LatLon] = []
        sequence = list(nodes)
        for u, v in pairwise(sequence):
            edge = min((t, e) for head, t, e in self._adjacency[u] if head == v)[1]
            points = self.edge_line(edge)
            places.extend(points if not places else points[1:])
        return tuple(places) or tuple(self.place(node) for node in sequence)

    def edge_line(self, edge: int) -> tuple[LatLon, ...]:
        """Return the drawn line of one edge, both end nodes included."""
        part = slice(int(self.geometry_start[edge]), int(self.geometry_start[edge + 1]))
        pairs = zip(self.geometry_lat_deg[part].tolist(), self.geometry_lon_deg[part].tolist(), strict=True)
        return tuple(LatLon(lat, lon) for lat, lon in pairs)

    def matrix_s(self, places: Iterable[LatLon]) -> NDArray[np.float64]:
        """Return free-flow seconds between all ``places`` by their nearest nodes, shape (n, n)."""
        nodes = [self.nearest_node(place) for place in places]
        return np.stack([self.times_from(node)[nodes] for node in nodes]) if nodes else np.zeros((0, 0))

    def xy(self, frame: LocalFrame) -> tuple[XY, ...]:
        """Return all nodes in a local frame."""
        return tuple(frame.xy(self.place(NodeIndex(u))) for u in range(self.node_count))

    def _dijkstra(self, source: int, target: int) -> tuple[list[float], dict[int, tuple[int, int]]]:
        times = [math.inf] * self.node_count
        times[source] = 0.0
        via: dict[int, tuple[int, int]] = {}
        heap = [(0.0, source)]
        while heap:
            time_s, u = heapq.heappop(heap)
            if u == target:
                break
            if time_s > times[u]:
                continue
            for v, cost_s, edge in self._adjacency[u]:
                if time_s + cost_s < times[v]:
                    times[v] = time_s + cost_s
                    via[v] = (u, edge)
                    heapq.heappush(heap, (times[v], v))
        return times, via
