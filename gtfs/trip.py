"""Trips as cheap views on the stop-time arrays of a timetable."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gtfs.pattern import Pattern
from gtfs.rows import TripRow
from mobility.core.ids import BlockId, RouteId, TripId
from mobility.core.service_day import ServiceTime


@dataclass(frozen=True, kw_only=True, eq=False)
class StopTimes:
    """All calls of a timetable, trip by trip in the order of travel. Arrays have shape (calls,) and are read-only."""

    stop: NDArray[np.int32]
    """Index into the timetable's stops."""
    stop_sequence: NDArray[np.int32]
    arrival_s: NDArray[np.int32]
    """Service time in seconds; not decreasing within a trip."""
    departure_s: NDArray[np.int32]
    """Service time in seconds; at least the arrival."""
    can_board: NDArray[np.bool_]
    """Whether riders may get on: false at a trip's last call and where ``pickup_type`` is 1."""
    fastest_s: NDArray[np.int32] | None
    """Fastest driving time from the call before, 0 at the first; ``None`` where the feed does not say."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trip:
    """A scheduled trip. Equal only to itself; trips of the same stops and shape share one ``Pattern`` object."""

    trip_id: TripId
    route_id: RouteId
    service_id: str
    headsign: str
    direction: int | None
    """0 or 1 (GTFS direction_id), ``None`` where the feed does not say."""
    block_id: BlockId | None
    is_wheelchair_accessible: bool | None
    pattern: Pattern = field(repr=False)
    first_call: int = field(repr=False)
    """Row of the first call in ``stop_times``."""
    stop_times: StopTimes = field(repr=False)

    @property
    def call_count(self) -> int:
        """Number of calls, at least two."""
        return len(self.pattern.stops)

    @cached_property
    def stop_sequence(self) -> tuple[int, ...]:
        """``stop_sequence`` of each call, rising."""
        return tuple(self.stop_times.stop_sequence[self._calls].tolist())

    @cached_property
    def arrival(self) -> tuple[ServiceTime, ...]:
        """Scheduled arrival at each call."""
        return tuple(self.stop_times.arrival_s[self._calls].tolist())

    @cached_property
    def departure(self) -> tuple[ServiceTime, ...]:
        """Scheduled departure from each call."""
        return tuple(self.stop_times.departure_s[self._calls].tolist())

    @cached_property
    def can_board(self) -> tuple[bool, ...]:
        """Whether riders may get on at each call; never at the last."""
        return tuple(self.stop_times.can_board[self._calls].tolist())

    @cached_property
    def fastest_s(self) -> tuple[int, ...] | None:
        """Fastest driving time to each call from the one before in seconds, first 0; ``None`` for foreign feeds."""
        fastest_s = self.stop_times.fastest_s
        return None if fastest_s is None else tuple(fastest_s[self._calls].tolist())

    @property
    def _calls(self) -> slice:
        return slice(self.first_call, self.first_call + self.call_count)


def trip_of(row: TripRow, pattern: Pattern, first_call: int, stop_times: StopTimes) -> Trip:
    """Return the trip of a row.

    Its fields are set at once instead of one by one, as the constructor of a frozen class does it: of large feeds
    every tenth of the loading time was spent there.
    """
    trip = object.__new__(Trip)
    fields = {
        "trip_id": row.trip_id,
        "route_id": row.route_id,
        "service_id": row.service_id,
        "headsign": row.headsign,
        "direction": row.direction,
        "block_id": row.block_id,
        "is_wheelchair_accessible": row.is_wheelchair_accessible,
        "pattern": pattern,
        "first_call": first_call,
        "stop_times": stop_times,
    }
    object.__setattr__(trip, "__dict__", fields)
    return trip
