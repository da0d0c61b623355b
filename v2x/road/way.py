"""A vehicle's way over the network: each of its places, in the order of time, put on one directed edge."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mobility.core.clock import Instant
from mobility.core.geo import EARTH_RADIUS_M, LatLon
from mobility.core.network import RoadNetwork
from v2x.road.locator import Locator, OnRoad

LONGEST_GAP_MS = 5000
"""Two places further apart in time say nothing about what lies between them."""
_STAY_M = 10.0
"""How much nearer another road must be before a vehicle is taken off the one it is on, or off one that follows it."""
_TURNED_DEG = 60.0
"""A moving vehicle whose bearing differs more drives another way."""
_MOVING_MPS = 1.0
_MOVED_M = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WayPoint:
    """A place of a vehicle on the network."""

    at: Instant
    edge: int
    chainage_m: float
    offset_m: float


class Way:
    """Follows one vehicle. Times must rise; after a gap or off the roads it begins anew."""

    def __init__(self, network: RoadNetwork, locator: Locator) -> None:
        """Share network and locator with all vehicles."""
        self._sources = network.source
        self._targets = network.target
        self._locator = locator
        self._last: WayPoint | None = None
        self._place: LatLon | None = None

    def point(
        self, at: Instant, place: LatLon, *, bearing_deg: float | None, speed_mps: float | None
    ) -> WayPoint | None:
        """Return where the vehicle is, ``None`` off the roads. A missing bearing is taken from the movement."""
        last = self._last
        if last is not None and at - last.at > LONGEST_GAP_MS:
            last = self._place = None
        heading_deg = bearing_deg
        if speed_mps is not None and speed_mps < _MOVING_MPS:
            heading_deg = None
        elif heading_deg is None and self._place is not None:
            heading_deg = _moved(self._place, place)
        chosen = self._chosen(self._locator.near(place), heading_deg, last)
        self._place = place
        if chosen is None:
            self._last = None
            return None
        self._last = WayPoint(at=at, edge=chosen.edge, chainage_m=chosen.chainage_m, offset_m=chosen.offset_m)
        return self._last

    def _chosen(self, found: Sequence[OnRoad], heading_deg: float | None, last: WayPoint | None) -> OnRoad | None:
        best: OnRoad | None = None
        best_m = math.inf
        for each in found:
            if heading_deg is not None and _apart_deg(each.bearing_deg, heading_deg) > _TURNED_DEG:
                continue
            cost_m = each.offset_m
            if last is not None and each.edge == last.edge:
                # Against its direction a vehicle does not drive; a few metres are the receiver's noise.
                cost_m -= _STAY_M if each.chainage_m > last.chainage_m - _STAY_M else 0.0
            elif last is not None and self._sources[each.edge] == self._targets[last.edge]:
                cost_m -= _STAY_M / 2
            if cost_m < best_m:
                best, best_m = each, cost_m
        return best


def _apart_deg(a_deg: float, b_deg: float) -> float:
    return abs((a_deg - b_deg + 180) % 360 - 180)


def _moved(before: LatLon, after: LatLon) -> float | None:
    metre = math.radians(1) * EARTH_RADIUS_M
    north_m = (after.lat_deg - before.lat_deg) * metre
    east_m = (after.lon_deg - before.lon_deg) * metre * math.cos(math.radians(after.lat_deg))
    if math.hypot(north_m, east_m) < _MOVED_M:
        return None
    return math.degrees(math.atan2(east_m, north_m)) % 360
