"""Ways from stop to stop through a region's network, and the fastest time a vehicle needs for them."""

import math
from collections.abc import Sequence
from itertools import pairwise

from mobility.core.geo import LatLon
from mobility.core.network import Path, RoadNetwork
from mobility.storage.bundle_fields import Fields

_START_MPS2 = 0.8
_STOP_MPS2 = 1.0
"""Starting and braking of a service vehicle with standing passengers (assumed)."""


def stop_paths(row: Fields, places: Sequence[LatLon], network: RoadNetwork) -> list[Path]:
    """Return the fastest paths between consecutive places by their nearest nodes; refuses where there is none."""
    nodes = [network.nearest_node(place) for place in places]
    paths = []
    for number, (u, v) in enumerate(pairwise(nodes), 2):
        path = network.shortest_path(u, v)
        if path is None:
            row.fail("stops", f"no road leads to its place {number} from the one before")
        if u == v:
            row.fail("stops", f"its places {number - 1} and {number} lie at the same point of the road network")
        paths.append(path)
    return paths


def fastest_s(network: RoadNetwork, path: Path, max_speed_mps: float) -> int:
    """Return whole seconds from standstill to standstill along a path for a vehicle with this top speed."""
    cruise_s = network.time_at_most_s(path, max_speed_mps)
    speed_mps = min(max_speed_mps, path.length_m / cruise_s) if cruise_s else 0.0
    # Half of the time of an even acceleration is lost against driving through at that speed.
    return math.ceil(cruise_s + speed_mps / (2 * _START_MPS2) + speed_mps / (2 * _STOP_MPS2))
