"""Trips that differ from their timetable: at another time, on another way, without some of their stops."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from gtfs.pattern import Pattern
from gtfs.trip import StopTimes, Trip
from mobility.core.errors import BadInputError
from mobility.core.geo import XY, Polyline
from mobility.core.ids import StopId, TripId
from mobility.core.service_day import ServiceTime

_DWELL_S = 20
"""Time at a stop that only a detour serves."""
_SAME_PLACE_M = 0.5


@dataclass(frozen=True, slots=True)
class OtherStop:
    """A stop on another way."""

    stop_id: StopId
    place: XY
    drive_s: float
    """Driving time from the stop before, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWay:
    """How a trip goes around something: from one of its stops to a later one."""

    leaves_at: StopId
    rejoins_at: StopId
    stops: tuple[OtherStop, ...]
    """Served in between, instead of the usual ones."""
    drive_s: float
    """Driving time from the last of them (without any: from ``leaves_at``) to ``rejoins_at``."""
    path: tuple[XY, ...]
    """From ``leaves_at`` to ``rejoins_at`` in the timetable's frame; empty: straight from stop to stop."""


def at_another_time(trip: Trip, trip_id: TripId, departs: ServiceTime) -> Trip:
    """Return the trip once more under another id and without a block, leaving its first stop at ``departs``."""
    by_s = departs - trip.departure[0]
    return _trip(
        replace(trip, trip_id=trip_id, block_id=None),
        trip.pattern,
        _Times(
            [time + by_s for time in trip.arrival],
            [time + by_s for time in trip.departure],
            list(trip.stop_sequence),
            None if trip.fastest_s is None else list(trip.fastest_s),
        ),
    )


def without_stops(trip: Trip, stops: Sequence[StopId]) -> Trip:
    """Return the trip passing ``stops``, other times unchanged; raises ``BadInputError`` if fewer than two stay."""
    kept = [i for i, stop_id in enumerate(trip.pattern.stops) if stop_id not in stops]
    if len(kept) < 2:  # noqa: PLR2004 - a trip has a beginning and an end
        raise BadInputError("a trip needs two stops", source=str(trip.trip_id), field="stops")
    fastest_s = trip.fastest_s
    pattern = Pattern(
        stops=tuple(trip.pattern.stops[i] for i in kept),
        line=trip.pattern.line,
        stop_chainage_m=tuple(trip.pattern.stop_chainage_m[i] for i in kept),
    )
    joined_s = None if fastest_s is None else [0, *(sum(fastest_s[a + 1 : b + 1]) for a, b in pairwise(kept))]
    return _trip(
        trip,
        pattern,
        _Times(
            [trip.arrival[i] for i in kept],
            [trip.departure[i] for i in kept],
            [trip.stop_sequence[i] for i in kept],
            joined_s,
        ),
    )


def on_another_way(trip: Trip, way: OtherWay) -> Trip:
    """Return the trip going around; later times shift by what the other way takes longer or shorter.

    Stops are numbered anew from 1. Raises ``BadInputError`` where the trip does not call at ``leaves_at`` and later
    at ``rejoins_at``.
    """
    a, b = span_of(trip, way.leaves_at, way.rejoins_at)
    before, after = list(range(a + 1)), list(range(b, trip.call_count))
    arrival, departure = [trip.arrival[i] for i in before], [trip.departure[i] for i in before]
    fastest_s = None if trip.fastest_s is None else [trip.fastest_s[i] for i in before]
    for stop in way.stops:
        arrival.append(ServiceTime(departure[-1] + round(stop.drive_s)))
        departure.append(ServiceTime(arrival[-1] + _DWELL_S))
        if fastest_s is not None:
            fastest_s.append(round(stop.drive_s))
    by_s = departure[-1] + round(way.drive_s) - trip.arrival[b]
    arrival.extend(ServiceTime(trip.arrival[i] + by_s) for i in after)
    departure.extend(ServiceTime(trip.departure[i] + by_s) for i in after)
    if fastest_s is not None and trip.fastest_s is not None:
        fastest_s.extend([round(way.drive_s), *(trip.fastest_s[i] for i in after[1:])])
    pattern = _detoured(trip.pattern, (a, b), way)
    return _trip(trip, pattern, _Times(arrival, departure, list(range(1, len(arrival) + 1)), fastest_s))


def span_of(trip: Trip, leaves_at: StopId, rejoins_at: StopId) -> tuple[int, int]:
    """Return the call indices of two stops, the second later than the first; raises ``BadInputError`` without them."""
    stops = trip.pattern.stops
    for a, stop_id in enumerate(stops):
        if stop_id == leaves_at and rejoins_at in stops[a + 1 :]:
            return a, stops.index(rejoins_at, a + 1)
    raise BadInputError(
        f"the trip does not go from {leaves_at} to {rejoins_at}", source=str(trip.trip_id), field="leaves_at"
    )


@dataclass(frozen=True, slots=True)
class _Times:
    arrival: Sequence[int]
    departure: Sequence[int]
    sequence: Sequence[int]
    fastest_s: Sequence[int] | None


def _trip(trip: Trip, pattern: Pattern, times: _Times) -> Trip:
    count = len(pattern.stops)
    can_board = np.ones(count, dtype=bool)
    can_board[-1] = False
    return replace(
        trip,
        pattern=pattern,
        first_call=0,
        stop_times=StopTimes(
            # The trip stands outside the timetable's arrays, so its stops have no index there.
            stop=np.full(count, -1, dtype=np.int32),
            stop_sequence=np.asarray(times.sequence, dtype=np.int32),
            arrival_s=np.asarray(times.arrival, dtype=np.int32),
            departure_s=np.asarray(times.departure, dtype=np.int32),
            can_board=can_board,
            fastest_s=None if times.fastest_s is None else np.asarray(times.fastest_s, dtype=np.int32),
        ),
    )


def _detoured(pattern: Pattern, span: tuple[int, int], way: OtherWay) -> Pattern:
    """Return the pattern along the usual line, the other way, and the usual line again."""
    a, b = span
    line, chainage_m = pattern.line, pattern.stop_chainage_m
    leaves, rejoins = line.at(chainage_m[a]), line.at(chainage_m[b])
    around = _around(leaves, rejoins, way)
    head = [*_between(line, 0.0, chainage_m[a]), leaves]
    points = _distinct([*head, *around, rejoins, *_between(line, chainage_m[b], line.length_m)])
    new = Polyline(tuple(points))
    start_m, by_m = chainage_m[a], new.length_m - line.length_m
    way_line = Polyline(tuple(_distinct([leaves, *around, rejoins])))
    placed: list[float] = []
    for stop in way.stops:
        along_m = start_m + way_line.project(stop.place).chainage_m
        placed.append(max(along_m, placed[-1] if placed else start_m))
    return Pattern(
        stops=(*pattern.stops[: a + 1], *(stop.stop_id for stop in way.stops), *pattern.stops[b:]),
        line=new,
        stop_chainage_m=(*chainage_m[: a + 1], *placed, *(along_m + by_m for along_m in chainage_m[b:])),
    )


def _around(leaves: XY, rejoins: XY, way: OtherWay) -> list[XY]:
    inner = list(way.path) or [stop.place for stop in way.stops]
    return [point for point in inner if _apart(point, leaves) and _apart(point, rejoins)]


def _between(line: Polyline, from_m: float, to_m: float) -> list[XY]:
    """Return the line's own corners within a stretch, its first and last point included where they lie in it."""
    marks = zip(line.points, line.chainages_m, strict=True)
    return [point for point, along_m in marks if from_m <= along_m <= to_m]


def _distinct(points: Sequence[XY]) -> list[XY]:
    found = [points[0]]
    for point in points[1:]:
        if _apart(point, found[-1]):
            found.append(point)
    return found


def _apart(one: XY, other: XY) -> bool:
    return (one.x_m - other.x_m) ** 2 + (one.y_m - other.y_m) ** 2 > _SAME_PLACE_M**2
