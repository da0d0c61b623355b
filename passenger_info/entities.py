"""GTFS-realtime entities: where a vehicle is, when its trip will call, which trip will not run.

Built with the official bindings, serialised once. Rules: GTFS-realtime reference v2.0, "VehiclePosition" and
"TripUpdate"; stop_sequence always together with stop_id, arrival always together with departure.
"""

from dataclasses import dataclass

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.arrivals import Prediction
from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import StopId, VehicleId
from mobility.core.vehicle import TripRef, VehicleSpec, VehicleState
from passenger_info.identity import trip_entity_id, vehicle_entity_id
from passenger_info.predict import Forecast
from passenger_info.run import TripRun
from passenger_info.splice import entity_record
from passenger_info.topics import ALL, route_topic, stop_topic, trip_topic, vehicle_topic
from passenger_info.track import Track

_INCOMING_M = 60.0
"""Closer than this before a stop a vehicle is coming in."""
_OCCUPANCY = (
    (0.0, gtfs_realtime.VehiclePosition.EMPTY),
    (0.5, gtfs_realtime.VehiclePosition.MANY_SEATS_AVAILABLE),
    (0.99, gtfs_realtime.VehiclePosition.FEW_SEATS_AVAILABLE),
)
"""Share of taken seats, up to and including, and its word; the half is the first legal step (MDV annex)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A serialised feed entity, the topics it belongs to, and its place where it has one."""

    entity_id: str
    record: bytes
    topics: tuple[str, ...]
    place: LatLon | None = None


def vehicle_entity(state: VehicleState, spec: VehicleSpec | None, track: Track | None) -> Entity:
    """Return a vehicle's position as measured, on its trip where ``track`` names one."""
    sample, vehicle_id = state.sample, state.vehicle_id
    entity = gtfs_realtime.FeedEntity(id=vehicle_entity_id(vehicle_id))
    vehicle = entity.vehicle
    _name_vehicle(vehicle.vehicle, vehicle_id, spec)
    vehicle.timestamp = state.as_of // 1000
    position = vehicle.position
    position.latitude, position.longitude = sample.place.lat_deg, sample.place.lon_deg
    if sample.speed_mps is not None and sample.speed_mps >= 0:
        position.speed = sample.speed_mps
    if sample.bearing_deg is not None:
        position.bearing = sample.bearing_deg % 360
    _tell_occupancy(vehicle, sample.passengers, spec)
    topics: tuple[str, ...] = (ALL, vehicle_topic(vehicle_id))
    if track is not None:
        _tell_trip(vehicle.trip, track.run)
        _tell_call(vehicle, track)
        topics = (*topics, trip_topic(track.run.trip_id), route_topic(track.run.trip.route_id))
    return Entity(entity_id=entity.id, record=entity_record(entity), topics=topics, place=sample.place)


def trip_entity(track: Track, forecast: Forecast, vehicle_id: VehicleId, spec: VehicleSpec | None) -> Entity:
    """Return the update of a trip with a vehicle: every call from the present one on. Calls behind are left out."""
    run = track.run
    entity = gtfs_realtime.FeedEntity(id=trip_entity_id(run.ref))
    update = entity.trip_update
    _tell_trip(update.trip, run)
    _name_vehicle(update.vehicle, vehicle_id, spec)
    update.timestamp = track.as_of // 1000
    update.delay = round(track.delay_s)
    for i in range(forecast.first, run.last + 1):
        call = forecast.calls[i - forecast.first]
        stop = update.stop_time_update.add(
            stop_sequence=run.trip.stop_sequence[i],
            stop_id=run.trip.pattern.stops[i],
            schedule_relationship=gtfs_realtime.TripUpdate.StopTimeUpdate.SCHEDULED,
        )
        arrival = _first_arrival(run, call.arrival, call.departure) if i == 0 else call.arrival
        _tell_time(stop.arrival, arrival, run.arrival[i])
        _tell_time(stop.departure, call.departure, run.departure[i])
    topics = (*_trip_topics(run, forecast.first), vehicle_topic(vehicle_id))
    return Entity(entity_id=entity.id, record=entity_record(entity), topics=topics)


def cancelled_entity(run: TripRun, known_at: Instant) -> Entity:
    """Return the update of a trip that will not run."""
    entity = gtfs_realtime.FeedEntity(id=trip_entity_id(run.ref))
    _tell_trip(entity.trip_update.trip, run)
    entity.trip_update.trip.schedule_relationship = gtfs_realtime.TripDescriptor.CANCELED
    entity.trip_update.timestamp = known_at // 1000
    return Entity(entity_id=entity.id, record=entity_record(entity), topics=_trip_topics(run, 0))


def deleted_record(entity_id: str) -> bytes:
    """Return the record that removes an entity in a differential message."""
    return entity_record(gtfs_realtime.FeedEntity(id=entity_id, is_deleted=True))


def _trip_topics(run: TripRun, first: int) -> tuple[str, ...]:
    stops: dict[StopId, None] = dict.fromkeys(run.trip.pattern.stops[first:])
    return (ALL, trip_topic(run.trip_id), route_topic(run.trip.route_id), *(stop_topic(stop) for stop in stops))


def _tell_trip(trip: gtfs_realtime.TripDescriptor, run: TripRun) -> None:
    ref: TripRef = run.ref
    trip.trip_id = ref.trip_id
    trip.start_date = f"{ref.start_date:%Y%m%d}"
    trip.route_id = run.trip.route_id
    trip.schedule_relationship = gtfs_realtime.TripDescriptor.SCHEDULED
    if run.trip.direction is not None:
        trip.direction_id = run.trip.direction


def _tell_call(vehicle: gtfs_realtime.VehiclePosition, track: Track) -> None:
    run, k = track.run, track.call_index
    vehicle.current_stop_sequence = run.trip.stop_sequence[k]
    vehicle.stop_id = run.trip.pattern.stops[k]
    if track.is_at_stop:
        vehicle.current_status = gtfs_realtime.VehiclePosition.STOPPED_AT
    elif run.chainage_m[k] - track.chainage_m <= _INCOMING_M:
        vehicle.current_status = gtfs_realtime.VehiclePosition.INCOMING_AT
    else:
        vehicle.current_status = gtfs_realtime.VehiclePosition.IN_TRANSIT_TO


def _tell_time(event: gtfs_realtime.TripUpdate.StopTimeEvent, when: Prediction, scheduled: Instant) -> None:
    event.time = when.p50 // 1000
    event.delay = (when.p50 - scheduled) // 1000
    event.uncertainty = (when.p90 - when.p10) // 2000


def _first_arrival(run: TripRun, arrival: Prediction, departure: Prediction) -> Prediction:
    """Return when the trip begins at its first stop: a vehicle that waits there early has not arrived for it yet."""
    moment = Instant(max(arrival.p50, min(run.arrival[0], departure.p50)))
    return Prediction(p10=moment, p50=moment, p90=moment)


def _name_vehicle(descriptor: gtfs_realtime.VehicleDescriptor, vehicle_id: VehicleId, spec: VehicleSpec | None) -> None:
    descriptor.id = vehicle_id
    if spec is not None and spec.label:
        descriptor.label = spec.label


def _tell_occupancy(vehicle: gtfs_realtime.VehiclePosition, passengers: int | None, spec: VehicleSpec | None) -> None:
    if passengers is None or passengers < 0 or spec is None or spec.seats <= 0:
        return
    share = passengers / spec.seats
    word = next((word for limit, word in _OCCUPANCY if share <= limit), gtfs_realtime.VehiclePosition.FULL)
    vehicle.occupancy_status = word
    vehicle.occupancy_percentage = round(100 * share)
