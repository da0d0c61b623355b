"""Entities as the feed keeps them, and the one that says where a vehicle is.

Built with the official bindings, serialised once. Rules: GTFS-realtime reference v2.0, "VehiclePosition".
"""

from dataclasses import dataclass
from typing import NamedTuple

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from mobility.core.vehicle import VehicleSpec, VehicleState
from passenger_info.descriptors import Relationship, name_trip, name_vehicle, tell_wheelchair
from passenger_info.identity import vehicle_entity_id
from passenger_info.occupancy import occupancy_status
from passenger_info.run import TripRun
from passenger_info.splice import entity_record
from passenger_info.topics import ALL, route_topic, trip_topic, vehicle_topic
from passenger_info.track import Track

_Trip = gtfs_realtime.TripDescriptor
_WHOLE = (_Trip.NEW, _Trip.REPLACEMENT, _Trip.ADDED)
_INCOMING_M = 60.0
"""Closer than this before a stop a vehicle is coming in."""


class Entity(NamedTuple):
    """A serialised feed entity, the topics it belongs to, and its place where it has one."""

    entity_id: str
    record: bytes
    topics: tuple[str, ...]
    place: LatLon | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a run is told: its relationship to the timetable, and whether its calls are numbered anew."""

    relationship: Relationship = _Trip.SCHEDULED
    numbers_all_calls: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all calls are told, those behind too: they are the trip (reference, "StopTimeUpdate")."""
        return self.relationship in _WHOLE


_AS_SCHEDULED = Manner()


def vehicle_message(
    state: VehicleState,
    spec: VehicleSpec | None,
    track: Track | None,
    *,
    manner: Manner = _AS_SCHEDULED,
    is_accessible: bool | None = None,
) -> gtfs_realtime.FeedEntity:
    """Return a vehicle's position as measured, on its trip where ``track`` names one."""
    sample, vehicle_id = state.sample, state.vehicle_id
    entity = gtfs_realtime.FeedEntity(id=vehicle_entity_id(vehicle_id))
    vehicle = entity.vehicle
    name_vehicle(vehicle.vehicle, vehicle_id, spec)
    tell_wheelchair(vehicle.vehicle, is_accessible=is_accessible)
    vehicle.timestamp = state.as_of // 1000
    position = vehicle.position
    position.latitude, position.longitude = sample.place.lat_deg, sample.place.lon_deg
    if sample.speed_mps is not None and sample.speed_mps >= 0:
        position.speed = sample.speed_mps
    if sample.bearing_deg is not None:
        position.bearing = sample.bearing_deg % 360
    if spec is not None:
        vehicle.occupancy_status, percent = occupancy_status(sample, spec)
        if percent is not None:
            vehicle.occupancy_percentage = percent
    if track is not None:
        name_trip(vehicle.trip, track.run, manner.relationship)
        _tell_call(vehicle, track, manner)
    return entity


def vehicle_entity(message: gtfs_realtime.FeedEntity, place: LatLon, track: Track | None) -> Entity:
    """Return a vehicle's position as the feed keeps it."""
    topics: tuple[str, ...] = (ALL, vehicle_topic(VehicleId(message.vehicle.vehicle.id)))
    if track is not None:
        topics = (*topics, trip_topic(track.run.trip_id), route_topic(track.run.trip.route_id))
    return Entity(entity_id=message.id, record=entity_record(message), topics=topics, place=place)


def sequence_of(run: TripRun, i: int, *, numbers_all_calls: bool) -> int | None:
    """Return the number of a call: the planned one, or anew along the run; ``None`` where it has none."""
    if run.change is None or numbers_all_calls:
        return run.trip.stop_sequence[i]
    planned, origin = run.change.planned, run.change.origin[i]
    return None if planned is None or origin is None else planned.stop_sequence[origin]


def deleted_record(entity_id: str) -> bytes:
    """Return the record that removes an entity in a differential message."""
    return entity_record(gtfs_realtime.FeedEntity(id=entity_id, is_deleted=True))


def _tell_call(vehicle: gtfs_realtime.VehiclePosition, track: Track, manner: Manner) -> None:
    run, k = track.run, track.call_index
    sequence = sequence_of(run, k, numbers_all_calls=manner.numbers_all_calls)
    if sequence is not None:
        vehicle.current_stop_sequence = sequence
    vehicle.stop_id = run.trip.pattern.stops[k]
    if track.is_at_stop:
        vehicle.current_status = gtfs_realtime.VehiclePosition.STOPPED_AT
    elif run.chainage_m[k] - track.chainage_m <= _INCOMING_M:
        vehicle.current_status = gtfs_realtime.VehiclePosition.INCOMING_AT
    else:
        vehicle.current_status = gtfs_realtime.VehiclePosition.IN_TRANSIT_TO
