"""How far beside a trip's shape a position may be published on it: as far as validators allow (rule E029).

Rule E029 buffers the shape in plain degrees (JTS buffer, 0.0017986°), which is 200 m north and south but less east and
west, and asks whether the position lies inside. Near the limit we ask the same question with the same construction.
"""

from math import cos, radians

from shapely import LineString, Point, Polygon, prepare

from gtfs.pattern import Pattern
from mobility.core.geo import LatLon, LocalFrame, distance_m
from passenger_info.match import OFF_ROUTE_M
from passenger_info.track import Track

_REACH_DEG = 0.001797
_METRES_PER_DEG = 111_320.0
_SURE = 0.97
"""Share of the reach that lies inside the buffer in every direction: its round ends have flat facets."""
_MOST_BUFFERS = 200


class ShapeReach:
    """The buffers of the patterns somebody was near the limit of."""

    def __init__(self, frame: LocalFrame) -> None:
        """Take the frame of the patterns' lines."""
        self._frame = frame
        self._buffers: dict[Pattern, Polygon] = {}

    def holds(self, track: Track, place: LatLon) -> bool:
        """Return whether a vehicle's position may be published on its trip."""
        if track.offset_m <= _SURE * _REACH_DEG * _METRES_PER_DEG * cos(radians(place.lat_deg)):
            return True
        if track.offset_m > OFF_ROUTE_M:
            return False
        pattern = track.run.trip.pattern
        near = self._frame.latlon(pattern.line.at(track.chainage_m))
        return distance_m(near, place) <= OFF_ROUTE_M and self._inside(pattern, place)

    def _inside(self, pattern: Pattern, place: LatLon) -> bool:
        if pattern not in self._buffers:
            if len(self._buffers) >= _MOST_BUFFERS:
                self._buffers.clear()
            corners = [self._frame.latlon(point) for point in pattern.line.points]
            line = LineString([(corner.lon_deg, corner.lat_deg) for corner in corners])
            self._buffers[pattern] = line.buffer(_REACH_DEG, quad_segs=8)
            prepare(self._buffers[pattern])
        return bool(self._buffers[pattern].contains(Point(place.lon_deg, place.lat_deg)))
