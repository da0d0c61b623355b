"""Runs that differ from the timetable: extra trips, detours, closed stops, public tours of the citizen bus.

A changed run is a run like any other, with a trip of its own; whoever matches, predicts or shows it need not know.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gtfs.altered import OtherStop, OtherWay, at_another_time, on_another_way, span_of, without_stops
from gtfs.flex_ids import flex_route_id
from gtfs.pattern import straight_pattern
from gtfs.timetable import Timetable
from gtfs.trip import StopTimes, Trip
from mobility.core.errors import BadInputError
from mobility.core.geo import distance_m
from mobility.core.ids import StopId, TripId
from mobility.core.line_change import LineChange, LineChangeKind
from mobility.core.service_day import ServiceDay, ServiceTime
from mobility.core.vehicle import TripRef
from passenger_info.held import Facts, KnownChange, KnownTour
from passenger_info.run import RunChange, RunKind, SkippedCall, TripRun, run_of

_INSTEAD_M = 500.0
"""A stop this near may be walked to."""
_FEWEST_CALLS = 2


class _Altered(NamedTuple):
    """A trip, and for each of its calls the index in the planned one."""

    trip: Trip
    origin: tuple[int | None, ...]


def planned_trip(timetable: Timetable, facts: Facts, ref: TripRef) -> Trip | None:
    """Return the trip of a run as it was planned, an extra trip's own one; ``None`` where there is no such run."""
    trip = timetable.trips.get(ref.trip_id)
    if trip is not None:
        return trip if timetable.runs_on(ref.trip_id, ref.start_date) else None
    extra = facts.of_kind(ref, LineChangeKind.EXTRA)
    return None if extra is None else _extra(timetable, extra.change, ref)


def changed_run(timetable: Timetable, facts: Facts, ref: TripRef) -> TripRun | None:
    """Return the run of a trip that facts change; ``None`` where it does not run or nobody shall see it."""
    tour = facts.tour(ref)
    if tour is not None:
        return _tour_run(timetable, tour)
    planned = planned_trip(timetable, facts, ref)
    if planned is None or facts.is_removed(ref):
        return None
    day = ServiceDay(ref.start_date, timetable.zone)
    leaves = day.at(planned.departure[0])
    altered = _Altered(planned, tuple(range(planned.call_count)))
    told: list[KnownChange] = []
    for known in facts.changes_of(ref):
        if known.change.ends is not None and known.change.ends <= leaves:
            continue
        told.append(known)
        altered = _after(timetable, altered, known.change)
    return (
        run_of(altered.trip, day, _change(timetable, day, (planned, altered), told)) if told else run_of(planned, day)
    )


def _change(
    timetable: Timetable, day: ServiceDay, trips: tuple[Trip, _Altered], told: Sequence[KnownChange]
) -> RunChange:
    planned, altered = trips
    extra = next((known.change for known in told if known.change.kind is LineChangeKind.EXTRA), None)
    is_rerouted = altered.trip.pattern.line is not planned.pattern.line
    kind = RunKind.DETOUR if is_rerouted else RunKind.SCHEDULED
    return RunChange(
        kind=kind if extra is None else RunKind.EXTRA,
        known_at=max(known.known_at for known in told),
        planned=planned,
        copied=None if extra is None else extra.pattern_of,
        origin=altered.origin,
        skipped=tuple(_skipped(timetable, day, planned, altered)),
        note=_note(told),
    )


def _note(told: Sequence[KnownChange]) -> str:
    return " ".join(dict.fromkeys(known.change.reason.strip() for known in told if known.change.reason.strip()))


def _extra(timetable: Timetable, change: LineChange, ref: TripRef) -> Trip | None:
    copied = None if change.pattern_of is None else timetable.trips.get(change.pattern_of)
    if copied is None or change.departs is None:
        return None
    departs = ServiceDay(ref.start_date, timetable.zone).time_of(change.departs)
    return at_another_time(copied, ref.trip_id, departs)


def _after(timetable: Timetable, before: _Altered, change: LineChange) -> _Altered:
    """Return the trip after a change; one that does not fit it (a stop it does not serve) changes nothing."""
    try:
        match change.kind:
            case LineChangeKind.STOPS_CLOSED:
                return _closed(before, change)
            case LineChangeKind.DETOUR:
                return _detoured(timetable, before, change)
            case _:
                return before
    except BadInputError:
        return before


def _closed(before: _Altered, change: LineChange) -> _Altered:
    kept = [i for i, stop_id in enumerate(before.trip.pattern.stops) if stop_id not in change.stops]
    if len(kept) == before.trip.call_count:
        return before
    return _Altered(without_stops(before.trip, change.stops), tuple(before.origin[i] for i in kept))


def _detoured(timetable: Timetable, before: _Altered, change: LineChange) -> _Altered:
    if change.leaves_at is None or change.rejoins_at is None:
        return before
    if any(call.stop_id not in timetable.stops for call in change.via):
        return before
    frame = timetable.frame
    way = OtherWay(
        leaves_at=change.leaves_at,
        rejoins_at=change.rejoins_at,
        stops=tuple(
            OtherStop(call.stop_id, frame.xy(timetable.stops[call.stop_id].place), call.drive_s) for call in change.via
        ),
        drive_s=change.drive_s,
        path=tuple(frame.xy(place) for place in change.path),
    )
    a, b = span_of(before.trip, way.leaves_at, way.rejoins_at)
    kept = _kept(before, (a, b), way.stops)
    return _Altered(on_another_way(before.trip, way), (*before.origin[: a + 1], *kept, *before.origin[b:]))


def _kept(before: _Altered, span: tuple[int, int], stops: Sequence[OtherStop]) -> Iterator[int | None]:
    """Yield for each stop of the other way which of the calls left out it is all the same, in order of travel."""
    i, rejoins = span[0] + 1, span[1]
    usual = before.trip.pattern.stops
    for stop in stops:
        place = usual.index(stop.stop_id, i, rejoins) if stop.stop_id in usual[i:rejoins] else None
        yield None if place is None else before.origin[place]
        i = i if place is None else place + 1


def _skipped(timetable: Timetable, day: ServiceDay, planned: Trip, altered: _Altered) -> Iterator[SkippedCall]:
    served = {index for index in altered.origin if index is not None}
    stops = zip(altered.trip.pattern.stops, altered.origin, strict=True)
    out_of_turn = {stop_id for stop_id, index in stops if index is None}
    for p, stop_id in enumerate(planned.pattern.stops):
        if p in served or stop_id in out_of_turn:
            continue
        earlier = [i for i, index in enumerate(altered.origin) if index is not None and index < p]
        yield SkippedCall(
            before=earlier[-1] + 1 if earlier else 0,
            planned=p,
            stop_id=stop_id,
            stop_sequence=planned.stop_sequence[p],
            arrival=day.at(planned.arrival[p]),
            departure=day.at(planned.departure[p]),
            can_board=planned.can_board[p],
            instead=_instead(timetable, stop_id, altered.trip.pattern.stops),
        )


def _instead(timetable: Timetable, stop_id: StopId, served: Sequence[StopId]) -> StopId | None:
    here = timetable.stops[stop_id].place
    near = [(distance_m(here, timetable.stops[other].place), other) for other in served if other != stop_id]
    nearest = min(near, default=None)
    return nearest[1] if nearest is not None and nearest[0] <= _INSTEAD_M else None


def _tour_run(timetable: Timetable, known: KnownTour) -> TripRun | None:
    """Return a public tour as a run between its public stops; ``None`` where the timetable does not know them."""
    tour, day = known.tour, ServiceDay(known.tour.day, timetable.zone)
    route_id = flex_route_id(tour.area_id)
    calls = [call for call in tour.calls if call.stop_id in timetable.stops]
    if route_id not in timetable.routes or len(calls) < _FEWEST_CALLS:
        return None
    stops = [call.stop_id for call in calls]
    times = _rising([day.time_of(call.departure) for call in calls])
    pattern = straight_pattern(stops, [timetable.frame.xy(timetable.stops[stop_id].place) for stop_id in stops])
    can_board = np.ones(len(stops), dtype=bool)
    can_board[-1] = False
    trip = Trip(
        trip_id=TripId(tour.tour_id),
        route_id=route_id,
        service_id="",
        headsign=timetable.stops[stops[-1]].name,
        direction=None,
        block_id=None,
        is_wheelchair_accessible=None,
        pattern=pattern,
        first_call=0,
        stop_times=StopTimes(
            stop=np.full(len(stops), -1, dtype=np.int32),
            stop_sequence=np.arange(1, len(stops) + 1, dtype=np.int32),
            arrival_s=np.asarray(times, dtype=np.int32),
            departure_s=np.asarray(times, dtype=np.int32),
            can_board=can_board,
            fastest_s=None,
        ),
    )
    change = RunChange(
        kind=RunKind.TOUR,
        known_at=known.known_at,
        planned=trip,
        origin=tuple(range(len(stops))),
        seats_free=tuple(call.seats_free for call in calls),
        vehicle_id=tour.vehicle_id,
    )
    return run_of(trip, day, change)


def _rising(times: Sequence[ServiceTime]) -> list[int]:
    """Return the times, each at least a second after the one before (rule E022)."""
    rising: list[int] = []
    for time in times:
        rising.append(max(time, rising[-1] + 1) if rising else time)
    return rising
