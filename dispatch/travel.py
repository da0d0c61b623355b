"""Driving times and distances between on-demand stops: one matrix, computed once from the road network."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import NodeIndex, StopId
from mobility.core.network import RoadNetwork
from mobility.core.region import Region

PLANNING_FACTOR = 1.15
"""Plans drive 15 % slower than free flow: bends, gates, tractors. Assumed, not measured."""
NEARBY_MPS = 5.0
"""Between stops that lie at the same junction: pulling out and in again."""
SHORTEST_S = 1.0
"""No drive between two stops takes less."""


class MatrixTravelTimes:
    """The ``TravelTimes`` port over two matrices. Not assumed symmetric: a climb is no descent."""

    def __init__(
        self,
        index: Mapping[StopId, int],
        seconds: NDArray[np.float64],
        metres: NDArray[np.float64],
        *,
        may_be_cut_off: bool = False,
    ) -> None:
        """Keep ``seconds`` and ``metres``, shape (n, n) each, row = origin, as ``index`` orders the stops.

        Raises ``BadInputError`` that names the stops for what is no travel time: NaN, negative, zero between two
        stops, and no way at all unless stops ``may_be_cut_off``, as they are while a road is closed.
        """
        names = sorted(index, key=lambda stop: index[stop])
        for what, values in (("seconds", seconds), ("metres", metres)):
            _refuse(what, values, names, may_be_cut_off=may_be_cut_off)
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


def matrix(
    region: Region, *, planning_factor: float = PLANNING_FACTOR, closed: frozenset[int] = frozenset()
) -> MatrixTravelTimes:
    """Return times between all stops and depots of the region's service areas, free flow x ``planning_factor``.

    Nobody drives along the ``closed`` edges of the network; a stop may be cut off by them. Whoever stands where every
    road is closed is let out, in the time it takes on open roads. Raises ``BadInputError`` that names the stops where
    there is no way though every road is open.
    """
    stops = _stops_of(region)
    places = [region.stops[stop].place for stop in stops]
    seconds, metres = _ways(region.network.closing(closed), places)
    if closed:
        _let_out(seconds, metres, _ways(region.network, places), _shut_in(region.network, closed, places))
    seconds = seconds * planning_factor
    _part(places, seconds, metres)
    index = {stop: k for k, stop in enumerate(stops)}
    return MatrixTravelTimes(index, seconds, metres, may_be_cut_off=bool(closed))


def _let_out(
    seconds: NDArray[np.float64],
    metres: NDArray[np.float64],
    usual: tuple[NDArray[np.float64], NDArray[np.float64]],
    is_shut_in: NDArray[np.bool_],
) -> None:
    """Give stops that are shut in the ways of open roads to all stops that can be reached from elsewhere."""
    is_reached = np.isfinite(seconds[~is_shut_in]).any(axis=0)
    freed = np.ix_(is_shut_in, is_reached)
    for values, normal in zip((seconds, metres), usual, strict=True):
        values[freed] = normal[freed]


def _shut_in(network: RoadNetwork, closed: frozenset[int], places: Sequence[LatLon]) -> NDArray[np.bool_]:
    """Return at which places every road is closed, in both directions."""
    is_open = np.ones(network.edge_count, dtype=np.bool_)
    is_open[sorted(closed)] = False
    open_nodes = np.union1d(network.source[is_open], network.target[is_open])
    return ~np.isin([network.nearest_node(place) for place in places], open_nodes)


def _part(places: Sequence[LatLon], seconds: NDArray[np.float64], metres: NDArray[np.float64]) -> None:
    """Give stops that share a junction the little way there is between them."""
    for u, v in np.argwhere(seconds == 0).tolist():
        if u != v:
            metres[u, v] = max(metres[u, v], distance_m(places[u], places[v]), NEARBY_MPS * SHORTEST_S)
            seconds[u, v] = metres[u, v] / NEARBY_MPS


def _refuse(what: str, values: NDArray[np.float64], names: Sequence[StopId], *, may_be_cut_off: bool) -> None:
    if values.shape != (len(names), len(names)):
        raise BadInputError(f"shape {values.shape}, expected {(len(names), len(names))}", field=what)
    between = ~np.eye(len(names), dtype=np.bool_)
    faults = (
        ("is not a number (NaN)", np.isnan(values)),
        ("is negative", values < 0),
        ("is zero between two stops", (values == 0) & between),
        ("is infinite: there is no way", np.isinf(values) & (not may_be_cut_off)),
    )
    for fault, where in faults:
        pairs = np.argwhere(where).tolist()
        if pairs:
            origin, destination = pairs[0]
            more = f", and {len(pairs) - 1} more" if len(pairs) > 1 else ""
            raise BadInputError(f"from {names[origin]!r} to {names[destination]!r} {fault}{more}", field=what)


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
