"""Roads of a day: the network, and the same with what is closed at the moment."""

from mobility.core.clock import Instant
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import StopId
from mobility.core.network import RoadNetwork
from mobility.core.region import Region
from sim.route import Way, Ways
from sim.upsets import CLOSED_RADIUS_M, Closure, UpsetDay


class Roads:
    """Ways around closed roads."""

    def __init__(self, region: Region, ways: Ways) -> None:
        """Know the open network by ``ways``; closed ones are drawn when they are first needed."""
        self._region = region
        self._open = ways
        self._closed: dict[StopId, tuple[RoadNetwork, Ways]] = {}

    def between(self, origin: LatLon, destination: LatLon, upsets: UpsetDay, now: Instant) -> Way:
        """Return the way between two places at a moment, around what is closed.

        Where that leaves no way the open one: a bus that stands inside is waved out.
        """
        closure = next((each for each in upsets.closures if each.span.holds(now)), None)
        if closure is not None:
            network, ways = self._around(closure)
            if network.shortest_path(network.nearest_node(origin), network.nearest_node(destination)) is not None:
                return ways.between(origin, destination)
        return self._open.between(origin, destination)

    def _around(self, closure: Closure) -> tuple[RoadNetwork, Ways]:
        if closure.stop_id not in self._closed:
            network = _without(self._region.network, self._region.stops[closure.stop_id].place)
            self._closed[closure.stop_id] = network, Ways(network)
        return self._closed[closure.stop_id]


def _without(network: RoadNetwork, centre: LatLon) -> RoadNetwork:
    near = {
        edge
        for edge in range(network.edge_count)
        if any(distance_m(point, centre) <= CLOSED_RADIUS_M for point in _line(network, edge))
    }
    return network.closing(near)


def _line(network: RoadNetwork, edge: int) -> list[LatLon]:
    span = range(network.geometry_start[edge], network.geometry_start[edge + 1])
    return [LatLon(float(network.geometry_lat_deg[k]), float(network.geometry_lon_deg[k])) for k in span]
