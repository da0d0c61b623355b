"""Recorded GTFS-realtime vehicle positions as telemetry samples, ready to be sent as a vehicle would."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from google.protobuf.message import DecodeError
from google.transit import gtfs_realtime_pb2 as gtfs_rt

from gtfs.timetable import Timetable
from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import TripId, VehicleId
from mobility.core.service_day import ServiceDay, service_day_of
from mobility.core.vehicle import TripRef

_LARGEST_SPEED_MPS = 90.0
_LAST_SECOND = 253_402_300_799
"""31 December 9999: what lies beyond is no time of a vehicle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One recorded position."""

    vehicle_id: VehicleId
    at: Instant
    place: LatLon
    speed_mps: float | None
    bearing_deg: float | None
    trip: TripRef | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """All positions of some messages in order of time, then vehicle; and what could not be used."""

    positions: tuple[Recorded, ...]
    entities: int = 0
    """Entities with a vehicle position."""
    without_place: int = 0
    """Entities without a usable position or time."""
    repeated: int = 0
    """Positions of a vehicle and time that were there already."""


def parse_recording(messages: Iterable[bytes], timetable: Timetable, *, sources: Sequence[str] = ()) -> Recording:
    """Read encoded ``FeedMessage``s; raises ``BadInputError`` for bytes that are none.

    ``sources`` names the file of each message for that error; without them it says which message it was.
    """
    found: dict[tuple[Instant, VehicleId], Recorded] = {}
    entities = without_place = repeated = 0
    for row, data in enumerate(messages, start=1):
        source = sources[row - 1] if row <= len(sources) else f"message {row}"
        for entity, sent in _vehicles(data, source):
            entities += 1
            position = _position(entity, sent, timetable)
            if position is None:
                without_place += 1
            elif (position.at, position.vehicle_id) in found:
                repeated += 1
            else:
                found[position.at, position.vehicle_id] = position
    ordered = tuple(found[key] for key in sorted(found))
    return Recording(positions=ordered, entities=entities, without_place=without_place, repeated=repeated)


def _vehicles(data: bytes, source: str) -> Sequence[tuple[gtfs_rt.FeedEntity, int]]:
    message = gtfs_rt.FeedMessage()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise BadInputError("is no GTFS-realtime message", source=source) from error
    return [(entity, message.header.timestamp) for entity in message.entity if entity.HasField("vehicle")]


def _position(entity: gtfs_rt.FeedEntity, sent: int, timetable: Timetable) -> Recorded | None:
    vehicle = entity.vehicle
    seconds = vehicle.timestamp or sent
    if not vehicle.HasField("position") or not 0 < seconds <= _LAST_SECOND:
        return None
    position = vehicle.position
    try:
        place = LatLon(position.latitude, position.longitude)
    except ValueError:
        return None
    at = Instant(seconds * 1000)
    speed_mps = position.speed if position.HasField("speed") else None
    has_speed = speed_mps is not None and 0 <= speed_mps <= _LARGEST_SPEED_MPS
    bearing = position.bearing % 360 if position.HasField("bearing") else None
    return Recorded(
        vehicle_id=VehicleId(vehicle.vehicle.id or entity.id),
        at=at,
        place=place,
        speed_mps=speed_mps if has_speed else None,
        bearing_deg=bearing if bearing is not None and 0 <= bearing < 360 else None,  # noqa: PLR2004 - degrees; false for NaN
        trip=_trip(vehicle.trip, at, timetable) if vehicle.HasField("trip") else None,
    )


def _trip(descriptor: gtfs_rt.TripDescriptor, at: Instant, timetable: Timetable) -> TripRef | None:
    if not descriptor.trip_id:
        return None
    trip_id = TripId(descriptor.trip_id)
    try:
        return TripRef(trip_id, datetime.strptime(descriptor.start_date, "%Y%m%d").date())  # noqa: DTZ007 - a date only
    except ValueError:
        return TripRef(trip_id, _service_date(trip_id, at, timetable))


def _service_date(trip_id: TripId, at: Instant, timetable: Timetable) -> date:
    """Return the service day on which a trip runs nearest to an instant; the local date for an unknown trip."""
    today = service_day_of(at, timetable.zone)
    trip = timetable.trips.get(trip_id)
    if trip is None:
        return today.date

    def away_ms(day: ServiceDay) -> int:
        starts, ends = day.at(trip.departure[0]), day.at(trip.arrival[-1])
        return max(starts - at, at - ends, 0)

    days = [today.plus(n) for n in (0, -1, 1) if timetable.runs_on(trip_id, today.plus(n).date)]
    return min(days, key=away_ms).date if days else today.date
