"""Stop patterns: a sequence of stops on a drawn line, each stop with its chainage."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gtfs.chainage import place_stops
from mobility.core.geo import XY, Polyline
from mobility.core.ids import StopId

_TRUST_M = 30.0
"""A feed's own distances are used where they put no stop further beside the shape than this, compared with ours."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pattern:
    """A stop sequence on a line of the timetable's frame. Shared by its trips; equal only to itself."""

    stops: tuple[StopId, ...]
    line: Polyline
    stop_chainage_m: tuple[float, ...]
    """As long as ``stops``, not decreasing, within 0..``line.length_m``."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Shape:
    """A drawn line in the timetable's frame, with the feed's own distances where it has them."""

    line: Polyline
    distance: NDArray[np.float64] | None
    """Shape (points,), in the feed's own unit, not decreasing; ``None`` where absent."""


def straight_pattern(stops: Sequence[StopId], places: Sequence[XY]) -> Pattern:
    """Return the pattern of straight lines from stop to stop, for trips without a shape; at least two stops."""
    line = Polyline(tuple(places))
    return Pattern(stops=tuple(stops), line=line, stop_chainage_m=line.chainages_m)


def shaped_pattern(
    stops: Sequence[StopId],
    places: Sequence[XY],
    shape: Shape,
    distance: NDArray[np.float64] | None = None,
) -> Pattern:
    """Return the pattern of stops placed on a shape.

    ``distance`` is the feed's ``shape_dist_traveled`` per stop, in the unit of ``shape.distance``. It decides only
    where it is complete, rising, within the shape and agrees with the stops' places; else the places decide alone.
    """
    xy = np.array([(place.x_m, place.y_m) for place in places])
    chainage_m = _chainage_m(shape, xy, distance)
    return Pattern(stops=tuple(stops), line=shape.line, stop_chainage_m=tuple(chainage_m.tolist()))


def _chainage_m(shape: Shape, xy: NDArray[np.float64], distance: NDArray[np.float64] | None) -> NDArray[np.float64]:
    given_m = _given(shape, distance)
    if given_m is None:
        return place_stops(shape.line, xy).chainage_m
    offset_m = _offset_m(shape.line, xy, given_m)
    if (offset_m <= _TRUST_M).all():
        # Ours can not lie that much nearer: no need to look for them.
        return given_m
    ours = place_stops(shape.line, xy)
    return given_m if (offset_m <= ours.offset_m + _TRUST_M).all() else ours.chainage_m


def _given(shape: Shape, distance: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    if shape.distance is None or distance is None or not np.isfinite(distance).all():
        return None
    low, high = shape.distance[0], shape.distance[-1]
    if high <= low or (np.diff(distance) < 0).any() or distance[0] < low or distance[-1] > high * 1.001:
        return None
    chainage_m: NDArray[np.float64] = np.interp(distance, shape.distance, np.asarray(shape.line.chainages_m))
    return chainage_m


def _offset_m(line: Polyline, xy: NDArray[np.float64], chainage_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each place lies beside the point of the line at its chainage."""
    along_m = np.asarray(line.chainages_m)
    points = np.array([(point.x_m, point.y_m) for point in line.points])
    x_m = np.interp(chainage_m, along_m, points[:, 0])
    y_m = np.interp(chainage_m, along_m, points[:, 1])
    offset_m: NDArray[np.float64] = np.hypot(xy[:, 0] - x_m, xy[:, 1] - y_m)
    return offset_m
