"""Rules about alerts: E001, E011, E030 to E035, S023, S026 to S028, S030.

Source: rules of the GTFS Realtime Validator; GTFS-realtime reference, "Alert" and "EntitySelector".
"""

from collections.abc import Iterator, Sequence
from math import inf

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from passenger_info.checker.case import NONE, AlertCase
from passenger_info.checker.reading import NO_TRIP, TripRead, signed_64, trip_read
from passenger_info.checker.time_rules import is_posix
from passenger_info.checker.trip_rules import TripCase, modified_and_plain, trip_of_other_route

_PLAIN_SELECTORS = ("agency_id", "route_id", "route_type", "stop_id")


def _selectors(case: AlertCase) -> Iterator[tuple[gtfs_realtime.EntitySelector, TripRead]]:
    for selector in case.alert.informed_entity:
        yield selector, trip_read(selector.trip) if selector.HasField("trip") else NO_TRIP


def period_not_posix(case: AlertCase) -> Sequence[str]:
    """E001: begin and end of an active_period are POSIX seconds."""
    bounds = (
        signed_64(getattr(period, name))
        for period in case.alert.active_period
        for name in ("start", "end")
        if period.HasField(name)
    )
    return [f"active_period has {bound}, no POSIX second" for bound in bounds if not is_posix(bound)]


def alert_for_unknown_stop(case: AlertCase) -> Sequence[str]:
    """E011: a stop that is informed is in the static feed."""
    stops = case.known.view.stops
    return [
        f"stop {selector.stop_id!r} is not in the static feed"
        for selector in case.alert.informed_entity
        if selector.HasField("stop_id") and selector.stop_id not in stops
    ]


def selected_trip_of_other_route(case: AlertCase) -> Sequence[str]:
    """E030: a selector's trip runs on the selector's route."""
    trips = case.known.view.trips
    return [
        f"trip {trip.trip_id} is not of route {selector.route_id}"
        for selector, trip in _selectors(case)
        if selector.HasField("route_id")
        and trip.trip_id is not None
        and trip.trip_id in trips
        and trips[trip.trip_id].route_id != selector.route_id
    ]


def selector_names_two_routes(case: AlertCase) -> Sequence[str]:
    """E031: a selector's route is its trip descriptor's route."""
    return [
        f"route {selector.route_id} and, of its trip, {trip.route_id}"
        for selector, trip in _selectors(case)
        if selector.HasField("route_id") and trip.route_id is not None and trip.route_id != selector.route_id
    ]


def alert_for_nobody(case: AlertCase) -> Sequence[str]:
    """E032: an alert informs somebody."""
    return NONE if case.alert.informed_entity else ("an alert without informed_entity",)


def selector_of_nothing(case: AlertCase) -> Sequence[str]:
    """E033: a selector names an agency, route, kind of route, stop or trip."""
    return [
        "an informed_entity names nothing"
        for selector, trip in _selectors(case)
        if not any(selector.HasField(name) for name in _PLAIN_SELECTORS)
        and trip.trip_id is None
        and trip.route_id is None
    ]


def unknown_agency(case: AlertCase) -> Sequence[str]:
    """E034: an agency is in the static feed."""
    agencies = case.known.view.agencies
    return [
        f"agency {selector.agency_id!r} is not in the static feed"
        for selector in case.alert.informed_entity
        if selector.HasField("agency_id") and selector.agency_id not in agencies
    ]


def alert_trip_of_other_route(case: AlertCase) -> Sequence[str]:
    """E035: the trip an alert names is one of the route its descriptor names."""
    view = case.known.view
    return [
        found
        for _, trip in _selectors(case)
        for found in trip_of_other_route(TripCase(trip, view.trips.get(trip.trip_id or ""), view))
    ]


def alert_modified_and_plain(case: AlertCase) -> Sequence[str]:
    """S023: a modified trip is named by its modification alone."""
    cases = (TripCase(trip, None, case.known.view) for _, trip in _selectors(case))
    return [found for each in cases for found in modified_and_plain(each)]


def impact_not_communicated(case: AlertCase) -> Sequence[str]:
    """S026: an impact lies within a period in which the alert is shown."""
    shown = [_interval(period) for period in case.alert.communication_period]
    if not shown:
        return NONE
    impacts = [_interval(period) for period in case.alert.impact_period]
    return [
        f"impact from {begin} to {end} is not within a communication_period"
        for begin, end in impacts
        if not any(one <= begin and end <= other for one, other in shown)
    ]


def _interval(period: gtfs_realtime.TimeRange) -> tuple[float, float]:
    begin = period.start if period.HasField("start") else -inf
    return begin, period.end if period.HasField("end") else inf


def cause_detail_alone(case: AlertCase) -> Sequence[str]:
    """S027: a cause's detail needs the cause."""
    is_alone = case.alert.HasField("cause_detail") and not case.alert.HasField("cause")
    return ("cause_detail without cause",) if is_alone else NONE


def effect_detail_alone(case: AlertCase) -> Sequence[str]:
    """S028: an effect's detail needs the effect."""
    is_alone = case.alert.HasField("effect_detail") and not case.alert.HasField("effect")
    return ("effect_detail without effect",) if is_alone else NONE


def direction_without_route(case: AlertCase) -> Sequence[str]:
    """S030: a direction is one of a route."""
    return [
        f"direction {selector.direction_id} without route"
        for selector in case.alert.informed_entity
        if selector.HasField("direction_id") and not selector.HasField("route_id")
    ]
