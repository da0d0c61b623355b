"""Places in WGS84, an explicit local metric frame, and chainage along a line."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG)."""


@dataclass(frozen=True, slots=True)
class LatLon:
    """A WGS84 position in degrees, latitude in -90..90, longitude in -180..180."""

    lat_deg: float
    lon_deg: float

    def __post_init__(self) -> None:
        """Refuse what is no position; NaN fails both comparisons."""
        if not (-90 <= self.lat_deg <= 90 and -180 <= self.lon_deg <= 180):  # noqa: PLR2004 - degrees
            msg = f"({self.lat_deg}, {self.lon_deg}) is no position on Earth"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class XY:
    """A point in metres east and north in some local frame."""

    x_m: float
    y_m: float


def distance_m(a: LatLon, b: LatLon) -> float:
    """Return the great-circle distance in metres (haversine)."""
    lat_a, lat_b = math.radians(a.lat_deg), math.radians(b.lat_deg)
    d_lat, d_lon = lat_b - lat_a, math.radians(b.lon_deg - a.lon_deg)
    h = math.sin(d_lat / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(d_lon / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def bearing_deg(a: LatLon, b: LatLon) -> float:
    """Return the initial bearing from ``a`` to ``b`` in degrees clockwise from north, 0 <= result < 360."""
    lat_a, lat_b = math.radians(a.lat_deg), math.radians(b.lat_deg)
    d_lon = math.radians(b.lon_deg - a.lon_deg)
    east = math.sin(d_lon) * math.cos(lat_b)
    north = math.cos(lat_a) * math.sin(lat_b) - math.sin(lat_a) * math.cos(lat_b) * math.cos(d_lon)
    return math.degrees(math.atan2(east, north)) % 360


@dataclass(frozen=True)
class LocalFrame:
    """A plane metric frame, named by its CRS (Ilmenau: ``EPSG:25832``, UTM 32N). Explicit wherever metres are used."""

    crs: str

    @cached_property
    def _forward(self) -> Transformer:
        return Transformer.from_crs("EPSG:4326", self.crs, always_xy=True)

    @cached_property
    def _backward(self) -> Transformer:
        return Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)

    def xy(self, place: LatLon) -> XY:
        """Project a WGS84 position."""
        x_m, y_m = self._forward.transform(place.lon_deg, place.lat_deg)
        return XY(x_m, y_m)

    def project(
        self, lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Project many WGS84 positions at once, shape (n,) each; return their x and y in metres."""
        x_m, y_m = self._forward.transform(lon_deg, lat_deg)
        return x_m, y_m

    def latlon(self, point: XY) -> LatLon:
        """Return the WGS84 position of a point of this frame."""
        lon_deg, lat_deg = self._backward.transform(point.x_m, point.y_m)
        return LatLon(lat_deg, lon_deg)


def utm_crs(place: LatLon) -> str:
    """Return the EPSG code of the WGS84 UTM zone of a place, for feeds that bring no frame of their own."""
    zone = min(60, int((place.lon_deg + 180) // 6) + 1)
    return f"EPSG:{(32600 if place.lat_deg >= 0 else 32700) + zone}"


@dataclass(frozen=True, slots=True)
class OnLine:
    """Where a point falls on a line: ``chainage_m`` from its start, ``offset_m`` >= 0 beside it."""

    chainage_m: float
    offset_m: float


@dataclass(frozen=True)
class Polyline:
    """A line in one local frame with chainage. Needs at least two points; may have zero-length parts."""

    points: tuple[XY, ...]
    chainages_m: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Measure the line once."""
        if len(self.points) < 2:  # noqa: PLR2004 - a line has two ends
            msg = "a line needs at least two points"
            raise ValueError(msg)
        total_m, chainages_m = 0.0, [0.0]
        for a, b in pairwise(self.points):
            total_m += math.hypot(b.x_m - a.x_m, b.y_m - a.y_m)
            chainages_m.append(total_m)
        object.__setattr__(self, "chainages_m", tuple(chainages_m))

    @property
    def length_m(self) -> float:
        """Length of the line in metres."""
        return self.chainages_m[-1]

    def at(self, chainage_m: float) -> XY:
        """Return the point at a chainage, clamped to the line's ends."""
        here_m = min(max(chainage_m, 0.0), self.length_m)
        i = min(max(bisect_right(self.chainages_m, here_m) - 1, 0), len(self.points) - 2)
        span_m = self.chainages_m[i + 1] - self.chainages_m[i]
        share = 0.0 if span_m == 0 else (here_m - self.chainages_m[i]) / span_m
        a, b = self.points[i], self.points[i + 1]
        return XY(a.x_m + share * (b.x_m - a.x_m), a.y_m + share * (b.y_m - a.y_m))

    @cached_property
    def _parts(self) -> tuple[tuple[float, float, float, float, float, float], ...]:
        """Start chainage, start point, extent in x and y, and length of each part; ``project`` reads them at 1 Hz."""
        parts: list[tuple[float, float, float, float, float, float]] = []
        for (a, b), start_m in zip(pairwise(self.points), self.chainages_m, strict=False):
            dx_m, dy_m = b.x_m - a.x_m, b.y_m - a.y_m
            parts.append((start_m, a.x_m, a.y_m, dx_m, dy_m, math.hypot(dx_m, dy_m)))
        return tuple(parts)

    def project(self, point: XY, *, from_m: float = 0.0, to_m: float = math.inf) -> OnLine:
        """Return the nearest place on the line between two chainages; the earliest one where several are equal."""
        parts, x_m, y_m = self._parts, point.x_m, point.y_m
        first = min(max(bisect_right(self.chainages_m, from_m) - 1, 0), len(parts) - 1)
        best_m, best_offset_m = 0.0, math.inf
        # Every sample of every vehicle comes through here, so the loop makes no objects and calls as little as it can.
        for i in range(first, len(parts)):
            start_m, a_x_m, a_y_m, dx_m, dy_m, span_m = parts[i]
            if start_m > to_m and i > first:
                break
            along_m = 0.0
            if span_m > 0:
                low_m = from_m - start_m if start_m < from_m else 0.0
                high_m = max(to_m - start_m, low_m) if to_m - start_m < span_m else max(span_m, low_m)
                along_m = ((x_m - a_x_m) * dx_m + (y_m - a_y_m) * dy_m) / span_m
                along_m = low_m if along_m < low_m else min(along_m, high_m)
                share = min(along_m / span_m, 1.0)
                a_x_m, a_y_m = a_x_m + share * dx_m, a_y_m + share * dy_m
            offset_m = math.hypot(x_m - a_x_m, y_m - a_y_m)
            if offset_m < best_offset_m - 1e-9 or i == first:
                best_m, best_offset_m = start_m + along_m, offset_m
        return OnLine(best_m, best_offset_m)


def polyline(frame: LocalFrame, places: Sequence[LatLon]) -> Polyline:
    """Return the line through ``places`` in ``frame``."""
    return Polyline(tuple(frame.xy(place) for place in places))
