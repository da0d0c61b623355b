"""Radio coverage: circles in the forest without mobile network, and spans of time without any."""

import math
from collections.abc import Iterable

from mobility.core.booking import Window
from mobility.core.clock import Instant
from mobility.core.demand import RadioGap
from mobility.core.geo import LatLon

_DEGREE_M = 111_195.0
"""Length of a degree of latitude on the mean sphere."""


class Coverage:
    """Where and when vehicles have a connection."""

    def __init__(self, gaps: Iterable[RadioGap], outages: Iterable[Window] = ()) -> None:
        """Take circles without network, and spans of time in which nobody has any."""
        self._circles = tuple(
            (
                gap.centre.lat_deg,
                gap.centre.lon_deg,
                _DEGREE_M * math.cos(math.radians(gap.centre.lat_deg)),
                gap.radius_m**2,
            )
            for gap in gaps
        )
        self._outages = tuple(outages)

    def covers(self, place: LatLon, moment: Instant) -> bool:
        """Return whether frames pass at a place and time (equirectangular distance, exact enough within a district)."""
        for lat_deg, lon_deg, degree_m, radius2 in self._circles:
            north_m, east_m = (place.lat_deg - lat_deg) * _DEGREE_M, (place.lon_deg - lon_deg) * degree_m
            if north_m * north_m + east_m * east_m < radius2:
                return False
        return not self._outages or not any(outage.holds(moment) for outage in self._outages)
