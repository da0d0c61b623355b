"""A drawn way with chainage: where a vehicle is in latitude and longitude after so many metres.

The metres are measured once in the region's local frame; between two points of the line latitude and longitude are
interpolated linearly, which within one segment of a town's road is exact to centimetres and costs no projection.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mobility.core.geo import LatLon, LocalFrame, Polyline, bearing_deg, distance_m

_SAME_PLACE_M = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A line of n >= 2 points. All sequences are as long as it has points, ``bearings_deg`` one shorter."""

    lats_deg: tuple[float, ...]
    lons_deg: tuple[float, ...]
    chainages_m: tuple[float, ...]
    """Not decreasing, first is 0."""
    bearings_deg: tuple[float, ...]
    """Direction of each segment, clockwise from north."""
    elevations_m: tuple[float, ...]

    @property
    def length_m(self) -> float:
        """Length in metres."""
        return self.chainages_m[-1]

    def at(self, chainage_m: float) -> tuple[LatLon, float]:
        """Return position and bearing (degrees) at a chainage, clamped to the ends."""
        marks = self.chainages_m
        if chainage_m >= marks[-1]:
            # Exactly the last point: a vehicle that arrived stands where its stop is.
            return LatLon(self.lats_deg[-1], self.lons_deg[-1]), self.bearings_deg[-1]
        if chainage_m <= 0:
            return LatLon(self.lats_deg[0], self.lons_deg[0]), self.bearings_deg[0]
        i = bisect_right(marks, chainage_m) - 1
        # Never 0: the mark after the last one that is not beyond the place lies beyond it.
        share = (chainage_m - marks[i]) / (marks[i + 1] - marks[i])
        lats, lons = self.lats_deg, self.lons_deg
        place = LatLon(lats[i] + share * (lats[i + 1] - lats[i]), lons[i] + share * (lons[i + 1] - lons[i]))
        return place, self.bearings_deg[i]

    def elevation_m(self, chainage_m: float) -> float:
        """Return the elevation at a chainage, interpolated."""
        marks = self.chainages_m
        i = min(max(bisect_right(marks, chainage_m) - 1, 0), len(marks) - 2)
        span_m = marks[i + 1] - marks[i]
        share = min(max((chainage_m - marks[i]) / span_m, 0.0), 1.0) if span_m > 0 else 0.0
        return self.elevations_m[i] + share * (self.elevations_m[i + 1] - self.elevations_m[i])


def track(places: Sequence[LatLon], *, elevations_m: Sequence[float] = ()) -> Track:
    """Return the track through ``places`` (one is enough: a vehicle that stands), measured along great circles."""
    points, heights = _spread(places, elevations_m)
    chainages_m = [0.0]
    for a, b in pairwise(points):
        chainages_m.append(chainages_m[-1] + distance_m(a, b))
    return _assembled(points, chainages_m, heights)


def track_of_line(line: Polyline, frame: LocalFrame, *, elevations_m: Sequence[float] = ()) -> Track:
    """Return the track along a line of the timetable, with the very chainage the timetable uses."""
    points, heights = _spread([frame.latlon(point) for point in line.points], elevations_m)
    return _assembled(points, line.chainages_m, heights)


def elevations_between(chainages_m: Sequence[float], marks_m: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Return elevations at ``chainages_m``, interpolated between known (chainage, elevation) marks in order."""
    if not marks_m:
        return (0.0,) * len(chainages_m)
    at_m = [mark[0] for mark in marks_m]
    found: list[float] = []
    for chainage_m in chainages_m:
        i = bisect_right(at_m, chainage_m)
        if i == 0 or i == len(marks_m):
            found.append(marks_m[max(i - 1, 0)][1])
            continue
        (a_m, low_m), (b_m, high_m) = marks_m[i - 1], marks_m[i]
        found.append(low_m + (high_m - low_m) * (chainage_m - a_m) / (b_m - a_m))
    return tuple(found)


def _spread(places: Sequence[LatLon], elevations_m: Sequence[float]) -> tuple[list[LatLon], tuple[float, ...]]:
    if not places:
        raise ValueError("a track needs a place")
    points = list(places) if len(places) > 1 else [places[0], places[0]]
    heights = tuple(0.0 if math.isnan(e) else float(e) for e in elevations_m)
    if heights and len(heights) != len(points):
        heights = (heights[0],) * len(points)
    return points, heights or (0.0,) * len(points)


def _assembled(points: Sequence[LatLon], chainages_m: Sequence[float], heights: tuple[float, ...]) -> Track:
    bearings: list[float] = []
    for (a, b), (from_m, to_m) in zip(pairwise(points), pairwise(chainages_m), strict=True):
        stands = to_m - from_m < _SAME_PLACE_M
        bearings.append((bearings[-1] if bearings else 0.0) if stands else bearing_deg(a, b))
    return Track(
        lats_deg=tuple(p.lat_deg for p in points),
        lons_deg=tuple(p.lon_deg for p in points),
        chainages_m=tuple(chainages_m),
        bearings_deg=tuple(bearings),
        elevations_m=heights,
    )
