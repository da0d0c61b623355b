"""Ways through the road network for vehicles without a timetable: track, road limits and free-flow time."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import NodeIndex
from mobility.core.network import RoadNetwork
from sim.road import Limit
from sim.track import Track, track

_ACCESS_MPS = 4.0
"""Speed between a stop's kerb and the road: a stop rarely lies exactly on a junction."""
_ON_ROAD_M = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How to get from one place to another."""

    track: Track
    limits: tuple[Limit, ...]
    free_flow_s: float
    """Driving time by the network's own edge times; what a planner reckons with."""


class Ways:
    """Ways through one network, each looked for once."""

    def __init__(self, network: RoadNetwork) -> None:
        """Remember ways through ``network``."""
        self._network = network
        self._known: dict[tuple[LatLon, LatLon], Way] = {}

    def between(self, origin: LatLon, destination: LatLon) -> Way:
        """Return the way between two places; see ``way_between``."""
        key = (origin, destination)
        if key not in self._known:
            self._known[key] = way_between(self._network, origin, destination)
        return self._known[key]


def way_between(network: RoadNetwork, origin: LatLon, destination: LatLon) -> Way:
    """Return the fastest way along roads, with short straight accesses at both ends; straight where roads have none."""
    first, last = network.nearest_node(origin), network.nearest_node(destination)
    path = network.shortest_path(first, last)
    nodes = path.nodes if path is not None else ()
    places: list[LatLon] = [origin]
    elevations_m: list[float] = [_elevation_m(network, first)]
    edges: list[tuple[int, float]] = []
    for u, v in pairwise(nodes):
        edge = _edge(network, u, v)
        points = _points(network, edge)
        edges.append((len(places) - 1 if len(places) > 1 else 0, _speed_mps(network, edge)))
        rise_m = np.linspace(_elevation_m(network, u), _elevation_m(network, v), len(points)).tolist()
        places.extend(points if len(places) == 1 else points[1:])
        elevations_m.extend(rise_m if len(elevations_m) == 1 else rise_m[1:])
    places.append(destination)
    elevations_m.append(_elevation_m(network, last))
    drawn = track(places, elevations_m=elevations_m)
    limits = _limits(drawn, edges)
    access_m = drawn.length_m if path is None else max(drawn.length_m - path.length_m, 0.0)
    free_s = (path.time_s if path is not None else 0.0) + (access_m / _ACCESS_MPS if access_m > _ON_ROAD_M else 0.0)
    return Way(track=drawn, limits=limits, free_flow_s=free_s)


def straight_way(origin: LatLon, destination: LatLon) -> Way:
    """Return the straight way between two near places, e.g. from one platform to the next."""
    drawn = track((origin, destination))
    return Way(
        track=drawn, limits=(Limit(0.0, _ACCESS_MPS),), free_flow_s=distance_m(origin, destination) / _ACCESS_MPS
    )


def _limits(drawn: Track, edges: list[tuple[int, float]]) -> tuple[Limit, ...]:
    if not edges:
        return (Limit(0.0, _ACCESS_MPS),)
    starts = [drawn.chainages_m[max(index, 1)] for index, _ in edges]
    access_end_m = drawn.chainages_m[-2]
    roads = [Limit(start_m, speed_mps) for start_m, (_, speed_mps) in zip(starts, edges, strict=True)]
    return (Limit(0.0, _ACCESS_MPS), *roads, Limit(access_end_m, _ACCESS_MPS))


def _edge(network: RoadNetwork, u: NodeIndex, v: NodeIndex) -> int:
    span = range(int(network.first_edge[u]), int(network.first_edge[u + 1]))
    return min((float(network.time_s[e]), e) for e in span if network.target[e] == v)[1]


def _points(network: RoadNetwork, edge: int) -> list[LatLon]:
    part = range(int(network.geometry_start[edge]), int(network.geometry_start[edge + 1]))
    return [LatLon(float(network.geometry_lat_deg[k]), float(network.geometry_lon_deg[k])) for k in part]


def _speed_mps(network: RoadNetwork, edge: int) -> float:
    return float(network.length_m[edge]) / max(float(network.time_s[edge]), 0.1)


def _elevation_m(network: RoadNetwork, node: NodeIndex) -> float:
    return float(network.elevation_m[node])
