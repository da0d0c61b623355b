"""VDV 435 style positions as a second dialect: JSON of a vehicle's satellite fix, in the topic tree ``IoM/1.0/…``.

VDV 435 itself is not public. Public and used here: the topic, and the element names of
``GnssPhysicalPositionDataStructure`` (``TimestampOfMeasurement``, ``GnssPhysicalPosition``, ``WGS84PhysicalPosition``,
``Latitude``, ``Longitude``, ``CompassBearing``, ``Velocity``) as open implementations write them in XML. **Assumed:**
the JSON form repeats these names one for one, with or without the structure's name around it; numbers may be quoted;
``Velocity`` is in m/s, as in SIRI. Everything else is skipped.
"""

import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mobility.core.clock import Instant, instant
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import Sample
from v2x.codec import LATEST_TIME_MS, decode_sample, encode_sample
from v2x.device_clock import CLOCK_TOLERANCE_MS
from v2x.mqtt.topics import level

BOOT = BootId("vdv435")
"""All positions of this dialect are of one boot; the sequence number is the time of measurement in milliseconds."""
MAX_BYTES = 16_384
"""A longer message is no position."""
MAX_SPEED_MPS = 100.0
_STRUCTURE = "GnssPhysicalPositionDataStructure"
_LEVELS = (
    *("IoM", "1.0", "DataVersion", None, "Country", None, "any", "Organisation", None, "any", "Vehicle", None, "any"),
    *("PhysicalPosition", "GnssPhysicalPositionData"),
)
# None: any text. The number of the data version changes with the years.
_ORGANISATION_AT, _VEHICLE_AT = 8, 11
_FULL_TURN_DEG = 360.0

_OLDEST_MS = 7 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One measured position."""

    measured_at: Instant
    place: LatLon
    speed_mps: float | None = None
    bearing_deg: float | None = None


def topic_of(organisation: str, vehicle_id: VehicleId, *, version: str = "2025", country: str = "de") -> str:
    """Return the topic a vehicle publishes its position to; ``BadInputError`` for what fits no level."""
    given = iter((version, country, level(organisation, "organisation"), level(vehicle_id, "vehicle")))
    return "/".join(next(given) if each is None else each for each in _LEVELS)


def filter_of(organisation: str, share: str = "") -> str:
    """Return the filter for all vehicles of an organisation, in a shared group where ``share`` names one."""
    names = [each or "+" for each in _LEVELS]
    names[_ORGANISATION_AT] = level(organisation, "organisation")
    return (f"$share/{level(share, 'share')}/" if share else "") + "/".join(names)


def vehicle_of(topic: str, organisation: str) -> VehicleId | None:
    """Return the vehicle whose position ``topic`` carries, ``None`` for any other topic."""
    parts = topic.split("/")
    if len(parts) != len(_LEVELS) or parts[_ORGANISATION_AT] != organisation or not parts[_VEHICLE_AT]:
        return None
    if any(known not in {None, part} for known, part in zip(_LEVELS, parts, strict=True)):
        return None
    return VehicleId(parts[_VEHICLE_AT])


def parse_position(payload: bytes) -> Position:
    """Return the position in a message; raises ``BadInputError`` naming the field that can not be used."""
    if len(payload) > MAX_BYTES:
        raise BadInputError(f"{len(payload)} bytes are no position")
    try:
        document = json.loads(payload.decode())
    except (ValueError, RecursionError) as error:
        raise BadInputError("the message is no JSON") from error
    structure = _object(document, "")
    if _STRUCTURE in structure:
        structure = _object(structure[_STRUCTURE], _STRUCTURE)
    fix = _object(structure.get("GnssPhysicalPosition"), "GnssPhysicalPosition")
    place = _object(fix.get("WGS84PhysicalPosition"), "WGS84PhysicalPosition")
    bearing_deg = _optional(fix, "CompassBearing", _FULL_TURN_DEG)
    return Position(
        measured_at=_time(structure),
        place=LatLon(_number(place, "Latitude", -90, 90), _number(place, "Longitude", -180, 180)),
        speed_mps=_optional(fix, "Velocity", MAX_SPEED_MPS),
        bearing_deg=None if bearing_deg is None else bearing_deg % _FULL_TURN_DEG,
    )


def record_of(position: Position, vehicle_id: VehicleId, now: Instant) -> TelemetryRecord:
    """Return a position that arrived at ``now`` as a record to keep; a time ahead of ours counts as ours.

    Raises ``BadInputError`` for a position older than a week: nothing keeps one for so long.
    """
    measured_at = position.measured_at
    if measured_at < now - _OLDEST_MS:
        raise BadInputError("a position that is older than a week", field="TimestampOfMeasurement")
    sample = Sample(
        vehicle_id=vehicle_id,
        boot_id=BOOT,
        seq=measured_at,
        device_time=measured_at,
        place=position.place,
        speed_mps=position.speed_mps,
        bearing_deg=position.bearing_deg,
    )
    payload = encode_sample(sample)
    # Read back, so that live state and what is stored agree to the wire's resolution.
    kept = decode_sample(payload, vehicle_id=vehicle_id, boot_id=BOOT, seq=measured_at)
    event_time = now if measured_at > now + CLOCK_TOLERANCE_MS else measured_at
    return TelemetryRecord(sample=kept, received_at=now, event_time=event_time, payload=payload)


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInputError("is no object", field=name or _STRUCTURE)
    return value


def _time(structure: dict[str, Any]) -> Instant:
    text = structure.get("TimestampOfMeasurement") or structure.get("Timestamp")
    if not isinstance(text, str):
        raise BadInputError("is missing", field="TimestampOfMeasurement")
    try:
        measured_at = instant(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise BadInputError(f"{text[:40]!r} is no time with a zone", field="TimestampOfMeasurement") from error
    if not 0 < measured_at <= LATEST_TIME_MS:
        raise BadInputError(f"{text!r} is before 1970", field="TimestampOfMeasurement")
    return measured_at


def _optional(values: dict[str, Any], name: str, high: float) -> float | None:
    return None if values.get(name) is None else _number(values, name, 0, high)


def _number(values: dict[str, Any], name: str, low: float, high: float) -> float:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadInputError("is no number", field=name)
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise BadInputError("is no number", field=name) from error
    if not (math.isfinite(number) and low <= number <= high):
        raise BadInputError(f"{number} is not within {low} to {high}", field=name)
    return number
