"""Walking to a stop: which stops are near a place, how far and how long. The place itself is kept nowhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import StopId
from mobility.core.place import Stop
from mobility.core.refusal import Refusal, RefusalCode

DETOUR_FACTOR = 1.3
"""A way on foot is so much longer than the straight line. Assumed, usual in transport planning."""
WALKING_MPS = 1.2
"""Assumed: a little slower than the 1.4 m/s of grown-up people, as many riders are old."""
FARTHEST_M = 800.0
"""Longest walk to a stop."""
MOST_STOPS = 3
"""So many of the nearest stops are tried at each end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A way on foot between a place and a stop; no way at all where the stop itself was named."""

    stop_id: StopId
    walk_m: int = 0
    """Estimated from the straight line."""

    @property
    def walk_min(self) -> int:
        """Minutes on foot, rounded up."""
        return ceil(self.walk_m / WALKING_MPS / 60)


def walks(place: LatLon, stops: Sequence[StopId], known: Mapping[StopId, Stop]) -> tuple[Walk, ...] | Refusal:
    """Return the nearest stops that can be walked to, the nearest first, or what stands against all of them."""
    found = sorted((walk_m(place, known[stop_id].place), stop_id) for stop_id in stops)
    near = tuple(Walk(stop_id=stop_id, walk_m=metres) for metres, stop_id in found if metres <= FARTHEST_M)
    if near or not found:
        return near[:MOST_STOPS] or Refusal(RefusalCode.NO_STOP_NEAR, {"limit_m": round(FARTHEST_M)})
    metres, stop_id = found[0]
    name = known[stop_id].name
    return Refusal(RefusalCode.NO_STOP_NEAR, {"stop": name, "distance_m": metres, "limit_m": round(FARTHEST_M)})


def walk_m(a: LatLon, b: LatLon) -> int:
    """Return the estimated way on foot between two places, whole metres."""
    return round(distance_m(a, b) * DETOUR_FACTOR)
