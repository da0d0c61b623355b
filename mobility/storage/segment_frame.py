"""A telemetry record as a frame of a segment: length, CRC32C, body. Pure.

Frame: ``<u32 body length> <u32 CRC32C of the body> <body>``, little endian. Body: ``_FIXED``, then vehicle, boot and
trip as length-prefixed UTF-8, then the payload as the vehicle sent it. A segment file starts with ``MAGIC``.
"""

import math
import struct
from datetime import date
from functools import lru_cache
from typing import Any

from crc32c import crc32c

from mobility.core.errors import BadInputError, CorruptionError
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, TripId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import Doors, DrivingMode, Sample, TripRef

MAGIC = b"MOBSEG\x01\n"
"""First eight bytes of every segment file; the seventh is the format's version."""

HEADER = struct.Struct("<II")
"""Body length and CRC32C of the body."""

MAX_BODY_BYTES = 1 << 20
"""A longer body is no record of ours."""

_FIXED = struct.Struct("<4q6d2B2iI")
"""Received, event, device time (ms), seq; lat, lon, speed, bearing, battery, odometer; mode, doors; counts; date."""

_SEQ = struct.Struct("<q")
_SEQ_AT = 24
_LENGTHS = struct.Struct("<HHH")
_ABSENT = -1
_NO_DATE = 0
_NAN = math.nan
_MODES = tuple(DrivingMode)
_DOORS = tuple(Doors)
_MODE_CODES = {mode: code for code, mode in enumerate(_MODES)}
_DOOR_CODES = {doors: code for code, doors in enumerate(_DOORS)}


class FrameWriter:
    """Encodes records; remembers the encoded names, which repeat in every sample of a vehicle."""

    def __init__(self) -> None:
        """Start with no names."""
        self._names: dict[tuple[str, str, str | None], bytes] = {}

    def frame(self, record: TelemetryRecord) -> bytes:
        """Return the frame of a record; raises ``BadInputError`` for numbers or names that do not fit."""
        sample = record.sample
        trip = sample.trip
        key = (sample.vehicle_id, sample.boot_id, None if trip is None else trip.trip_id)
        names = self._names.get(key) or self._named(key)
        try:
            body = _fixed(record, sample, trip) + names + record.payload
        except struct.error as error:
            raise BadInputError(
                f"sample {sample.seq} of {sample.vehicle_id} does not fit a segment: {error}"
            ) from error
        if len(body) > MAX_BODY_BYTES:
            raise BadInputError(f"sample {sample.seq} of {sample.vehicle_id} is larger than {MAX_BODY_BYTES} bytes")
        return HEADER.pack(len(body), crc32c(body)) + body

    def _named(self, key: tuple[str, str, str | None]) -> bytes:
        vehicle, boot, trip = (name.encode() for name in (key[0], key[1], key[2] or ""))
        if max(len(vehicle), len(boot), len(trip)) > 0xFFFF:  # noqa: PLR2004 - what two bytes can tell
            raise BadInputError("a vehicle's, boot's or trip's name is longer than 65535 bytes")
        if len(self._names) > 4096:  # noqa: PLR2004 - some days' worth of trips; names repeat, so start over
            self._names.clear()
        names = _LENGTHS.pack(len(vehicle), len(boot), len(trip)) + vehicle + boot + trip
        self._names[key] = names
        return names


def record_of(body: bytes) -> TelemetryRecord:
    """Return the record of a frame's body; raises ``CorruptionError`` where it is none."""
    try:
        payload_at = _payload_at(body)
        return _record(_FIXED.unpack_from(body), _names(body[_FIXED.size : payload_at]), body[payload_at:])
    except (struct.error, ValueError, IndexError, OverflowError) as error:
        raise CorruptionError(f"these bytes are no telemetry record: {error}") from error


def key_of(body: bytes) -> tuple[VehicleId, BootId, int, int]:
    """Return vehicle, boot, sequence number and CRC32C of the payload; raises like ``record_of``."""
    try:
        payload_at = _payload_at(body)
        vehicle, boot, _ = _names(body[_FIXED.size : payload_at])
        return vehicle, boot, _SEQ.unpack_from(body, _SEQ_AT)[0], crc32c(body[payload_at:])
    except (struct.error, ValueError) as error:
        raise CorruptionError(f"these bytes are no telemetry record: {error}") from error


def _payload_at(body: bytes) -> int:
    in_vehicle, in_boot, in_trip = _LENGTHS.unpack_from(body, _FIXED.size)
    payload_at: int = _FIXED.size + _LENGTHS.size + in_vehicle + in_boot + in_trip
    if payload_at > len(body):
        raise ValueError("it ends within a name")
    return payload_at


@lru_cache(4096)
def _names(data: bytes) -> tuple[VehicleId, BootId, TripId]:
    """Decode lengths and names; the same ones come back thousands of times."""
    in_vehicle, in_boot, _ = _LENGTHS.unpack_from(data)
    boot = _LENGTHS.size + in_vehicle
    trip = boot + in_boot
    names = data[_LENGTHS.size : boot].decode(), data[boot:trip].decode(), data[trip:].decode()
    return VehicleId(names[0]), BootId(names[1]), TripId(names[2])


@lru_cache(4096)
def _trip_ref(trip_id: TripId, day: int) -> TripRef:
    return TripRef(trip_id, date.fromordinal(day))


def _fixed(record: TelemetryRecord, sample: Sample, trip: TripRef | None) -> bytes:
    place = sample.place
    speed, bearing, battery, odometer = sample.speed_mps, sample.bearing_deg, sample.battery_frac, sample.odometer_m
    passengers, wheelchairs = sample.passengers, sample.wheelchairs
    return _FIXED.pack(
        record.received_at,
        record.event_time,
        sample.device_time,
        sample.seq,
        place.lat_deg,
        place.lon_deg,
        _NAN if speed is None else speed,
        _NAN if bearing is None else bearing,
        _NAN if battery is None else battery,
        _NAN if odometer is None else odometer,
        _MODE_CODES[sample.mode],
        _DOOR_CODES[sample.doors],
        _ABSENT if passengers is None else passengers,
        _ABSENT if wheelchairs is None else wheelchairs,
        _NO_DATE if trip is None else trip.start_date.toordinal(),
    )


def _record(fixed: tuple[Any, ...], names: tuple[VehicleId, BootId, TripId], payload: bytes) -> TelemetryRecord:
    received, event, device, seq, lat, lon, speed, bearing, battery, odometer, mode, doors, seated, wheeled, day = fixed
    # A number that is not equal to itself is NaN, which stands for "not known".
    sample = Sample(
        vehicle_id=names[0],
        boot_id=names[1],
        seq=seq,
        device_time=device,
        place=LatLon(lat, lon),
        speed_mps=speed if speed == speed else None,  # noqa: PLR0124 - NaN, half a microsecond below isnan
        bearing_deg=bearing if bearing == bearing else None,  # noqa: PLR0124 - as above
        mode=_MODES[mode],
        doors=_DOORS[doors],
        passengers=None if seated == _ABSENT else seated,
        wheelchairs=None if wheeled == _ABSENT else wheeled,
        battery_frac=battery if battery == battery else None,  # noqa: PLR0124 - as above
        odometer_m=odometer if odometer == odometer else None,  # noqa: PLR0124 - as above
        trip=None if day == _NO_DATE else _trip_ref(names[2], day),
    )
    return TelemetryRecord(sample=sample, received_at=received, event_time=event, payload=payload)
