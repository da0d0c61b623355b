"""Calls by stop: which trips call where, found by index and by bisection."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gtfs.trip import StopTimes, Trip
from mobility.core.ids import StopId, TripId


@dataclass(frozen=True, slots=True)
class Departures:
    """Calls at one stop where riders may board, ordered by service time; three parallel sequences."""

    departure_s: tuple[int, ...]
    trips: tuple[Trip, ...]
    call_index: tuple[int, ...]

    def between(self, from_s: int, to_s: int) -> Iterator[tuple[int, Trip, int]]:
        """Yield (departure in seconds, trip, call index) from ``from_s`` to ``to_s``, both included."""
        low, high = bisect_left(self.departure_s, from_s), bisect_right(self.departure_s, to_s)
        for i in range(low, high):
            yield self.departure_s[i], self.trips[i], self.call_index[i]


class StopCalls:
    """Index of all calls by stop. Sorted once; a stop's rows become Python values when it is first asked for."""

    def __init__(self, stops: Sequence[StopId], trips: Sequence[Trip], stop_times: StopTimes) -> None:
        """Take the stops in the order of ``stop_times.stop`` and the trips in the order of its rows."""
        self._index: Mapping[StopId, int] = {stop_id: i for i, stop_id in enumerate(stops)}
        self._trips = trips
        self._stop_times = stop_times
        self._first_call = np.array([trip.first_call for trip in trips], dtype=np.int64)
        self._rows = np.argsort(stop_times.stop, kind="stable")
        self._starts = np.searchsorted(stop_times.stop[self._rows], np.arange(len(stops) + 1))
        self.calls = lru_cache(maxsize=None)(self._calls)
        self.departures = lru_cache(maxsize=None)(self._departures)

    def _calls(self, stop_id: StopId) -> tuple[tuple[TripId, int], ...]:
        found = ((self._trips[trip].trip_id, call_index) for trip, call_index in self._pairs(self._rows_at(stop_id)))
        return tuple(found)

    def _departures(self, stop_id: StopId) -> Departures:
        rows = self._rows_at(stop_id)
        rows = rows[self._stop_times.can_board[rows]]
        departure_s = self._stop_times.departure_s[rows]
        order = np.argsort(departure_s, kind="stable")
        pairs = self._pairs(rows[order])
        return Departures(
            departure_s=tuple(departure_s[order].tolist()),
            trips=tuple(self._trips[trip] for trip, _ in pairs),
            call_index=tuple(call_index for _, call_index in pairs),
        )

    def _rows_at(self, stop_id: StopId) -> NDArray[np.int64]:
        index = self._index.get(stop_id)
        if index is None:
            return self._rows[:0]
        return self._rows[self._starts[index] : self._starts[index + 1]]

    def _pairs(self, rows: NDArray[np.int64]) -> list[tuple[int, int]]:
        trip = np.searchsorted(self._first_call, rows, side="right") - 1
        return list(zip(trip.tolist(), (rows - self._first_call[trip]).tolist(), strict=True))
