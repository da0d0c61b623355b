"""Driving times as the roads are: with all of them open, and with those that a disruption has closed."""

from dispatch.closures import closed_edges
from dispatch.route import Drive, drive_ms
from dispatch.travel import matrix
from mobility.core.clock import Instant
from mobility.core.fold import State
from mobility.core.ports import TravelTimes
from mobility.core.region import Region

_MOST_KEPT = 8

Way = tuple[TravelTimes, Drive]
"""Travel times, and the same in milliseconds and remembered."""


class Ways:
    """Keeps the matrix of each set of closed roads."""

    def __init__(self, region: Region, travel: TravelTimes) -> None:
        """Take ``travel`` while all roads of the region are open."""
        self._region = region
        self._open: Way = (travel, drive_ms(travel))
        self._closed: dict[frozenset[int], Way] = {}

    def at(self, state: State, moment: Instant) -> Way:
        """Return driving times with the roads closed that the state knows to be at ``moment``."""
        closed = closed_edges(self._region, state.disruptions.values(), moment)
        if not closed:
            return self._open
        if closed not in self._closed:
            if len(self._closed) >= _MOST_KEPT:
                self._closed.clear()
            travel = matrix(self._region, closed=closed)
            self._closed[closed] = travel, drive_ms(travel)
        return self._closed[closed]
