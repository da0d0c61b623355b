"""Plain rows and columns of a feed, as its source read them, and their grouping by trip."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mobility.core.ids import BlockId, RouteId, TripId

STOP_TIMES = "stop_times.txt"
"""The file that faults of calls are reported in."""
OPEN = -1
"""Stands for a time that the feed leaves open."""
_FEWEST_CALLS = 2


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
    """Calls sorted by trip and sequence. Trip ``t`` owns ``counts[t]`` sorted calls from ``starts[t]`` on."""

    columns: CallColumns
    order: NDArray[np.int64]
    """Shape (calls,): index into ``columns`` of each sorted call."""
    starts: NDArray[np.int64]
    """Shape (trips,)."""
    counts: NDArray[np.int64]
    """Shape (trips,)."""

    @property
    def usable(self) -> NDArray[np.int64]:
        """Indices of the trips with at least two calls, rising."""
        return np.flatnonzero(self.counts >= _FEWEST_CALLS)

    @cached_property
    def trip(self) -> NDArray[np.int64]:
        """Trip of each sorted call, shape (calls,)."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def of(self, trip: int) -> slice:
        """Return the slice of a trip's sorted calls."""
        return slice(int(self.starts[trip]), int(self.starts[trip] + self.counts[trip]))

    def usable_trips(self) -> Iterator[tuple[int, slice]]:
        """Yield each usable trip with the slice of its sorted calls."""
        usable = self.usable
        starts, ends = self.starts[usable], self.starts[usable] + self.counts[usable]
        yield from zip(usable.tolist(), map(slice, starts.tolist(), ends.tolist()), strict=True)


def grouped(columns: CallColumns, trip_count: int) -> GroupedCalls:
    """Return the calls sorted by trip and sequence; equal sequences keep their order."""
    order = np.arange(len(columns.trip)) if _is_sorted(columns) else np.lexsort((columns.sequence, columns.trip))
    counts = np.bincount(columns.trip, minlength=trip_count).astype(np.int64)
    return GroupedCalls(columns, order, np.cumsum(counts) - counts, counts)


def _is_sorted(columns: CallColumns) -> bool:
    """Return whether the calls stand by trip and sequence already, as most feeds have them."""
    trip_step, sequence_step = np.diff(columns.trip), np.diff(columns.sequence)
    return bool(((trip_step > 0) | ((trip_step == 0) & (sequence_step >= 0))).all())
