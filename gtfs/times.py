"""Arrival and departure of every call: given times are checked, open ones interpolated by distance.

GTFS reference, stop_times.txt: times are required at the first and the last stop of a trip and at timepoints; between
them consumers interpolate. We do so by chainage, because vehicles drive metres and not stops.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gtfs.pattern import Pattern
from gtfs.rows import OPEN, STOP_TIMES, GroupedCalls
from mobility.core.errors import BadInputError


def filled_times(calls: GroupedCalls, patterns: Mapping[int, Pattern]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return arrival and departure in seconds for every sorted call, complete for the usable trips.

    Raises ``BadInputError`` where a usable trip lacks its first or last time or where time runs backwards.
    """
    arrival_s, departure_s = calls.columns.arrival_s, calls.columns.departure_s
    if (arrival_s == OPEN).any() or (departure_s == OPEN).any():
        arrival_s, departure_s = _without_gaps(calls, patterns)
    _refuse_backwards(calls, arrival_s, departure_s)
    return arrival_s, departure_s


def _without_gaps(calls: GroupedCalls, patterns: Mapping[int, Pattern]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    given_arrival_s, given_departure_s = calls.columns.arrival_s, calls.columns.departure_s
    # One of the two stands for both where a feed names only one.
    arrival_s = np.where(given_arrival_s == OPEN, given_departure_s, given_arrival_s)
    departure_s = np.where(given_departure_s == OPEN, given_arrival_s, given_departure_s)
    is_open = arrival_s == OPEN
    if is_open.any():
        has_open = np.zeros(len(calls.counts), dtype=bool)
        has_open[calls.columns.trip[is_open]] = True
        for index in calls.usable[has_open[calls.usable]].tolist():
            span = calls.of(index)
            _refuse_open_ends(calls, arrival_s, span)
            _fill(arrival_s[span], departure_s[span], patterns[index].stop_chainage_m)
    return arrival_s, departure_s


def _refuse_open_ends(calls: GroupedCalls, arrival_s: NDArray[np.int32], span: slice) -> None:
    for call, column in ((span.start, "departure_time"), (span.stop - 1, "arrival_time")):
        if arrival_s[call] == OPEN:
            raise BadInputError(
                "a trip needs a time at its first and at its last stop",
                source=STOP_TIMES,
                row=calls.columns.file_row(call),
                field=column,
            )


def _fill(arrival_s: NDArray[np.int32], departure_s: NDArray[np.int32], chainage_m: Sequence[float]) -> None:
    """Fill open times in place, from the departure before to the arrival after, in proportion to distance."""
    known = np.flatnonzero(arrival_s != OPEN).tolist()
    for before, after in pairwise(known):
        if after - before > 1:
            inner = slice(before + 1, after)
            span_s = int(arrival_s[after]) - int(departure_s[before])
            share = _shares(np.asarray(chainage_m[before : after + 1]))
            arrival_s[inner] = int(departure_s[before]) + np.round(share * span_s).astype(np.int32)
            departure_s[inner] = arrival_s[inner]


def _shares(chainage_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the way at each inner stop; evenly by count where the stops have no distance."""
    along_m = chainage_m - chainage_m[0]
    if along_m[-1] <= 0:
        along_m = np.arange(len(along_m), dtype=np.float64)
    share: NDArray[np.float64] = along_m[1:-1] / along_m[-1]
    return share


def _refuse_backwards(calls: GroupedCalls, arrival_s: NDArray[np.int32], departure_s: NDArray[np.int32]) -> None:
    trip = calls.columns.trip
    is_usable = np.zeros(len(calls.counts), dtype=bool)
    is_usable[calls.usable] = True
    usable = is_usable[trip]
    leaves_early = np.flatnonzero(usable & (departure_s < arrival_s))
    comes_early = np.flatnonzero(calls.goes_on & usable[1:] & (arrival_s[1:] < departure_s[:-1])) + 1
    for found, column, words in (
        (leaves_early, "departure_time", "departs before it arrives"),
        (comes_early, "arrival_time", "arrives before it left the stop before"),
    ):
        if len(found):
            row = calls.columns.file_row(int(found[0]))
            raise BadInputError(f"the trip {words}", source=STOP_TIMES, row=row, field=column)
