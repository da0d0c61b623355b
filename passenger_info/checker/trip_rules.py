"""Rules about which trip is meant: E003, E004, E006, E013, E016, E019, E023, E024, E035 and S023.

Source: rules of the GTFS Realtime Validator; GTFS-realtime reference, "TripDescriptor". E003 is older than the
relationships NEW and DUPLICATED. The reference lets a NEW trip, and the vehicle of a DUPLICATED one, have an id that
the static feed does not have; who follows it excuses that, see ``passenger_info.profiles``.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from passenger_info.checker.case import ADDED, NONE, UNSCHEDULED, UpdateCase, VehicleCase
from passenger_info.checker.reading import NO_TRIP, TripRead
from passenger_info.checker.static_view import Headway, StaticTrip, StaticView

_NO_TIME_S = -999
"""How readers in other languages hold a first call without a time; it equals no start_time."""


class TripCase(NamedTuple):
    """The trip descriptor of an update, a position or an alert."""

    trip: TripRead
    static: StaticTrip | None
    """The trip in the static feed, ``None`` where it is not there."""
    view: StaticView


TripRule = Callable[[TripCase], Sequence[str]]


def update_of_unknown_trip(case: UpdateCase) -> Sequence[str]:
    """E003: an update of a trip that the static feed does not have and that is not ADDED."""
    trip = case.update.trip
    if case.static is not None or trip.trip_id is None or trip.relationship == ADDED:
        return NONE
    return (f"trip {trip.trip_id!r} is not in the static feed",)


def vehicle_on_unknown_trip(case: VehicleCase) -> Sequence[str]:
    """E003: a position on a trip that the static feed does not have and that is not ADDED."""
    trip = case.vehicle.trip or NO_TRIP
    if case.static is not None or not trip.trip_id or trip.relationship == ADDED:
        return NONE
    return (f"trip {trip.trip_id!r} is not in the static feed",)


def unknown_route(case: TripCase) -> Sequence[str]:
    """E004: the route is not in the static feed."""
    trip, view = case.trip, case.view
    if not trip.route_id or trip.route_id in view.routes:
        return NONE
    return (f"route {trip.route_id!r} is not in the static feed",)


def headway_trip_without_start(case: TripCase) -> Sequence[str]:
    """E006: a trip by headway must say when and on which date it started."""
    trip, view = case.trip, case.view
    if trip.trip_id not in view.headway_trips or (trip.start_date is not None and trip.start_time is not None):
        return NONE
    return (f"trip {trip.trip_id} runs by headway and lacks start_date or start_time",)


def headway_trip_not_unscheduled(case: TripCase) -> Sequence[str]:
    """E013: a trip by headway is UNSCHEDULED."""
    trip, view = case.trip, case.view
    if trip.trip_id not in view.headway_trips or trip.relationship in (None, UNSCHEDULED):
        return NONE
    return (f"trip {trip.trip_id} runs by headway and is not UNSCHEDULED",)


def added_trip_exists(case: TripCase) -> Sequence[str]:
    """E016: a trip of the static feed can not be ADDED."""
    trip, static = case.trip, case.static
    return NONE if static is None or trip.relationship != ADDED else (f"trip {trip.trip_id} exists and is ADDED",)


def start_off_headway(case: TripCase) -> Sequence[str]:
    """E019: a trip by exact headways starts a multiple of the headway after the period's begin."""
    trip, view = case.trip, case.view
    periods = view.exact_headways.get(trip.trip_id or "")
    if periods is None or any(trip.start_time in _starts(period) for period in periods):
        return NONE
    return (f"trip {trip.trip_id} does not start at {trip.start_time!r} by its headway",)


def _starts(period: Headway) -> frozenset[str]:
    if period.headway_s <= 0:
        return frozenset()
    return frozenset(map(_clock, range(period.start_s, period.end_s, period.headway_s)))


def other_first_arrival(case: TripCase) -> Sequence[str]:
    """E023: the start_time of a trip by timetable is its first arrival."""
    trip, static, view = case.trip, case.static, case.view
    if trip.start_time is None or static is None or not static.calls:
        return NONE
    if trip.trip_id in view.headway_trips or trip.trip_id in view.exact_headways:
        return NONE
    first_s = static.calls[0].arrival_s
    if first_s is not None and trip.start_time == _clock(first_s):
        return NONE
    return (f"trip {trip.trip_id} starts at {_clock(_NO_TIME_S if first_s is None else first_s)}",)


def _clock(service_s: int) -> str:
    return f"{service_s // 3600:02d}:{service_s // 60 % 60:02d}:{service_s % 60:02d}"


def other_direction(case: TripCase) -> Sequence[str]:
    """E024: the direction is not the trip's."""
    trip, static = case.trip, case.static
    if trip.direction is None or static is None or trip.direction == static.direction:
        return NONE
    return (f"trip {trip.trip_id} has direction {static.direction}, not {trip.direction}",)


def trip_of_other_route(case: TripCase) -> Sequence[str]:
    """E035: the trip is not one of the route."""
    trip, static, view = case.trip, case.static, case.view
    if trip.route_id is None or static is None or trip.route_id == static.route_id:
        return NONE
    return (f"trip {trip.trip_id} is not of route {trip.route_id}",) if trip.route_id in view.routes else NONE


def modified_and_plain(case: TripCase) -> Sequence[str]:
    """S023: a modified trip is named by its modification alone."""
    trip = case.trip
    plain = (trip.trip_id, trip.route_id, trip.direction, trip.start_time, trip.start_date)
    if not trip.is_modified or all(value is None for value in plain):
        return NONE
    return ("a modified trip also has the fields of a plain one",)
