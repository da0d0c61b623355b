"""Rules about what a trip's relationship to its schedule lets it say: S004, S006, S009 to S015, S018, S019.

Source: GTFS-realtime reference, "TripUpdate", "TripProperties", "StopTimeUpdate", "StopTimeEvent"; numbered as by
gtfs-rt-validator.
"""

from collections.abc import Sequence

from passenger_info.checker.case import DUPLICATED, NEW, NONE, REPLACEMENT, UNSCHEDULED, UpdateCase
from passenger_info.checker.reading import CallRead
from passenger_info.checker.static_view import StaticTrip
from passenger_info.checker.stop_rules import UNSCHEDULED_CALL

_OWN_SCHEDULE = (NEW, REPLACEMENT, DUPLICATED)


def own_schedule_forbidden(case: UpdateCase) -> Sequence[str]:
    """S004: only NEW, REPLACEMENT and DUPLICATED trips bring their own scheduled times."""
    if case.trip.relationship in _OWN_SCHEDULE:
        return NONE
    return [
        f"stop_sequence {call.stop_sequence} has a scheduled_time"
        for call in case.update.calls
        if (call.arrival is not None and call.arrival.has_scheduled)
        or (call.departure is not None and call.departure.has_scheduled)
    ]


def one_time_of_two(case: UpdateCase) -> Sequence[str]:
    """S006: where the schedule has arrival and departure, so has the update; ends of a trip have one."""
    static = case.static
    if static is None:
        return NONE
    return [
        f"stop_sequence {call.stop_sequence} gives one time where the schedule has two"
        for call in case.update.calls
        if (call.arrival is None) is not (call.departure is None) and _lacks_a_time(call, static)
    ]


def _lacks_a_time(call: CallRead, static: StaticTrip) -> bool:
    if call.relationship not in (None, 0):
        return False
    row = _row(call, static)
    if row is None or static.calls[row].arrival_s is None or static.calls[row].departure_s is None:
        return False
    return row != (len(static.calls) - 1 if call.departure is None else 0)


def _row(call: CallRead, static: StaticTrip) -> int | None:
    if call.stop_sequence is not None:
        return static.row_of_sequence.get(call.stop_sequence)
    return None if call.stop_id is None else static.row_of_stop.get(call.stop_id)


def unscheduled_calls_of_scheduled_trip(case: UpdateCase) -> Sequence[str]:
    """S009: unscheduled calls belong to an UNSCHEDULED trip."""
    if case.trip.relationship == UNSCHEDULED:
        return NONE
    is_wrong = any(call.relationship == UNSCHEDULED_CALL for call in case.update.calls)
    return ("an UNSCHEDULED call of a trip that is not",) if is_wrong else NONE


def scheduled_calls_of_unscheduled_trip(case: UpdateCase) -> Sequence[str]:
    """S010: an UNSCHEDULED trip has unscheduled calls only."""
    if case.trip.relationship != UNSCHEDULED:
        return NONE
    is_wrong = any(call.relationship != UNSCHEDULED_CALL for call in case.update.calls)
    return ("an UNSCHEDULED trip with a call that is not",) if is_wrong else NONE


def other_assigned_stop(case: UpdateCase) -> Sequence[str]:
    """S011: where a stop is assigned anew, stop_id says the same."""
    return [
        f"assigned stop {call.assigned_stop!r} is not stop_id {call.stop_id!r}"
        for call in case.update.calls
        if call.assigned_stop is not None and call.stop_id is not None and call.assigned_stop != call.stop_id
    ]


def unknown_assigned_stop(case: UpdateCase) -> Sequence[str]:
    """S012: an assigned stop is one of the static feed."""
    stops = case.known.view.stops
    return [
        f"assigned stop {call.assigned_stop!r} is not in the static feed"
        for call in case.update.calls
        if call.assigned_stop is not None and call.assigned_stop not in stops
    ]


def duplicate_without_properties(case: UpdateCase) -> Sequence[str]:
    """S013: a DUPLICATED trip says its new trip_id, start_date and start_time."""
    if case.trip.relationship != DUPLICATED:
        return NONE
    given = case.update.properties
    return NONE if given is not None and None not in given else ("a DUPLICATED trip lacks trip properties",)


def properties_of_no_duplicate(case: UpdateCase) -> Sequence[str]:
    """S014: only a DUPLICATED trip has a new trip_id, start_date or start_time."""
    given = case.update.properties
    if given is None or case.trip.relationship == DUPLICATED or all(value is None for value in given):
        return NONE
    return ("trip_id, start_date or start_time in the properties of a trip that is not DUPLICATED",)


def duplicate_takes_known_id(case: UpdateCase) -> Sequence[str]:
    """S015: a duplicate's trip_id is not one of the static feed."""
    given = case.update.properties
    if given is None or given.trip_id is None or given.trip_id not in case.known.view.trips:
        return NONE
    return (f"new trip_id {given.trip_id!r} is in the static feed",)


def _is_of_route(case: UpdateCase) -> bool:
    return case.trip.trip_id is None and case.trip.route_id is not None


def stop_missing_without_trip(case: UpdateCase) -> Sequence[str]:
    """S018: without a trip, stop_sequence says nothing and stop_id must be there."""
    is_missing = _is_of_route(case) and any(call.stop_id is None for call in case.update.calls)
    return ("a call without stop_id of an update without trip",) if is_missing else NONE


def time_missing_without_trip(case: UpdateCase) -> Sequence[str]:
    """S019: without a trip, a delay says nothing and times must be there."""
    if not _is_of_route(case):
        return NONE
    events = (event for call in case.update.calls for event in (call.arrival, call.departure))
    is_missing = any(event is not None and event.time_s is None for event in events)
    return ("an event without time of an update without trip",) if is_missing else NONE
