"""Plain rows and columns of a feed, as its source read them, and their grouping by trip."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from mobility.core.ids import BlockId, RouteId, TripId

STOP_TIMES = "stop_times.txt"
"""The file that faults of calls are reported in."""
OPEN = -1
"""Stands for a time that the feed leaves open."""
_FEWEST_CALLS = 2
_PIECE = 2**16
_Cell = TypeVar("_Cell", bound=np.generic)


def picked(values: NDArray[_Cell], index: NDArray[np.int32]) -> NDArray[_Cell]:
    """Return ``values[index]``, made piece by piece: at once, numpy would make a wider copy of the index first."""
    found = np.empty(len(index), dtype=values.dtype)
    for start in range(0, len(index), _PIECE):
        found[start : start + _PIECE] = values[index[start : start + _PIECE]]
    return found


def left_out(count: int, reason: str) -> tuple[str, ...]:
    """Return the note that ``count`` trips are not in the timetable because of ``reason``; nothing for none."""
    return (f"trips.txt: trips left out because {reason}: {count}",) if count else ()


class TripRow(NamedTuple):
    """A trip without its calls. A tuple, because large feeds have hundred thousands of them."""

    trip_id: TripId
    route_id: RouteId
    service_id: str
    headsign: str = ""
    direction: int | None = None
    block_id: BlockId | None = None
    shape_id: str = ""
    """Empty for a trip without a shape."""
    is_wheelchair_accessible: bool | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class CallColumns:
    """Calls in any order; every array has shape (calls,)."""

    trip: NDArray[np.int32]
    """Index into the trips."""
    stop: NDArray[np.int32]
    """Index into the stops."""
    sequence: NDArray[np.int32]
    arrival_s: NDArray[np.int32]
    """Service time in seconds, ``OPEN`` where the feed leaves it open."""
    departure_s: NDArray[np.int32]
    """Service time in seconds, ``OPEN`` where the feed leaves it open."""
    can_board: NDArray[np.bool_]
    distance: NDArray[np.float64] | None = None
    """``shape_dist_traveled`` in the unit of the shapes, NaN where open."""
    fastest_s: NDArray[np.int32] | None = None
    """Fastest driving time in seconds from the call before; ``None`` where the source does not know it."""
    row: NDArray[np.int32] | None = None
    """Row of the file for each call (1 = first data row), for error messages; ``None``: they stand in file order."""

    def file_row(self, call: int) -> int:
        """Return the row of the file that a call was read from."""
        return call + 1 if self.row is None else int(self.row[call])


@dataclass(frozen=True, eq=False)
class GroupedCalls:
    """Calls sorted by trip and sequence. Trip ``t`` owns ``counts[t]`` calls from ``starts[t]`` on."""

    columns: CallColumns
    """Sorted."""
    starts: NDArray[np.int64]
    """Shape (trips,)."""
    counts: NDArray[np.int64]
    """Shape (trips,)."""

    @property
    def usable(self) -> NDArray[np.int64]:
        """Indices of the trips with at least two calls, rising."""
        return np.flatnonzero(self.counts >= _FEWEST_CALLS)

    @property
    def goes_on(self) -> NDArray[np.bool_]:
        """Whether each call but the first belongs to the trip of the call before, shape (calls - 1,)."""
        return _is_same(self.columns.trip)

    def of(self, trip: int) -> slice:
        """Return the slice of a trip's calls."""
        return slice(int(self.starts[trip]), int(self.starts[trip] + self.counts[trip]))

    def usable_trips(self) -> Iterator[tuple[int, slice]]:
        """Yield each usable trip with the slice of its calls."""
        usable = self.usable
        starts, ends = self.starts[usable], self.starts[usable] + self.counts[usable]
        yield from zip(usable.tolist(), map(slice, starts.tolist(), ends.tolist()), strict=True)


def grouped(columns: CallColumns, trip_count: int) -> GroupedCalls:
    """Return the calls sorted by trip and sequence; equal sequences keep their order."""
    if not _is_sorted(columns):
        columns = _in_order(columns, np.lexsort((columns.sequence, columns.trip)))
    counts = np.bincount(columns.trip, minlength=trip_count)
    return GroupedCalls(columns, np.cumsum(counts) - counts, counts)


def _is_sorted(columns: CallColumns) -> bool:
    """Return whether the calls stand by trip and sequence already, as most feeds have them."""
    trip, sequence = columns.trip, columns.sequence
    if (trip[1:] < trip[:-1]).any():
        return False
    return not (_is_same(trip) & (sequence[1:] < sequence[:-1])).any()


def _is_same(values: NDArray[np.int32]) -> NDArray[np.bool_]:
    # Compared, not subtracted: of long columns the room for the differences costs more than the differences.
    is_same: NDArray[np.bool_] = values[1:] == values[:-1]
    return is_same


def _in_order(columns: CallColumns, order: NDArray[np.int64]) -> CallColumns:
    return CallColumns(
        trip=columns.trip[order],
        stop=columns.stop[order],
        sequence=columns.sequence[order],
        arrival_s=columns.arrival_s[order],
        departure_s=columns.departure_s[order],
        can_board=columns.can_board[order],
        distance=None if columns.distance is None else columns.distance[order],
        fastest_s=None if columns.fastest_s is None else columns.fastest_s[order],
        row=(order + 1).astype(np.int32) if columns.row is None else columns.row[order],
    )
