"""Entities that tell of a trip: as scheduled, late, cancelled, copied, new, on another way, or not seen.

Rules: GTFS-realtime reference v2.0, "TripUpdate", "StopTimeUpdate", "TripProperties"; stop_id and stop_sequence always
together where the call has a number, arrival always together with departure, never a delay where the timetable has no
time to be late against.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.arrivals import Prediction
from mobility.core.clock import Instant
from mobility.core.ids import StopId, TripId, VehicleId
from mobility.core.vehicle import VehicleSpec
from passenger_info.call_times import CallTimes
from passenger_info.descriptors import Relationship, name_trip, name_vehicle, start_time, tell_wheelchair
from passenger_info.entities import Entity, Manner, sequence_of
from passenger_info.identity import trip_entity_id
from passenger_info.occupancy import status_of_share
from passenger_info.run import RunKind, SkippedCall, TripRun
from passenger_info.splice import entity_record
from passenger_info.topics import ALL, route_topic, stop_topic, trip_topic, vehicle_topic

_Trip = gtfs_realtime.TripDescriptor
_Call = gtfs_realtime.TripUpdate.StopTimeUpdate
_OWN_SCHEDULE = (_Trip.NEW, _Trip.REPLACEMENT, _Trip.DUPLICATED)
"""They say themselves when their calls are scheduled (rule S004)."""

_MOST_KEPT = 4096
"""Of what trips of the same stops have in common, from each of their calls on."""


class Telling(NamedTuple):
    """What is told of a run."""

    run: TripRun
    manner: Manner
    at: Instant
    """When the newest evidence of it was taken."""
    first: int
    """The call that ``calls`` begin with."""
    calls: tuple[CallTimes, ...]
    """To the last call of the run."""
    unknown_from: int | None = None
    """From this call on nothing is known (NO_DATA)."""
    copied: TripId | None = None
    delay_s: float | None = None
    vehicle_id: VehicleId | None = None
    """Named only where its position is published on the same trip (rule E047)."""
    spec: VehicleSpec | None = None
    """Of the vehicle that comes, named or not."""
    is_accessible: bool | None = None
    shape_id: str = ""
    has_new_fields: bool = True


def update_message(told: Telling) -> gtfs_realtime.FeedEntity:
    """Return the update of a trip."""
    entity = gtfs_realtime.FeedEntity(id=trip_entity_id(told.run.ref))
    update, run = entity.trip_update, told.run
    name_trip(update.trip, run, told.manner.relationship, copied=told.copied)
    if told.vehicle_id is not None:
        name_vehicle(update.vehicle, told.vehicle_id, told.spec)
    tell_wheelchair(update.vehicle, is_accessible=told.is_accessible)
    update.timestamp = told.at // 1000
    if told.delay_s is not None and told.manner.relationship == _Trip.SCHEDULED:
        update.delay = round(told.delay_s)
    _tell_properties(update, told)
    if run.change is None and told.unknown_from is None and told.manner.relationship == _Trip.SCHEDULED:
        _tell_planned_calls(update, told)
        return entity
    for call in _calls(told):
        if isinstance(call, SkippedCall):
            update.stop_time_update.add(
                stop_sequence=call.stop_sequence, stop_id=call.stop_id, schedule_relationship=_Call.SKIPPED
            )
        else:
            _tell_call(update, told, call)
    return entity


def unseen_message(run: TripRun, at: Instant) -> gtfs_realtime.FeedEntity:
    """Return the update of a trip that runs without anybody seeing where: no data for any call."""
    return _without_times(run, at, _Trip.SCHEDULED, run.last + 1)


def cancelled_message(run: TripRun, known_at: Instant) -> gtfs_realtime.FeedEntity:
    """Return the update of a trip that will not run."""
    return _without_times(run, known_at, _Trip.CANCELED, 0)


def removed_message(run: TripRun, known_at: Instant) -> gtfs_realtime.FeedEntity:
    """Return the update of a trip nobody shall see; it needs a call, though nothing is said of it (rule E041)."""
    return _without_times(run, known_at, _Trip.DELETED, 1)


def update_entity(message: gtfs_realtime.FeedEntity, run: TripRun, first: int = 0) -> Entity:
    """Return an update as the feed keeps it, in the topics of its stops from call ``first`` on."""
    stops = run.trip.pattern.stops[first:]
    if run.skipped:
        stops += tuple(skip.stop_id for skip in run.skipped if skip.before >= first)
    named = message.trip_update.vehicle.id
    topics = (
        ALL,
        trip_topic(run.trip_id),
        route_topic(run.trip.route_id),
        *_stop_topics(stops),
        *((vehicle_topic(VehicleId(named)),) if named else ()),
    )
    return Entity(entity_id=message.id, record=entity_record(message), topics=topics)


@lru_cache(_MOST_KEPT)
def _stop_topics(stops: tuple[StopId, ...]) -> tuple[str, ...]:
    return tuple(stop_topic(stop) for stop in dict.fromkeys(stops))


def _without_times(run: TripRun, at: Instant, relationship: Relationship, calls: int) -> gtfs_realtime.FeedEntity:
    entity = gtfs_realtime.FeedEntity(id=trip_entity_id(run.ref))
    update = entity.trip_update
    name_trip(update.trip, run, relationship)
    update.timestamp = at // 1000
    for i in range(calls):
        update.stop_time_update.add(
            stop_sequence=run.trip.stop_sequence[i],
            stop_id=run.trip.pattern.stops[i],
            schedule_relationship=_Call.NO_DATA,
        )
    return entity


def _tell_properties(update: gtfs_realtime.TripUpdate, told: Telling) -> None:
    run, properties = told.run, update.trip_properties
    if told.manner.relationship == _Trip.DUPLICATED:
        properties.trip_id = run.trip_id
        properties.start_date = f"{run.ref.start_date:%Y%m%d}"
        properties.start_time = start_time(run)
    if not told.has_new_fields:
        return
    if told.manner.relationship in _OWN_SCHEDULE and run.trip.headsign:
        properties.trip_headsign = run.trip.headsign
    if told.shape_id and told.manner.relationship in (_Trip.REPLACEMENT, _Trip.NEW):
        properties.shape_id = told.shape_id


def _tell_planned_calls(update: gtfs_realtime.TripUpdate, told: Telling) -> None:
    """Tell the calls of a run that is as the timetable has it: the usual case, told whenever a vehicle reports."""
    run, first = told.run, told.first
    update.MergeFromString(_untimed_calls(run.trip.pattern.stops, run.trip.stop_sequence, first))
    planned = zip(run.arrival[first:], run.departure[first:], strict=True)
    for call, times, (arrival, departure) in zip(update.stop_time_update, told.calls, planned, strict=True):
        _tell_time(call.arrival, times.arrival, arrival, times.is_predicted)
        _tell_time(call.departure, times.departure, departure, times.is_predicted)


@lru_cache(_MOST_KEPT)
def _untimed_calls(stops: tuple[StopId, ...], sequences: tuple[int, ...], first: int) -> bytes:
    """Return the calls from the first that is told, serialised, all but their times: they are the same every time."""
    update = gtfs_realtime.TripUpdate()
    for stop_id, sequence in zip(stops[first:], sequences[first:], strict=True):
        update.stop_time_update.add(stop_sequence=sequence, stop_id=stop_id, schedule_relationship=_Call.SCHEDULED)
    return update.SerializePartialToString()  # partial: which trip it is, is told apart from them


def _calls(told: Telling) -> Iterator[SkippedCall | int]:
    """Yield the calls to tell in order of travel: an index of the run, or a call that is skipped."""
    skipped = [] if told.manner.is_whole else [skip for skip in told.run.skipped if skip.before >= told.first]
    for i in range(told.first, told.run.last + 1):
        yield from (skip for skip in skipped if skip.before == i)
        if told.manner.is_whole or sequence_of(told.run, i, numbers_all_calls=False) is not None:
            yield i
    yield from (skip for skip in skipped if skip.before > told.run.last)


def _tell_call(update: gtfs_realtime.TripUpdate, told: Telling, i: int) -> None:
    run, times = told.run, told.calls[i - told.first]
    call = update.stop_time_update.add(stop_id=run.trip.pattern.stops[i], schedule_relationship=_Call.SCHEDULED)
    sequence = sequence_of(run, i, numbers_all_calls=told.manner.numbers_all_calls)
    if sequence is not None:
        call.stop_sequence = sequence
    _tell_free_seats(call, told, i)
    if told.unknown_from is not None and i >= told.unknown_from:
        call.schedule_relationship = _Call.NO_DATA
        return
    planned_arrival, planned_departure = _planned(run, i)
    for event, when, scheduled, planned in (
        (call.arrival, times.arrival, run.arrival[i], planned_arrival),
        (call.departure, times.departure, run.departure[i], planned_departure),
    ):
        late_against = planned if told.manner.relationship == _Trip.SCHEDULED else None
        _tell_time(event, when, late_against, times.is_predicted)
        if told.manner.relationship in _OWN_SCHEDULE:
            event.scheduled_time = scheduled // 1000


def _tell_time(
    event: gtfs_realtime.TripUpdate.StopTimeEvent, when: Prediction, planned: Instant | None, is_predicted: bool
) -> None:
    p50 = when.p50
    event.time = p50 // 1000
    if is_predicted:
        event.uncertainty = (when.p90 - when.p10) // 2000
    if planned is not None:
        event.delay = (p50 - planned) // 1000


def _planned(run: TripRun, i: int) -> tuple[Instant | None, Instant | None]:
    """Return what the static feed has for a call, ``None`` where it has nothing."""
    if run.change is None or run.change.planned is None:
        return run.arrival[i], run.departure[i]
    origin = run.change.origin[i]
    if origin is None:
        return None, None
    start = run.departure[0] - run.trip.departure[0] * 1000
    planned = run.change.planned
    return Instant(start + planned.arrival[origin] * 1000), Instant(start + planned.departure[origin] * 1000)


def _tell_free_seats(call: gtfs_realtime.TripUpdate.StopTimeUpdate, told: Telling, i: int) -> None:
    """Say how full a public tour is after a call: seats only, never who."""
    change = told.run.change
    if not told.has_new_fields or told.run.kind is not RunKind.TOUR or change is None or told.spec is None:
        return
    seats = told.spec.seats
    if seats > 0:
        share = 1 - min(change.seats_free[i], seats) / seats
        call.departure_occupancy_status = status_of_share(share, may_stand=False)
