"""A telemetry sample and its bytes on the wire, with every range checked in both directions."""

import math
from datetime import date
from functools import lru_cache

from google.protobuf.message import DecodeError

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, TripId, VehicleId
from mobility.core.vehicle import Doors, DrivingMode, Sample, TripRef
from v2x import wire_pb2 as wire
from v2x.extension import Extension
from v2x.extension_codec import encode_extension

LATEST_TIME_MS = 253_402_300_799_999
"""End of the year 9999, the last instant a calendar date can be given for."""
MAX_SPEED_MMPS = 100_000
MAX_BEARING_MDEG = 359_999
MAX_PASSENGERS = 250
MAX_WHEELCHAIRS = 20
MAX_BATTERY_PPM = 1_000_000
MAX_ODOMETER_CM = 10**12
MAX_TRIP_ID_LENGTH = 256

_MODES = tuple(DrivingMode)
_DOORS = tuple(Doors)
_MODE_NUMBERS = {mode: number for number, mode in enumerate(_MODES)}
_DOORS_NUMBERS = {doors: number for number, doors in enumerate(_DOORS)}
_LAT_LIMIT_E7 = 900_000_000
_LON_LIMIT_E7 = 1_800_000_000


def encode_sample(sample: Sample, extension: Extension | None = None) -> bytes:
    """Return the wire bytes of what a sample measured (not of its ids and sequence number).

    Values are rounded to the wire's resolution. Raises ``BadInputError`` naming the field that is out of range.
    """
    message = wire.Sample(
        device_time_ms=_device_time_ms(sample.device_time),
        latitude_e7=round(sample.place.lat_deg * 1e7),
        longitude_e7=round(sample.place.lon_deg * 1e7),
        mode=_MODE_NUMBERS[sample.mode],  # type: ignore[arg-type]  # protobuf enums are numbers at run time
        doors=_DOORS_NUMBERS[sample.doors],  # type: ignore[arg-type]  # protobuf enums are numbers at run time
    )
    if sample.speed_mps is not None:
        message.speed_mmps = _whole("speed_mps", sample.speed_mps, 1000, MAX_SPEED_MMPS)
    if sample.bearing_deg is not None:
        message.bearing_mdeg = _bearing_mdeg(sample.bearing_deg)
    if sample.passengers is not None:
        message.passengers = _whole("passengers", sample.passengers, 1, MAX_PASSENGERS)
    if sample.wheelchairs is not None:
        message.wheelchairs = _whole("wheelchairs", sample.wheelchairs, 1, MAX_WHEELCHAIRS)
    if sample.battery_frac is not None:
        message.battery_ppm = _whole("battery_frac", sample.battery_frac, 1_000_000, MAX_BATTERY_PPM)
    if sample.odometer_m is not None:
        message.odometer_cm = _whole("odometer_m", sample.odometer_m, 100, MAX_ODOMETER_CM)
    if sample.trip is not None:
        _check_trip_id(sample.trip.trip_id)
        message.trip.trip_id = sample.trip.trip_id
        day = sample.trip.start_date
        message.trip.start_date = day.year * 10_000 + day.month * 100 + day.day
    if extension is not None:
        message.extension.CopyFrom(encode_extension(extension))
    return message.SerializeToString()


def decode_sample(payload: bytes, *, vehicle_id: VehicleId, boot_id: BootId, seq: int) -> Sample:
    """Return the sample in ``payload``; raises ``BadInputError`` naming the field that can not be used."""
    try:
        message = wire.Sample.FromString(payload)
    except DecodeError as error:
        raise BadInputError("bytes are no sample", field="sample") from error
    has = message.HasField
    if not (message.device_time_ms and has("latitude_e7") and has("longitude_e7")):
        raise BadInputError("a sample needs a device time and a position", field="sample")
    mode, doors = message.mode, message.doors
    return Sample(
        vehicle_id=vehicle_id,
        boot_id=boot_id,
        seq=seq,
        device_time=Instant(_limited("device_time_ms", message.device_time_ms, LATEST_TIME_MS)),
        place=_place(message.latitude_e7, message.longitude_e7),
        speed_mps=_limited("speed_mmps", message.speed_mmps, MAX_SPEED_MMPS) / 1000 if has("speed_mmps") else None,
        bearing_deg=_limited("bearing_mdeg", message.bearing_mdeg, MAX_BEARING_MDEG) / 1000
        if has("bearing_mdeg")
        else None,
        # A mode or door state of a later protocol is unknown to us, not a fault of the vehicle.
        mode=_MODES[mode] if 0 <= mode < len(_MODES) else DrivingMode.UNKNOWN,
        doors=_DOORS[doors] if 0 <= doors < len(_DOORS) else Doors.UNKNOWN,
        passengers=_limited("passengers", message.passengers, MAX_PASSENGERS) if has("passengers") else None,
        wheelchairs=_limited("wheelchairs", message.wheelchairs, MAX_WHEELCHAIRS) if has("wheelchairs") else None,
        battery_frac=_limited("battery_ppm", message.battery_ppm, MAX_BATTERY_PPM) / 1_000_000
        if has("battery_ppm")
        else None,
        odometer_m=_limited("odometer_cm", message.odometer_cm, MAX_ODOMETER_CM) / 100 if has("odometer_cm") else None,
        trip=_trip(message.trip.trip_id, message.trip.start_date) if has("trip") else None,
    )


def _device_time_ms(device_time: Instant) -> int:
    if not 0 < device_time <= LATEST_TIME_MS:
        raise BadInputError(f"{device_time} is no instant from 1970 to 9999", field="device_time")
    return device_time


def _whole(name: str, value: float, scale: int, limit: int) -> int:
    if 0 <= value * scale <= limit:
        return round(value * scale)
    if not math.isfinite(value) or value < 0:
        raise BadInputError(f"{value} is not a number from 0 up", field=name)
    whole = round(value * scale)
    if whole > limit:
        raise BadInputError(f"{value} is more than {limit / scale:g}", field=name)
    return whole


def _bearing_mdeg(bearing_deg: float) -> int:
    if not 0 <= bearing_deg < 360:  # noqa: PLR2004 - degrees; NaN fails as well
        raise BadInputError(f"{bearing_deg} is not in 0 <= bearing < 360", field="bearing_deg")
    return round(bearing_deg * 1000) % 360_000


def _limited(name: str, value: int, limit: int) -> int:
    if value > limit:
        raise BadInputError(f"{value} is more than {limit}", field=name)
    return value


def _place(latitude_e7: int, longitude_e7: int) -> LatLon:
    if not -_LAT_LIMIT_E7 <= latitude_e7 <= _LAT_LIMIT_E7:
        raise BadInputError(f"{latitude_e7} is beyond a pole", field="latitude_e7")
    if not -_LON_LIMIT_E7 <= longitude_e7 <= _LON_LIMIT_E7:
        raise BadInputError(f"{longitude_e7} is beyond 180 degrees", field="longitude_e7")
    return LatLon(latitude_e7 / 1e7, longitude_e7 / 1e7)


def _check_trip_id(trip_id: str) -> None:
    if not 1 <= len(trip_id) <= MAX_TRIP_ID_LENGTH:
        raise BadInputError(f"a trip id has 1 to {MAX_TRIP_ID_LENGTH} characters", field="trip.trip_id")
    if not trip_id.isprintable():
        raise BadInputError("a trip id has printable characters only", field="trip.trip_id")


@lru_cache(4096)
def _trip(trip_id: str, number: int) -> TripRef:
    """Return a log-on, its date as the number yyyymmdd; every sample of a trip run brings the same one."""
    _check_trip_id(trip_id)
    try:
        day = date(number // 10_000, number // 100 % 100, number % 100)
    except ValueError as error:
        raise BadInputError(f"{number} is no date yyyymmdd", field="trip.start_date") from error
    return TripRef(TripId(trip_id), day)
