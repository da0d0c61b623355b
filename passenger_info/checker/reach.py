"""Where a vehicle may be: in the covered area (rule E028) and near its trip's shape (rule E029).

Both rules measure in degrees, as the GTFS Realtime Validator does: the covered area grows by 1,609 m (one mile), a
shape by 200 m in plain degrees, which east and west is less than 200 m. We draw the shape's buffer a trifle smaller.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, cos, degrees, radians, sin

import shapely
from shapely import LineString, Polygon

from passenger_info.checker.static_view import LonLat, StaticTrip

_EARTH_KM = 6371.0087714
_COVERED_KM = 1.609
_SHAPE_DEG = 0.001797
"""200 m on the sphere are 0.0017986°; the buffer's round ends have flat facets, so the same construction is used."""
_SURE_DEG = 0.98 * _SHAPE_DEG
"""So near is within the buffer in every direction, facets or not."""
_MOST_BUFFERS = 500


class Box:
    """The covered area."""

    def __init__(self, points: Sequence[LonLat]) -> None:
        """Take the points it lies around; without any it covers the world. Areas across the 180th meridian do, too."""
        self._west_deg, self._east_deg, self._south_deg, self._north_deg = -180.0, 180.0, -90.0, 90.0
        lon_deg = [point[0] for point in points]
        if not points or max(lon_deg) - min(lon_deg) > 180:  # noqa: PLR2004 - half the world
            return
        lat_deg = [point[1] for point in points]
        pad_deg = degrees(_COVERED_KM / _EARTH_KM)
        self._south_deg, self._north_deg = min(lat_deg) - pad_deg, max(lat_deg) + pad_deg
        widest = cos(radians(max(abs(min(lat_deg)), abs(max(lat_deg)))))
        side_deg = degrees(asin(min(1.0, sin(radians(pad_deg)) / max(widest, 1e-9))))
        self._west_deg, self._east_deg = min(lon_deg) - side_deg, max(lon_deg) + side_deg

    def holds(self, lon_deg: float, lat_deg: float) -> bool:
        """Return whether a position lies in the area."""
        return self._west_deg <= lon_deg <= self._east_deg and self._south_deg <= lat_deg <= self._north_deg


@dataclass(slots=True)
class _Drawn:
    """A shape with the area around it."""

    points: tuple[LonLat, ...]
    area: Polygon
    leg: int = 0
    """The leg that a position was near last."""


class ShapeBuffers:
    """The areas around trips' shapes, drawn when first asked for."""

    def __init__(self) -> None:
        """Begin with none."""
        self._drawn: dict[int, _Drawn] = {}

    def holds(self, trip: StaticTrip, lon_deg: float, lat_deg: float) -> bool:
        """Return whether a position lies near a trip's shape; a trip without a shape is near everything."""
        if len(trip.shape) <= 1:
            return True
        drawn = self._drawn.get(id(trip.shape))
        if drawn is None:
            drawn = self._draw(trip.shape)
        # vehicles move little between two looks: the leg of the last one is tried before the whole area
        for leg in (drawn.leg, drawn.leg + 1):
            if leg + 1 < len(drawn.points) and _is_near(drawn.points[leg], drawn.points[leg + 1], lon_deg, lat_deg):
                drawn.leg = leg
                return True
        if not shapely.contains_xy(drawn.area, lon_deg, lat_deg):
            return False
        legs = range(len(drawn.points) - 1)
        near = (k for k in legs if _is_near(drawn.points[k], drawn.points[k + 1], lon_deg, lat_deg))
        drawn.leg = next(near, drawn.leg)
        return True

    def _draw(self, points: tuple[LonLat, ...]) -> _Drawn:
        if len(self._drawn) >= _MOST_BUFFERS:
            self._drawn.clear()
        # the shape is kept beside its area, so that its address stays its own
        drawn = _Drawn(points, LineString(points).buffer(_SHAPE_DEG, quad_segs=8))
        shapely.prepare(drawn.area)
        self._drawn[id(points)] = drawn
        return drawn


def _is_near(one: LonLat, other: LonLat, lon_deg: float, lat_deg: float) -> bool:
    """Return whether a position is surely within reach of a leg."""
    x_deg, y_deg = other[0] - one[0], other[1] - one[1]
    off_x_deg, off_y_deg = lon_deg - one[0], lat_deg - one[1]
    squared = x_deg * x_deg + y_deg * y_deg
    share = 0.0 if squared == 0 else max(0.0, min(1.0, (off_x_deg * x_deg + off_y_deg * y_deg) / squared))
    off_x_deg -= share * x_deg
    off_y_deg -= share * y_deg
    return off_x_deg * off_x_deg + off_y_deg * off_y_deg <= _SURE_DEG * _SURE_DEG
