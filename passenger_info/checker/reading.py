"""An entity read once into plain values, so that the rules need not ask the message again and again.

``None`` always means that the field is absent, which several rules tell apart from its default.
"""

from typing import Any, NamedTuple

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

_SIGN_64 = 1 << 63
_SIGN_32 = 1 << 31


class TripRead(NamedTuple):
    """A ``TripDescriptor``."""

    trip_id: str | None = None
    route_id: str | None = None
    direction: int | None = None
    start_time: str | None = None
    start_date: str | None = None
    relationship: int | None = None
    is_modified: bool = False
    """Whether it names a modified trip."""


NO_TRIP = TripRead()


class EventRead(NamedTuple):
    """A ``StopTimeEvent``."""

    time_s: int | None
    is_empty: bool
    """Whether it says neither a time nor a delay."""
    has_scheduled: bool


class CallRead(NamedTuple):
    """A ``StopTimeUpdate``."""

    stop_sequence: int | None
    stop_id: str | None
    relationship: int | None
    arrival: EventRead | None
    departure: EventRead | None
    assigned_stop: str | None


class PropertiesRead(NamedTuple):
    """A ``TripProperties``."""

    trip_id: str | None
    start_date: str | None
    start_time: str | None


class UpdateRead(NamedTuple):
    """A ``TripUpdate``."""

    trip: TripRead
    vehicle_id: str
    """Empty for none."""
    timestamp_s: int
    """0 for none."""
    calls: tuple[CallRead, ...]
    properties: PropertiesRead | None


class PositionRead(NamedTuple):
    """A ``Position``."""

    lat_deg: float | None
    lon_deg: float | None
    bearing_deg: float | None


class VehicleRead(NamedTuple):
    """A ``VehiclePosition``."""

    trip: TripRead | None
    vehicle_id: str | None
    timestamp_s: int
    """0 for none."""
    stop_id: str | None
    position: PositionRead | None
    carriages: tuple[int, ...]
    """``carriage_sequence`` of each carriage."""


def signed_64(value: int) -> int:
    """Return an unsigned time as most readers' languages hold it: very large ones are negative."""
    return value if value < _SIGN_64 else value - 2 * _SIGN_64


def trip_read(trip: gtfs_realtime.TripDescriptor) -> TripRead:
    """Read a trip descriptor."""
    has = trip.HasField
    return TripRead(
        trip.trip_id or ("" if has("trip_id") else None),
        trip.route_id or ("" if has("route_id") else None),
        trip.direction_id if has("direction_id") else None,
        trip.start_time or ("" if has("start_time") else None),
        trip.start_date or ("" if has("start_date") else None),
        trip.schedule_relationship if has("schedule_relationship") else None,
        has("modified_trip"),
    )


def update_read(update: gtfs_realtime.TripUpdate) -> UpdateRead:
    """Read a trip update."""
    properties = None
    if update.HasField("trip_properties"):
        properties = _properties(update.trip_properties)
    return UpdateRead(
        trip_read(update.trip) if update.HasField("trip") else NO_TRIP,
        update.vehicle.id if update.HasField("vehicle") else "",
        signed_64(update.timestamp),
        tuple([_call(call) for call in update.stop_time_update]),
        properties,
    )


def vehicle_read(vehicle: gtfs_realtime.VehiclePosition) -> VehicleRead:
    """Read a vehicle position."""
    has = vehicle.HasField
    descriptor = vehicle.vehicle if has("vehicle") else None
    return VehicleRead(
        trip_read(vehicle.trip) if has("trip") else None,
        descriptor.id if descriptor is not None and descriptor.HasField("id") else None,
        signed_64(vehicle.timestamp),
        vehicle.stop_id if has("stop_id") else None,
        _position(vehicle.position) if has("position") else None,
        tuple([carriage.carriage_sequence for carriage in vehicle.multi_carriage_details]),
    )


def _properties(properties: Any) -> PropertiesRead:
    has = properties.HasField
    return PropertiesRead(
        properties.trip_id if has("trip_id") else None,
        properties.start_date if has("start_date") else None,
        properties.start_time if has("start_time") else None,
    )


def _position(position: Any) -> PositionRead:
    has = position.HasField
    return PositionRead(
        position.latitude if has("latitude") else None,
        position.longitude if has("longitude") else None,
        position.bearing if has("bearing") else None,
    )


def _call(call: Any) -> CallRead:
    has = call.HasField
    # a value that is not the default is there: asking for presence costs more than asking for the value
    sequence = call.stop_sequence or (0 if has("stop_sequence") else None)
    if sequence is not None and sequence >= _SIGN_32:
        sequence -= 2 * _SIGN_32
    assigned = None
    if has("stop_time_properties") and call.stop_time_properties.HasField("assigned_stop_id"):
        assigned = call.stop_time_properties.assigned_stop_id
    return CallRead(
        sequence,
        call.stop_id or ("" if has("stop_id") else None),
        call.schedule_relationship if has("schedule_relationship") else None,
        _event(call.arrival) if has("arrival") else None,
        _event(call.departure) if has("departure") else None,
        assigned,
    )


def _event(event: Any) -> EventRead:
    has = event.HasField
    time_s = event.time or (0 if has("time") else None)
    return EventRead(time_s, time_s is None and not has("delay"), has("scheduled_time"))
