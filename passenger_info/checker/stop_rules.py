"""Rules about the calls of an update: E002, E009, E011, E015, E036, E037, E040 to E046, E051.

Source: rules of the GTFS Realtime Validator; GTFS-realtime reference, "StopTimeUpdate". Rules that follow the order of
the calls look at no call behind an unknown stop_sequence, see ``passenger_info.checker.walk``.
"""

from collections.abc import Sequence
from itertools import pairwise

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from passenger_info.checker.case import CANCELED, NONE, UpdateCase, VehicleCase
from passenger_info.checker.reading import EventRead
from passenger_info.checker.static_view import StaticView

_Call = gtfs_realtime.TripUpdate.StopTimeUpdate
SKIPPED: int = _Call.SKIPPED
NO_DATA: int = _Call.NO_DATA
UNSCHEDULED_CALL: int = _Call.UNSCHEDULED
_WITHOUT_TIMES = (SKIPPED, NO_DATA)


def calls_not_sorted(case: UpdateCase) -> Sequence[str]:
    """E002: calls are not in the order of their stop_sequence, or their stops not in the trip's order."""
    walk, sequences = case.walk, case.walk.sequences
    for one, other in pairwise(sequences):
        if one >= other:
            return (f"stop_sequences {sequences} do not rise",)
    if walk.has_taken and len(sequences) < len(case.update.calls):
        return ("its stops are not in the trip's order",)
    return NONE


def sequence_missing_on_loop(case: UpdateCase) -> Sequence[str]:
    """E009: a trip that calls at a stop twice needs stop_sequence."""
    if case.static is None or not case.static.repeated_stops:
        return NONE
    is_missing = any(call.stop_sequence is None for call in case.walk.examined)
    return (f"trip {case.trip.trip_id} calls at a stop twice and lacks stop_sequence",) if is_missing else NONE


def update_of_unknown_stop(case: UpdateCase) -> Sequence[str]:
    """E011: a call at a stop that the static feed does not have."""
    stops = case.known.view.stops
    return [
        f"stop {call.stop_id!r} is not in the static feed"
        for call in case.update.calls
        if call.stop_id is not None and call.stop_id not in stops
    ]


def vehicle_at_unknown_stop(case: VehicleCase) -> Sequence[str]:
    """E011: a vehicle at a stop that the static feed does not have."""
    stop_id = case.vehicle.stop_id
    is_known = stop_id is None or stop_id in case.known.view.stops
    return NONE if is_known else (f"stop {stop_id!r} is not in the static feed",)


def update_of_station(case: UpdateCase) -> Sequence[str]:
    """E015: vehicles call at stops, not at stations or entrances."""
    stops = case.known.view.stops
    return [
        _no_stop(call.stop_id) for call in case.update.calls if call.stop_id is not None and stops.get(call.stop_id)
    ]


def vehicle_at_station(case: VehicleCase) -> Sequence[str]:
    """E015: a vehicle is at a stop, not at a station or entrance."""
    stop_id, view = case.vehicle.stop_id, case.known.view
    return (_no_stop(stop_id),) if stop_id is not None and _is_no_stop(view, stop_id) else NONE


def _is_no_stop(view: StaticView, stop_id: str) -> bool:
    return bool(view.stops.get(stop_id))


def _no_stop(stop_id: str) -> str:
    return f"{stop_id!r} is no stop of location_type 0"


def sequence_repeated(case: UpdateCase) -> Sequence[str]:
    """E036: the same stop_sequence twice in a row; an absent one counts as 0."""
    return [
        f"stop_sequence {other.stop_sequence} is repeated"
        for one, other in pairwise(case.walk.examined)
        if other.stop_sequence is not None and other.stop_sequence == (one.stop_sequence or 0)
    ]


def stop_repeated(case: UpdateCase) -> Sequence[str]:
    """E037: the same stop twice in a row."""
    return [
        f"stop {one.stop_id!r} is repeated"
        for one, other in pairwise(case.walk.examined)
        if one.stop_id and one.stop_id == other.stop_id
    ]


def call_without_stop(case: UpdateCase) -> Sequence[str]:
    """E040: a call names its stop or its stop_sequence."""
    return [
        "a call has neither stop_id nor stop_sequence"
        for call in case.walk.examined
        if call.stop_id is None and call.stop_sequence is None
    ]


def update_without_calls(case: UpdateCase) -> Sequence[str]:
    """E041: a trip that is not cancelled has calls."""
    if case.update.calls or case.trip.relationship == CANCELED:
        return NONE
    return (f"trip {case.trip.trip_id!r} has no calls and is not cancelled",)


def times_without_data(case: UpdateCase) -> Sequence[str]:
    """E042: a call of NO_DATA has no times."""
    return [
        f"NO_DATA at stop_sequence {call.stop_sequence} has times"
        for call in case.walk.examined
        if call.relationship == NO_DATA and (call.arrival is not None or call.departure is not None)
    ]


def call_without_times(case: UpdateCase) -> Sequence[str]:
    """E043: a call that is neither skipped nor NO_DATA has an arrival or a departure."""
    return [
        f"stop_sequence {call.stop_sequence} has neither arrival nor departure"
        for call in case.walk.examined
        if call.arrival is None and call.departure is None and call.relationship not in _WITHOUT_TIMES
    ]


def event_without_time(case: UpdateCase) -> Sequence[str]:
    """E044: an arrival or departure says a time or a delay."""
    return [
        f"stop_sequence {call.stop_sequence} has an event with neither time nor delay"
        for call in case.walk.examined
        if (_is_empty(call.arrival) or _is_empty(call.departure)) and call.relationship != SKIPPED
    ]


def _is_empty(event: EventRead | None) -> bool:
    return event is not None and event.is_empty


def other_stop(case: UpdateCase) -> Sequence[str]:
    """E045: stop_sequence and stop_id are those of one row of the trip."""
    return [
        f"stop_sequence {static.stop_sequence} is stop {static.stop_id!r}, not {call.stop_id!r}"
        for call, static in case.walk.matched
        if call.stop_id is not None and call.stop_id != static.stop_id
    ]


def delay_of_nothing(case: UpdateCase) -> Sequence[str]:
    """E046: without a time in the static feed a delay means nothing."""
    return [
        f"stop_sequence {static.stop_sequence} has no scheduled time and no predicted one"
        for call, static in case.walk.matched
        if (static.arrival_s is None and call.arrival is not None and call.arrival.time_s is None)
        or (static.departure_s is None and call.departure is not None and call.departure.time_s is None)
    ]


def unknown_sequence(case: UpdateCase) -> Sequence[str]:
    """E051: the trip has no such stop_sequence, or not behind the calls before."""
    unknown = case.walk.unknown
    return NONE if unknown is None else (f"trip {case.trip.trip_id} has no stop_sequence {unknown} there",)
