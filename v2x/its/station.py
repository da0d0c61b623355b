"""Raw CAM as the telemetry of a vehicle: whose it is follows from a table of station ids.

A CAM has no sequence number, so its generation time stands for one: boot ``cam-<station id>``, sequence number = ITS
time in milliseconds. The same CAM heard twice, by any way, gives the same bytes and is dropped as a duplicate.
"""

from typing import Any, Final

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import Sample
from v2x.codec import MAX_SPEED_MMPS, encode_sample
from v2x.extension import Extension, Light
from v2x.its.clock import TimestampIts, instant_of, timestamp_its, unwrapped
from v2x.its.message import ItsMessage

CLOCK_TOLERANCE_MS: Final = 2000
"""A CAM that says it was made later than so long after its receipt is dated by its receipt."""

MOST_AGE_MS: Final = 7 * 86_400_000
"""A CAM older than a week can not be: nothing keeps one for so long."""

BOOT_PREFIX: Final = "cam-"
"""Boots of records that were made of CAM begin so."""

UNAVAILABLE_LATITUDE: Final = 900_000_001
UNAVAILABLE_LONGITUDE: Final = 1_800_000_001
_UNAVAILABLE_SPEED: Final = 16_383
_UNAVAILABLE_HEADING: Final = 3_601
_WHOLE_TURN: Final = 3_600
_UNAVAILABLE_ALTITUDE: Final = 800_001
_UNAVAILABLE_ACCELERATION: Final = 161
_LIGHTS: Final = (
    Light.LOW_BEAM,
    Light.HIGH_BEAM,
    Light.LEFT_INDICATOR,
    Light.RIGHT_INDICATOR,
    Light.DAYTIME_RUNNING,
    Light.REVERSE,
    Light.FOG,
)
"""Bits of ``exteriorLights`` (TS 102 894-2); the parking light after them has no counterpart here."""


def cam_record(
    message: ItsMessage,
    evidence: bytes,
    *,
    vehicle_id: VehicleId,
    received_at: Instant,
    generated_at: TimestampIts | None = None,
) -> TelemetryRecord:
    """Return the record of a vehicle's CAM; ``evidence`` is kept in it (``Frame.evidence``).

    ``generated_at`` is the generation time of a signed envelope; without it the time is told by ``received_at``.
    Raises ``BadInputError`` for a CAM without a position, or one that says it is older than a week.
    """
    made_at = generation_time(message, received_at, generated_at)
    device_time = instant_of(made_at)
    if device_time < received_at - MOST_AGE_MS:
        raise BadInputError("a CAM that is older than a week", field="generationTime")
    sample = Sample(
        vehicle_id=vehicle_id,
        boot_id=BootId(f"{BOOT_PREFIX}{message.station_id}"),
        seq=made_at,
        device_time=device_time,
        place=place_of(message),
        speed_mps=_speed_mps(message.speed_value),
        bearing_deg=_bearing_deg(message.heading_value),
    )
    is_ahead = device_time > received_at + CLOCK_TOLERANCE_MS
    return TelemetryRecord(
        sample=sample,
        received_at=received_at,
        event_time=received_at if is_ahead else device_time,
        payload=encode_sample(sample, _extension(message, evidence)),
    )


def generation_time(message: ItsMessage, received_at: Instant, generated_at: TimestampIts | None) -> TimestampIts:
    """Return when a CAM was made: ``generationDeltaTime`` unwrapped against the envelope's time, or the receipt."""
    delta = _part(message.value, "cam").get("generationDeltaTime")
    if not isinstance(delta, int):
        raise BadInputError("a CAM without its generation time", field="generationDeltaTime")
    return unwrapped(delta, timestamp_its(received_at) if generated_at is None else generated_at)


def place_of(message: ItsMessage) -> LatLon:
    """Return where the message is about; raises ``BadInputError`` where it says that it does not know."""
    latitude, longitude = message.latitude, message.longitude
    if latitude in {None, UNAVAILABLE_LATITUDE} or longitude in {None, UNAVAILABLE_LONGITUDE}:
        raise BadInputError(f"a {message.message} without a position", field="latitude")
    return LatLon((latitude or 0) / 1e7, (longitude or 0) / 1e7)


def _speed_mps(value: int | None) -> float | None:
    if value is None or value == _UNAVAILABLE_SPEED or value * 10 > MAX_SPEED_MMPS:
        return None
    return value / 100


def _bearing_deg(value: int | None) -> float | None:
    if value is None or value >= _UNAVAILABLE_HEADING:
        return None
    return value % _WHOLE_TURN / 10


def _extension(message: ItsMessage, evidence: bytes) -> Extension:
    parameters = _part(message.value, "cam", "camParameters")
    fast = _part(parameters, "highFrequencyContainer", "basicVehicleContainerHighFrequency")
    altitude = _part(parameters, "basicContainer", "referencePosition", "altitude").get("altitudeValue")
    return Extension(
        altitude_m=None if altitude in {None, _UNAVAILABLE_ALTITUDE} else altitude / 100,
        acceleration_long_mps2=_acceleration_mps2(fast, "longitudinalAcceleration"),
        acceleration_lat_mps2=_acceleration_mps2(fast, "lateralAcceleration"),
        lights_on=_lights(parameters),
        its_messages=(evidence,),
    )


def _acceleration_mps2(fast: dict[str, Any], name: str) -> float | None:
    """Return an acceleration; the standard's signs are ours, forward and to the left positive."""
    value = _part(fast, name).get(f"{name}Value")
    return None if value is None or value == _UNAVAILABLE_ACCELERATION else value / 10


def _lights(parameters: dict[str, Any]) -> frozenset[Light] | None:
    slow = _part(parameters, "lowFrequencyContainer", "basicVehicleContainerLowFrequency")
    bits = slow.get("exteriorLights")
    if not isinstance(bits, str):
        return None
    return frozenset(light for light, bit in zip(_LIGHTS, bits, strict=False) if bit == "1")


def _part(value: Any, *names: str) -> dict[str, Any]:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
