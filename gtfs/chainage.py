"""Where stops lie on a drawn line: the monotone projection with the least squared offsets.

Nearest points alone go wrong where a line passes a place twice (loops, out-and-back lines). Here all stops are placed
together by dynamic programming over the line's parts, so that chainage never falls along the trip. Where the line
passes a stop twice at equal offset, the earlier passing wins.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobility.core.geo import Polyline

_MILLIMETRES = 3
"""Offsets are compared in whole millimetres, so that rounding noise decides no tie."""
_AT_ONCE = 200_000
"""So many pairs of stop and part are measured at once; more would take too much memory."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Stops on a line: both arrays have shape (stops,), in metres."""

    chainage_m: NDArray[np.float64]
    """Not decreasing."""
    offset_m: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Parts:
    """The line's straight parts as arrays of shape (parts,)."""

    start: NDArray[np.float64]
    """Shape (parts, 2)."""
    direction: NDArray[np.float64]
    """Unit vectors, shape (parts, 2); zero for parts without length."""
    start_m: NDArray[np.float64]
    length_m: NDArray[np.float64]

    def offset_m(self, place: NDArray[np.float64], along_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance of ``place`` from the point ``along_m`` behind the start of each part."""
        point = self.start + self.direction * along_m[:, None]
        offset_m: NDArray[np.float64] = np.hypot(place[0] - point[:, 0], place[1] - point[:, 1])
        return offset_m.round(_MILLIMETRES)

    def nearest_m(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far behind the start of each part its point nearest to ``place`` lies."""
        along_m: NDArray[np.float64] = ((place - self.start) * self.direction).sum(axis=1)
        return along_m.clip(0.0, self.length_m)


def place_stops(line: Polyline, places: NDArray[np.float64]) -> Placed:
    """Place stops (shape (n, 2), metres in the line's frame, in the order of travel) on ``line``."""
    parts = _parts(line)
    if len(places) * len(parts.length_m) <= _AT_ONCE:
        nearest = _nearest(parts, places)
        # Where each stop's nearest point already lies behind that of the stop before, nothing can be nearer.
        if (np.diff(nearest.chainage_m) >= 0).all():
            return nearest
    return _together(parts, places)


def _nearest(parts: _Parts, places: NDArray[np.float64]) -> Placed:
    """Return the nearest point of the line for each stop alone; of equally near ones the first."""
    from_start = places[:, None, :] - parts.start
    along_m = (from_start * parts.direction).sum(axis=2).clip(0.0, parts.length_m)
    beside = from_start - parts.direction * along_m[:, :, None]
    offset_m = np.hypot(beside[:, :, 0], beside[:, :, 1])
    chosen = offset_m.round(_MILLIMETRES).argmin(axis=1)
    rows = np.arange(len(places))
    return Placed(parts.start_m[chosen] + along_m[rows, chosen], offset_m[rows, chosen])


def _together(parts: _Parts, places: NDArray[np.float64]) -> Placed:
    indices = np.arange(len(parts.length_m))
    came_from = np.zeros((len(places), len(indices)), dtype=np.int32)
    along_m = np.zeros((len(places), len(indices)))
    cost = np.zeros(0)
    for i, place in enumerate(places):
        nearest_m = parts.nearest_m(place)
        offset_m = parts.offset_m(place, nearest_m)
        if i == 0:
            cost, along_m[0] = offset_m**2, nearest_m
            continue
        best, best_index = _running_minimum(cost, indices)
        before = np.concatenate(([np.inf], best[:-1])) + offset_m**2
        # On the same part as the stop before, a stop may not fall behind it.
        behind_m = np.maximum(nearest_m, along_m[i - 1])
        same = cost + parts.offset_m(place, behind_m) ** 2
        is_same = same < before
        came_from[i] = np.where(is_same, indices, np.concatenate(([0], best_index[:-1])))
        along_m[i] = np.where(is_same, behind_m, nearest_m)
        cost = np.where(is_same, same, before)
    return _trace(parts, places, came_from, along_m, int(np.argmin(cost)))


def _parts(line: Polyline) -> _Parts:
    points = np.array([(point.x_m, point.y_m) for point in line.points])
    along_m = np.asarray(line.chainages_m)
    length_m = np.diff(along_m)
    direction = np.diff(points, axis=0) / np.where(length_m > 0, length_m, 1.0)[:, None]
    return _Parts(points[:-1], direction, along_m[:-1], length_m)


def _running_minimum(
    cost: NDArray[np.float64], indices: NDArray[np.int_]
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Return for each index the least cost up to it and the first index that has it."""
    best = np.minimum.accumulate(cost)
    is_new = np.concatenate(([True], cost[1:] < best[:-1]))
    return best, np.maximum.accumulate(np.where(is_new, indices, 0))


def _trace(
    parts: _Parts,
    places: NDArray[np.float64],
    came_from: NDArray[np.int32],
    along_m: NDArray[np.float64],
    last: int,
) -> Placed:
    chosen = np.zeros(len(places), dtype=np.int64)
    for i in range(len(places) - 1, -1, -1):
        chosen[i] = last
        last = int(came_from[i, last])
    rows = np.arange(len(places))
    chosen_m = along_m[rows, chosen]
    point = parts.start[chosen] + parts.direction[chosen] * chosen_m[:, None]
    offset_m = np.hypot(places[:, 0] - point[:, 0], places[:, 1] - point[:, 1])
    chainage_m = np.maximum.accumulate(parts.start_m[chosen] + chosen_m)
    return Placed(chainage_m, offset_m)
