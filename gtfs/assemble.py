"""Assembling a timetable from plain rows: sorting, filling, placing stops, and refusing what makes no sense."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gtfs.on_demand import OnDemandService
from gtfs.pattern import Pattern, Shape, shaped_pattern, straight_pattern
from gtfs.rows import STOP_TIMES, CallColumns, GroupedCalls, TripRow, grouped, left_out, picked
from gtfs.times import filled_times
from gtfs.timetable import Route, StopTimes, Timetable, TimetableStop, Trip
from gtfs.trip import trip_of
from mobility.core.errors import BadInputError
from mobility.core.geo import XY, LocalFrame, distance_m
from mobility.core.ids import TripId
from mobility.core.region import Calendar

_FARTHEST_M = 4e6
"""No trip is longer; a stop further away was placed at (0, 0) or with latitude and longitude swapped."""
_COMPACT_DEG = 20.0
"""Stops within so many degrees of each other are nowhere further apart than 3150 km."""


@dataclass(frozen=True, kw_only=True)
class FeedRows:
    """Everything a timetable is assembled from. Ids are unique and refer to rows that exist: the source sees to it."""

    zone: str
    frame: LocalFrame
    feed_version: str
    agency_name: str
    agency_url: str
    stops: Sequence[TimetableStop]
    routes: Sequence[Route]
    trips: Sequence[TripRow]
    calls: CallColumns
    calendars: Mapping[str, Calendar]
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    on_demand: tuple[OnDemandService, ...] = ()


def assemble(feed: FeedRows) -> Timetable:
    """Return the timetable.

    Trips with fewer than two calls are left out and noted. Missing times are interpolated by distance. Raises
    ``BadInputError`` (file, row, field) for times that run backwards, for trips without a first or last time and for
    a ``stop_sequence`` used twice.
    """
    calls = grouped(feed.calls, len(feed.trips))
    _refuse_repeated(feed, calls)
    patterns = _patterns(feed, calls)
    arrival_s, departure_s = filled_times(calls, patterns)
    usable = sorted(calls.usable.tolist(), key=[trip.trip_id for trip in feed.trips].__getitem__)
    # By departure; trips of one moment stay in the order of their ids.
    ranked = [usable[k] for k in np.argsort(departure_s[calls.starts[usable]], kind="stable").tolist()]
    stop_times = _stop_times(calls, np.array(ranked, dtype=np.int64), arrival_s, departure_s)
    return Timetable(
        zone=feed.zone,
        frame=feed.frame,
        feed_version=feed.feed_version,
        agency_name=feed.agency_name,
        agency_url=feed.agency_url,
        stops={stop.stop_id: stop for stop in feed.stops},
        routes={route.route_id: route for route in feed.routes},
        trips=_trips(feed.trips, ranked, patterns, stop_times),
        calendars=feed.calendars,
        stop_times=stop_times,
        notes=(*feed.notes, *left_out(len(feed.trips) - len(usable), "they have fewer than two calls")),
        on_demand=feed.on_demand,
    )


def _refuse_repeated(feed: FeedRows, calls: GroupedCalls) -> None:
    sequence = calls.columns.sequence
    repeated = np.flatnonzero(calls.goes_on & (sequence[1:] == sequence[:-1]))
    if len(repeated):
        call = int(repeated[0] + 1)
        trip_id = feed.trips[int(calls.columns.trip[call])].trip_id
        raise BadInputError(
            f"trip {trip_id} has stop_sequence {int(sequence[call])} twice",
            source=STOP_TIMES,
            row=calls.columns.file_row(call),
            field="stop_sequence",
        )


def _patterns(feed: FeedRows, calls: GroupedCalls) -> dict[int, Pattern]:
    """Return each usable trip's pattern; trips of the same stops on the same shape share one."""
    stop, distance = calls.columns.stop, calls.columns.distance
    places = _Places(feed)
    known: dict[tuple[str, bytes], Pattern] = {}
    patterns: dict[int, Pattern] = {}
    stop_bytes, size = stop.tobytes(), stop.itemsize
    for trip, span in calls.usable_trips():
        shape_id = feed.trips[trip].shape_id
        key = (shape_id, stop_bytes[span.start * size : span.stop * size])
        if key not in known:
            given = None if distance is None else distance[span]
            known[key] = _pattern(feed, stop[span].tolist(), feed.shapes.get(shape_id), given, places)
        patterns[trip] = known[key]
    return patterns


def _pattern(
    feed: FeedRows,
    stops: Sequence[int],
    shape: Shape | None,
    distance: NDArray[np.float64] | None,
    places: "_Places",
) -> Pattern:
    names = [feed.stops[index].stop_id for index in stops]
    points = places.of(stops)
    if shape is None or shape.line.length_m == 0:
        return straight_pattern(names, points)
    return shaped_pattern(names, points, shape, distance)


class _Places:
    """Where the stops lie in the frame, projected all at once."""

    def __init__(self, feed: FeedRows) -> None:
        self._feed = feed
        lat_deg = np.array([stop.place.lat_deg for stop in feed.stops])
        lon_deg = np.array([stop.place.lon_deg for stop in feed.stops])
        x_m, y_m = feed.frame.project(lat_deg, lon_deg)
        self._points = tuple(map(XY, x_m.tolist(), y_m.tolist()))
        spans_deg = (np.ptp(values) if len(values) else 0.0 for values in (lat_deg, lon_deg))
        self._is_compact = all(span_deg < _COMPACT_DEG for span_deg in spans_deg)

    def of(self, stops: Sequence[int]) -> list[XY]:
        """Return the places of a trip's stops; raises ``BadInputError`` where one is impossibly far from the first."""
        if not self._is_compact:
            self._refuse_far([self._feed.stops[index] for index in stops])
        return [self._points[index] for index in stops]

    def _refuse_far(self, stops: Sequence[TimetableStop]) -> None:
        for stop in stops:
            if distance_m(stops[0].place, stop.place) > _FARTHEST_M:
                raise BadInputError(
                    f"stop {stop.stop_id} lies on another continent than stop {stops[0].stop_id} of the same trip",
                    source="stops.txt",
                    field="stop_lat",
                )


def _stop_times(
    calls: GroupedCalls,
    trips: NDArray[np.int64],
    arrival_s: NDArray[np.int32],
    departure_s: NDArray[np.int32],
) -> StopTimes:
    """Return the calls of ``trips``, one trip after the other, in arrays closed against writing."""
    ends = np.cumsum(calls.counts[trips])
    rows, columns = _rows(calls, trips, ends), calls.columns
    can_board = picked(columns.can_board, rows)
    can_board[ends - 1] = False
    stop_times = StopTimes(
        stop=picked(columns.stop, rows),
        stop_sequence=picked(columns.sequence, rows),
        arrival_s=picked(arrival_s, rows),
        departure_s=picked(departure_s, rows),
        can_board=can_board,
        fastest_s=None if columns.fastest_s is None else picked(columns.fastest_s, rows),
    )
    for column in vars(stop_times).values():
        if column is not None:
            column.setflags(write=False)
    return stop_times


def _rows(calls: GroupedCalls, trips: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the calls of ``trips`` as indices, one trip after the other; ``ends`` is where each trip's rows end."""
    if not len(trips):
        return np.zeros(0, dtype=np.int32)
    steps = np.ones(int(ends[-1]), dtype=np.int32)
    starts = calls.starts[trips]
    steps[0] = starts[0]
    steps[ends[:-1]] = starts[1:] - (starts + calls.counts[trips])[:-1] + 1
    return np.cumsum(steps, out=steps)


def _trips(
    rows: Sequence[TripRow], ranked: Sequence[int], patterns: Mapping[int, Pattern], stop_times: StopTimes
) -> dict[TripId, Trip]:
    trips: dict[TripId, Trip] = {}
    first_call = 0
    for index in ranked:
        row, pattern = rows[index], patterns[index]
        trips[row.trip_id] = trip_of(row, pattern, first_call, stop_times)
        first_call += len(pattern.stops)
    return trips
