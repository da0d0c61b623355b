"""Driving times and distances between on-demand stops: one matrix, computed once from the road network."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mobility.core.geo import LatLon
from mobility.core.ids import NodeIndex, StopId
from mobility.core.network import RoadNetwork
from mobility.core.region import Region

PLANNING_FACTOR = 1.15
"""Plans drive 15 % slower than free flow: bends, gates, tractors. Assumed, not measured."""


class MatrixTravelTimes:
    """The ``TravelTimes`` port over two matrices. Not assumed symmetric: a climb is no descent."""

    def __init__(self, index: Mapping[StopId, int], seconds: NDArray[np.float64], metres: NDArray[np.float64]) -> None:
        """Keep ``seconds`` and ``metres``, shape (n, n) each, row = origin, as ``index`` orders the stops."""
        self._index = dict(index)
        # Nested lists: one element of a numpy array costs five times as much from Python.
        self._seconds: list[list[float]] = seconds.tolist()
        self._metres: list[list[float]] = metres.tolist()

    def seconds(self, origin: StopId, destination: StopId) -> float:
        """Return planned driving time in seconds, ``inf`` where there is no way; ``KeyError`` for a foreign stop."""
        return self._seconds[self._index[origin]][self._index[destination]]

    def metres(self, origin: StopId, destination: StopId) -> float:
        """Return the length of that way in metres, ``inf`` where there is none; ``KeyError`` for a foreign stop."""
        return self._metres[self._index[origin]][self._index[destination]]


def matrix(region: Region, *, planning_factor: float = PLANNING_FACTOR) -> MatrixTravelTimes:
    """Return times between all stops and depots of the region's service areas, free flow x ``planning_factor``."""
    stops = _stops_of(region)
    seconds, metres = _ways(region.network, [region.stops[stop].place for stop in stops])
    return MatrixTravelTimes({stop: k for k, stop in enumerate(stops)}, seconds * planning_factor, metres)


def _stops_of(region: Region) -> Sequence[StopId]:
    named = [stop for area in region.areas for stop in area.stops]
    depots = [shift.depot for area in region.areas for shift in area.shifts]
    return sorted({*named, *depots})


def _ways(network: RoadNetwork, places: Sequence[LatLon]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not places:
        return np.zeros((0, 0)), np.zeros((0, 0))
    nodes: list[NodeIndex] = [network.nearest_node(place) for place in places]
    seconds = [network.times_from(node) for node in nodes]
    metres = [_metres_along(network, node, times) for node, times in zip(nodes, seconds, strict=True)]
    return np.stack([row[nodes] for row in seconds]), np.stack([row[nodes] for row in metres])


def _metres_along(network: RoadNetwork, origin: NodeIndex, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the length of the fastest ways from ``origin``, shape (N,); of equally fast ones the shorter."""
    arrival_s = times_s[network.source] + network.time_s
    # An edge lies on a fastest way when it arrives exactly then; the sums are those of the shortest-path search.
    on_a_way = np.flatnonzero(
        np.isfinite(arrival_s) & np.isclose(arrival_s, times_s[network.target], rtol=0, atol=1e-6)
    )
    edges = on_a_way[np.argsort(times_s[network.source[on_a_way]], kind="stable")]
    ways = list(
        zip(
            network.source[edges].tolist(),
            network.target[edges].tolist(),
            network.length_m[edges].tolist(),
            strict=True,
        )
    )
    metres = [math.inf] * network.node_count
    metres[origin] = 0.0
    is_settled = False
    while not is_settled:  # more than twice only where edges take no time at all
        is_settled = True
        for u, v, length_m in ways:
            if metres[u] + length_m < metres[v]:
                metres[v] = metres[u] + length_m
                is_settled = False
    return np.asarray(metres)
